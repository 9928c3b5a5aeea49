//! What is read of a record.

use netmon_common::wire::ip::Family;
use netmon_common::wire::{Fault, Unreadable};

use super::super::packet::{Ends, Stream, TextWhat};

/// A record, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// What the packet is.
    pub what: TextWhat,
    /// The outermost length that is printed, in bytes.
    pub bytes: Option<u32>,
    /// The addresses in its IP header.
    pub ends: Option<Ends>,
    /// Where it stands in its stream, if it is a TCP segment.
    pub stream: Stream,
    /// How many words at the end of the record are none of tcpdump's. Known only where the form is read to
    /// its end; else 0.
    pub left: usize,
    /// How many words follow what was read, in any form.
    pub behind: usize,
    /// Whether nothing else can be meant, even if the edge of a terminal has cut words.
    pub sure: bool,
    /// Whether names stand in place of addresses.
    pub named: bool,
    /// What else is to be said of it.
    pub note: Option<Note>,
}

/// What is to be said of a packet that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// Its form leaves out what tells queries, answers and their like apart.
    Quiet,
    /// It is DNS or an ICMP error, or may be, and could not be read.
    Unreadable(Fault),
    /// It carries packets of others, which nobody looks at.
    Tunnel,
    /// It is printed in columns.
    Columns,
}

impl Read {
    /// A packet of which no more is known.
    pub fn new(what: TextWhat) -> Self {
        Self {
            what,
            bytes: None,
            ends: None,
            stream: Stream::default(),
            left: 0,
            behind: 0,
            sure: true,
            named: false,
            note: None,
        }
    }

    /// A packet that is printed in columns.
    pub fn summary(what: TextWhat, bytes: Option<u32>, ends: Ends) -> Self {
        Self {
            ends: Some(ends),
            note: Some(Note::Columns),
            ..Self::new(what).bytes(bytes)
        }
    }

    /// A packet that could not be read; whether it is DNS or an ICMP error, if the text tells. What it does not show of a cut
    /// packet may be anything.
    pub fn unreadable(unreadable: Unreadable, tells_of_a_query: Option<bool>) -> Self {
        let Unreadable { fault, .. } = unreadable;
        Self {
            note: tells_of_a_query
                .unwrap_or(fault == Fault::Cut)
                .then_some(Note::Unreadable(fault)),
            ..Self::new(TextWhat::Unreadable(unreadable))
        }
    }

    /// A packet that means nothing to DNS.
    pub fn other(family: Family) -> Self {
        Self::new(TextWhat::Other { family })
    }

    /// With this length.
    #[must_use]
    pub fn bytes(self, bytes: Option<u32>) -> Self {
        Self { bytes, ..self }
    }

    /// With what it carries left out.
    #[must_use]
    pub fn quiet(self) -> Self {
        Self {
            note: Some(Note::Quiet),
            ..self
        }
    }
}
