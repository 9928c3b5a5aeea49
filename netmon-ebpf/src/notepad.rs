//! Memory of which the verifier knows nothing, one piece for each CPU.
//!
//! The verifier follows each way through a program, and keeps apart what the ways left in registers and on
//! the stack. What is written here and read back it no longer knows: ways that end with a note end alike, and
//! what comes after is checked once.
//!
//! Programs run with bottom halves off and do not nest, so that a CPU's notepad belongs to one packet at a
//! time. But for one moment nothing in it outlives the packet.

use aya_ebpf::btf_maps::PerCpuArray;
use aya_ebpf::macros::btf_map;
use netmon_common::Address;

use crate::finding::Finding;

/// The longest header that is read at once, IPv6's.
pub const LONGEST_HEADER: usize = 40;

/// What is noted of a packet.
#[repr(C)]
pub struct Notepad {
    /// What the packet means.
    pub finding: Finding,
    /// Who talks to whom, once it is known that this matters.
    pub parties: Parties,
    /// When the query entered that this CPU saw last, by the boot clock. It outlives the packet, which leaves
    /// this host again a moment later.
    pub entered_ns: u64,
    /// A number to be forgotten.
    hidden: usize,
    /// A header that does not lie in the linear part. Not on the stack: its loads must be aligned, and
    /// headers are not.
    pub header: [u8; LONGEST_HEADER],
}

/// The addresses of an exchange.
#[repr(C)]
pub struct Parties {
    /// Who asks.
    pub client: Address,
    /// Who is asked.
    pub server: Address,
    /// Who sent the error about it.
    pub reporter: Address,
    /// Whom the error was sent to.
    pub receiver: Address,
    /// The first four bytes of the DNS header that an error quotes.
    pub quoted: Quoted,
    /// Whether the packet was counted, and told of, where it entered.
    pub counted_before: bool,
}

/// The id and the flags of a quoted query.
#[repr(C)]
pub struct Quoted {
    /// Whether the quote is long enough to have them.
    pub is_there: bool,
    /// RD.
    pub recursion_desired: bool,
    /// The id, host order.
    pub id: u16,
}

#[btf_map]
static NOTEPAD: PerCpuArray<Notepad, 1> = PerCpuArray::new();

impl Notepad {
    /// This CPU's.
    #[inline(always)]
    pub fn take() -> Option<*mut Self> {
        NOTEPAD.get_ptr_mut(0)
    }

    /// The value itself, of which the verifier no longer knows anything.
    ///
    /// # Safety
    /// `notepad` is this CPU's.
    #[inline(always)]
    pub unsafe fn forget(notepad: *mut Self, value: usize) -> usize {
        // SAFETY: the notepad is valid, and only this program uses it now. Volatile, or the compiler would
        // see that it is the same value.
        unsafe {
            (&raw mut (*notepad).hidden).write_volatile(value);
            (&raw const (*notepad).hidden).read_volatile()
        }
    }
}
