//! What both doors, the live kernel and a capture, report to the decider: one stream of observations, with their
//! time as data.
//!
//! A door resolves what needs its memory (which query an answer or an error belongs to); the decider judges.

use std::fmt;
use std::sync::Arc;

use netmon_common::{Address, Code, Rcode, Transport};

use crate::time::Time;

/// What incidents belong to: a server's address, port and transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Service {
    /// The server.
    pub server: Address,
    /// The DNS port, host order.
    pub port: u16,
    /// What carries the messages.
    pub transport: Transport,
}

/// A domain name for people: lower case, labels joined by dots, no final dot (the root is `.`), every byte
/// that is not a printable ASCII character, and dots and backslashes inside labels, escaped as in RFC 1035
/// section 5.1 (`\.`, `\\`, `\DDD`). Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Arc<str>);

impl Name {
    /// From text that is escaped already.
    pub fn new(escaped: &str) -> Self {
        Self(escaped.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One thing that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// When.
    pub time: Time,
    /// Between which server and whom.
    pub service: Service,
    /// What.
    pub what: What,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A query, or for TCP a SYN or a segment that starts a query.
    Query(Query),
    /// A response.
    Answer(Answer),
    /// A DNS unreachable: an ICMP error that quotes a packet to the server's DNS port.
    Failure(Failure),
    /// Packets of this second that come without observations of their own, because the door only samples.
    Counts(Counts),
}

/// A query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Who asks.
    pub client: Address,
    /// The name, where the door knows it.
    pub name: Option<Name>,
    /// RD; `None` where it cannot be known (a SYN).
    pub recursion_desired: Option<bool>,
    /// Whether the packet is in no [`Counts`], so that it must be counted here.
    pub counted_here: bool,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whom it is for.
    pub client: Address,
    /// Its rcode.
    pub rcode: Rcode,
    /// When the query was sent that it answers; `None` where no trace of it survives.
    pub query_time: Option<Time>,
    /// The name, where the door knows it.
    pub name: Option<Name>,
    /// RD, which a server copies from the query (RFC 1035 section 4.1.1); `None` where it cannot be known.
    pub recursion_desired: Option<bool>,
    /// Whether the packet is in no [`Counts`], so that it must be counted here.
    pub counted_here: bool,
}

/// An ICMP error about a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The source of the quoted packet.
    pub client: Address,
    /// Who sent the error.
    pub reporter: Address,
    /// What it says.
    pub code: Code,
    /// Whether it quotes a query that was seen.
    pub proof: Proof,
    /// The name in the quoted query, where the quote is long enough.
    pub name: Option<Name>,
    /// RD of the quoted query, from the quote or from the query's trace; `None` where neither tells.
    pub recursion_desired: Option<bool>,
    /// When the server last answered anybody before this, where the door knows it better than by the answers
    /// that it has told of.
    pub last_answer: Option<Time>,
}

/// Why an error may be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It quotes a query that was seen at this time: verified.
    QuerySeen(Time),
    /// Seen on `lo`, from this host's own address about its own packet: verified, only this kernel can
    /// send it. With the time of the query where it was seen.
    RaisedByThisHost(Option<Time>),
    /// No hook sees queries in that direction, so it cannot be verified: believed, with a warning.
    QueriesUnseen,
    /// It quotes no query that was seen: unsolicited, anybody can forge one.
    None,
}

impl Proof {
    /// When the query was sent, where it was seen.
    pub const fn sent(self) -> Option<Time> {
        match self {
            Self::QuerySeen(sent) => Some(sent),
            Self::RaisedByThisHost(sent) => sent,
            Self::QueriesUnseen | Self::None => None,
        }
    }

    /// Whether the error is verified (docs/contract.md, section 3).
    pub const fn is_verified(self) -> bool {
        match self {
            Self::QuerySeen(_) | Self::RaisedByThisHost(_) => true,
            Self::QueriesUnseen | Self::None => false,
        }
    }
}

/// Packets of one whole second, between a server and all its clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Queries (TCP: SYNs and segments that start a query).
    pub queries: u64,
    /// Responses.
    pub answers: u64,
    /// Of these, SERVFAIL.
    pub servfail: u64,
    /// Of the responses, REFUSED.
    pub refused: u64,
    /// DNS unreachables that quote a query that was seen, by [`Code`], beyond those that came as a
    /// [`Failure`] of their own.
    pub failures: [u64; Code::ALL.len()],
}
