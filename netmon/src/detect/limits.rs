//! How much the decider remembers at most, and what that costs.
//!
//! A server that is seldom asked costs about 500 bytes. One that is asked many times a second, and silent,
//! costs up to 12 KiB; an open incident up to 20 KiB more, most of it names. What does not fit is counted.

/// Servers (address, port, transport) that are tracked at once. Beyond it the one that was idle longest, among
/// some without an incident, is forgotten.
pub const SERVERS: usize = 4_096;

/// Names, clients and reporters that an incident lists (docs/contract.md, section 4).
pub const LISTED: usize = 32;

/// Destinations whose unsolicited errors are counted apart; beyond it only the total counts them.
pub const UNSOLICITED_DESTINATIONS: usize = 8_192;

/// Seconds with traffic that are kept of each server: 40 bytes each. Enough for the minute before a first
/// failure whose error came more than a minute after its query.
pub const SECONDS: usize = 128;

/// Packets of each server whose exact time is kept, to count exactly from an incident's first query: 4 bytes
/// each.
pub const EXACT_TIMES: usize = 512;

/// Minutes of each server's query rate that are kept: 4 bytes each.
pub const MINUTES: usize = 16;

/// Names and clients of each server that are told apart while it is silent or failing.
pub const RECENT: usize = 32;

/// Errors of each server that are remembered with their time before an incident opens.
pub const EARLY_ERRORS: usize = 64;

/// How many servers are compared when one must be forgotten.
pub const EVICTION_CANDIDATES: usize = 16;

/// Places that are looked at for them. Where nearly all servers have incidents, a new one may find no room although
/// some have none; the search goes on from there for the next.
pub const EVICTION_LOOKS: usize = 128;

/// Clients and names of an open `unanswered` that wait to be old enough to have failed.
pub const WAITING: usize = 512;
