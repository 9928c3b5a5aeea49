//! A packet at the XDP hook.

use aya_ebpf::bindings::xdp_md;
use aya_ebpf::helpers::{bpf_xdp_get_buff_len, bpf_xdp_load_bytes};
use aya_ebpf::programs::XdpContext;
use netmon_common::records::Hook;

use crate::observe::find_in_whole;
use crate::packet::Packet;

/// Frames are padded up to this length, the checksum of the link left out (IEEE 802.3 section 4A.4.2).
const LONGEST_PADDED: usize = 60;

/// A packet at the XDP hook.
#[derive(Clone, Copy)]
pub struct Xdp {
    ctx: *mut xdp_md,
}

impl Xdp {
    #[inline(always)]
    pub fn new(ctx: &XdpContext) -> Self {
        Self { ctx: ctx.ctx }
    }
}

impl Packet for Xdp {
    const HOOK: Hook = Hook::Xdp;
    /// Drivers give XDP programs nothing else.
    const ETHERNET: bool = true;

    #[inline(always)]
    fn linear(&self) -> (usize, usize) {
        // SAFETY: the context of a running program is readable.
        unsafe { ((*self.ctx).data as usize, (*self.ctx).data_end as usize) }
    }

    #[inline(always)]
    fn len(&self) -> usize {
        // SAFETY: the context is the one that the program was called with.
        unsafe { bpf_xdp_get_buff_len(self.ctx) as usize }
    }

    /// The helper costs as much as all of parsing, and few packets need it. A frame of several buffers goes on
    /// where the first one is full, in the middle of its IP packet: one whose IP packet ends with the linear part
    /// has one buffer. Only padding could follow in another, and frames as long as this one are not padded. (Whatever
    /// else followed would be missing in the count of bytes; no driver's first buffer ends so early.)
    #[inline(always)]
    fn len_at_once(&self, linear: usize, end: usize) -> Option<usize> {
        if linear == end && linear > LONGEST_PADDED {
            Some(linear)
        } else {
            None
        }
    }

    /// None has been looked for yet.
    #[inline(always)]
    fn socket_cookie(&self) -> u64 {
        0
    }

    #[inline(always)]
    unsafe fn copy(&self, offset: usize, to: *mut u8, len: usize) -> bool {
        // SAFETY: the context is the program's own, and the caller vouches for `to`.
        unsafe { bpf_xdp_load_bytes(self.ctx, offset as u32, to.cast(), len as u32) == 0 }
    }

    #[inline(always)]
    fn find_in_whole(self) -> bool {
        netmon_find_xdp(self.ctx) != 0
    }

    /// Never asked for: it stands in the frame.
    #[inline(always)]
    fn ether_type(&self) -> u16 {
        0
    }

    #[inline(always)]
    fn ifindex(&self) -> u32 {
        // SAFETY: as above.
        unsafe { (&raw const (*self.ctx).ingress_ifindex).read_volatile() }
    }

    /// The kernel has not looked yet.
    #[inline(always)]
    fn is_surely_ours(&self) -> bool {
        false
    }

    #[inline(always)]
    fn tags_removed(&self) -> u8 {
        0
    }

    #[inline(always)]
    fn segment_size(&self) -> u32 {
        0
    }

    #[inline(always)]
    fn counted_before(&self) -> bool {
        false
    }

    /// XDP does not see whether the kernel merged packets: generic XDP may undercount, native XDP gets none.
    #[inline(always)]
    fn segments(&self, _headers: usize) -> u32 {
        1
    }
}

/// [`find_in_whole`].
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn netmon_find_xdp(ctx: *mut xdp_md) -> u32 {
    u32::from(find_in_whole(Xdp { ctx }))
}
