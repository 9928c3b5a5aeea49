//! The programs that see packets. Those that a host can need are loaded at once, before the right to load is given up: the
//! verifier takes most of the time of a start.

use std::thread;

use aya::programs::{ProgramError, SchedClassifier, Xdp};

use super::error::KernelError;
use super::features;
use super::hooks::HookChoice;
use super::interfaces::{Interface, Kind, Link, xdp_refusal};
use super::load::Kernel;
use super::version::Running;

/// The programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// XDP, what arrives.
    Xdp,
    /// TC, what arrives.
    Ingress,
    /// TC, what leaves.
    Egress,
    /// TC, what arrives without an Ethernet header.
    IpIngress,
    /// TC, what leaves without an Ethernet header.
    IpEgress,
}

impl Program {
    /// All programs.
    pub const ALL: [Self; 5] = [
        Self::Xdp,
        Self::Ingress,
        Self::Egress,
        Self::IpIngress,
        Self::IpEgress,
    ];

    /// At TC, the one for what arrives, and the one for what leaves; `None` where packets begin with a header that none of them
    /// reads.
    pub const fn at_tc(link: Link) -> Option<[Self; 2]> {
        match link {
            Link::Ethernet => Some([Self::Ingress, Self::Egress]),
            Link::Ip => Some([Self::IpIngress, Self::IpEgress]),
            Link::Other => None,
        }
    }

    /// Its name in the kernel object.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Xdp => "netmon_xdp",
            Self::Ingress => "netmon_ingress",
            Self::Egress => "netmon_egress",
            Self::IpIngress => "netmon_ip_in",
            Self::IpEgress => "netmon_ip_out",
        }
    }
}

/// How often the verifier is asked to load a program.
const TRIES: usize = 5;

impl Kernel {
    /// The XDP program, loaded.
    pub fn xdp(&mut self) -> Result<&mut Xdp, KernelError> {
        self.load_programs(&[Program::Xdp])?;
        self.loaded(Program::Xdp)
    }

    /// Whether it is loaded.
    pub(super) fn is_loaded(&self, program: Program) -> bool {
        let program = self.ebpf.program(program.name());
        program.is_some_and(|program| program.fd().is_ok())
    }

    /// One of the TC programs, loaded.
    pub fn classifier(&mut self, program: Program) -> Result<&mut SchedClassifier, KernelError> {
        self.load_programs(&[program])?;
        self.loaded(program)
    }

    /// Loads the programs that may be needed where these interfaces are.
    pub fn load_for<'a>(
        &mut self,
        hook: HookChoice,
        interfaces: impl IntoIterator<Item = &'a Interface>,
    ) -> Result<(), KernelError> {
        let interfaces: Vec<&Interface> = interfaces.into_iter().collect();
        let is_for_xdp = |one: &&Interface| {
            let may_have_it = !matches!(one.kind, Kind::Loopback | Kind::Veth) && !hook.runs_below(one.kind);
            one.link == Link::Ethernet && may_have_it && xdp_refusal(one).is_none()
        };
        let at_xdp = match hook {
            HookChoice::XdpNative | HookChoice::XdpGeneric => {
                interfaces.iter().any(|one| one.link == Link::Ethernet)
            }
            HookChoice::Auto => features::has_xdp_frags() && interfaces.iter().any(is_for_xdp),
            HookChoice::Tc => false,
        };
        let mut wanted = if at_xdp { vec![Program::Xdp] } else { Vec::new() };
        for link in [Link::Ethernet, Link::Ip] {
            if interfaces.iter().any(|one| one.link == link) {
                wanted.extend(Program::at_tc(link).into_iter().flatten());
            }
        }
        self.load_programs(&wanted)
    }

    /// Whether the programs are loaded that read packets which begin with this.
    pub(super) fn can_read(&self, link: Link) -> bool {
        Program::at_tc(link).is_some_and(|programs| programs.iter().all(|program| self.is_loaded(*program)))
    }

    /// Loads all programs that this kernel takes.
    pub fn load_all(&mut self) -> Result<(), KernelError> {
        let has_xdp = features::has_xdp_frags();
        let all = Program::ALL.into_iter();
        let wanted: Vec<Program> = all
            .filter(|program| has_xdp || *program != Program::Xdp)
            .collect();
        self.load_programs(&wanted)
    }

    /// Loads those of these programs that are not loaded, at the same time: each on a processor of its own, if there are so many.
    pub(super) fn load_programs(&mut self, wanted: &[Program]) -> Result<(), KernelError> {
        let missing: Vec<_> = wanted.iter().filter(|which| !self.is_loaded(**which)).collect();
        if missing.contains(&&Program::Xdp) && !features::has_xdp_frags() {
            return Err(KernelError::no_xdp_frags());
        }
        let mut missing = self.ebpf.programs_mut().filter_map(|(name, program)| {
            let which = missing.iter().find(|which| which.name() == name)?;
            Some((**which, program))
        });
        let Some((first, program)) = missing.next() else {
            return Ok(());
        };
        let others: Vec<_> = missing.collect();
        let count = 1 + others.len();
        let results: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = others
                .into_iter()
                .filter_map(|(which, program)| {
                    let thread = thread::Builder::new().name(which.name().to_owned());
                    thread.spawn_scoped(scope, move || (which, load(program))).ok()
                })
                .collect();
            let first = (first, load(program));
            let others = threads.into_iter().filter_map(|thread| thread.join().ok());
            std::iter::once(first).chain(others).collect()
        });
        let is_all = results.len() == count;
        for (program, result) in results {
            result.map_err(|error| KernelError::rejected(program.name(), &error, &Running::now()))?;
            self.bind_retired(program.name())?;
        }
        // Where no thread is to be had, one after the other.
        if is_all {
            Ok(())
        } else {
            self.load_programs(wanted)
        }
    }

    fn loaded<'a, P>(&'a mut self, program: Program) -> Result<&'a mut P, KernelError>
    where
        &'a mut P: TryFrom<&'a mut aya::programs::Program, Error = ProgramError>,
    {
        self.ebpf
            .program_mut(program.name())
            .ok_or(ProgramError::NotLoaded)
            .and_then(TryInto::try_into)
            .map_err(|error| KernelError::rejected(program.name(), &error, &Running::now()))
    }
}

fn load(program: &mut aya::programs::Program) -> Result<(), ProgramError> {
    patiently(|| match program {
        aya::programs::Program::Xdp(program) => program.load(),
        aya::programs::Program::SchedClassifier(program) => program.load(),
        _ => Err(ProgramError::UnexpectedProgramType),
    })
}

/// The verifier gives up when a signal comes meanwhile. It is asked again, as libbpf does (`bpf_prog_load` in its `bpf.c`).
pub(super) fn patiently(mut load: impl FnMut() -> Result<(), ProgramError>) -> Result<(), ProgramError> {
    for _ in 1..TRIES {
        match load() {
            Err(ProgramError::LoadError { io_error, .. })
                if io_error.raw_os_error() == Some(libc::EAGAIN) => {}
            result => return result,
        }
    }
    load()
}
