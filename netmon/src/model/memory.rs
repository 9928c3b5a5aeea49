//! What the decider must know of an incident, beside what is reported of it, to go on with it after a restart.
//!
//! Moments are not kept: the clock of observations may have begun again. What was decided by them is.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Incident;

/// An incident of an earlier run, as it was reported last, and what the decider knew beside that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// As it was reported.
    pub incident: Incident,
    /// What is not reported.
    pub memory: Memory,
}

/// What is not reported of an incident. Fields that an older netmon did not keep are as in an incident without
/// failures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, as the history keeps it"
)]
pub struct Memory {
    /// Queries that a verified error is about.
    pub failed: u64,
    /// Answers SERVFAIL.
    pub servfail: u64,
    /// Answers REFUSED that count.
    pub refused: u64,
    /// Answers FORMERR and NOTIMP.
    pub other_faults: u64,
    /// Queries without an answer that are its failures.
    pub silent: u64,
    /// ICMP errors that are its failures.
    pub errors: u64,
    /// Those by which this host says that the address has no endpoints.
    pub no_endpoints: u64,
    /// What the others said, by ICMP code in the order of [`netmon_common::Code::ALL`].
    pub said: Vec<Said>,
    /// Whether an exchange that began since it did was answered shortly before the newest failure.
    pub partly: bool,
    /// Whether others are taken to be answered, and nobody knows who.
    pub others_unknown: bool,
    /// Whether a client that it hit got an answer to a query sent after the last error.
    pub hit_are_answered: bool,
    /// Whether others did, to queries sent after the server's first `port` error.
    pub others_are_answered: bool,
    /// Whether any answer came since it opened.
    pub any_answer: bool,
    /// The query rate before it, where that was unusual.
    pub overload: Option<Overload>,
    /// Whether it opened for a domain that was lost.
    pub lost_domain: bool,
    /// Whether an error named a client behind a translation; of an earlier version it is not known, and may be.
    #[serde(default = "may_be")]
    pub is_behind: bool,
    /// The reporters, clients and names that are not listed, as sketches in hexadecimal.
    pub unlisted: Unlisted,
}

const fn may_be() -> bool {
    true
}

/// What errors of one code said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// Errors that the server's own address sent.
    pub by_server: u64,
    /// Of these, those that this host raised.
    pub by_server_here: u64,
    /// Errors that others sent.
    pub by_others: u64,
    /// Of these, those that this host raised.
    pub by_others_here: u64,
    /// The first other.
    pub other: Option<IpAddr>,
    /// Whether there were several others.
    pub several: bool,
    /// How many came so soon after their query that nothing can have been waited for.
    pub quick: u64,
}

/// The query rate before an incident.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overload {
    /// Queries in the minute before the first failure.
    pub queries: u64,
    /// Twice the median of the queries in each earlier minute.
    pub usual_twice: u64,
    /// How many earlier minutes there were.
    pub minutes: u64,
}

/// Sketches of what is beyond the lists; empty where the list is all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unlisted {
    /// Who sent errors.
    pub reporters: String,
    /// Whom it hit.
    pub clients: String,
    /// What was asked for.
    pub names: String,
}
