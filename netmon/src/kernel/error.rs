//! What the kernel can refuse, each with what to do about it.

mod words;

use std::path::PathBuf;

use aya::programs::ProgramError;
use aya::{EbpfError, maps::MapError};
use netmon_common::limits;

use super::locked;
use super::version::{MAPS_UNLOCKED, OLDEST, OLDEST_BRINGS, Running, XDP_FRAGS};
use crate::resources::{OpenFiles, TooFewThreads};
use crate::rights;

use words::said;
pub(super) use words::{chain, is_not_permitted, os_error};

/// Why the kernel's side does not work. All of these end netmon with exit status 3.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// The process lacks rights.
    #[error(
        "{what}: not permitted; run netmon as root, or give it CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON \
         (setcap cap_bpf,cap_net_admin,cap_perfmon=ep on the binary)"
    )]
    NotPermitted {
        /// What was tried.
        what: String,
    },
    /// Only root sees what belongs to others.
    #[error("{what}: not permitted; only root (CAP_SYS_ADMIN) sees the programs of other processes")]
    NeedsRoot {
        /// What was tried.
        what: &'static str,
    },
    /// The kernel is older than netmon needs.
    #[error(
        "Linux {release} is too old: netmon needs Linux {OLDEST} or newer, which brings {OLDEST_BRINGS}. Nothing was \
         loaded; netmon analyze reads captures on any kernel"
    )]
    TooOld {
        /// The running kernel.
        release: String,
    },
    /// No thread can be started.
    #[error(transparent)]
    TooFewThreads(#[from] TooFewThreads),
    /// The system does not give what netmon needs besides maps and programs.
    #[error("{what}: {reason}")]
    System {
        /// What was tried.
        what: &'static str,
        /// The system's words.
        reason: String,
    },
    /// The kernel cannot hold the maps or the programs.
    #[error(
        "cannot create the BPF maps and programs: {reason}; netmon needs Linux {OLDEST} or newer with CONFIG_BPF_SYSCALL"
    )]
    Load {
        /// The kernel's words.
        reason: String,
    },
    /// Maps count as locked memory here, and the process may lock too little.
    #[error(
        "{what}: this process may lock {limit} KiB of memory, and before Linux {MAPS_UNLOCKED} BPF maps and programs count as \
         locked memory; raise the limit (ulimit -l unlimited, or LimitMEMLOCK=infinity in the unit)"
    )]
    LockedMemory {
        /// What was tried.
        what: String,
        /// The limit, in KiB.
        limit: u64,
    },
    /// There is no memory for the maps or the programs.
    #[error(
        "there is not enough kernel memory: {what}: {reason}; free some, raise the limit of the service (MemoryMax=), or \
         make the tables smaller (--destinations)"
    )]
    OutOfMemory {
        /// What was tried.
        what: String,
        /// The kernel's words.
        reason: String,
    },
    /// This process may not open as many files as there are maps and programs.
    #[error("{what}: this process has too many files open: {}", OpenFiles)]
    TooManyOpenFiles {
        /// What was tried.
        what: String,
    },
    /// The verifier refuses a program, and neither rights nor memory nor the kernel's age is why.
    #[error(
        "the verifier of Linux {release} rejects the program {program}: {reason}; this process has the rights that it \
         needs, memory is not short, and the kernel is not older than {OLDEST}, so please report this message"
    )]
    Rejected {
        /// The program.
        program: &'static str,
        /// Its words.
        reason: String,
        /// The running kernel.
        release: String,
    },
    /// An interface that was named does not exist.
    #[error("there is no interface {name}; there are: {present}")]
    UnknownInterface {
        /// Its name.
        name: String,
        /// The names of those that exist.
        present: String,
    },
    /// More interfaces than the kernel's table holds.
    #[error(
        "these are {count} interfaces, counting those on top of them, and netmon watches at most {max}: leave some \
         out with --exclude",
        max = limits::INTERFACES
    )]
    TooManyInterfaces {
        /// How many.
        count: usize,
    },
    /// No interface to watch was found.
    #[error("there is nothing to watch: {why}; name interfaces with --interface")]
    NoInterface {
        /// Why not.
        why: String,
    },
    /// The interface went away in the middle of it.
    #[error("the interface {interface} disappeared while netmon attached to it")]
    InterfaceGone {
        /// The interface.
        interface: String,
    },
    /// Another program holds the hook.
    #[error(
        "another program{id} is attached to the XDP hook of {interface}, and netmon does not replace it; watch with \
         --hook tc, or first remove the other program (ip link set dev {interface} xdp off)"
    )]
    HookOccupied {
        /// The interface.
        interface: String,
        /// ` (id N)` where it is known, else nothing.
        id: String,
    },
    /// The kernel cannot run netmon's XDP program.
    #[error(
        "Linux {release} has no XDP programs for packets in several buffers ({XDP_FRAGS}), and netmon's is one; use --hook \
         auto or --hook tc"
    )]
    NoXdpFrags {
        /// The running kernel.
        release: String,
    },
    /// The interface's driver cannot run XDP programs.
    #[error(
        "the driver of {interface} refuses native XDP ({reason}); use --hook auto or --hook tc, or --hook xdp-generic"
    )]
    NoNativeXdp {
        /// The interface.
        interface: String,
        /// The kernel's words.
        reason: String,
    },
    /// A program cannot be attached, for another reason.
    #[error("cannot attach to {interface} ({hook}): {reason}")]
    Attach {
        /// The interface.
        interface: String,
        /// The hook.
        hook: &'static str,
        /// The kernel's words.
        reason: String,
    },
    /// The list of interfaces or routes cannot be read.
    #[error("cannot read {what} from the kernel: {reason}")]
    Netlink {
        /// What was asked for.
        what: &'static str,
        /// The kernel's words.
        reason: String,
    },
    /// The program cannot be run over a frame.
    #[error("cannot run the XDP program over a frame of {len} bytes: {reason}")]
    TestRun {
        /// The frame's length.
        len: usize,
        /// The kernel's words.
        reason: String,
    },
    /// The program did not pass a frame on as it was. No program of ours may do that.
    #[error("the XDP program did not pass a frame of {len} bytes on unchanged: {why}")]
    NotPassedOn {
        /// The frame's length.
        len: usize,
        /// What it did.
        why: String,
    },
    /// There is no BPF file system to pin to.
    #[error(
        "cannot pin to {directory}: {reason}; mount the BPF file system (mount -t bpf bpf /sys/fs/bpf), or run without \
         --pin"
    )]
    NoBpffs {
        /// The directory.
        directory: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Another netmon uses the pins.
    #[error(
        "another netmon uses the pins in {directory}; stop it first, or pin elsewhere with --pin DIRECTORY"
    )]
    PinsInUse {
        /// The directory.
        directory: PathBuf,
    },
    /// What is pinned is not what this netmon would pin.
    #[error(
        "the pins in {directory} are of another version or other settings of netmon: {difference}; this netmon cannot \
         continue their counts. Remove them with netmon detach --pin {directory}, which deletes the counts, and start \
         again"
    )]
    OtherLayout {
        /// The directory.
        directory: PathBuf,
        /// In what it differs.
        difference: String,
    },
    /// Something cannot be pinned, found again or removed.
    #[error("cannot {what} {path}: {reason}")]
    Pin {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// The kernel's words.
        reason: String,
    },
    /// A map cannot be read or written.
    #[error("cannot {what} the map {map}: {reason}")]
    Map {
        /// What was tried.
        what: &'static str,
        /// The map.
        map: &'static str,
        /// The kernel's words.
        reason: String,
    },
}

impl KernelError {
    /// A list that cannot be read.
    pub(super) fn netlink(what: &'static str, error: &(dyn std::error::Error + 'static)) -> Self {
        Self::Netlink {
            what,
            reason: chain(error),
        }
    }

    /// A map that cannot be used.
    pub(super) fn map(what: &'static str, map: &'static str, error: impl Into<MapError>) -> Self {
        let error = error.into();
        if os_error(&error) == Some(libc::EMFILE) {
            return Self::TooManyOpenFiles {
                what: format!("cannot {what} the map {map}"),
            };
        }
        Self::Map {
            what,
            map,
            reason: chain(&error),
        }
    }

    /// There is no XDP program here.
    pub(super) fn no_xdp_frags() -> Self {
        Self::NoXdpFrags {
            release: Running::now().release,
        }
    }

    /// A load that failed before any program was looked at.
    pub(super) fn load(error: &EbpfError) -> Self {
        let what = || "creating BPF maps".to_owned();
        match os_error(error) {
            Some(libc::EPERM) => {
                Self::locked_memory(what()).unwrap_or_else(|what| Self::NotPermitted { what })
            }
            Some(libc::ENOMEM) => Self::OutOfMemory {
                what: what(),
                reason: chain(error),
            },
            Some(libc::EMFILE) => Self::TooManyOpenFiles { what: what() },
            _ => Self::Load { reason: chain(error) },
        }
    }

    /// Where too little may be locked; else gives back what was tried.
    fn locked_memory(what: String) -> Result<Self, String> {
        let lacks_rights = rights::missing().is_ok_and(|missing| !missing.is_empty());
        match locked::limit().filter(|_| locked::counts() && !lacks_rights) {
            Some(limit) => Ok(Self::LockedMemory { what, limit }),
            None => Err(what),
        }
    }

    /// A program that the kernel does not take. Rights, memory and the kernel's age are looked at before it is called
    /// a fault of netmon's.
    pub(super) fn rejected(program: &'static str, error: &ProgramError, running: &Running) -> Self {
        let (number, reason) = match error {
            ProgramError::LoadError {
                io_error,
                verifier_log,
            } => (io_error.raw_os_error(), said(io_error, &verifier_log.to_string())),
            other => (os_error(other), chain(other)),
        };
        if number == Some(libc::EPERM)
            && let Ok(locked) = Self::locked_memory(format!("loading the program {program}"))
        {
            return locked;
        }
        let lacks_rights = rights::missing().is_ok_and(|missing| !missing.is_empty());
        Self::refused(program, number, reason, running, lacks_rights)
    }

    fn refused(
        program: &'static str,
        number: Option<i32>,
        reason: String,
        running: &Running,
        lacks_rights: bool,
    ) -> Self {
        let what = format!("loading the program {program}");
        match number {
            Some(libc::ENOMEM) => Self::OutOfMemory { what, reason },
            Some(libc::EMFILE) => Self::TooManyOpenFiles { what },
            // EPERM is a lack of rights. EACCES is the verifier's word for an unsafe access, which is what it takes
            // arithmetic with pointers for where CAP_PERFMON is missing.
            Some(libc::EPERM) => Self::NotPermitted { what },
            _ if lacks_rights => Self::NotPermitted { what },
            _ if running.version.is_none() || running.is_older_than(OLDEST) => Self::Load { reason },
            _ => Self::Rejected {
                program,
                reason,
                release: running.release.clone(),
            },
        }
    }
}

#[cfg(test)]
mod tests;
