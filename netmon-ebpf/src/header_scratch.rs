//! Memory of which the verifier knows nothing, for what is read of a packet: one piece for each CPU.
//!
//! A map of its own: while a header is read, what is noted of the packet (`packet_scratch.rs`) may be in use.

use aya_ebpf::btf_maps::PerCpuArray;
use aya_ebpf::macros::btf_map;

/// The longest header that is read at once, IPv6's.
pub const LONGEST_HEADER: usize = 40;

#[repr(C)]
struct Memory {
    /// A number to be forgotten.
    hidden: usize,
    /// A header that does not lie in the linear part. Not on the stack: its loads must be aligned, and
    /// headers are not.
    header: [u8; LONGEST_HEADER],
}

#[btf_map]
static HEADER_SCRATCH: PerCpuArray<Memory, 1> = PerCpuArray::new();

/// This CPU's memory. Programs run with bottom halves off and do not nest, so that it belongs to this program while it
/// runs. It is looked up once for a packet: the kernel puts instructions in the place of each look-up, one after the other,
/// and moves all that follow, which takes most of a program's loading where there are hundreds.
#[derive(Clone, Copy)]
pub struct HeaderScratch(*mut Memory);

impl HeaderScratch {
    #[inline(always)]
    pub fn of_this_cpu() -> Option<Self> {
        HEADER_SCRATCH.get_ptr_mut(0).map(Self)
    }

    /// Where a header is copied to: room for [`LONGEST_HEADER`] bytes, until the next header is read.
    #[inline(always)]
    pub fn header(self) -> *mut u8 {
        // SAFETY: the slot is there; no reference to it is made.
        unsafe { (&raw mut (*self.0).header).cast() }
    }

    /// The value itself, of which the verifier no longer knows anything.
    #[inline(always)]
    pub fn forget(self, value: usize) -> usize {
        // SAFETY: the slot is there, and nobody else's meanwhile. Volatile, or the compiler would see that it is the same
        // value.
        unsafe {
            (&raw mut (*self.0).hidden).write_volatile(value);
            (&raw const (*self.0).hidden).read_volatile()
        }
    }
}
