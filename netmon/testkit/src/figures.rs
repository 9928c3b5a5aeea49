//! The figures of a benchmark: printed as they are measured, each beside what it must reach.

use std::env;
use std::fmt::{self, Display};
use std::fs::OpenOptions;
use std::io::Write as _;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

/// The variable that names a file: each figure is a line of JSON there, a [`Record`].
pub const FILE: &str = "NETMON_FIGURES";

/// What is measured, and how it came out.
#[derive(Debug)]
pub struct Figures<'a> {
    filter: &'a [String],
    heading: String,
    taken: Vec<Record>,
}

/// One figure.
#[derive(Clone, Debug)]
pub struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    target: Option<Target>,
    note: String,
    point: Option<Point>,
}

/// What a figure must reach.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub enum Target {
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
}

/// Where a figure stands in a plot: its value is how high.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Point {
    /// Which plot.
    pub plot: String,
    /// Which line of it.
    pub line: String,
    /// How far to the right.
    pub x: f64,
}

/// A figure, as it is written down.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Record {
    /// The part of the table.
    pub heading: String,
    /// What was measured.
    pub name: String,
    /// How much it is.
    pub value: f64,
    /// Of what.
    pub unit: String,
    /// What it must reach.
    pub target: Option<Target>,
    /// What else is to be said.
    pub note: String,
    /// Where it stands in a plot.
    pub point: Option<Point>,
}

impl Target {
    /// Whether a value reaches it.
    pub fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(value) => f.pad(&format!("<= {value}")),
            Self::AtLeast(value) => f.pad(&format!(">= {value}")),
        }
    }
}

impl Figure {
    /// A figure without a target, and without a note.
    pub fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            value,
            unit,
            target: None,
            note: String::new(),
            point: None,
        }
    }

    /// It may be at most this.
    #[must_use]
    pub fn at_most(mut self, most: impl Into<Option<f64>>) -> Self {
        self.target = most.into().map(Target::AtMost);
        self
    }

    /// It must be at least this.
    #[must_use]
    pub fn at_least(mut self, least: impl Into<Option<f64>>) -> Self {
        self.target = least.into().map(Target::AtLeast);
        self
    }

    /// With something to be said.
    #[must_use]
    pub fn note(mut self, note: impl Display) -> Self {
        self.note = note.to_string();
        self
    }

    /// It is a point of a plot.
    #[must_use]
    pub fn point(mut self, plot: &str, line: &str, x: f64) -> Self {
        let (plot, line) = (plot.to_owned(), line.to_owned());
        self.point = Some(Point { plot, line, x });
        self
    }
}

impl<'a> Figures<'a> {
    /// No figure yet; only those are wanted whose name has all words of the filter.
    pub const fn new(filter: &'a [String]) -> Self {
        Self {
            filter,
            heading: String::new(),
            taken: Vec::new(),
        }
    }

    /// Whether what has this name is to be measured.
    pub fn wants(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.filter.iter().all(|word| name.contains(&word.to_lowercase()))
    }

    /// Begins a part of the table.
    pub fn heading(&mut self, heading: &str) {
        println!("\n{heading}");
        heading.clone_into(&mut self.heading);
    }

    /// Takes a figure, and prints it.
    pub fn take(&mut self, figure: Figure) {
        let Figure {
            name,
            value,
            unit,
            target,
            note,
            ..
        } = &figure;
        let (goal, verdict) = match target {
            Some(target) if target.is_met(*value) => (target.to_string(), "ok"),
            Some(target) => (target.to_string(), "MISSED"),
            None => (String::new(), ""),
        };
        println!("  {name:<62} {value:>9.2} {unit:<5} {goal:>8}  {verdict:<6}  {note}");
        self.keep(figure);
    }

    /// Takes a figure, and does not print it: one of very many points of a plot.
    pub fn keep(&mut self, figure: Figure) {
        let Figure {
            name,
            value,
            unit,
            target,
            note,
            point,
        } = figure;
        self.taken.push(Record {
            heading: self.heading.clone(),
            name,
            value,
            unit: unit.to_owned(),
            target,
            note,
            point,
        });
    }

    /// Prints how it came out, and writes it down where that is asked for. `true` if all figures reach their targets.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn finish(self) -> Result<bool> {
        let judged = self.taken.iter().filter(|one| one.target.is_some()).count();
        let missed = self.taken.iter().filter(|one| !one.is_met());
        let missed: Vec<&str> = missed.map(|one| one.name.as_str()).collect();
        println!(
            "\n{} of {judged} figures reach their targets",
            judged - missed.len()
        );
        for name in &missed {
            println!("  MISSED: {name}");
        }
        if let Some(path) = env::var_os(FILE) {
            let mut lines = String::new();
            for one in &self.taken {
                lines += &serde_json::to_string(one)?;
                lines.push('\n');
            }
            let file = OpenOptions::new().create(true).append(true).open(&path);
            file.and_then(|mut file| file.write_all(lines.as_bytes()))
                .with_context(|| format!("cannot write to {}", path.display()))?;
        }
        Ok(missed.is_empty())
    }
}

impl Record {
    /// Whether it reaches what it must.
    pub fn is_met(&self) -> bool {
        self.target.is_none_or(|target| target.is_met(self.value))
    }
}

/// The middle value; 0 if there is none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
