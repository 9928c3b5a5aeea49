//! What user space tells the programs.

use aya_ebpf::Global;
use aya_ebpf::bindings::BPF_F_NO_PREALLOC;
use aya_ebpf::btf_maps::{Array, HashMap};
use aya_ebpf::macros::btf_map;
use netmon_common::limits::{INTERFACES, OWN_ADDRESS_BITS, OWN_ADDRESSES};
use netmon_common::records::switch;
use netmon_common::{Address, DnsPorts, Ports, RawPort};

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

/// The interfaces whose arriving packets are counted, and the bridges over them. Like all tables that user space alone writes
/// it takes memory for what it has, and not for what it could have.
#[btf_map]
static WATCHED: HashMap<u32, u32, { INTERFACES as usize }, { BPF_F_NO_PREALLOC as usize }> = HashMap::new();

/// What user space may change while the programs run, by [`switch`].
#[btf_map]
static SWITCHES: Array<u32, { switch::COUNT as usize }> = Array::new();

/// This host's own addresses, link-local ones as keys of their links ([`Address::on_link`]), and a filter of them: the bit of a
/// key is set if it may be one. User space writes both.
#[btf_map]
static LOCAL: HashMap<Address, u32, { OWN_ADDRESSES as usize }, { BPF_F_NO_PREALLOC as usize }> =
    HashMap::new();

#[btf_map]
static OWN_FILTER: Array<u64, { OWN_ADDRESS_BITS as usize / 64 }> = Array::new();

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

/// Whether exchanges with RD = 0 are counted of services that have no place yet.
#[inline(always)]
pub fn wants_iterative() -> bool {
    SWITCHES.get(switch::ITERATIVE).is_some_and(|wants| *wants != 0)
}

/// Whether this is one of this host's own addresses on that link, loopback included. At the loopback interface it is one that
/// this host has on whichever link.
#[inline(always)]
pub fn is_local(address: &Address, link: u32) -> bool {
    if address.is_loopback() {
        return true;
    }
    let bit = address.on_link(link).spread() >> (u64::BITS - OWN_ADDRESS_BITS.ilog2());
    let Some(bits) = OWN_FILTER.get((bit / 64) as u32) else {
        return false;
    };
    bits >> (bit % 64) & 1 != 0 && is_in_table(address, link)
}

/// The key is made here: whoever asks has little room on the stack, and a call takes 32 bytes of it anyway.
#[inline(never)]
fn is_in_table(address: &Address, link: u32) -> bool {
    LOCAL.get_ptr(&address.on_link(link)).is_some()
}
