//! The entry points. Every one of them passes the packet on, whatever happens.

use aya_ebpf::bindings::{TC_ACT_UNSPEC, xdp_action};
use aya_ebpf::macros::{classifier, xdp};
use aya_ebpf::programs::{TcContext, XdpContext};

use crate::askers::leaves_by_loopback;
use crate::observe::observe;
use crate::skb::{Frame, IpPacket};
use crate::xdp::Xdp;

/// The licence that the kernel is told: some helpers are for GPL-compatible programs only.
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

const LEAVES: bool = true;
const ARRIVES: bool = !LEAVES;

/// What arrives, before the kernel has made an `skb` of it. Frags: packets of several buffers come too.
#[xdp(frags)]
#[inline(always)]
fn netmon_xdp(ctx: XdpContext) -> u32 {
    observe(Xdp::new(&ctx));
    xdp_action::XDP_PASS
}

/// What arrives, where XDP is not to be had or not wanted.
#[classifier]
#[inline(always)]
fn netmon_ingress(ctx: TcContext) -> i32 {
    observe(Frame::<ARRIVES>::new(&ctx));
    // "Unspecified" lets the programs behind this one run; "OK" would skip them.
    TC_ACT_UNSPEC
}

/// What leaves. A packet that entered by a watched interface was counted there; its query leaves another trace
/// here, because behind masquerading an error quotes the address that it left with.
#[classifier]
#[inline(always)]
fn netmon_egress(ctx: TcContext) -> i32 {
    observe(Frame::<LEAVES>::new(&ctx));
    TC_ACT_UNSPEC
}

/// What arrives at a device whose packets have no Ethernet header.
#[classifier]
#[inline(always)]
fn netmon_ip_in(ctx: TcContext) -> i32 {
    observe(IpPacket::<ARRIVES>::new(&ctx));
    TC_ACT_UNSPEC
}

/// What leaves by such a device.
#[classifier]
#[inline(always)]
fn netmon_ip_out(ctx: TcContext) -> i32 {
    observe(IpPacket::<LEAVES>::new(&ctx));
    TC_ACT_UNSPEC
}

/// What leaves by the loopback interface: where it arrives it has no socket any more.
#[classifier]
fn netmon_loopback(ctx: TcContext) -> i32 {
    leaves_by_loopback(Frame::<LEAVES>::new(&ctx));
    TC_ACT_UNSPEC
}
