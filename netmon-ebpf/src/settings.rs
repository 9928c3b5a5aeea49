//! What user space tells the programs.

use aya_ebpf::Global;
use aya_ebpf::btf_maps::HashMap;
use aya_ebpf::macros::btf_map;
use netmon_common::limits::INTERFACES;
use netmon_common::{DnsPorts, Ports, RawPort};

/// The DNS ports. Set before loading; constants to the verifier.
#[unsafe(no_mangle)]
static DNS_PORTS: Global<[u64; 2]> = Global::new(DnsPorts::DEFAULT.words());

/// The DNS port if it is only one, as most often, in network order; else 0. The verifier removes the way that is not
/// taken.
#[unsafe(no_mangle)]
static ONLY_DNS_PORT: Global<u16> = Global::new(53_u16.to_be());

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
    fn contains(&self, port: RawPort) -> bool {
        let only = ONLY_DNS_PORT.load();
        if only != 0 {
            u16::from_ne_bytes(port) == only
        } else {
            Ports::contains(&DnsPorts::from_words(DNS_PORTS.load()), port)
        }
    }

    #[inline(always)]
    fn contains_one(&self, source: RawPort, destination: RawPort) -> bool {
        let only = ONLY_DNS_PORT.load();
        if only != 0 {
            u16::from_ne_bytes(source) == only || u16::from_ne_bytes(destination) == only
        } else {
            DnsPorts::from_words(DNS_PORTS.load()).contains_one(source, destination)
        }
    }
}

/// Whether exchanges are followed.
#[inline(always)]
pub fn tracking() -> bool {
    TRACKING.load() != 0
}

/// Whether packets that arrive at this interface are counted there. Asked for forwarded packets only.
#[inline(never)]
pub fn is_watched(ifindex: u32) -> bool {
    WATCHED.get_ptr(ifindex).is_some()
}
