//! Attaches the programs: which hook an interface gets, and why. Detaching is dropping the [`Kernel`].

use aya::maps::{HashMap, MapData};
use aya::programs::tc::{self, TcError};
use aya::programs::{ProgramError, TcAttachType, XdpMode};
use aya::util::KernelVersion;

use super::error::{KernelError, chain, is_not_permitted, os_error};
use super::interfaces::{Choice, Interface, Kind};
use super::load::{Kernel, Program};

/// Which hook to use for what arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HookChoice {
    /// Native XDP where the driver has it and it pays, else TC.
    #[default]
    Auto,
    /// Native XDP, or fail.
    XdpNative,
    /// Generic XDP.
    XdpGeneric,
    /// TC.
    Tc,
}

/// The hook that sees what arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ingress {
    /// XDP in the driver.
    XdpNative,
    /// XDP in the stack, behind the driver.
    XdpGeneric,
    /// TC.
    Tc,
}

impl Ingress {
    /// The contract's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::XdpNative => "xdp-native",
            Self::XdpGeneric => "xdp-generic",
            Self::Tc => "tc",
        }
    }
}

/// The hook that sees what leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Egress {
    /// A TCX link (Linux 6.6).
    Tcx,
    /// A filter of the `clsact` qdisc.
    Clsact,
    /// None: on `lo` everything that leaves arrives.
    None,
}

impl Egress {
    /// The contract's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcx => "tcx",
            Self::Clsact => "clsact",
            Self::None => "none",
        }
    }
}

/// What an interface got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The interface.
    pub interface: Interface,
    /// What sees what arrives.
    pub ingress: Ingress,
    /// What sees what leaves.
    pub egress: Egress,
    /// Why these, in words.
    pub why: String,
}

impl Attachment {
    /// Whether every packet on the wire is counted as one: generic XDP sees packets that the kernel merged,
    /// and cannot know of how many they were made.
    pub const fn is_exact(&self) -> bool {
        !matches!(self.ingress, Ingress::XdpGeneric)
    }
}

const WATCHED: &str = "WATCHED";

impl Kernel {
    /// Attaches to all that was chosen. After an error the kernel's side must be dropped: some interfaces
    /// may be attached.
    pub fn attach(&mut self, choice: &Choice, hook: HookChoice) -> Result<Vec<Attachment>, KernelError> {
        // First, so that no forwarded packet is ever counted twice.
        let map = self.take(WATCHED)?;
        let mut entered_by: HashMap<MapData, u32, u32> =
            HashMap::try_from(map).map_err(|error| KernelError::map("open", WATCHED, error))?;
        for index in &choice.entered_by {
            entered_by
                .insert(index, 1, 0)
                .map_err(|error| KernelError::map("write", WATCHED, error))?;
        }
        choice
            .watched
            .iter()
            .map(|interface| self.attach_one(interface, hook))
            .collect()
    }

    fn attach_one(&mut self, interface: &Interface, hook: HookChoice) -> Result<Attachment, KernelError> {
        let (ingress, why) = self.attach_ingress(interface, hook)?;
        let egress = if interface.kind == Kind::Loopback {
            Egress::None
        } else {
            self.attach_tc(interface, Program::Egress)?
        };
        Ok(Attachment {
            interface: interface.clone(),
            ingress,
            egress,
            why,
        })
    }

    fn attach_ingress(
        &mut self,
        interface: &Interface,
        hook: HookChoice,
    ) -> Result<(Ingress, String), KernelError> {
        let reason = match (hook, interface.kind) {
            (HookChoice::XdpNative | HookChoice::XdpGeneric | HookChoice::Auto, Kind::Loopback) => {
                "the loopback interface has no driver, and what it carries is seen once, where it arrives"
                    .to_owned()
            }
            (HookChoice::XdpNative, _) => {
                self.attach_xdp(interface, XdpMode::Driver)?;
                return Ok((Ingress::XdpNative, "native XDP was asked for".to_owned()));
            }
            (HookChoice::XdpGeneric, _) => {
                self.attach_xdp(interface, XdpMode::Skb)?;
                let why = "generic XDP was asked for; packets that the kernel merged count as one";
                return Ok((Ingress::XdpGeneric, why.to_owned()));
            }
            (HookChoice::Auto, Kind::Veth) => {
                "on virtual Ethernet native XDP would cost local traffic more than it saves, and switch the other \
                 end's segmentation offload off"
                    .to_owned()
            }
            (HookChoice::Auto, _) => match self.attach_xdp(interface, XdpMode::Driver) {
                Ok(()) => return Ok((Ingress::XdpNative, "the driver has native XDP".to_owned())),
                Err(KernelError::HookOccupied { id, .. }) => {
                    format!("another program{id} is at the XDP hook, and netmon does not replace it")
                }
                Err(KernelError::NoNativeXdp { reason, .. }) => {
                    format!("the driver refuses native XDP ({reason})")
                }
                Err(error) => return Err(error),
            },
            (HookChoice::Tc, _) => "TC was asked for".to_owned(),
        };
        self.attach_tc(interface, Program::Ingress)?;
        Ok((Ingress::Tc, reason))
    }

    fn attach_xdp(&mut self, interface: &Interface, mode: XdpMode) -> Result<(), KernelError> {
        let name = &interface.name;
        let xdp = self.xdp().map_err(|error| attach_error(name, "XDP", &error))?;
        match xdp.attach_to_if_index(interface.index, mode) {
            Ok(_link) => Ok(()),
            Err(error) => Err(match os_error(&error) {
                Some(libc::EBUSY | libc::EEXIST) => KernelError::HookOccupied {
                    interface: name.clone(),
                    id: String::new(),
                },
                Some(libc::EPERM | libc::ENODEV) => attach_error(name, "XDP", &error),
                _ if mode == XdpMode::Driver => KernelError::NoNativeXdp {
                    interface: name.clone(),
                    reason: chain(&error),
                },
                _ => attach_error(name, "generic XDP", &error),
            }),
        }
    }

    fn attach_tc(&mut self, interface: &Interface, program: Program) -> Result<Egress, KernelError> {
        let name = &interface.name;
        // By version, because aya chooses by it.
        let tcx = KernelVersion::current().is_ok_and(|version| version >= KernelVersion::new(6, 6, 0));
        if !tcx {
            match tc::qdisc_add_clsact(name) {
                Ok(()) | Err(TcError::AlreadyAttached) => {}
                Err(error) if os_error(&error) == Some(libc::EEXIST) => {}
                Err(error) => return Err(attach_error(name, "clsact", &ProgramError::TcError(error))),
            }
        }
        let direction = match program {
            Program::Egress => TcAttachType::Egress,
            Program::Ingress | Program::Xdp => TcAttachType::Ingress,
        };
        self.classifier(program)
            .and_then(|classifier| classifier.attach(name, direction))
            .map_err(|error| attach_error(name, "TC", &error))?;
        Ok(if tcx { Egress::Tcx } else { Egress::Clsact })
    }
}

fn attach_error(interface: &str, hook: &'static str, error: &ProgramError) -> KernelError {
    if is_not_permitted(error) {
        return KernelError::NotPermitted {
            what: format!("attaching to {interface}"),
        };
    }
    KernelError::Attach {
        interface: interface.to_owned(),
        hook,
        reason: chain(error),
    }
}
