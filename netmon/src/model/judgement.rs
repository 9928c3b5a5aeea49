//! Whether there was enough to judge by.

use serde::Serialize;

/// What a document without an incident says. "No incident" is a finding; where too little was seen for one, it is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Judgement {
    /// There are incidents.
    Incident,
    /// There is none, and it would have been seen.
    NoIncident,
    /// Nothing could be read.
    NothingRead,
    /// Lines say that a DNS port is unreachable, and could not be read.
    UnreadErrors,
    /// So many packets could not be read that an incident may be among them.
    UnreadPackets,
    /// Packets that are DNS or ICMP errors, or may be, are cut too short to be read, and not all is well in what is left.
    CutPackets,
    /// Lines are cut within the names that were asked for, and not all is well in them.
    CutNames,
    /// There is no DNS among what was read.
    NoDns,
    /// Nothing but queries was seen, so that answers may have passed elsewhere.
    OnlyQueries {
        /// How many.
        queries: u64,
    },
    /// Nothing but answers was seen, so that queries without one would not show.
    OnlyAnswers {
        /// How many.
        answers: u64,
    },
    /// Nothing but iterative queries (RD = 0) was seen, of which those of a resolver to servers that are down are many. They are
    /// judged where that is asked for.
    OnlyIterative {
        /// How many.
        queries: u64,
    },
    /// No query was answered, and there are too few of them to say why.
    TooFew {
        /// How many.
        queries: u64,
        /// For how many names, as far as they are known.
        names: u64,
        /// Whether the first had time for an answer.
        waited: bool,
    },
    /// The text shows neither names nor response codes (`tcpdump -q`).
    Quiet,
    /// The text has no times (`tcpdump -t`), or packets of the capture have none, and not all is well in it.
    NoTimes,
    /// Errors came, and none is about a query that was seen.
    Unproven {
        /// How many.
        errors: u64,
    },
}

impl Judgement {
    /// Whether the question "is something wrong?" has an answer.
    pub fn is_possible(self) -> bool {
        matches!(self, Self::Incident | Self::NoIncident)
    }
}
