//! The JSON of the contract (section 3), as types. Field names are the contract's.

mod counts;
mod document;
mod incident;

pub use counts::{ByCode, ByRcode, DestinationCounts, Latency, Tcp, Totals};
pub use document::{Document, Source, SourceKind, Warning};
pub use incident::{Cause, Incident, Wall};

/// The version of these types that `schema` names.
pub const SCHEMA: u32 = 1;
