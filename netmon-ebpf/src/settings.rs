//! What user space tells the programs.

use aya_ebpf::Global;
use aya_ebpf::btf_maps::HashMap;
use aya_ebpf::macros::btf_map;
use netmon_common::DnsPorts;
use netmon_common::limits::INTERFACES;

/// The DNS ports. Set before loading; a constant to the verifier.
#[unsafe(no_mangle)]
static DNS_PORTS: Global<[u64; 2]> = Global::new(DnsPorts::DEFAULT.words());

/// The interfaces whose arriving packets are counted, and the bridges over them.
#[btf_map]
static WATCHED: HashMap<u32, u32, { INTERFACES as usize }> = HashMap::new();

/// The DNS ports.
#[inline(always)]
pub fn dns_ports() -> DnsPorts {
    DnsPorts::from_words(DNS_PORTS.load())
}

/// Whether packets that arrive at this interface are counted there. 0, no interface, is not.
#[inline(always)]
pub fn is_watched(ifindex: u32) -> bool {
    ifindex != 0 && WATCHED.get_ptr(ifindex).is_some()
}
