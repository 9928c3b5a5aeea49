//! Binds a map that no program uses to a program (`BPF_PROG_BIND_MAP`, Linux 5.10): whoever finds the program finds the map.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd};

use aya::maps::Map;

use super::error::KernelError;
use super::load::{Kernel, Program};
use super::table::call;

/// `enum bpf_cmd` in `include/uapi/linux/bpf.h`.
const BPF_PROG_BIND_MAP: libc::c_long = 35;

/// The member `prog_bind_map` of `union bpf_attr`.
#[repr(C)]
struct Bind {
    program: u32,
    map: u32,
    flags: u32,
}

impl Kernel {
    /// Binds the array of that name to all programs.
    pub(super) fn bind(&mut self, name: &'static str) -> Result<(), KernelError> {
        let failed = |reason: String| KernelError::Map {
            what: "bind",
            map: name,
            reason,
        };
        let map = match self.ebpf.map(name) {
            Some(Map::Array(map)) => map.fd().as_fd().try_clone_to_owned(),
            _ => return Err(failed("there is no such array".to_owned())),
        };
        let map = map.map_err(|error| failed(error.to_string()))?;
        for program in Program::ALL {
            if program == Program::Xdp && !self.has_xdp() {
                continue;
            }
            let fd = match program {
                Program::Xdp => self.xdp().and_then(|xdp| xdp.fd()),
                Program::Ingress | Program::Egress => {
                    self.classifier(program).and_then(|classifier| classifier.fd())
                }
            };
            let fd = fd.map_err(|error| failed(error.to_string()))?;
            bind(fd.as_fd(), map.as_fd()).map_err(|error| failed(error.to_string()))?;
        }
        Ok(())
    }
}

fn bind(program: BorrowedFd<'_>, map: BorrowedFd<'_>) -> io::Result<()> {
    let mut attributes = Bind {
        program: program.as_raw_fd().cast_unsigned(),
        map: map.as_raw_fd().cast_unsigned(),
        flags: 0,
    };
    // SAFETY: the attributes are those of the command, and hold numbers only.
    unsafe { call(BPF_PROG_BIND_MAP, &mut attributes) }
}
