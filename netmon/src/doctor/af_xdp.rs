//! Which processes have `AF_XDP` sockets, by which a DNS server takes packets before the kernel's network does. Not every kernel lists
//! such sockets (`CONFIG_XDP_SOCKETS_DIAG`); but a socket says its protocol in an extended attribute.

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// In `net/socket.c`.
const ATTRIBUTE: &std::ffi::CStr = c"system.sockprotoname";
/// Its value for such a socket (`xsk_proto` in `net/xdp/xsk.c`).
const XDP: &[u8] = b"XDP\0";

/// Those in the network namespace of this process, by name and number.
pub(super) fn processes() -> Vec<String> {
    let namespace = fs::read_link("/proc/self/ns/net").ok();
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    all.map(|entry| entry.path())
        .filter(|process| fs::read_link(process.join("ns/net")).ok() == namespace && has_socket(process))
        .filter_map(|process| {
            let name = fs::read_to_string(process.join("comm")).ok()?;
            let number = process.file_name()?.to_str()?;
            Some(format!("{} (process {number})", name.trim_end()))
        })
        .collect()
}

fn has_socket(process: &Path) -> bool {
    let descriptors = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
    descriptors
        .map(|descriptor| descriptor.path())
        .any(|descriptor| protocol_is_xdp(&descriptor))
}

fn protocol_is_xdp(descriptor: &Path) -> bool {
    let Ok(path) = CString::new(descriptor.as_os_str().as_bytes()) else {
        return false;
    };
    let mut value = [0_u8; 32];
    // SAFETY: both strings end with a zero, and the kernel writes at most as many bytes as there are.
    let len = unsafe {
        libc::getxattr(
            path.as_ptr(),
            ATTRIBUTE.as_ptr(),
            value.as_mut_ptr().cast(),
            value.len(),
        )
    };
    usize::try_from(len).ok().and_then(|len| value.get(..len)) == Some(XDP)
}
