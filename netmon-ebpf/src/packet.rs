//! Packet memory. Nothing else in the kernel programs touches it, and nothing here writes to it.

use netmon_common::Offload;
use netmon_common::records::Hook;
use netmon_common::wire::{Bytes, Plain};

use crate::notepad::{LONGEST_HEADER, Notepad};

/// A packet as a hook hands it to a program.
pub trait Packet {
    /// Start and end of the part that can be read directly.
    fn linear(&self) -> (usize, usize);

    /// The length of the packet in bytes, its non-linear part included.
    fn len(&self) -> usize;

    /// The same where that is to be had for nothing, of a packet whose linear part has `linear` bytes, and whose
    /// IP packet ends at `end` (0 where that is not known).
    fn len_at_once(&self, linear: usize, end: usize) -> Option<usize>;

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

    /// How many packets this is on the wire, each with the first `headers` bytes again, where the kernel knows
    /// it of a super-packet. At least 1.
    fn segments(&self, headers: usize) -> u32;
}

/// A reader of packets.
pub trait Reader: Bytes {
    /// The length of the frame in bytes, whose IP packet ends at `end` (0 where that is not known).
    fn frame_len(&self, end: usize) -> usize;
}

/// The linear part of a packet: read in place.
pub struct Linear<'a, P> {
    packet: &'a P,
    start: usize,
    end: usize,
}

/// No header that is read in place lies farther than this: two tags, and in the packet and in the one that
/// it quotes an IP header of at most 60 bytes. The verifier wants such a bound.
const DEEPEST_IN_PLACE: usize = 0x1ff;

impl<'a, P: Packet> Linear<'a, P> {
    #[inline(always)]
    pub fn of(packet: &'a P) -> Self {
        let (start, end) = packet.linear();
        Self { packet, start, end }
    }
}

impl<P: Packet> Bytes for Linear<'_, P> {
    const DEEP: bool = false;

    #[inline(always)]
    fn wire_len(&self) -> usize {
        self.packet.len()
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
    fn has(&self, upto: usize) -> bool {
        self.start + upto <= self.end
    }

    #[inline(always)]
    fn clamp(&self, declared: usize) -> usize {
        if declared <= self.end - self.start {
            return declared;
        }
        let len = self.packet.len();
        if declared < len { declared } else { len }
    }

    #[inline(always)]
    fn forget(&self, offset: usize) -> usize {
        Notepad::forget(offset) & DEEPEST_IN_PLACE
    }
}

impl<P: Packet> Reader for Linear<'_, P> {
    #[inline(always)]
    fn frame_len(&self, end: usize) -> usize {
        match self.packet.len_at_once(self.end - self.start, end) {
            Some(len) => len,
            None => self.packet.len(),
        }
    }
}

/// The whole of a packet, its non-linear part included: read by copying.
pub struct Whole<'a, P> {
    packet: &'a P,
    len: usize,
}

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
        let copy = (&raw mut Notepad::take()?.header).cast::<u8>();
        // SAFETY: the copy has room for a `T`, asserted above, and belongs to this program while it runs.
        let copied = unsafe { self.packet.copy(offset, copy, size_of::<T>()) };
        // SAFETY: all bytes of a `T` were written; any bytes make one, and it needs no alignment.
        copied.then(|| unsafe { copy.cast::<T>().read_unaligned() })
    }

    #[inline(always)]
    fn has(&self, upto: usize) -> bool {
        upto <= self.len
    }

    #[inline(always)]
    fn forget(&self, offset: usize) -> usize {
        Notepad::forget(offset)
    }
}

impl<P: Packet> Reader for Whole<'_, P> {
    #[inline(always)]
    fn frame_len(&self, _end: usize) -> usize {
        self.len
    }
}
