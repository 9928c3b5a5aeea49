//! Memory of which the verifier knows nothing, one piece for each CPU.
//!
//! The verifier follows each way through a program, and keeps apart what the ways left in registers and on
//! the stack. What is written here and read back it no longer knows: ways that end with a note end alike, and
//! what comes after is checked once.
//!
//! Programs run with bottom halves off and do not nest, so that a CPU's notepad belongs to one packet at a
//! time. Nothing in it outlives the packet, except where it says so.

use aya_ebpf::btf_maps::PerCpuArray;
use aya_ebpf::macros::btf_map;

use crate::exchange::Exchange;
use crate::finding::Finding;

/// The longest header that is read at once, IPv6's.
pub const LONGEST_HEADER: usize = 40;

/// What is noted of a packet.
#[repr(C)]
pub struct Notepad {
    /// What the packet means, if it is not counted at once.
    pub finding: Finding,
    /// The exchange that the packet is part of, once it is known that this matters.
    pub exchange: Exchange,
    /// When the query entered that this CPU saw last, by the boot clock. It outlives the packet, which leaves
    /// this host again a moment later.
    pub entered_ns: u64,
    /// A number to be forgotten.
    hidden: usize,
    /// A header that does not lie in the linear part. Not on the stack: its loads must be aligned, and
    /// headers are not.
    pub header: [u8; LONGEST_HEADER],
}

#[btf_map]
static NOTEPAD: PerCpuArray<Notepad, 1> = PerCpuArray::new();

impl Notepad {
    /// This CPU's.
    #[inline(always)]
    pub fn take() -> Option<&'static mut Self> {
        let notepad = NOTEPAD.get_ptr_mut(0)?;
        // SAFETY: the notepad belongs to this program while it runs, array slots never move, and zeros, which it
        // starts with, are a notepad.
        Some(unsafe { &mut *notepad })
    }

    /// The value itself, of which the verifier no longer knows anything.
    #[inline(always)]
    pub fn forget(value: usize) -> usize {
        let Some(notepad) = Self::take() else { return 0 };
        // SAFETY: it is valid. Volatile, or the compiler would see that it is the same value.
        unsafe {
            (&raw mut notepad.hidden).write_volatile(value);
            (&raw const notepad.hidden).read_volatile()
        }
    }
}
