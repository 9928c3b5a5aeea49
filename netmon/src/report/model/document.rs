//! What `netmon analyze --format json` prints: one document.

use serde::Serialize;

use super::SCHEMA;
use super::counts::{DestinationCounts, Totals};
use super::incident::{Incident, Wall};

/// One document.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the contract's words; see section 3 there")]
pub struct Document {
    pub schema: u32,
    pub source: Source,
    pub totals: Totals,
    pub warnings: Vec<Warning>,
    pub destinations: Vec<DestinationCounts>,
    pub incidents: Vec<Incident>,
}

impl Document {
    /// A document of the present [`SCHEMA`].
    pub fn new(source: Source, totals: Totals) -> Self {
        Self {
            schema: SCHEMA,
            source,
            totals,
            warnings: Vec::new(),
            destinations: Vec::new(),
            incidents: Vec::new(),
        }
    }
}

/// Where the packets come from.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the contract's words; see section 3 there")]
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

/// Something that limits what the rest says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Warning {
    /// A short word for programs: `one_direction`, `queries_unseen`, `truncated_file`, ...
    pub warning: &'static str,
    /// A sentence for people.
    pub message: String,
}

impl Warning {
    /// A warning.
    pub fn new(warning: &'static str, message: impl Into<String>) -> Self {
        Self {
            warning,
            message: message.into(),
        }
    }
}
