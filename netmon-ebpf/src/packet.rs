//! Packet memory. Nothing else in the kernel programs touches it, and nothing here writes to it.

use aya_ebpf::btf_maps::PerCpuArray;
use aya_ebpf::macros::btf_map;
use netmon_common::Offload;
use netmon_common::limits::DEEPEST_OFFSET;
use netmon_common::records::Hook;
use netmon_common::wire::{Bytes, Plain};

/// A packet as a hook hands it to a program.
pub trait Packet {
    /// Start and end of the part that can be read directly.
    fn linear(&self) -> (usize, usize);

    /// The length of the packet in bytes, its non-linear part included.
    fn len(&self) -> usize;

    /// Copies `len` bytes at `offset` to `to`; `false` when they are not all there.
    ///
    /// # Safety
    /// `to` is valid for writing `len` bytes.
    unsafe fn copy(&self, offset: usize, to: *mut u8, len: usize) -> bool;

    /// The interface.
    fn ifindex(&self) -> u32;

    /// The hook.
    fn hook(&self) -> Hook;

    /// What was done to the packet that its bytes do not show.
    fn offload(&self) -> Offload;

    /// How many packets this is on the wire, where the kernel knows it of a super-packet.
    fn segments(&self) -> u32;
}

/// Always 0; but it lies in memory that user space could write to, so the verifier does not know.
static mut NOTHING: usize = 0;

/// `offset`, of which the verifier knows no more than that it is at most [`DEEPEST_OFFSET`]: it wants such a
/// bound on what is added to a packet pointer.
#[inline(always)]
fn forget(offset: usize) -> usize {
    // SAFETY: nobody writes to it.
    let nothing = unsafe { (&raw const NOTHING).read_volatile() };
    let offset = (offset + nothing) & 0xffff;
    if offset > DEEPEST_OFFSET {
        DEEPEST_OFFSET
    } else {
        offset
    }
}

/// The linear part of a packet: read in place.
pub struct Linear {
    start: usize,
    end: usize,
    len: usize,
}

impl Linear {
    #[inline(always)]
    pub fn of<P: Packet>(packet: &P) -> Self {
        let (start, end) = packet.linear();
        Self {
            start,
            end,
            len: packet.len(),
        }
    }
}

impl Bytes for Linear {
    #[inline(always)]
    fn wire_len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    fn read<T: Plain>(&self, offset: usize) -> Option<T> {
        let from = self.start + offset;
        if from + size_of::<T>() > self.end {
            return None;
        }
        // SAFETY: `from` and the size of `T` behind it are inside the packet, checked above; a `T` is valid
        // for any bytes and needs no alignment. The verifier proves the bounds again.
        Some(unsafe { (from as *const T).read_unaligned() })
    }

    #[inline(always)]
    fn forget(&self, offset: usize) -> usize {
        forget(offset)
    }
}

/// The whole of a packet, its non-linear part included: read by copying.
pub struct Whole<'a, P> {
    packet: &'a P,
    len: usize,
}

/// Where headers are copied to. Not the stack: its loads must be aligned, and headers are not.
#[btf_map]
static HEADER_COPY: PerCpuArray<[u8; LONGEST_HEADER], 1> = PerCpuArray::new();

/// The longest header that is read at once, IPv6's.
const LONGEST_HEADER: usize = 40;

impl<'a, P: Packet> Whole<'a, P> {
    #[inline(always)]
    pub fn of(packet: &'a P) -> Self {
        Self {
            packet,
            len: packet.len(),
        }
    }
}

impl<P: Packet> Bytes for Whole<'_, P> {
    #[inline(always)]
    fn wire_len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    fn read<T: Plain>(&self, offset: usize) -> Option<T> {
        const { assert!(size_of::<T>() <= LONGEST_HEADER) };
        let copy = HEADER_COPY.get_ptr_mut(0)?.cast::<u8>();
        // SAFETY: the copy has room for a `T`, asserted above, and belongs to this CPU while the program runs.
        let copied = unsafe { self.packet.copy(offset, copy, size_of::<T>()) };
        // SAFETY: all bytes of a `T` were written; any bytes make one, and it needs no alignment.
        copied.then(|| unsafe { copy.cast::<T>().read_unaligned() })
    }

    #[inline(always)]
    fn forget(&self, offset: usize) -> usize {
        forget(offset)
    }
}
