//! What came of a comparison, and how it is told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::reading::Difference;

/// What came of a comparison.
#[derive(Debug, Default)]
pub struct Comparison {
    /// The captures.
    pub files: BTreeSet<String>,
    /// Frames in them.
    pub frames: usize,
    /// Frames that were run through the XDP program.
    pub run: usize,
    /// Frames that could not be, by the reason.
    pub not_run: BTreeMap<&'static str, usize>,
    /// Frames of which tshark says enough.
    pub told: usize,
    /// Captures that tshark does not read, and what it says to them.
    pub refused: Vec<String>,
    /// Everything that the witnesses do not agree about.
    pub disagreements: Vec<Disagreement>,
    /// What is listed as known for these captures, and did not occur.
    pub stale: Vec<String>,
}

/// Who stands beside user space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    Xdp,
    Tshark,
}

/// How two witnesses can fail to agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// They say different things.
    Difference,
    /// The other one does not say enough to tell whether they agree.
    Silence,
}

/// Something that user space and another witness do not agree about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// The name of the file.
    pub file: String,
    /// The number of the frame in it, from 1; 0 for the file as a whole.
    pub frame: u64,
    /// Who the other one is.
    pub witness: Witness,
    pub kind: Kind,
    /// What they do not agree about; what the other one is silent about, in its own words.
    pub field: &'static str,
    /// What user space says.
    pub netmon: String,
    /// What the other one says.
    pub other: String,
    /// Why it is known.
    pub known: Option<String>,
}

impl Comparison {
    /// Counts a capture.
    pub fn add_file(&mut self, name: &str, frames: usize) {
        self.files.insert(name.to_owned());
        self.frames += frames;
    }

    /// A witness says otherwise of a frame.
    pub fn differ(&mut self, file: &str, frame: u64, witness: Witness, differences: Vec<Difference>) {
        let disagreements = differences.into_iter().map(|difference| Disagreement {
            file: file.to_owned(),
            frame,
            witness,
            kind: Kind::Difference,
            field: difference.field.name(),
            netmon: difference.netmon,
            other: difference.other,
            known: None,
        });
        self.disagreements.extend(disagreements);
    }

    /// tshark finds another number of frames in a file.
    pub fn frames_differ(&mut self, file: &str, netmon: usize, tshark: usize) {
        self.disagreements.push(Disagreement {
            file: file.to_owned(),
            frame: 0,
            witness: Witness::Tshark,
            kind: Kind::Difference,
            field: "frames",
            netmon: netmon.to_string(),
            other: tshark.to_string(),
            known: None,
        });
    }

    /// tshark does not tell this field of a frame, which has that outcome to user space.
    pub fn is_silent(&mut self, file: &str, frame: u64, field: &'static str, outcome: &str) {
        self.disagreements.push(Disagreement {
            file: file.to_owned(),
            frame,
            witness: Witness::Tshark,
            kind: Kind::Silence,
            field,
            netmon: outcome.to_owned(),
            other: String::new(),
            known: None,
        });
    }

    /// Whether everything agrees, but for what is known.
    pub fn is_clean(&self) -> bool {
        self.stale.is_empty()
            && self
                .differences()
                .all(|disagreement| disagreement.known.is_some())
    }

    /// Where witnesses say different things.
    pub fn differences(&self) -> impl Iterator<Item = &Disagreement> {
        self.of(Kind::Difference)
    }

    /// Where the other witness does not say enough.
    pub fn silences(&self) -> impl Iterator<Item = &Disagreement> {
        self.of(Kind::Silence)
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = &Disagreement> {
        self.disagreements
            .iter()
            .filter(move |disagreement| disagreement.kind == kind)
    }
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Xdp => "xdp",
            Self::Tshark => "tshark",
        })
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_nothing = |text: &str| match text {
            "" => "nothing".to_owned(),
            text => text.to_owned(),
        };
        let Self {
            file,
            frame,
            witness,
            field,
            ..
        } = self;
        match self.kind {
            Kind::Difference => write!(
                f,
                "{file}: frame {frame}: {field}: netmon says {}, {witness} says {}",
                or_nothing(&self.netmon),
                or_nothing(&self.other)
            )?,
            Kind::Silence => write!(
                f,
                "{file}: frame {frame}: netmon says {}, {witness} does not tell {field}",
                self.netmon
            )?,
        }
        match &self.known {
            Some(reason) => write!(f, " (known: {reason})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for disagreement in &self.disagreements {
            writeln!(f, "{disagreement}")?;
        }
        for known in &self.stale {
            writeln!(f, "{known}: listed in docs/conformance.md, and does not occur")?;
        }
        for refused in &self.refused {
            writeln!(f, "{refused}")?;
        }
        writeln!(f, "{} captures, {} frames", self.files.len(), self.frames)?;
        let left_out: Vec<_> = self
            .not_run
            .iter()
            .map(|(reason, frames)| format!("{frames} {reason}"))
            .collect();
        writeln!(
            f,
            "xdp: {} frames run; left out: {}",
            self.run,
            left_out.join(", ")
        )?;
        writeln!(
            f,
            "tshark: {} frames compared; silent about {}, {} of them known; {} captures not read",
            self.told,
            self.silences().count(),
            known(self.silences()),
            self.refused.len()
        )?;
        write!(
            f,
            "{} disagreements, {} of them known",
            self.differences().count(),
            known(self.differences())
        )
    }
}

fn known<'a>(disagreements: impl Iterator<Item = &'a Disagreement>) -> usize {
    disagreements
        .filter(|disagreement| disagreement.known.is_some())
        .count()
}
