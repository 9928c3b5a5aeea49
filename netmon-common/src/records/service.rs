//! Exchanges of a service, counted by the second in which its queries were sent.
//!
//! Each service has a place in an array, and each CPU its own counters there. They are never reset: whoever reads them
//! takes the difference to the last reading, which wraps. A sum over all CPUs of one reading may be a packet ahead in
//! one counter; the next reading puts it right.

use crate::address::Address;
use crate::outcome::{Code, Rcode, Transport};

/// What incidents belong to, as a key: 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(C)]
pub struct ServiceKey {
    /// The server.
    pub server: Address,
    /// The [link](super::Interface::link) of a link-local server; 0 for every other one.
    pub interface: u32,
    /// The DNS port, host order.
    pub port: u16,
    /// The [`Transport`], as a number.
    pub transport: u8,
    /// 1 for its queries with RD = 0, which are apart; else 0.
    pub iterative: u8,
}

const _: () = assert!(size_of::<ServiceKey>() == 24 && align_of::<ServiceKey>() == 4);

impl ServiceKey {
    /// The service at this port of a server, whose packets are seen on this link.
    #[inline(always)]
    pub const fn new(server: Address, port: u16, transport: Transport, link: u32, iterative: bool) -> Self {
        Self {
            server,
            interface: if server.is_link_local() { link } else { 0 },
            port,
            transport: transport as u8,
            iterative: iterative as u8,
        }
    }
}

/// How many seconds a service's counters reach back. A power of two.
pub const SECONDS: usize = COUNTED_FOR as usize + 2;

/// How old a query may be, in whole seconds, that is still counted in its second. A slot is free for a new second before
/// anybody can take it for the one that it was: whoever reads has two seconds of room.
pub const COUNTED_FOR: u32 = 30;

/// What became of the queries that were sent in one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Second {
    /// Queries: each packet is one, also one that is sent again. Over TCP a SYN is one until it is acknowledged.
    pub asked: u32,
    /// Of these, those that were answered.
    pub answered: u32,
    /// Of the answered, those with a [fault](crate::Rcode::is_fault).
    pub faults: u32,
    /// Of the others, those that a verified error is about.
    pub failed: u32,
}

impl Second {
    /// Adds these, which wrap.
    #[must_use]
    pub const fn plus(self, more: Self) -> Self {
        Self {
            asked: self.asked.wrapping_add(more.asked),
            answered: self.answered.wrapping_add(more.answered),
            faults: self.faults.wrapping_add(more.faults),
            failed: self.failed.wrapping_add(more.failed),
        }
    }

    /// What was added since, which wraps.
    #[must_use]
    pub const fn since(self, before: Self) -> Self {
        Self {
            asked: self.asked.wrapping_sub(before.asked),
            answered: self.answered.wrapping_sub(before.answered),
            faults: self.faults.wrapping_sub(before.faults),
            failed: self.failed.wrapping_sub(before.failed),
        }
    }
}

/// The exchanges of a service, as one CPU counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Exchanges {
    /// By second: the one with the number `n` of the boot clock is at `n % SECONDS`.
    pub seconds: [Second; SECONDS],
    /// Verified errors that no event reports, by [`Code`]: there were too many, or the ring was full.
    pub untold: [u32; Code::ALL.len()],
    /// Answers to queries that were seen, each query's first one, by [`Rcode`]; the last one is of those over TCP whose
    /// rcode was not seen.
    pub answers: [u32; Rcode::ALL.len() + 1],
    /// Queries.
    pub queries: u32,
    /// How many times anything was counted here; the number comes round.
    pub changes: u32,
}

/// In place of an rcode: it was not seen.
pub const UNSEEN_RCODE: u8 = 7;
const _: () = assert!(UNSEEN_RCODE as usize == Rcode::ALL.len());

const _: () =
    assert!(size_of::<Exchanges>() == 16 * SECONDS + 4 * (6 + 8 + 2) && align_of::<Exchanges>() == 4);
const _: () = assert!(SECONDS.is_power_of_two() && size_of::<Exchanges>().is_multiple_of(64));

impl Exchanges {
    /// None yet.
    pub const ZERO: Self = Self {
        seconds: [Second {
            asked: 0,
            answered: 0,
            faults: 0,
            failed: 0,
        }; SECONDS],
        untold: [0; Code::ALL.len()],
        answers: [0; Rcode::ALL.len() + 1],
        queries: 0,
        changes: 0,
    };

    /// Adds what another CPU has counted.
    pub fn merge(&mut self, other: &Self) {
        for (second, more) in self.seconds.iter_mut().zip(&other.seconds) {
            *second = second.plus(*more);
        }
        for (untold, more) in self.untold.iter_mut().zip(&other.untold) {
            *untold = untold.wrapping_add(*more);
        }
        for (answers, more) in self.answers.iter_mut().zip(&other.answers) {
            *answers = answers.wrapping_add(*more);
        }
        self.queries = self.queries.wrapping_add(other.queries);
        self.changes = self.changes.wrapping_add(other.changes);
    }
}
