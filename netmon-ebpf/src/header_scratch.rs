//! Memory of which the verifier knows nothing, for what is read of a packet: one piece for each CPU.
//!
//! A map of its own: while a header is read, what is noted of the packet (`packet_scratch.rs`) may be in use.

use aya_ebpf::btf_maps::PerCpuArray;
use aya_ebpf::macros::btf_map;

/// The longest header that is read at once, IPv6's.
pub const LONGEST_HEADER: usize = 40;

#[repr(C)]
struct HeaderScratch {
    /// A number to be forgotten.
    hidden: usize,
    /// A header that does not lie in the linear part. Not on the stack: its loads must be aligned, and
    /// headers are not.
    header: [u8; LONGEST_HEADER],
}

#[btf_map]
static HEADER_SCRATCH: PerCpuArray<HeaderScratch, 1> = PerCpuArray::new();

/// Where this CPU copies a header to: room for [`LONGEST_HEADER`] bytes. Programs run with bottom halves off and do not
/// nest, so that it belongs to this program until the next header is read.
#[inline(always)]
pub fn header() -> Option<*mut u8> {
    let scratch = HEADER_SCRATCH.get_ptr_mut(0)?;
    // SAFETY: the slot is there; no reference to it is made.
    Some(unsafe { (&raw mut (*scratch).header).cast() })
}

/// The value itself, of which the verifier no longer knows anything.
#[inline(always)]
pub fn forget(value: usize) -> usize {
    let Some(scratch) = HEADER_SCRATCH.get_ptr_mut(0) else {
        return 0;
    };
    // SAFETY: the slot is there, and nobody else's meanwhile. Volatile, or the compiler would see that it is the same
    // value.
    unsafe {
        (&raw mut (*scratch).hidden).write_volatile(value);
        (&raw const (*scratch).hidden).read_volatile()
    }
}
