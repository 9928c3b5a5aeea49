//! Loads the kernel programs and their maps. Nothing is attached here.

use aya::programs::{ProgramError, SchedClassifier, Xdp};
use aya::{Ebpf, EbpfLoader, Pod, include_bytes_aligned};
use netmon_common::{DnsPorts, limits};
use nix::sys::resource::{RLIM_INFINITY, Resource, setrlimit};
use nix::sys::utsname::uname;

use super::error::KernelError;

/// The kernel object for normal operation.
static OBJECT: &[u8] = include_bytes_aligned!(concat!(env!("OUT_DIR"), "/netmon-ebpf"));
/// The same with logging.
static OBJECT_WITH_LOG: &[u8] = include_bytes_aligned!(concat!(env!("OUT_DIR"), "/netmon-ebpf-log"));

/// What the programs are told when they are loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The DNS ports.
    pub ports: DnsPorts,
    /// Destinations that are counted apart.
    pub destinations: u32,
    /// Whether the programs log what they see, for `--log-level debug`.
    pub log: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ports: DnsPorts::DEFAULT,
            destinations: limits::DESTINATIONS,
            log: false,
        }
    }
}

/// The three programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// XDP, what arrives.
    Xdp,
    /// TC, what arrives.
    Ingress,
    /// TC, what leaves.
    Egress,
}

impl Program {
    /// All programs.
    pub const ALL: [Self; 3] = [Self::Xdp, Self::Ingress, Self::Egress];

    /// Its name in the kernel object.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Xdp => "netmon_xdp",
            Self::Ingress => "netmon_ingress",
            Self::Egress => "netmon_egress",
        }
    }
}

/// The loaded programs and their maps. All of it is gone when this is dropped, what is attached included.
#[derive(Debug)]
pub struct Kernel {
    pub(super) ebpf: Ebpf,
}

#[repr(transparent)]
#[derive(Clone, Copy)]
struct PortTable([u64; 2]);
// SAFETY: an array of integers.
unsafe impl Pod for PortTable {}

impl Kernel {
    /// Loads all three programs.
    pub fn load(settings: &Settings) -> Result<Self, KernelError> {
        // Before Linux 5.11 maps count as locked memory. Without the right to raise the limit loading fails
        // next, and says so.
        let _may_be_refused = setrlimit(Resource::RLIMIT_MEMLOCK, RLIM_INFINITY, RLIM_INFINITY);
        let ports = PortTable(settings.ports.words());
        let object = if settings.log { OBJECT_WITH_LOG } else { OBJECT };
        let ebpf = EbpfLoader::new()
            .override_global("DNS_PORTS", &ports, true)
            .map_max_entries("DESTINATIONS", settings.destinations)
            .load(object)
            .map_err(|error| KernelError::load(&error))?;
        let mut kernel = Self { ebpf };
        for program in Program::ALL {
            kernel
                .load_program(program)
                .map_err(|error| KernelError::rejected(program.name(), &error, release()))?;
        }
        Ok(kernel)
    }

    fn load_program(&mut self, program: Program) -> Result<(), ProgramError> {
        match program {
            Program::Xdp => self.xdp()?.load(),
            Program::Ingress | Program::Egress => self.classifier(program)?.load(),
        }
    }

    /// The XDP program.
    pub fn xdp(&mut self) -> Result<&mut Xdp, ProgramError> {
        self.ebpf
            .program_mut(Program::Xdp.name())
            .ok_or(ProgramError::NotLoaded)?
            .try_into()
    }

    /// One of the TC programs.
    pub fn classifier(&mut self, program: Program) -> Result<&mut SchedClassifier, ProgramError> {
        self.ebpf
            .program_mut(program.name())
            .ok_or(ProgramError::NotLoaded)?
            .try_into()
    }
}

/// The running kernel's release, for messages.
fn release() -> String {
    uname().map_or_else(
        |_| "unknown".to_owned(),
        |name| name.release().to_string_lossy().into_owned(),
    )
}
