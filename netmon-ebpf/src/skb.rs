//! A packet at a TC hook.

use aya_ebpf::bindings::{__sk_buff, bpf_hdr_start_off};
use aya_ebpf::helpers::{bpf_get_socket_cookie, bpf_skb_load_bytes, bpf_skb_load_bytes_relative};
use aya_ebpf::programs::TcContext;
use netmon_common::records::Hook;

use crate::observe::find_in_whole;
use crate::packet::Packet;
use crate::settings::is_watched;

/// A packet at a TC hook: one that leaves, or one that arrives; one that begins with its Ethernet header, or one of a device that
/// has none, which is read from its IP header on. Types of their own, so that the verifier sees no more of each program than can
/// happen in it, and no packet pays for what others need.
#[derive(Clone, Copy)]
pub struct Skb<const LEAVES: bool, const ETHERNET: bool> {
    skb: *mut __sk_buff,
}

/// A packet that begins with its Ethernet header.
pub type Frame<const LEAVES: bool> = Skb<LEAVES, true>;
/// A packet of a device without Ethernet headers.
pub type IpPacket<const LEAVES: bool> = Skb<LEAVES, false>;

impl<const LEAVES: bool, const ETHERNET: bool> Skb<LEAVES, ETHERNET> {
    #[inline(always)]
    pub fn new(ctx: &TcContext) -> Self {
        Self { skb: ctx.skb.skb }
    }
}

impl<const LEAVES: bool, const ETHERNET: bool> Packet for Skb<LEAVES, ETHERNET> {
    const HOOK: Hook = if LEAVES { Hook::Egress } else { Hook::Ingress };
    const ETHERNET: bool = ETHERNET;

    #[inline(always)]
    fn linear(&self) -> (usize, usize) {
        // SAFETY: the context of a running program is readable.
        unsafe { ((*self.skb).data as usize, (*self.skb).data_end as usize) }
    }

    #[inline(always)]
    fn len(&self) -> usize {
        // SAFETY: as above.
        unsafe { (*self.skb).len as usize }
    }

    #[inline(always)]
    fn len_at_once(&self, _linear: usize, _end: usize) -> Option<usize> {
        Some(self.len())
    }

    #[inline(always)]
    unsafe fn copy(&self, offset: usize, to: *mut u8, len: usize) -> bool {
        let (skb, offset, to, len) = (self.skb.cast(), offset as u32, to.cast(), len as u32);
        // SAFETY: the context is the program's own, and the caller vouches for `to`.
        let result = unsafe {
            if ETHERNET {
                bpf_skb_load_bytes(skb, offset, to, len)
            } else {
                bpf_skb_load_bytes_relative(skb, offset, to, len, bpf_hdr_start_off::BPF_HDR_START_NET)
            }
        };
        result == 0
    }

    #[inline(always)]
    fn find_in_whole(self) -> bool {
        let found = match (LEAVES, ETHERNET) {
            (false, true) => netmon_find_ingress(self.skb),
            (true, true) => netmon_find_egress(self.skb),
            (false, false) => netmon_find_ip_ingress(self.skb),
            (true, false) => netmon_find_ip_egress(self.skb),
        };
        found != 0
    }

    #[inline(always)]
    fn ether_type(&self) -> u16 {
        // In network order, in the lower half.
        // SAFETY: as above.
        u16::from_be(unsafe { (*self.skb).protocol } as u16)
    }

    #[inline(always)]
    fn ifindex(&self) -> u32 {
        // SAFETY: as above.
        unsafe { (&raw const (*self.skb).ifindex).read_volatile() }
    }

    #[inline(always)]
    fn is_surely_ours(&self) -> bool {
        /// `PACKET_OTHERHOST` (`include/uapi/linux/if_packet.h`).
        const OTHER_HOST: u32 = 3;
        // SAFETY: as above.
        LEAVES || !ETHERNET || unsafe { (*self.skb).pkt_type } != OTHER_HOST
    }

    #[inline(always)]
    fn socket_cookie(&self) -> u64 {
        // SAFETY: the context is the program's own.
        unsafe { bpf_get_socket_cookie(self.skb.cast()) }
    }

    #[inline(always)]
    fn tags_removed(&self) -> u8 {
        // The tag's EtherType, which is 0 where there is no tag: `vlan_present` says the same in more instructions.
        // SAFETY: as above.
        u8::from(unsafe { (*self.skb).vlan_proto } != 0)
    }

    #[inline(always)]
    fn segment_size(&self) -> u32 {
        // SAFETY: as above.
        unsafe { (*self.skb).gso_size }
    }

    /// A packet that is forwarded and entered by a watched interface was counted there.
    #[inline(always)]
    fn counted_before(&self) -> bool {
        if !LEAVES {
            return false;
        }
        // SAFETY: as above. 0 for what this host itself sends.
        let entered_by = unsafe { (*self.skb).ingress_ifindex };
        entered_by != 0 && is_watched(entered_by)
    }

    /// Segmentation offload hands one super-packet through the stack for many packets on the wire. A
    /// virtual network card may leave their number at 0, to be computed from what is behind the headers.
    #[inline(always)]
    fn segments(&self, headers: usize) -> u32 {
        let size = self.segment_size();
        if size == 0 {
            return 1;
        }
        // SAFETY: as above.
        let (segments, len) = unsafe { ((*self.skb).gso_segs, (*self.skb).len) };
        if segments != 0 {
            segments
        } else {
            len.saturating_sub(headers as u32).div_ceil(size).max(1)
        }
    }
}

/// [`find_in_whole`] of frames that arrive.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn netmon_find_ingress(skb: *mut __sk_buff) -> u32 {
    u32::from(find_in_whole(Frame::<false> { skb }))
}

/// [`find_in_whole`] of frames that leave.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn netmon_find_egress(skb: *mut __sk_buff) -> u32 {
    u32::from(find_in_whole(Frame::<true> { skb }))
}

/// [`find_in_whole`] of IP packets that arrive.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn netmon_find_ip_ingress(skb: *mut __sk_buff) -> u32 {
    u32::from(find_in_whole(IpPacket::<false> { skb }))
}

/// [`find_in_whole`] of IP packets that leave.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn netmon_find_ip_egress(skb: *mut __sk_buff) -> u32 {
    u32::from(find_in_whole(IpPacket::<true> { skb }))
}
