//! What the decider hands on.

use crate::model::{Happened, Incident};

/// An incident that changed, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub kind: Happened,
    /// The incident.
    pub incident: Incident,
    /// The interface of its server, as the observations of it have it.
    pub interface: u32,
}

/// What only the decider counts, since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tallies {
    /// DNS unreachables that quote no query that was seen.
    pub unsolicited: u64,
    /// Of these, those about destinations beyond the bound of what is counted by destination.
    pub unsolicited_elsewhere: u64,
    /// DNS unreachables about an address of this host where nothing ever answered.
    pub not_served: u64,
    /// Servers that are tracked now.
    pub servers: u64,
    /// Servers that were forgotten, or never taken, because too many were tracked.
    pub servers_dropped: u64,
}
