//! How much the decider remembers at most, and what that costs.
//!
//! A server that is seldom asked costs about 500 bytes. One that is asked many times a second, and silent,
//! costs up to 150 KiB (in a capture 300), one whose answers fail up to 100 KiB; an open incident up to 20 KiB more, most of it names. What does not fit is counted.

use std::time::Duration;

use crate::bounded::lasting;

/// Servers that are tracked at once. Beyond it the one that was idle longest, among some without an incident, is forgotten.
pub use crate::limits::SERVERS;

/// Services that have incidents at once, those that are named and this host's resolvers left out: they find room beside these.
pub const INCIDENTS: usize = SERVERS - SERVERS / 16;

/// Of these, those that have answered nobody in 24 h: whoever asks many addresses must not take the places of servers in use.
pub const STRANGERS: usize = SERVERS / 4;

/// Services that have answered well and were forgotten, of which it is remembered that they have: about 120 bytes each.
pub const KNOWN_SERVICES: usize = lasting(16_384);

/// Names, clients and reporters that an incident lists (docs/contract.md, section 4).
pub const LISTED: usize = 32;

/// Destinations whose errors that open nothing are counted apart; beyond it only the total counts them.
pub const COUNTED_DESTINATIONS: usize = 8_192;

/// Seconds with queries that are kept of each service: 64 bytes each. More than an exchange waits, and enough for the minute
/// before a first failure whose error came more than a minute after its query.
pub const SECONDS: usize = 128;

/// Queries of each service whose exact time is kept, to count exactly from an incident's first query: 16 bytes each. Only those of
/// the kept seconds are; live, few queries are told one by one.
pub const EXACT_TIMES: usize = 16_384;

/// Queries of each service that do not count, of which it is remembered when they were sent: 24 bytes each. All are looked through.
pub const LEFT_OUT: usize = 512;

/// Minutes of each server's query rate that are kept: 4 bytes each.
pub const MINUTES: usize = 16;

/// Names and clients of each server that are told apart while it is silent.
pub const RECENT: usize = 128;

/// SYNs of each service that the server has not taken while it is silent: 48 bytes each. Of more, the oldest are taken to stay so.
pub const SYNS: usize = 128;

/// Clients of each service that were answered last and are remembered: 32 bytes each.
pub const ANSWERED_CLIENTS: usize = 64;

/// Registrable domains of each service that are tracked individually: about 150 bytes each.
pub const DOMAINS: usize = 256;

/// Failures of each domain that are kept.
pub const DOMAIN_FAILURES: usize = 64;

/// Answers of each service that say that it fails and wait to be decided on: what is looked at in more than 5 s.
pub const UNDECIDED_FAULTS: usize = 512;

/// Seconds for which answers that say that a server fails are kept: more than the longest window.
pub const FAULT_SECONDS: usize = 72;

/// Failures of each service that were decided on and are kept one by one, to say whom an incident hits that opens: 56 bytes each.
pub const DECIDED_FAULTS: usize = 512;
/// Failures before these of which only marks are kept, to count whom they hit: 16 bytes each. With those, what is looked at in 35 s.
pub const MARKED_FAULTS: usize = 2_048;
/// Clients of this host's own services that are remembered: about 80 bytes each.
pub const OWN_CLIENTS: usize = 16_384;

/// How often the live door reports an answer to each client of a busy service: once in 2^33 ns (`netmon-ebpf/src/services.rs`).
pub const REPORTED_EVERY: Duration = Duration::from_nanos(1 << 33);

/// Clients that are remembered by who answered them, and when: about 120 bytes each.
pub const HEARD_CLIENTS: usize = lasting(32_768);

/// Lookups that are remembered, to know which are asked again elsewhere: about 200 bytes each.
pub const LOOKUPS: usize = lasting(32_768);

/// Servers that are remembered of each of them, and for each type that is asked for.
pub const LOOKUP_SERVERS: usize = 8;

/// Lookups of each service that were asked again elsewhere and are remembered before an incident opens, and waits of each
/// incident of which the median is taken: 16 bytes each.
pub const MOVED: usize = 256;

/// Runs of seconds of which is remembered that servers were asked more than the door told one by one: 16 bytes each.
pub const UNTOLD: usize = 256;

/// Questions that services of this host owe answers to and that are remembered, to know whom they ask: about 100 bytes each.
pub const CHAIN_QUESTIONS: usize = 4_096;

/// Services of this host of which it is remembered whom they ask.
pub const STUBS: usize = 256;

/// Whom each of them asks: about 50 bytes each.
pub const UPSTREAMS: usize = 16;

/// Clients whose failures at services that never answered anybody are remembered: about 400 bytes each.
pub const SUSPECTS: usize = 4_096;

/// Services that are remembered of each of them.
pub const SUSPECT_SERVICES: usize = 16;

/// Errors of each server that are remembered with their time before an incident opens; of more, those of a second together.
pub const EARLY_ERRORS: usize = 64;

/// How many servers are compared when one must be forgotten.
pub const EVICTION_CANDIDATES: usize = 16;

/// How far these are apart: neighbours came at the same time, and the newest of all may be the oldest of them. A prime, so that all
/// places come round.
pub const EVICTION_STRIDE: usize = 1_597;

/// So much longer a server is remembered that has answered: whoever asks one address after the other crowds out no server that is
/// in use.
pub const ANSWERED_STAYS: Duration = Duration::from_mins(1);

/// Places that are looked at for them. Where nearly all servers have incidents, a new one may find no room although
/// some have none; the search goes on from there for the next.
pub const EVICTION_LOOKS: usize = 128;

/// Clients and names of an open `unanswered` or `failing` that wait until it is known that they belong to it. Of more, those that have
/// waited longest are taken to belong to it.
pub const WAITING: usize = 512;

/// Servers whose unverified errors were warned of within a minute, at most.
pub const WARNED_SERVERS: usize = 1_024;
