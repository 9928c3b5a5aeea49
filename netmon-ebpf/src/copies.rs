//! Which packets were seen a moment ago on the same way, at an interface that is related to this one: a bridge floods them to
//! several ports, or a device that is stacked on another hands them on. They are counted and paired where they are seen
//! first, and nowhere else.
//!
//! Nothing in a packet says so: what is compared is its start, with ids, checksums and sequence numbers, and its length. Two
//! that are alike in all of it and go the same way at two related interfaces within a millisecond are one.

use aya_ebpf::btf_maps::PerCpuArray;
use aya_ebpf::check_bounds_signed;
use aya_ebpf::helpers::bpf_ktime_get_boot_ns;
use aya_ebpf::macros::btf_map;
use netmon_common::limits::{COPIES, FORWARDING_NS};
use netmon_common::records::Hook;

use crate::packet::Packet;

/// How much of a packet is compared, in words: Ethernet, IPv6, UDP and a DNS header, or TCP with options.
const WORDS: usize = 10;
const BYTES: usize = WORDS * size_of::<u64>();

/// A packet.
#[repr(C)]
struct Seen {
    /// Its start and length, hashed.
    hash: u64,
    /// When it was seen first.
    at_ns: u64,
    /// Where.
    ifindex: u32,
    /// Not used, 0.
    reserved: u32,
}

/// What this CPU saw last, by the lowest bits of the hash.
#[btf_map]
static SEEN: PerCpuArray<Seen, { COPIES as usize }> = PerCpuArray::new();

/// Where the start of a packet is copied to.
#[btf_map]
static START: PerCpuArray<[u64; WORDS], 1> = PerCpuArray::new();

const _: () = assert!(COPIES.is_power_of_two());

/// Whether the packet was seen at another interface; else it is noted.
#[inline(never)]
pub fn is_copy<P: Packet>(packet: P, ifindex: u32) -> bool {
    let Some(hash) = hash(packet) else {
        return false;
    };
    // SAFETY: reads a clock.
    let now_ns = unsafe { bpf_ktime_get_boot_ns() };
    let Some(seen) = SEEN.get_ptr_mut(hash as u32 & (COPIES - 1)) else {
        return false;
    };
    // SAFETY: the slot is there and belongs to this program while it runs; the reference ends with this function.
    let seen = unsafe { &mut *seen };
    if seen.hash == hash && seen.ifindex != ifindex && now_ns.wrapping_sub(seen.at_ns) < FORWARDING_NS {
        return true;
    }
    seen.hash = hash;
    seen.at_ns = now_ns;
    seen.ifindex = ifindex;
    false
}

/// The packet's start, its length and its way, hashed. Without a secret: whoever makes two packets with one hash has them counted
/// as one, at related interfaces.
#[inline(always)]
fn hash<P: Packet>(packet: P) -> Option<u64> {
    let start = START.get_ptr_mut(0)?;
    // SAFETY: the slot is there and belongs to this program while it runs; the reference ends before it is written to.
    unsafe { (*start) = [0; WORDS] };
    let len = packet.len();
    let upto = if len < BYTES { len } else { BYTES };
    // SAFETY: `upto` is at most the size of the slot.
    if !check_bounds_signed(upto as i64, 1, BYTES as i64) || unsafe { !packet.copy(0, start.cast(), upto) } {
        return None;
    }
    // SAFETY: as above; nobody writes meanwhile.
    let words = unsafe { &*start };
    let leaves = u64::from(matches!(P::HOOK, Hook::Egress));
    let mut hash = (len as u64) << 1 | leaves;
    for word in words {
        hash = (hash ^ *word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^= hash >> 32;
    }
    Some(hash)
}
