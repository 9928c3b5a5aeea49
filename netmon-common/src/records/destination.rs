//! The counters of one destination: a DNS server, or whatever an unreachable quotes.

use super::{Counters, Tally, merge};
use crate::outcome::{Code, Rcode, Transport};

/// Counters of one destination on one CPU, or on all, or in a capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Destination {
    /// Queries over UDP to it.
    pub dns_queries: u64,
    /// Responses over UDP from it.
    pub dns_responses: u64,
    /// Segments to it that start a query.
    pub tcp_dns_queries: u64,
    /// Segments from it that start a response.
    pub tcp_dns_responses: u64,
    /// SYNs to its DNS ports.
    pub tcp_connects: u64,
    /// RSTs from its DNS ports.
    pub tcp_resets: u64,
    /// Responses by [`Rcode`], UDP and TCP.
    pub rcodes: [u64; 5],
    /// Unreachables about it by [`Code`].
    pub icmp_unreachable: [u64; 6],
    /// Of these, those that quote a packet to a DNS port.
    pub dns_unreachable: [u64; 6],
    /// Unreachables that quote a packet from its DNS port: its answer came too late.
    pub late_responses: u64,
    /// DNS unreachables about it that quote no query that was seen.
    pub unsolicited: u64,
}

const _: () = assert!(size_of::<Destination>() == 8 * (6 + 5 + 6 + 6 + 2) && align_of::<Destination>() == 8);

// SAFETY: `repr(C)`, and `u64`s only.
unsafe impl Counters for Destination {}

impl Destination {
    /// No packet yet.
    pub const ZERO: Self = Self {
        dns_queries: 0,
        dns_responses: 0,
        tcp_dns_queries: 0,
        tcp_dns_responses: 0,
        tcp_connects: 0,
        tcp_resets: 0,
        rcodes: [0; 5],
        icmp_unreachable: [0; 6],
        dns_unreachable: [0; 6],
        late_responses: 0,
        unsolicited: 0,
    };

    /// Counts `packets` packets; a tally that names no counter of a destination adds nothing.
    #[inline(always)]
    pub fn count(&mut self, tally: &Tally, packets: u64) {
        self.add(tally.destination, packets);
        self.add(tally.destination_detail, packets);
    }

    /// Responses with this code.
    pub fn rcode(&self, rcode: Rcode) -> u64 {
        self.rcodes.get(rcode as usize).copied().unwrap_or(0)
    }

    /// Unreachables with this code.
    pub fn icmp_unreachable(&self, code: Code) -> u64 {
        self.icmp_unreachable.get(code as usize).copied().unwrap_or(0)
    }

    /// DNS unreachables with this code.
    pub fn dns_unreachable(&self, code: Code) -> u64 {
        self.dns_unreachable.get(code as usize).copied().unwrap_or(0)
    }

    /// Packets that were counted here, late responses (counted elsewhere already) left out.
    pub fn counted(&self) -> u64 {
        self.dns_queries
            + self.dns_responses
            + self.tcp_dns_queries
            + self.tcp_dns_responses
            + self.tcp_connects
            + self.tcp_resets
            + self.icmp_unreachable.iter().sum::<u64>()
    }

    /// Queries to it, over both transports.
    pub const fn queries(&self) -> u64 {
        self.dns_queries + self.tcp_dns_queries
    }

    /// Responses from it, over both transports.
    pub const fn responses(&self) -> u64 {
        self.dns_responses + self.tcp_dns_responses
    }

    /// Unreachables about it, with any code.
    pub fn unreachables(&self) -> u64 {
        self.icmp_unreachable.iter().sum()
    }

    /// DNS unreachables about it, with any code.
    pub fn dns_unreachables(&self) -> u64 {
        Code::ALL.iter().map(|code| self.dns_unreachable(*code)).sum()
    }

    /// Adds the counters of another CPU.
    pub fn merge(&mut self, other: &Self) {
        // Destructured, so that a new counter must choose.
        let Self {
            dns_queries,
            dns_responses,
            tcp_dns_queries,
            tcp_dns_responses,
            tcp_connects,
            tcp_resets,
            rcodes,
            icmp_unreachable,
            dns_unreachable,
            late_responses,
            unsolicited,
        } = other;
        self.dns_queries += dns_queries;
        self.dns_responses += dns_responses;
        self.tcp_dns_queries += tcp_dns_queries;
        self.tcp_dns_responses += tcp_dns_responses;
        self.tcp_connects += tcp_connects;
        self.tcp_resets += tcp_resets;
        merge(&mut self.rcodes, rcodes);
        merge(&mut self.icmp_unreachable, icmp_unreachable);
        merge(&mut self.dns_unreachable, dns_unreachable);
        self.late_responses += late_responses;
        self.unsolicited += unsolicited;
    }
}

/// What the table holds of a destination on one CPU: its counters, and what the CPU keeps beside them so that it
/// has to look up nothing else for most packets of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Entry {
    /// The counters.
    pub counters: Destination,
    /// What the CPU keeps of the server.
    pub cache: PerCpuCache,
}

const _: () = assert!(size_of::<Entry>() == size_of::<Destination>() + 16 && align_of::<Entry>() == 8);

/// What a CPU keeps of a server beside its counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct PerCpuCache {
    /// When this CPU last learned that the server had answered anybody, by transport, in [`PerCpuCache::tick`]s; 0 for never,
    /// or [`PerCpuCache::LOOK`].
    pub answered: [u32; 2],
    /// Which place this CPU gave the server in the table of latencies, counted from 1; 0 for none yet, and
    /// [`PerCpuCache::NO_PLACE`] where it gets none.
    pub latency: u32,
    /// No meaning.
    pub reserved: u32,
}

impl PerCpuCache {
    /// In place of a time: each answer matters now, and this CPU looks at what all of them remember of the server.
    pub const LOOK: u32 = 1;
    /// In place of a place: there is none.
    pub const NO_PLACE: u32 = u32::MAX;
    /// Nothing yet.
    pub const NEW: Self = Self {
        answered: [0; 2],
        latency: 0,
        reserved: 0,
    };
    /// A moment as it is kept here: in units of 2^20 ns, near a millisecond. They come round after 52 days; an
    /// answer of that time ago would pass for one of now, and keep at most a second's queries from being told of.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "it comes round")]
    pub const fn tick(nanos: u64) -> u32 {
        (nanos >> 20) as u32
    }

    /// When this CPU last learned of an answer over this transport.
    #[inline(always)]
    pub fn answered(&mut self, transport: Transport) -> &mut u32 {
        let [udp, tcp] = &mut self.answered;
        match transport {
            Transport::Udp => udp,
            Transport::Tcp => tcp,
        }
    }
}

impl Entry {
    /// No packet yet.
    pub const ZERO: Self = Self {
        counters: Destination::ZERO,
        cache: PerCpuCache::NEW,
    };

    /// The sum of what each CPU has counted, as a per-CPU map gives it: one entry after the other.
    pub fn sum(words: &[u64]) -> Destination {
        let mut sum = Destination::ZERO;
        for entry in words.chunks_exact(size_of::<Self>() / size_of::<u64>()) {
            let counters = entry.iter().take(size_of::<Destination>() / size_of::<u64>());
            for (place, amount) in counters.enumerate() {
                sum.add(place, *amount);
            }
        }
        sum
    }
}
