//! Who asks: which process sends from which socket to a DNS port, and from which socket each flow's last query came.
//!
//! The programs at `connect` and `sendmsg` know the process and its socket, and not yet the packet; the one where packets
//! leave knows the packet and its socket, and no longer the process. The socket's cookie joins both. What is not sure has no
//! cookie.

use core::ffi::c_void;

use aya_ebpf::btf_maps::Array;
use aya_ebpf::helpers::{
    bpf_get_current_cgroup_id, bpf_get_current_pid_tgid, bpf_get_current_task, bpf_get_current_uid_gid,
    bpf_get_socket_cookie, bpf_probe_read_kernel, generated,
};
use aya_ebpf::macros::{btf_map, cgroup_sock_addr};
use aya_ebpf::programs::SockAddrContext;
use aya_ebpf::{EbpfContext as _, Global};
use netmon_common::limits::{ASKERS, ORIGINS};
use netmon_common::records::{Asker, COOKIE_BITS, Origin};
use netmon_common::trace::{Flow, FlowHash};
use netmon_common::wire::ethernet::{self, Payload};
use netmon_common::wire::ip::Protocol;
use netmon_common::wire::{Bytes as _, ipv4, ipv6};
use netmon_common::{Ports as _, Transport};

use crate::exchange::address;
use crate::packet::{Linear, Packet};
use crate::settings::Configured;
use crate::traces;

/// Whether it is asked who asks (1). Set before loading: the verifier then removes what is never run.
#[unsafe(no_mangle)]
static ASKING: Global<u32> = Global::new(0);

/// Where `group_leader` and `comm` lie in the kernel's `task_struct`, from its own BTF; both 0 where that is not known.
#[unsafe(no_mangle)]
static TASK_LEADER: Global<u32> = Global::new(0);
#[unsafe(no_mangle)]
static TASK_NAME: Global<u32> = Global::new(0);

/// By the lowest bits of the socket's cookie: cookies are numbered one after the other.
#[btf_map]
pub static ASKED_BY: Array<Asker, { ASKERS as usize }> = Array::new();

/// By the flow's hash.
#[btf_map]
static ORIGIN: Array<Origin, { ORIGINS as usize }> = Array::new();

/// To let the call pass.
const ALLOW: i32 = 1;

/// Whether the socket is connected from then on.
const CONNECTS: u32 = 1;
const SENDS: u32 = 0;

#[cgroup_sock_addr(connect4)]
fn netmon_connect4(ctx: SockAddrContext) -> i32 {
    asks(&ctx, CONNECTS);
    ALLOW
}

#[cgroup_sock_addr(connect6)]
fn netmon_connect6(ctx: SockAddrContext) -> i32 {
    asks(&ctx, CONNECTS);
    ALLOW
}

#[cgroup_sock_addr(sendmsg4)]
fn netmon_sendmsg4(ctx: SockAddrContext) -> i32 {
    asks(&ctx, SENDS);
    ALLOW
}

#[cgroup_sock_addr(sendmsg6)]
fn netmon_sendmsg6(ctx: SockAddrContext) -> i32 {
    asks(&ctx, SENDS);
    ALLOW
}

/// Notes the process that connects its socket to a DNS port, or sends to one.
#[inline(always)]
fn asks(ctx: &SockAddrContext, connected: u32) {
    // SAFETY: the context of a running program is readable. The port is in network order, in the lower half.
    let port = unsafe { (*ctx.sock_addr).user_port } as u16;
    if !Configured.contains(port.to_ne_bytes()) {
        return;
    }
    // SAFETY: the context is the program's own.
    let cookie = unsafe { bpf_get_socket_cookie(ctx.as_ptr()) };
    let Some(record) = ASKED_BY.get_ptr_mut(cookie as u32 & (ASKERS - 1)) else {
        return;
    };
    let pid = (bpf_get_current_pid_tgid() >> 32) as u32;
    // SAFETY: the record is there. CPUs share it: user space believes no record that is half of one socket and half of
    // another, and of one socket all but `pid` is written once.
    unsafe {
        if (&raw const (*record).cookie).read_volatile() == cookie {
            if (&raw const (*record).pid).read_volatile() != pid {
                (&raw mut (*record).pid).write_volatile(Asker::SEVERAL);
            }
            (&raw mut (*record).connected).write_volatile(connected);
            return;
        }
        (&raw mut (*record).cookie).write_volatile(0);
        (&raw mut (*record).again).write_volatile(cookie);
        (&raw mut (*record).pid).write_volatile(pid);
        (&raw mut (*record).uid).write_volatile(bpf_get_current_uid_gid() as u32);
        (&raw mut (*record).cgroup).write_volatile(bpf_get_current_cgroup_id());
        (&raw mut (*record).handed).write_volatile(0);
        (&raw mut (*record).connected).write_volatile(connected);
        name_to((&raw mut (*record).name).cast());
        (&raw mut (*record).cookie).write_volatile(cookie);
    }
}

/// Writes the name of the process: its first thread's. Programs name others after what they do.
///
/// # Safety
/// `to` is valid for writing a name.
#[inline(always)]
unsafe fn name_to(to: *mut c_void) {
    const LEN: u32 = size_of::<[u8; 16]>() as u32;
    let (leader, name) = (TASK_LEADER.load() as usize, TASK_NAME.load() as usize);
    // SAFETY: the helpers check what they read; the places are the kernel's own. The caller vouches for `to`.
    unsafe {
        if leader != 0 {
            let task = bpf_get_current_task() as usize;
            if let Ok(leader) = bpf_probe_read_kernel((task + leader) as *const usize)
                && generated::bpf_probe_read_kernel(to, LEN, (leader + name) as *const c_void) == 0
            {
                return;
            }
        }
        generated::bpf_get_current_comm(to, LEN);
    }
}

#[inline(always)]
pub fn leaves_by_loopback<P: Packet>(packet: P) {
    let Some(bytes) = Linear::of(packet) else {
        return;
    };
    let ip = match ethernet::parse_header(&bytes).map(|kind| ethernet::payload(kind, ethernet::HEADER_LEN)) {
        Ok(Payload::Ipv4(offset)) => ipv4::parse(&bytes, offset),
        Ok(Payload::Ipv6(offset)) => ipv6::parse(&bytes, offset),
        _ => return,
    };
    let Ok(ip) = ip else {
        return;
    };
    let transport = match ip.protocol {
        Protocol::UDP => Transport::Udp,
        Protocol::TCP => Transport::Tcp,
        _ => return,
    };
    if ip.later_fragment {
        return;
    }
    let Some([client, server]) = bytes.read::<[[u8; 2]; 2]>(bytes.forget(ip.payload)) else {
        return;
    };
    if !Configured.contains(server) {
        return;
    }
    let flow = Flow {
        client: address(ip.header.source(), &bytes),
        server: address(ip.header.destination(), &bytes),
        client_port: u16::from_be_bytes(client),
        server_port: u16::from_be_bytes(server),
        transport,
    };
    note(packet, flow.hash(&traces::Configured), Origin::NOT_ARRIVED);
}

/// A query arrives by the loopback interface: whoever sent it left its socket a moment ago, and not the time, which is read here
/// for other purposes anyway.
#[inline(always)]
pub fn arrives_by_loopback(flow: FlowHash, now_ns: u64) {
    if ASKING.load() == 0 {
        return;
    }
    let Some(origin) = place(flow) else {
        return;
    };
    // SAFETY: the place is there. CPUs share it: a time that another flow gets is one between its query's leaving and arriving.
    unsafe {
        if (&raw const (*origin).since_ns).read_volatile() == Origin::NOT_ARRIVED {
            (&raw mut (*origin).since_ns).write_volatile(now_ns);
        }
    }
}

/// Notes from which socket of this host a query leaves, or that it is from none, and when.
#[inline(always)]
pub fn note<P: Packet>(packet: P, flow: FlowHash, since_ns: u64) {
    if ASKING.load() == 0 {
        return;
    }
    let Some(origin) = place(flow) else {
        return;
    };
    let sealed = packet.socket_cookie() ^ flow.number();
    // SAFETY: the place is there. CPUs share it: what two of them leave of each other's is no socket's.
    unsafe {
        if (&raw const (*origin).sealed).read_volatile() != sealed {
            (&raw mut (*origin).since_ns).write_volatile(since_ns);
            (&raw mut (*origin).sealed).write_volatile(sealed);
        }
    }
}

/// The cookie of the socket that a query of that flow came from, as an event has it; 0 where that is not known.
#[inline(always)]
pub fn of(flow: FlowHash, query_ns: u64) -> u64 {
    if ASKING.load() == 0 {
        return 0;
    }
    let Some(origin) = place(flow) else {
        return 0;
    };
    // SAFETY: as above.
    let (sealed, since_ns) = unsafe {
        (
            (&raw const (*origin).sealed).read_volatile(),
            (&raw const (*origin).since_ns).read_volatile(),
        )
    };
    let cookie = sealed ^ flow.number();
    if since_ns == Origin::NOT_ARRIVED || query_ns < since_ns || cookie >> COOKIE_BITS != 0 {
        return 0;
    }
    cookie
}

#[inline(always)]
fn place(flow: FlowHash) -> Option<*mut Origin> {
    // The upper bits are the flow's fingerprint.
    ORIGIN.get_ptr_mut((flow.number() >> 40) as u32 & (ORIGINS - 1))
}
