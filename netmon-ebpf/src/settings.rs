//! What user space tells the programs.

use aya_ebpf::Global;
use aya_ebpf::btf_maps::HashMap;
use aya_ebpf::macros::btf_map;
use netmon_common::limits::INTERFACES;
use netmon_common::{DnsPorts, Ports, ports};

/// The DNS ports, as [`netmon_common::DnsPorts::words`] gives them. Set before loading; constants to the verifier.
#[unsafe(no_mangle)]
static DNS_PORTS: Global<[u64; 2]> = Global::new(DnsPorts::DEFAULT.words().0);
#[unsafe(no_mangle)]
static DNS_PORTS_SIEVE: Global<u64> = Global::new(DnsPorts::DEFAULT.words().1);

/// Whether exchanges are followed (1). Without, errors cannot be verified, and there is no latency. Set before
/// loading: the verifier then removes what is never run.
#[unsafe(no_mangle)]
static TRACKING: Global<u32> = Global::new(1);

/// The interfaces whose arriving packets are counted, and the bridges over them.
#[btf_map]
static WATCHED: HashMap<u32, u32, { INTERFACES as usize }> = HashMap::new();

/// The DNS ports, read when they are asked for.
pub struct Configured;

impl Ports for Configured {
    #[inline(always)]
    fn may_contain(&self, one: u16, other: u16) -> bool {
        ports::passes(DNS_PORTS_SIEVE.load(), one, other)
    }

    #[inline(always)]
    fn contains(&self, port: u16) -> bool {
        ports::is_in(DNS_PORTS.load(), port)
    }
}

/// Whether exchanges are followed.
#[inline(always)]
pub fn tracking() -> bool {
    TRACKING.load() != 0
}

/// Whether packets that arrive at this interface are counted there. 0, no interface, is not.
#[inline(always)]
pub fn is_watched(ifindex: u32) -> bool {
    ifindex != 0 && WATCHED.get_ptr(ifindex).is_some()
}
