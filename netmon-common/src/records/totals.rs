//! The counters of everything that passed: one value for each CPU, summed by user space.

use super::Counters;
use crate::outcome::Outcome;
use crate::wire::{Fault, Header};

/// Totals of one CPU, or of all, or of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// Packets. Counted apart from `outcomes`, so that the sum of these proves that none is missing.
    pub frames: u64,
    /// Bytes on the wire, link header included, checksum of the link excluded.
    pub bytes: u64,
    /// Packets by [`Outcome`].
    pub outcomes: [u64; Outcome::ALL.len()],
    /// Unreachables that quote a packet to a DNS port.
    pub dns_unreachable: u64,
    /// Of these, those that quote no query that was seen and waits. Anybody can forge one.
    pub unsolicited: u64,
    /// Unreachables that quote a packet from a DNS port.
    pub late_responses: u64,
    /// Responses that match no query that was seen. Anybody can forge one.
    pub unmatched_responses: u64,
    /// Packets of counted outcomes whose destination has lost its place in the table. User space counts them.
    pub retired: u64,
    /// Late responses whose server has lost its place. User space counts them.
    pub late_retired: u64,
    /// Packets of counted outcomes whose destination found no place in the table.
    pub overflow: u64,
    /// Late responses whose server found no place in the table.
    pub late_overflow: u64,
    /// Events that found no place in the ring.
    pub events_lost: u64,
    /// Traces of queries that were overwritten while they still waited for an answer.
    pub traces_overwritten: u64,
    /// Queries of services that found no place: what became of them is not counted.
    pub exchanges_overflow: u64,
    /// Unreadable packets by [`Header`], and for each by [`Fault`].
    pub unreadable: [u64; Header::ALL.len() * Fault::ALL.len()],
}

const _: () = assert!(size_of::<Totals>() == 8 * (2 + 13 + 11 + 10 * 3) && align_of::<Totals>() == 8);

impl Default for Totals {
    fn default() -> Self {
        Self {
            frames: 0,
            bytes: 0,
            outcomes: [0; Outcome::ALL.len()],
            dns_unreachable: 0,
            unsolicited: 0,
            late_responses: 0,
            unmatched_responses: 0,
            retired: 0,
            late_retired: 0,
            overflow: 0,
            late_overflow: 0,
            events_lost: 0,
            traces_overwritten: 0,
            exchanges_overflow: 0,
            unreadable: [0; Header::ALL.len() * Fault::ALL.len()],
        }
    }
}

// SAFETY: `repr(C)`, and `u64`s only.
unsafe impl Counters for Totals {}

impl Totals {
    /// Packets with this outcome.
    pub fn outcome(&self, outcome: Outcome) -> u64 {
        self.outcomes.get(outcome as usize).copied().unwrap_or(0)
    }

    /// Packets that are counted for a destination, or are in `overflow`.
    pub fn counted(&self) -> u64 {
        Outcome::ALL
            .iter()
            .filter(|outcome| outcome.is_counted())
            .map(|outcome| self.outcome(*outcome))
            .sum()
    }

    /// Unreadable packets for this reason.
    pub fn unreadable(&self, header: Header, fault: Fault) -> u64 {
        self.unreadable
            .get(header as usize * Fault::ALL.len() + fault as usize)
            .copied()
            .unwrap_or(0)
    }
}
