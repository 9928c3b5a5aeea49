//! What `netmon analyze --format json` prints: one document.

use serde::Serialize;

use super::SCHEMA;
use super::counts::{DestinationCounts, Totals};
use super::incident::Incident;
use super::judgement::Judgement;
use super::names::Names;
use super::wall::Wall;
use super::warning::{Warning, WarningKind};

/// One document.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the words of docs/contract.md, section 4")]
pub struct Document {
    pub schema: u32,
    pub source: Source,
    pub totals: Totals,
    pub warnings: Vec<Warning>,
    pub destinations: Vec<DestinationCounts>,
    pub incidents: Vec<Incident>,
    /// Whether there was enough to judge by; `None` where nobody asked.
    pub judgement: Option<Judgement>,
    /// What the input does not say of its times; `None` where it says all.
    pub assumed: Option<Assumed>,
}

/// What a text does not say of its times, and what was taken for granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Assumed {
    /// Whether the date is that of the file's last change.
    pub date: bool,
    /// Whether the year is the latest that fits.
    pub year: bool,
    /// The zone, where it is that of the host that reads.
    pub zone: Option<String>,
}

impl Document {
    /// Whether there is such a warning.
    pub fn is_warned(&self, kind: WarningKind) -> bool {
        self.warnings.iter().any(|warning| warning.warning == kind)
    }

    /// A document of the present [`SCHEMA`].
    pub fn new(source: Source, totals: Totals) -> Self {
        Self {
            schema: SCHEMA,
            source,
            totals,
            warnings: Vec::new(),
            destinations: Vec::new(),
            incidents: Vec::new(),
            judgement: None,
            assumed: None,
        }
    }

    /// Says of each server what it is called, and whose it is.
    pub fn name_servers(&mut self, names: &Names) {
        names.mark(&mut self.destinations);
        for incident in &mut self.incidents {
            names.mark_incident(incident);
        }
    }
}

/// Where the packets come from.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the words of docs/contract.md, section 4")]
pub struct Source {
    pub kind: SourceKind,
    pub files: Vec<String>,
    pub first: Option<Wall>,
    pub last: Option<Wall>,
}

/// What kind of source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// Capture files, or tcpdump's text.
    Capture,
    /// What a live monitor has kept.
    History,
}
