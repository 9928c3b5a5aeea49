//! Packet memory. Nothing else in the kernel programs touches it, and nothing here writes to it.

use core::hint::black_box;

use netmon_common::records::Hook;
use netmon_common::wire::{Bytes, Plain};

use crate::header_scratch::{HeaderScratch, LONGEST_HEADER};

/// A packet as a hook hands it to a program: a pointer, and passed by value, so that it stays in a register.
pub trait Packet: Copy {
    /// The hook.
    const HOOK: Hook;

    /// Whether it begins with an Ethernet header, and is read in place. Else it is read from its IP header on, by copying: only a
    /// helper knows where that is. Some devices leave the header of their tunnel in front of it, and before Linux 5.14 most did.
    const ETHERNET: bool;

    /// Start and end of the part that can be read directly.
    fn linear(&self) -> (usize, usize);

    /// The length of the packet in bytes, its non-linear part included.
    fn len(&self) -> usize;

    /// The same where that is to be had for nothing, of a packet whose linear part has `linear` bytes, and whose
    /// IP packet ends at `end` (0 where that is not known).
    fn len_at_once(&self, linear: usize, end: usize) -> Option<usize>;

    /// Copies `len` bytes at `offset`, from the first header on, to `to`; `false` when they are not all there.
    ///
    /// # Safety
    /// `to` is valid for writing `len` bytes.
    unsafe fn copy(&self, offset: usize, to: *mut u8, len: usize) -> bool;

    /// Runs [`find_in_whole`](crate::observe::find_in_whole), as a function that stands alone.
    fn find_in_whole(self) -> bool;

    /// The `EtherType` of a packet that begins with no Ethernet header.
    fn ether_type(&self) -> u16;

    /// The interface.
    fn ifindex(&self) -> u32;

    /// Whether the kernel says that the frame is this host's: it leaves it, or was for it at its interface.
    fn is_surely_ours(&self) -> bool;

    /// VLAN tags that were taken off the frame, 0 or 1.
    fn tags_removed(&self) -> u8;

    /// The payload bytes of each segment of a super-packet; 0 for an ordinary packet.
    fn segment_size(&self) -> u32;

    /// The cookie of the socket of this host that it came from; 0 where there is none.
    fn socket_cookie(&self) -> u64;

    /// Whether it was counted where it entered this host: where it leaves, it may have been.
    fn counted_before(&self) -> bool;

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
pub struct Linear<P> {
    packet: P,
    start: usize,
    end: usize,
}

/// No header that is read in place lies farther than this: two tags, and in the packet and in the one that
/// it quotes an IP header of at most 60 bytes. The verifier wants such a bound.
const DEEPEST_IN_PLACE: usize = 0x1ff;

/// What must lie there, so that it is checked once and not header by header: Ethernet, IPv4 and TCP without options.
/// Packets that are shorter are read by the other reader.
const FIRST_HEADERS: usize = 14 + 20 + 20;

impl<P: Packet> Linear<P> {
    /// `None` if the first headers are not there.
    #[inline(always)]
    pub fn of(packet: P) -> Option<Self> {
        let (start, end) = packet.linear();
        let linear = Self { packet, start, end };
        if linear.has(FIRST_HEADERS) {
            Some(linear)
        } else {
            None
        }
    }
}

impl<P: Packet> Bytes for Linear<P> {
    const DEEP: bool = false;

    #[inline(always)]
    fn wire_len(&self) -> usize {
        self.packet.len()
    }

    #[inline(always)]
    fn read<T: Plain>(&self, offset: usize) -> Option<T> {
        // SAFETY: as in `has`.
        let from = unsafe { self.start.unchecked_add(offset) };
        // SAFETY: as in `has`.
        if unsafe { from.unchecked_add(size_of::<T>()) } > self.end {
            return None;
        }
        // SAFETY: `from` and the size of `T` behind it are inside the packet, checked above; a `T` is valid
        // for any bytes and needs no alignment. The verifier proves the bounds again.
        Some(unsafe { (from as *const T).read_unaligned() })
    }

    #[inline(always)]
    fn has(&self, upto: usize) -> bool {
        // SAFETY: `upto` is at most some hundreds, and the kernel's addresses do not end there. So the compiler sees
        // that what is inside a part that is there is there.
        unsafe { self.start.unchecked_add(upto) <= self.end }
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
        // The verifier knows how it came about, and may; the compiler must not, or it would leave out a check that the
        // verifier wants.
        black_box(offset) & DEEPEST_IN_PLACE
    }
}

impl<P: Packet> Reader for Linear<P> {
    #[inline(always)]
    fn frame_len(&self, end: usize) -> usize {
        match self.packet.len_at_once(self.end - self.start, end) {
            Some(len) => len,
            None => self.packet.len(),
        }
    }
}

/// The whole of a packet, its non-linear part included: read by copying.
pub struct Whole<P> {
    packet: P,
    len: usize,
    scratch: HeaderScratch,
}

impl<P: Packet> Whole<P> {
    /// `None` if there is no memory to copy to, which there is.
    #[inline(always)]
    pub fn of(packet: P) -> Option<Self> {
        Some(Self {
            packet,
            len: packet.len(),
            scratch: HeaderScratch::of_this_cpu()?,
        })
    }
}

impl<P: Packet> Bytes for Whole<P> {
    #[inline(always)]
    fn wire_len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    fn read<T: Plain>(&self, offset: usize) -> Option<T> {
        const { assert!(size_of::<T>() <= LONGEST_HEADER) };
        let copy = self.scratch.header();
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
        self.scratch.forget(offset)
    }
}

impl<P: Packet> Reader for Whole<P> {
    #[inline(always)]
    fn frame_len(&self, _end: usize) -> usize {
        self.len
    }
}
