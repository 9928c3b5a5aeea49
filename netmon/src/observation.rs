//! What both doors, the live kernel and a capture, report to the decider: one stream of observations, with their
//! time as data.
//!
//! A door pairs: it knows which query an answer or an error belongs to, and which exchanges are iterative. The decider
//! judges, and never sees a response that matches no query: such a response is counted, and decides nothing.
//!
//! Two things come of each exchange. [`Seconds`] are the counts of all exchanges, by the second in which the query was
//! sent. They are absolute, so that a door may report a second as often as it changes. The other observations are the
//! exchanges one by one: who asked for what, and when exactly. A door may sample these.

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
    /// The index of the interface of a link-local server, live; 0 for every other one.
    pub interface: u32,
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
    /// Of which service.
    pub service: Service,
    /// What.
    pub what: What,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// How many exchanges there are whose queries were sent in one second.
    Seconds(Seconds),
    /// A query, at the time at which it was sent.
    Asked(Asked),
    /// The server took a connection over TCP.
    Connected(Connected),
    /// A response that matches a query.
    Answered(Answered),
    /// What a response says to a query of which it was known already that it is answered: over TCP, in captures.
    Said(Answered),
    /// An ICMP error about a query that waited, or that is believed for another reason.
    Failed(Failed),
    /// Any other ICMP error about a packet to the server's DNS port: it is counted.
    Unverified(Unverified),
    /// Verified errors beyond those that came one by one, by [`Code`]. They came after the observation's time.
    MoreErrors([u64; Code::ALL.len()]),
}

/// The exchanges of a service whose queries were sent in one second, as they are known by now.
///
/// Iterative exchanges (RD = 0) are counted apart: whether they can open an incident is not for the door to know. A
/// door that knows that they cannot leaves them out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds {
    /// The second.
    pub second: u64,
    /// Whether these are the iterative exchanges of that second, or all the others.
    pub iterative: bool,
    /// How many.
    pub counts: Counts,
}

/// What became of exchanges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Queries, retransmissions included.
    pub asked: u32,
    /// Of these, answered.
    pub answered: u32,
    /// Of the answered ones, those whose answer says that the server fails; standard queries only (opcode 0).
    pub faults: Faults,
    /// Of the queries, those that a verified error is about and that were not answered.
    pub failed: u32,
}

/// Answers that say that the server fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// SERVFAIL.
    pub servfail: u32,
    /// REFUSED.
    pub refused: u32,
    /// All others: FORMERR and NOTIMP.
    pub other: u32,
}

impl Faults {
    /// What an answer with that rcode adds.
    pub const fn of(rcode: Option<Rcode>) -> Self {
        let (servfail, refused, other) = match rcode {
            Some(Rcode::ServFail) => (1, 0, 0),
            Some(Rcode::Refused) => (0, 1, 0),
            Some(Rcode::FormErr | Rcode::NotImp) => (0, 0, 1),
            Some(Rcode::NoError | Rcode::NxDomain | Rcode::Other) | None => (0, 0, 0),
        };
        Self {
            servfail,
            refused,
            other,
        }
    }

    /// All of them.
    pub const fn total(&self) -> u32 {
        self.servfail
            .saturating_add(self.refused)
            .saturating_add(self.other)
    }

    /// These and the others.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            servfail: self.servfail.saturating_add(other.servfail),
            refused: self.refused.saturating_add(other.refused),
            other: self.other.saturating_add(other.other),
        }
    }
}

/// What else is known of an exchange. Hardly anything decides by it; a report shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The client's port, where it is known.
    pub client_port: Option<u16>,
    /// The id of the message, where it is known.
    pub id: Option<u16>,
    /// The type that is asked for, where it is known.
    pub query_type: Option<u16>,
}

/// The type that a DNS message asks for, if it can be read.
pub fn query_type(message: &[u8]) -> Option<u16> {
    let (_name, behind) = question(message)?;
    behind.first_chunk().map(|kind| u16::from_be_bytes(*kind))
}

/// The name in the first question of a DNS message, with the zero that ends it, and what stands behind: type and class first, as
/// far as they are there.
pub fn question(message: &[u8]) -> Option<(&[u8], &[u8])> {
    const QUESTION: usize = 12;
    /// A name is a sequence of labels of up to 63 bytes, each behind its length (RFC 1035 section 3.1). In a question
    /// there is nothing that a pointer could point to.
    const LONGEST_LABEL: u8 = 63;
    const NO_QUESTION: &[u8] = &[0, 0];
    if message.get(4..6) == Some(NO_QUESTION) {
        return None;
    }
    let question = message.get(QUESTION..)?;
    let mut end = 0;
    loop {
        match *question.get(end)? {
            0 => return question.split_at_checked(end + 1),
            length if length <= LONGEST_LABEL => end += 1 + usize::from(length),
            _ => return None,
        }
    }
}

/// A query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Who asks.
    pub client: Address,
    /// The name, where the door knows it.
    pub name: Option<Name>,
    /// RD, or what is presumed where it cannot be known (a SYN).
    pub recursion_desired: bool,
    /// Whether it is a SYN.
    pub is_syn: bool,
    /// What else is known.
    pub details: Details,
}

/// The server took a connection: from now on its queries count, and no more its SYN. It is told before the [`Seconds`] of the SYN
/// that come of it. A door that samples does not tell of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// Who opened it.
    pub client: Address,
    /// When the SYN was sent, each time that the door knows.
    pub syns: Vec<Time>,
}

/// On which side of a translation of the client's address (masquerading) a packet was seen. Live, one that passes both is told of on
/// both; captures put the sides together, and name the client before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// Nothing is known to be translated.
    #[default]
    Only,
    /// Before it: the client is the one who asked.
    Before,
    /// Behind it: the client is the address that the query left with. The exchange is that of the client before it.
    Behind,
}

/// A response to a query that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Who asked.
    pub client: Address,
    /// Where it was seen.
    pub side: Side,
    /// When the query was sent; of several retransmissions, the last.
    pub sent: Time,
    /// When the others were sent that the answer settles too, where the door knows them.
    pub earlier: Vec<Time>,
    /// Its rcode; `None` where the packet does not show it.
    pub rcode: Option<Rcode>,
    /// Whether it is a standard query (opcode 0).
    pub standard: bool,
    /// The name, where the door knows it.
    pub name: Option<Name>,
    /// RD of the query.
    pub recursion_desired: bool,
    /// What else is known.
    pub details: Details,
}

impl Answered {
    /// How many queries it settles.
    pub fn queries(&self) -> u64 {
        1 + self.earlier.len() as u64
    }
}

/// An ICMP error that may be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Who asked: the source of the quoted packet.
    pub client: Address,
    /// Where it was seen: never [`Side::Before`], because of two sights of an error the first one is told of.
    pub side: Side,
    /// Who sent the error.
    pub reporter: Address,
    /// What it says.
    pub code: Code,
    /// Why it may be believed.
    pub proof: Proof,
    /// The name that was asked for, where the door knows it.
    pub name: Option<Name>,
    /// RD of the query, or what is presumed where it cannot be known.
    pub recursion_desired: bool,
    /// When the server last answered anybody before this, where the door knows it better than by the answers that it
    /// has reported.
    pub last_answer: Option<Time>,
    /// What else is known.
    pub details: Details,
}

/// Why an error may be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It quotes a query that was seen at this time and still waited: verified.
    QuerySeen(Time),
    /// Seen on `lo`, from this host's own address about its own packet: verified, only this kernel can
    /// send it. With the time of the query where it was seen.
    RaisedByThisHost(Option<Time>),
    /// The capture holds no DNS query at all, so it cannot be verified: believed, with a warning.
    QueriesUnseen,
}

impl Proof {
    /// When the query was sent, where it was seen.
    pub const fn sent(self) -> Option<Time> {
        match self {
            Self::QuerySeen(sent) => Some(sent),
            Self::RaisedByThisHost(sent) => sent,
            Self::QueriesUnseen => None,
        }
    }

    /// Whether the error is verified (contract, section 3).
    pub const fn is_verified(self) -> bool {
        match self {
            Self::QuerySeen(_) | Self::RaisedByThisHost(_) => true,
            Self::QueriesUnseen => false,
        }
    }
}

/// An ICMP error that is only counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unverified {
    /// The source of the quoted packet.
    pub client: Address,
    /// Who sent the error.
    pub reporter: Address,
    /// What it says.
    pub code: Code,
    /// Why it is not verified.
    pub why: Why,
}

/// Why an error is not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// It quotes no query that was seen and still waited: unsolicited, anybody can forge one.
    Unsolicited,
    /// It quotes a query that another error has been verified by.
    Again,
    /// Queries cannot be seen here: no hook watches that direction, or exchanges are not followed.
    QueriesUnseen,
}

/// Whether a service is asked to recurse (RD = 1), by iterating resolvers, or both.
#[derive(Clone, Copy, Debug, Default)]
pub struct Recursion {
    desired: Option<u64>,
    not_desired: Option<u64>,
}

impl Recursion {
    /// How long a query speaks for others of which RD is not known, in seconds.
    const SPEAKS_FOR: u64 = 30;

    /// Takes RD of a message of that second.
    pub const fn note(&mut self, second: u64, desired: bool) {
        if desired {
            self.desired = Some(second);
        } else {
            self.not_desired = Some(second);
        }
    }

    /// What a message whose RD is not known (a SYN, or one that was only counted) is taken for: iterative only
    /// where all others are that were seen in the last [`Self::SPEAKS_FOR`] seconds. `None` when none was ever seen.
    pub fn presumed(self, second: u64) -> Option<bool> {
        match (self.desired, self.not_desired) {
            (None, None) => None,
            (Some(_), None) => Some(true),
            (None, Some(_)) => Some(false),
            (Some(desired), Some(not_desired)) => {
                Some(desired.saturating_add(Self::SPEAKS_FOR) >= second || desired >= not_desired)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_rd_is_what_the_last_seconds_say() {
        let mut recursion = Recursion::default();
        assert_eq!(recursion.presumed(0), None);
        recursion.note(0, false);
        assert_eq!(recursion.presumed(0), Some(false));
        recursion.note(10, true);
        recursion.note(11, false);
        assert_eq!(recursion.presumed(40), Some(true));
        assert_eq!(recursion.presumed(41), Some(false));
    }
}
