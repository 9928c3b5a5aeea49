//! Which frames are this host's: those for the interface's hardware address, for one of a device that is stacked on it, or
//! for anybody where the interface is the port of a bridge; and those for many.

use aya_ebpf::bindings::BPF_F_NO_PREALLOC;
use aya_ebpf::btf_maps::{Array, HashMap};
use aya_ebpf::macros::btf_map;
use netmon_common::limits::{INTERFACE_PLACES, STACKED_MACS};
use netmon_common::records::{Interface, MacAt};

use crate::packet::{Packet, Reader};

/// What is known of each watched interface, by the lowest bits of its index. User space writes it.
#[btf_map]
static INTERFACES: Array<Interface, { INTERFACE_PLACES as usize }> = Array::new();

/// The hardware addresses of what is stacked on watched interfaces. User space writes it.
#[btf_map]
static STACKED: HashMap<MacAt, u32, { STACKED_MACS as usize }, { BPF_F_NO_PREALLOC as usize }> =
    HashMap::new();

/// Set in the first byte of a hardware address that many listen to (IEEE 802-2014 section 8.2.2).
const GROUP: u8 = 1;

const _: () = assert!(INTERFACE_PLACES.is_power_of_two());

/// What is known of the interface; `None` for one that user space says nothing of, whose frames are all this host's.
#[inline(always)]
pub fn interface(ifindex: u32) -> Option<&'static Interface> {
    let interface = INTERFACES.get(ifindex & (INTERFACE_PLACES - 1))?;
    if interface.ifindex == ifindex {
        Some(interface)
    } else {
        None
    }
}

/// The link that the interface is at, by which link-local addresses are told apart. Apart: few packets have any.
#[inline(never)]
pub fn link_of(ifindex: u32) -> u32 {
    match interface(ifindex) {
        Some(interface) => interface.link,
        None => ifindex,
    }
}

/// Whether a frame that arrives at this interface is this host's.
#[inline(always)]
pub fn is_ours<P: Packet, B: Reader>(packet: P, bytes: &B, interface: &Interface) -> bool {
    if packet.is_surely_ours() {
        return true;
    }
    let Some([a, b, c]) = bytes.read::<[[u8; 2]; 3]>(0) else {
        return true;
    };
    let mac = [a[0], a[1], b[0], b[1], c[0], c[1], 0, 0];
    u64::from_ne_bytes(mac) == u64::from_ne_bytes(interface.mac)
        || interface.flags & Interface::ANY != 0
        || mac[0] & GROUP != 0
        || is_stacked(interface.ifindex, mac)
}

#[inline(never)]
fn is_stacked(ifindex: u32, mac: [u8; 8]) -> bool {
    STACKED.get_ptr(&MacAt { ifindex, mac }).is_some()
}

/// Whether no frame may arrive here from one of this host's own addresses.
#[inline(always)]
pub const fn refuses_own_source(interface: &Interface) -> bool {
    interface.flags & Interface::MIRROR == 0
}
