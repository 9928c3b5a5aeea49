//! The counters of one destination: a DNS server, or whatever an unreachable quotes.

use super::Counters;
use crate::outcome::{Code, Rcode, Transport};

const TRANSPORTS: usize = Transport::ALL.len();
const RCODES: usize = Rcode::ALL.len();
const CODES: usize = Code::ALL.len();

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
    /// Responses by [`Transport`] and [`Rcode`].
    pub rcodes: [[u64; RCODES]; TRANSPORTS],
    /// Unreachables about it by [`Code`].
    pub icmp_unreachable: [u64; CODES],
    /// Of these, those that quote a packet to a DNS port, by [`Transport`] and [`Code`].
    pub dns_unreachable: [[u64; CODES]; TRANSPORTS],
    /// Of those, those that quote no query that was seen and waits.
    pub unsolicited: [[u64; CODES]; TRANSPORTS],
    /// Unreachables that quote a packet from its DNS port: its answer came too late.
    pub late_responses: u64,
    /// Responses from it that match no query that was seen, by [`Transport`].
    pub unmatched_responses: [u64; TRANSPORTS],
}

const _: () = assert!(size_of::<Destination>() == 8 * (6 + 2 * 7 + 6 + 2 * 6 + 2 * 6 + 1 + 2));
const _: () = assert!(align_of::<Destination>() == 8);

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
        rcodes: [[0; RCODES]; TRANSPORTS],
        icmp_unreachable: [0; CODES],
        dns_unreachable: [[0; CODES]; TRANSPORTS],
        unsolicited: [[0; CODES]; TRANSPORTS],
        late_responses: 0,
        unmatched_responses: [0; TRANSPORTS],
    };

    /// Responses with this code, of both transports.
    pub fn rcode(&self, rcode: Rcode) -> u64 {
        self.rcodes
            .iter()
            .filter_map(|rcodes| rcodes.get(rcode as usize))
            .sum()
    }

    /// Responses with this code over this transport.
    pub fn rcode_over(&self, transport: Transport, rcode: Rcode) -> u64 {
        self.rcodes
            .get(transport as usize)
            .and_then(|rcodes| rcodes.get(rcode as usize))
            .copied()
            .unwrap_or(0)
    }

    /// Unreachables with this code.
    pub fn icmp_unreachable(&self, code: Code) -> u64 {
        self.icmp_unreachable.get(code as usize).copied().unwrap_or(0)
    }

    /// DNS unreachables with this code, of both transports.
    pub fn dns_unreachable(&self, code: Code) -> u64 {
        self.dns_unreachable
            .iter()
            .filter_map(|codes| codes.get(code as usize))
            .sum()
    }

    /// DNS unreachables that quote no query that was seen and waits, with any code, over both transports.
    pub fn unsolicited(&self) -> u64 {
        self.unsolicited.as_flattened().iter().sum()
    }

    /// Responses that match no query that was seen, over both transports.
    pub fn unmatched_responses(&self) -> u64 {
        self.unmatched_responses.iter().sum()
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

    /// Packets that ask it, SYNs included.
    pub const fn asked(&self) -> u64 {
        self.queries() + self.tcp_connects
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
}

/// What the table holds of a destination on one CPU: its counters, and what the CPU keeps beside them so that it
/// has to look up nothing else for most packets of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Entry {
    /// What the CPU keeps of the server: in front, next to the counters that most packets add to.
    pub cache: PerCpuCache,
    /// The counters.
    pub counters: Destination,
    /// Not used, 0: the verifier lets a counter that is chosen while the program runs begin at any byte before this one.
    pub reserved: u64,
}

const _: () = assert!(size_of::<Entry>() == 32 + size_of::<Destination>() + 8 && align_of::<Entry>() == 8);

/// What a CPU keeps of a server beside its counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct PerCpuCache {
    /// When this CPU last learned that the service had answered anybody, by transport, in [`PerCpuCache::tick`]s; 0 for never,
    /// or [`PerCpuCache::LOOK`].
    pub answered: [u32; 2],
    /// The server's place in the table of latencies, counted from 1; 0 where this CPU does not know it, and
    /// [`NO_PLACE`](super::NO_PLACE) where there was none. User space sets both back to 0.
    pub latency: u32,
    /// The port of the service that `place` and `answered` are of, by transport, host order; 0 for none. User space sets it to
    /// 0 when the place is no longer the service's.
    pub port: [u16; 2],
    /// The place of the service with that port, by transport.
    pub place: [u32; 2],
    /// When a query to the server last entered on this CPU, in [`PerCpuCache::tick`]s.
    pub entered: u32,
    /// How many times anything was counted here; the number comes round.
    pub changes: u32,
}

impl PerCpuCache {
    /// In place of a time: each answer matters now, and this CPU looks at what all of them remember of the server.
    pub const LOOK: u32 = 1;
    /// Nothing yet.
    pub const NEW: Self = Self {
        answered: [0; 2],
        latency: 0,
        port: [0; 2],
        place: [0; 2],
        entered: 0,
        changes: 0,
    };
    /// A moment as it is kept here: in units of 2^20 ns, near a millisecond. They come round after 52 days; an
    /// answer of that time ago would pass for one of now, and keep at most a second's queries from being told of.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "it comes round")]
    pub const fn tick(nanos: u64) -> u32 {
        (nanos >> 20) as u32
    }
}

impl Entry {
    /// No packet yet.
    pub const ZERO: Self = Self {
        cache: PerCpuCache::NEW,
        counters: Destination::ZERO,
        reserved: 0,
    };
}
