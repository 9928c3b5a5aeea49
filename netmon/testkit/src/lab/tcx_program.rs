//! Another's program at a TCX hook (Linux 6.6), as small as can be: it lets each packet pass, by a verdict after which no later
//! program runs.

use std::{
    io,
    os::fd::{AsRawFd as _, OwnedFd},
};

use anyhow::{Context as _, Result};
use nix::net::if_::if_nametoindex;

use super::{
    namespace::Namespace,
    xdp_program::{EXIT, LINK_CREATE, bpf, load},
};

/// The program, as long as it is attached.
#[derive(Debug)]
pub struct TcxProgram {
    _link: OwnedFd,
}

/// Which packets it sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Those that arrive.
    Arriving,
    /// Those that leave.
    Leaving,
}

/// Where it stands among those that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Before them.
    First,
    /// After them.
    Last,
}

/// In `include/uapi/linux/bpf.h`.
const TYPE_SCHED_CLS: u32 = 3;
const TCX_INGRESS: u32 = 46;
const TCX_EGRESS: u32 = 47;
const BEFORE: u32 = 1 << 3;
const AFTER: u32 = 1 << 4;

/// `r0 = TC_ACT_OK`.
const ACCEPT: u64 = 0xb7;

impl TcxProgram {
    /// Attaches one of that name to an interface of a host.
    pub fn attach(
        host: &Namespace,
        interface: &str,
        name: &str,
        seen: Seen,
        position: Position,
    ) -> Result<Self> {
        let attached = host.enter(|| Self::attach_here(interface, name, seen, position))?;
        attached.with_context(|| format!("cannot attach a TCX program to {interface}"))
    }

    fn attach_here(interface: &str, name: &str, seen: Seen, position: Position) -> io::Result<Self> {
        let program = load(TYPE_SCHED_CLS, name, &[ACCEPT, EXIT])?;
        let link = [
            program.as_raw_fd().cast_unsigned(),
            if_nametoindex(interface)?,
            match seen {
                Seen::Arriving => TCX_INGRESS,
                Seen::Leaving => TCX_EGRESS,
            },
            match position {
                Position::First => BEFORE,
                Position::Last => AFTER,
            },
        ];
        Ok(Self {
            _link: bpf(LINK_CREATE, &link)?,
        })
    }
}
