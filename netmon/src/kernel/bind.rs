//! Binds a map that no program uses to a program (`BPF_PROG_BIND_MAP`, Linux 5.10): whoever finds the program finds the map.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd};

use aya::maps::Map;
use aya::programs::ProgramError;

use super::error::KernelError;
use super::load::Kernel;
use super::places::RETIRED;
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
    /// Binds the sums of what has retired, which no program uses, to the program of this name, which is loaded.
    pub(super) fn bind_retired(&self, program: &str) -> Result<(), KernelError> {
        let failed = |reason: String| KernelError::Map {
            what: "bind",
            map: RETIRED,
            reason,
        };
        let Some(Map::Array(map)) = self.ebpf.map(RETIRED) else {
            return Err(failed("there is no such array".to_owned()));
        };
        let program = self.ebpf.program(program).ok_or(ProgramError::NotLoaded);
        let fd = program
            .and_then(|program| program.fd())
            .map_err(|error| failed(error.to_string()))?;
        bind(fd.as_fd(), map.fd().as_fd()).map_err(|error| failed(error.to_string()))
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
