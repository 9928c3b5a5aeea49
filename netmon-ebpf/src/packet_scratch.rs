//! What is noted of a packet, in memory of which the verifier knows nothing: one piece for each CPU.
//!
//! The verifier follows each way through a program, and keeps apart what the ways left in registers and on
//! the stack. What is written here and read back it no longer knows: ways that end with a note end alike, and
//! what comes after is checked once.
//!
//! Programs run with bottom halves off and do not nest, so that a CPU's scratch belongs to one packet at a
//! time. Nothing in it outlives the packet, except where it says so.

use aya_ebpf::btf_maps::PerCpuArray;
use aya_ebpf::macros::btf_map;
use netmon_common::Address;
use netmon_common::limits::FORWARDING_NS;

use crate::exchange::Exchange;
use crate::finding::Finding;
use crate::known::Known;

/// What is noted of a packet.
#[repr(C)]
pub struct PacketScratch {
    /// What the packet means, if it is not counted at once.
    pub finding: Finding,
    /// The exchange that the packet is part of, once it is known that this matters.
    pub exchange: Exchange,
    /// What else an event about it says.
    pub known: Known,
    /// The error that entered last on this CPU, and was told of. It outlives the packet, which leaves this host again a moment
    /// later.
    pub told: Sight,
}

/// A packet of an exchange that entered this host.
#[repr(C)]
pub struct Sight {
    /// When, by the boot clock.
    at_ns: u64,
    server: Address,
    port: u16,
}

impl Sight {
    /// Notes it.
    #[inline(always)]
    pub fn note(&mut self, exchange: &Exchange, now_ns: u64) {
        self.at_ns = now_ns;
        self.server = exchange.server;
        self.port = exchange.server_port;
    }

    /// When the packet entered that leaves now; `None` where that was another one, or it waited for more than its turn.
    #[inline(always)]
    pub fn entered_ns(&self, now_ns: u64) -> Option<u64> {
        if now_ns.wrapping_sub(self.at_ns) < FORWARDING_NS {
            Some(self.at_ns)
        } else {
            None
        }
    }

    /// Whether it was about the same service.
    #[inline(always)]
    pub fn is_of(&self, exchange: &Exchange) -> bool {
        self.server == exchange.server && self.port == exchange.server_port
    }
}

#[btf_map]
static PACKET_SCRATCH: PerCpuArray<PacketScratch, 1> = PerCpuArray::new();

impl PacketScratch {
    /// This CPU's. A pointer, because each call gives the same one: whoever makes a reference of it makes sure that
    /// there is no other. Zeros, which it starts with, are a valid value.
    #[inline(always)]
    pub fn of_this_cpu() -> Option<*mut Self> {
        PACKET_SCRATCH.get_ptr_mut(0)
    }
}
