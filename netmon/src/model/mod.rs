//! The words that everything in user space speaks: incidents, counts, warnings, events (docs/contract.md).
//!
//! The ground floor: it imports nothing of the other rooms. Each type is serialised here, in both directions, and
//! nowhere else; field names are the contract's.

mod asker;
pub mod counters;
mod counts;
mod document;
mod event;
mod failover;
mod incident;
mod judgement;
pub mod memory;
mod names;
mod own_client;
mod probe;
mod resolver;
mod server;
pub mod view;
mod wall;
mod warning;
pub(crate) mod words;

pub use asker::Asker;
pub use counts::{ByCode, DestinationCounts, Latency, Totals};
pub use document::{Assumed, Document, Source, SourceKind};
pub use event::{Counted, Event, LeftOut, Moment, Reloaded, Started, Table, WatchedInterface};
pub use failover::Failover;
pub use incident::{Cause, CloseReason, Diagnosis, Happened, Incident, Kind, Likelihood, Severity, State};
pub use judgement::Judgement;
pub use memory::{Memory, Remembered};
pub use names::Names;
pub use own_client::{OwnClient, OwnService};
pub use probe::{Probe, ProbeOutcome};
pub use resolver::{OtherResolver, Resolver, ResolverState, WhichResolver};
pub use server::ServerInfo;
pub use wall::Wall;
pub use warning::{Warning, WarningKind, WarningState};

/// The version of these types that `schema` names.
pub const SCHEMA: u32 = 1;
