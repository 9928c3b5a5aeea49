//! Which counters a packet adds to: decided once, for both sides.

use core::mem::offset_of;

use super::{Counters as _, Destination, Totals};
use crate::classify::{Concern, Meaning};
use crate::outcome::{Code, Outcome, Rcode, Transport};
use crate::wire::Fault;

/// The counters that a packet adds to, as places among the `u64`s of [`Totals`] and [`Destination`].
///
/// Numbers instead of an enum to match again: the kernel counts all packets with the same few
/// instructions, and both sides count alike because neither decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// In [`Totals`]: the outcome.
    pub outcome: usize,
    /// In [`Totals`]: the subset or the reason, or [`NO_COUNTER`].
    pub detail: usize,
    /// In [`Destination`]: the packet itself, or [`NO_COUNTER`].
    pub destination: usize,
    /// In [`Destination`]: its rcode or its being about DNS, or [`NO_COUNTER`].
    pub destination_detail: usize,
}

/// No counter.
pub const NO_COUNTER: usize = usize::MAX;

const fn totals(offset: usize) -> usize {
    offset / size_of::<u64>()
}

const fn destination(offset: usize) -> usize {
    offset / size_of::<u64>()
}

/// A value read from the packet, as a step from the first of at most eight counters.
///
/// The compiler knows that the value is small and would drop the mask that the verifier, who does not
/// know, insists on; so the value is hidden from it.
#[inline(always)]
fn step(value: u8) -> usize {
    core::hint::black_box(value) as usize & 7
}

/// Where the counters of this transport start, where each has so many.
#[inline(always)]
const fn over(transport: Transport, width: usize) -> usize {
    match transport {
        Transport::Udp => 0,
        Transport::Tcp => width,
    }
}

impl Destination {
    /// Counts `packets` packets; a tally that names no counter of a destination adds nothing.
    #[inline(always)]
    pub fn count(&mut self, tally: &Tally, packets: u64) {
        self.add(tally.destination, packets);
        self.add(tally.destination_detail, packets);
    }
}

impl Totals {
    /// Counts `packets` packets of `bytes` bytes together.
    #[inline(always)]
    pub fn count(&mut self, tally: &Tally, packets: u64, bytes: u64) {
        self.frames += packets;
        self.bytes += bytes;
        self.add(tally.outcome, packets);
        self.add(tally.detail, packets);
    }
}

impl Tally {
    /// The counters for a packet with this meaning.
    #[inline(always)]
    pub fn of(meaning: &Meaning) -> Self {
        let outcome = totals(offset_of!(Totals, outcomes)) + meaning.outcome() as usize;
        let mut tally = Self {
            outcome,
            detail: NO_COUNTER,
            destination: NO_COUNTER,
            destination_detail: NO_COUNTER,
        };
        match meaning {
            Meaning::Query(message) => {
                tally.destination = match message.transport {
                    Transport::Udp => destination(offset_of!(Destination, dns_queries)),
                    Transport::Tcp => destination(offset_of!(Destination, tcp_dns_queries)),
                };
            }
            Meaning::Response(message) => {
                tally.destination = match message.transport {
                    Transport::Udp => destination(offset_of!(Destination, dns_responses)),
                    Transport::Tcp => destination(offset_of!(Destination, tcp_dns_responses)),
                };
                let rcode = step(message.header.rcode() as u8);
                let rcodes = destination(offset_of!(Destination, rcodes));
                tally.destination_detail = rcodes + over(message.transport, Rcode::ALL.len()) + rcode;
            }
            Meaning::Connect(_) => tally.destination = destination(offset_of!(Destination, tcp_connects)),
            Meaning::Reset(_) => tally.destination = destination(offset_of!(Destination, tcp_resets)),
            Meaning::Unreachable(error) => {
                let code = step(error.unreachable.code as u8);
                tally.destination = destination(offset_of!(Destination, icmp_unreachable)) + code;
                match error.concern {
                    Concern::DnsUnreachable(transport) => {
                        tally.detail = totals(offset_of!(Totals, dns_unreachable));
                        let codes = destination(offset_of!(Destination, dns_unreachable));
                        tally.destination_detail = codes + over(transport, Code::ALL.len()) + code;
                    }
                    Concern::LateResponse => tally.detail = totals(offset_of!(Totals, late_responses)),
                    // Which of both it is, and what else it adds, is known when its trace was looked for.
                    Concern::Undecided(_) | Concern::None => {}
                }
            }
            Meaning::Unreadable(unreadable) => {
                let reason = unreadable.header as usize * Fault::ALL.len() + unreadable.fault as usize;
                tally.detail = totals(offset_of!(Totals, unreadable)) + (core::hint::black_box(reason) & 31);
            }
            Meaning::Segment(_) | Meaning::Fragment | Meaning::NotIp | Meaning::Other => {}
        }
        tally
    }

    /// Whether its destination is asked.
    #[inline(always)]
    pub const fn is_asked(&self) -> bool {
        const ASKED: u64 = 1 << destination(offset_of!(Destination, dns_queries))
            | 1 << destination(offset_of!(Destination, tcp_dns_queries))
            | 1 << destination(offset_of!(Destination, tcp_connects));
        self.destination < u64::BITS as usize && ASKED >> self.destination & 1 != 0
    }

    /// The same for the further segments of a TCP super-packet, which start no message.
    pub const OTHER: Self = Self {
        outcome: totals(offset_of!(Totals, outcomes)) + Outcome::Other as usize,
        detail: NO_COUNTER,
        destination: NO_COUNTER,
        destination_detail: NO_COUNTER,
    };

    /// For a frame that is not this host's.
    pub const NOT_OURS: Self = Self {
        outcome: totals(offset_of!(Totals, outcomes)) + Outcome::NotOurs as usize,
        ..Self::OTHER
    };
}
