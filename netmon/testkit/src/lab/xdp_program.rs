//! Another's program at an XDP hook, as small as can be: it passes on what arrives, or would hand it to an `AF_XDP` socket if
//! there were one.

use std::{
    io,
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd},
};

use anyhow::{Context as _, Result};
use nix::{libc, net::if_::if_nametoindex};

use super::namespace::Namespace;

/// The program, as long as it is attached.
#[derive(Debug)]
pub struct XdpProgram {
    _link: OwnedFd,
}

/// Commands and numbers of bpf(2), in `include/uapi/linux/bpf.h`.
const MAP_CREATE: libc::c_int = 0;
const PROG_LOAD: libc::c_int = 5;
pub(super) const LINK_CREATE: libc::c_int = 28;
const XSKMAP: u32 = 17;
const TYPE_XDP: u32 = 6;
const AT_XDP: u32 = 37;
/// The instruction that ends a program.
pub(super) const EXIT: u64 = 0x95;
/// `XDP_FLAGS_DRV_MODE` in `include/uapi/linux/if_link.h`.
const IN_DRIVER: u32 = 4;

/// What has a program loaded.
#[repr(C)]
#[derive(Default)]
struct LoadProgram {
    kind: u32,
    count: u32,
    instructions: u64,
    license: u64,
    log: [u32; 6],
    name: [u8; 16],
}

impl XdpProgram {
    /// Attaches one of that name to an interface of a host; with `sockets` it has a map of sockets.
    pub fn attach(host: &Namespace, interface: &str, name: &str, sockets: bool) -> Result<Self> {
        let attached = host.enter(|| Self::attach_here(interface, name, sockets))?;
        attached.with_context(|| format!("cannot attach an XDP program to {interface}"))
    }

    fn attach_here(interface: &str, name: &str, sockets: bool) -> io::Result<Self> {
        let map = sockets
            .then(|| bpf(MAP_CREATE, &[XSKMAP, 4, 4, 1, 0]))
            .transpose()?;
        // r0 = XDP_PASS; or r0 = bpf_redirect_map(map, 0, XDP_PASS).
        let body: Vec<u64> = match &map {
            None => vec![0x0000_0002_0000_00b7],
            Some(map) => vec![
                (u64::from(map.as_raw_fd().cast_unsigned()) << 32) | 0x1118,
                0,
                0x02b7,
                0x0000_0002_0000_03b7,
                0x0000_0033_0000_0085,
            ],
        };
        let program = load(TYPE_XDP, name, &[body, vec![EXIT]].concat())?;
        let link = [
            program.as_raw_fd().cast_unsigned(),
            if_nametoindex(interface)?,
            AT_XDP,
            IN_DRIVER,
        ];
        Ok(Self {
            _link: bpf(LINK_CREATE, &link)?,
        })
    }
}

/// Loads a program of that type and name.
pub(super) fn load(kind: u32, name: &str, instructions: &[u64]) -> io::Result<OwnedFd> {
    let mut load = LoadProgram {
        kind,
        count: u32::try_from(instructions.len()).map_err(io::Error::other)?,
        instructions: instructions.as_ptr() as u64,
        license: c"GPL".as_ptr() as u64,
        ..LoadProgram::default()
    };
    for (to, from) in load.name.iter_mut().take(15).zip(name.bytes()) {
        *to = from;
    }
    bpf(PROG_LOAD, &load)
}

/// Calls bpf(2), which gives a descriptor.
pub(super) fn bpf<T>(command: libc::c_int, attributes: &T) -> io::Result<OwnedFd> {
    // SAFETY: the attributes live until the call returns, and so does what they point to.
    let result = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            command,
            std::ptr::from_ref(attributes),
            size_of::<T>(),
        )
    };
    let descriptor = libc::c_int::try_from(result).map_err(io::Error::other)?;
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just given it to us.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}
