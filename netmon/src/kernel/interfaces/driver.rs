//! The name of an interface's driver (`ETHTOOL_GDRVINFO`), which any user may ask for.

use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

/// In `include/uapi/linux/ethtool.h` and `include/uapi/linux/sockios.h`.
const ETHTOOL_GDRVINFO: u32 = 3;
const SIOCETHTOOL: libc::Ioctl = 0x8946;

/// `struct ethtool_drvinfo`; only the first two fields are read.
#[repr(C)]
struct DriverInfo {
    command: u32,
    driver: [u8; 32],
    rest: [u8; 160],
}

/// `struct ifreq`, with the member of its union that is a pointer, and the room of the largest one.
#[repr(C)]
struct Request {
    name: [u8; libc::IFNAMSIZ],
    data: *mut DriverInfo,
    rest: [u8; 16],
}

/// The driver of the interface with this name; `None` if it has none, as `lo`.
pub fn driver(interface: &str) -> Option<String> {
    let mut info = DriverInfo {
        command: ETHTOOL_GDRVINFO,
        driver: [0; 32],
        rest: [0; 160],
    };
    let mut request = Request {
        name: [0; libc::IFNAMSIZ],
        data: &raw mut info,
        rest: [0; 16],
    };
    // The last byte stays zero.
    let name = interface.as_bytes();
    request
        .name
        .get_mut(..libc::IFNAMSIZ - 1)?
        .get_mut(..name.len())?
        .copy_from_slice(name);
    let socket = socket().ok()?;
    // SAFETY: the kernel reads the name and the command, and writes a `struct ethtool_drvinfo`, all of which live
    // until it returns.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), SIOCETHTOOL, &raw mut request) };
    if result != 0 {
        return None;
    }
    let name = info.driver.split(|byte| *byte == 0).next()?;
    let name = str::from_utf8(name).ok().filter(|name| !name.is_empty())?;
    Some(name.to_owned())
}

fn socket() -> io::Result<OwnedFd> {
    // SAFETY: no memory is handed over.
    let descriptor = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was opened just now, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}
