//! The second witness of an error: that the kernel handed it to the socket that asked. It does so only while the socket waits,
//! connected to that server and from that port, whoever sent the error.

use core::ffi::c_void;

use aya_ebpf::helpers::{bpf_get_socket_cookie, bpf_ktime_get_boot_ns, bpf_probe_read_kernel};
use aya_ebpf::macros::btf_tracepoint;
use aya_ebpf::programs::BtfTracePointContext;
use aya_ebpf::{EbpfContext as _, Global};
use netmon_common::limits::ASKERS;

use crate::askers::ASKED_BY;

/// Where `sk_err` lies in the kernel's `sock`, from its own BTF.
#[unsafe(no_mangle)]
static SOCKET_ERROR: Global<u32> = Global::new(0);

/// The kernel hands a socket an error, in whatever network namespace.
#[btf_tracepoint(function = "inet_sk_error_report")]
fn netmon_error_report(ctx: BtfTracePointContext) -> i32 {
    // SAFETY: the first argument is the socket.
    let socket: *mut c_void = unsafe { ctx.as_ptr().cast::<*mut c_void>().read() };
    // SAFETY: the socket lives while the program runs.
    let cookie = unsafe { bpf_get_socket_cookie(socket) };
    let Some(record) = ASKED_BY.get_ptr_mut(cookie as u32 & (ASKERS - 1)) else {
        return 0;
    };
    // SAFETY: the record is there. CPUs share it; a socket gets one error after the other, and what is half of one and half of
    // another user space takes for neither.
    unsafe {
        if (&raw const (*record).cookie).read_volatile() != cookie {
            return 0;
        }
        let at = (socket as usize).wrapping_add(SOCKET_ERROR.load() as usize);
        let errno = bpf_probe_read_kernel(at as *const u32).unwrap_or(0);
        (&raw mut (*record).errno).write_volatile(errno as u16);
        (&raw mut (*record).handed_ns).write_volatile(bpf_ktime_get_boot_ns());
        let handed = (&raw const (*record).handed).read_volatile();
        (&raw mut (*record).handed).write_volatile(handed.saturating_add(1));
    }
    0
}
