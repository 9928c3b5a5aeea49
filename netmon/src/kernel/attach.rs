//! Attaches the programs to one interface: which hook it gets, and why. Whoever holds the links decides how long
//! they last: dropping one detaches it.

use std::fmt::Write as _;
use std::io;

use aya::programs::links::FdLink;
use aya::programs::tc::{NlOptions, TcAttachOptions};
use aya::programs::{LinkOrder, ProgramError, SchedClassifier, TcAttachType, XdpMode};
use nix::net::if_::if_indextoname;

use super::clsact::{self, ClsactLink};
use super::error::{KernelError, chain, is_not_permitted, os_error};
use super::features;
use super::hooks::{Egress, HookChoice, Ingress};
use super::interfaces::{AtXdp, Interface, Kind, Link, why_unreadable, xdp_refusal};
use super::load::Kernel;
use super::programs::Program;
use super::version::{self, Running};

/// A link at a TC hook.
#[derive(Debug)]
pub(super) enum TcLink {
    /// Of TCX (Linux 6.6). It can be pinned.
    Tcx(FdLink),
    /// A filter of the `clsact` qdisc. It is the interface's: nobody can pin it.
    Clsact(ClsactLink),
}

/// A link at the hook that sees what arrives.
#[derive(Debug)]
pub(super) enum IngressLink {
    /// At the XDP hook. It can be pinned.
    Xdp(FdLink),
    /// At the TC hook.
    Tc(TcLink),
}

/// What sees what leaves an interface.
#[derive(Debug)]
pub(super) struct AtEgress {
    pub link: Option<TcLink>,
    /// Why nothing does, where something should.
    pub missing: Option<&'static str>,
}

/// What sees what arrives at an interface, and why this.
#[derive(Debug)]
pub(super) struct AtIngress {
    pub link: IngressLink,
    pub hook: Ingress,
    pub why: String,
}

impl TcLink {
    /// The contract's word for it.
    pub const fn egress(&self) -> Egress {
        match self {
            Self::Tcx(_) => Egress::Tcx,
            Self::Clsact(_) => Egress::Clsact,
        }
    }
}

impl AtEgress {
    /// That link does.
    pub fn by(link: TcLink) -> Self {
        Self {
            link: Some(link),
            missing: None,
        }
    }
}

/// Why nothing sees what leaves an interface whose packets that leave no filter can see.
const NO_PLACE: &str = "netmon sees nothing that leaves it: before Linux 6.6 a TC program needs the qdisc `clsact` for that, and \
                        `ingress` has its place (`tc qdisc del dev INTERFACE ingress` makes room, and netmon takes it)";

/// Whether a TC program can see what leaves such an interface; else why not.
pub fn can_see_what_leaves(interface: &Interface) -> Result<(), &'static str> {
    if has_tcx() || interface.kind == Kind::Loopback || clsact::takes_what_leaves(interface.index) {
        Ok(())
    } else {
        Err(NO_PLACE)
    }
}

fn has_tcx() -> bool {
    !Running::now().is_older_than(version::TCX)
}

impl Kernel {
    /// Attaches to what arrives at the interface.
    pub(super) fn attach_ingress(
        &mut self,
        interface: &Interface,
        hook: HookChoice,
    ) -> Result<AtIngress, KernelError> {
        let (mut why, xdp) = match (hook, interface.kind) {
            (HookChoice::XdpNative | HookChoice::XdpGeneric | HookChoice::Auto, Kind::Loopback) => (
                "the loopback interface has no driver; netmon sees each packet once, where it arrives"
                    .to_owned(),
                None,
            ),
            (HookChoice::XdpNative | HookChoice::XdpGeneric | HookChoice::Auto, _) if interface.link == Link::Ip => (
                "its packets have no Ethernet header, and XDP programs read from there".to_owned(),
                None,
            ),
            (hook, kind) if hook.runs_below(kind) => (
                "it is a bond, and native XDP would run at its ports, where nobody knows which frames are for this host"
                    .to_owned(),
                None,
            ),
            (HookChoice::XdpNative, _) => (
                "native XDP was asked for".to_owned(),
                Some((self.attach_xdp(interface, XdpMode::Driver)?, Ingress::XdpNative)),
            ),
            (HookChoice::XdpGeneric, _) => (
                "generic XDP was asked for; packets that the kernel merged count as one".to_owned(),
                Some((self.attach_xdp(interface, XdpMode::Skb)?, Ingress::XdpGeneric)),
            ),
            (HookChoice::Auto, Kind::Veth) => (
                "on virtual Ethernet native XDP would cost local traffic more than it saves, and turn off the \
                 segmentation offload of the other end"
                    .to_owned(),
                None,
            ),
            (HookChoice::Auto, _) if !features::has_xdp_frags() => (
                format!(
                    "this kernel has no XDP programs for packets in several buffers ({})",
                    version::XDP_FRAGS
                ),
                None,
            ),
            (HookChoice::Auto, _) if !self.is_loaded(Program::Xdp) => (
                xdp_refusal(interface).map_or_else(
                    || "no interface for XDP was there when netmon started; restart netmon to use XDP here".to_owned(),
                    |reason| refuses_xdp(&reason),
                ),
                None,
            ),
            (HookChoice::Auto, _) => match self.attach_xdp(interface, XdpMode::Driver) {
                Ok(link) => (
                    "the driver has native XDP".to_owned(),
                    Some((link, Ingress::XdpNative)),
                ),
                Err(KernelError::HookOccupied { id, .. }) => (
                    format!("another program{id} is at the XDP hook, and netmon does not replace it"),
                    None,
                ),
                Err(KernelError::NoNativeXdp { reason, .. }) => (refuses_xdp(&reason), None),
                Err(error) => return Err(error),
            },
            (HookChoice::Tc, _) => ("TC was asked for".to_owned(), None),
        };
        if let Some((link, hook)) = xdp {
            return Ok(AtIngress {
                link: IngressLink::Xdp(link),
                hook,
                why,
            });
        }
        if let Some(AtXdp { id, .. }) = interface.xdp {
            let _infallible = write!(
                why,
                "; netmon does not see what the program at its XDP hook (id {id}) drops or redirects"
            );
        }
        Ok(AtIngress {
            link: IngressLink::Tc(self.attach_tc(interface, TcAttachType::Ingress)?),
            hook: Ingress::Tc,
            why,
        })
    }

    /// Attaches to what leaves the interface; to nothing on `lo`, where everything that leaves arrives.
    pub(super) fn attach_egress(&mut self, interface: &Interface) -> Result<AtEgress, KernelError> {
        let missing = can_see_what_leaves(interface).err();
        if interface.kind == Kind::Loopback || missing.is_some() {
            return Ok(AtEgress { link: None, missing });
        }
        self.attach_tc(interface, TcAttachType::Egress).map(AtEgress::by)
    }

    fn attach_xdp(&mut self, interface: &Interface, mode: XdpMode) -> Result<FdLink, KernelError> {
        let name = &interface.name;
        let xdp = self.xdp()?;
        let attached = xdp
            .attach_to_if_index(interface.index, mode)
            .and_then(|link| xdp.take_link(link));
        match attached {
            Ok(link) => link.try_into().map_err(|_| KernelError::Attach {
                interface: name.clone(),
                hook: "XDP",
                reason: "the kernel has no links for XDP programs (Linux 5.9)".to_owned(),
            }),
            Err(error) => Err(match os_error(&error) {
                Some(libc::EBUSY | libc::EEXIST) => KernelError::HookOccupied {
                    interface: name.clone(),
                    id: interface
                        .xdp
                        .map_or_else(String::new, |at| format!(" (id {})", at.id)),
                },
                Some(libc::EPERM | libc::ENODEV) => attach_error(name, "XDP", &error),
                _ if mode == XdpMode::Driver => KernelError::NoNativeXdp {
                    interface: name.clone(),
                    reason: xdp_refusal(interface).unwrap_or_else(|| chain(&error)),
                },
                _ => attach_error(name, "generic XDP", &error),
            }),
        }
    }

    fn attach_tc(&mut self, interface: &Interface, direction: TcAttachType) -> Result<TcLink, KernelError> {
        // aya asks for a name, and the one that is known may be an old one.
        let Some(name) = current_name(interface.index) else {
            return Err(KernelError::InterfaceGone {
                interface: interface.name.clone(),
            });
        };
        let program = program_for(interface, direction)?;
        self.load_programs(&[program])?;
        self.attach_classifier(program.name(), &name, interface.index, direction)
            .map_err(|error| attach_error(&name, "TC", &error))
    }

    /// Attaches a TC program that is loaded: by TCX, or else by the queueing discipline `clsact`. It runs before all that are there:
    /// most programs end with a verdict (`TC_ACT_OK`), and then no later one runs (`tcx_run` in `net/core/dev.c`). netmon's
    /// lets the next one run.
    pub(super) fn attach_classifier(
        &mut self,
        program: &str,
        interface: &str,
        index: u32,
        direction: TcAttachType,
    ) -> Result<TcLink, ProgramError> {
        let (options, filter) = if has_tcx() {
            (TcAttachOptions::TcxOrder(LinkOrder::first()), None)
        } else {
            let (handle, discipline) = self.disciplines.ensure(interface, index)?;
            let options = NlOptions {
                handle: handle.into(),
                ..NlOptions::default()
            };
            (TcAttachOptions::Netlink(options), Some((handle, discipline)))
        };
        let classifier = self.ebpf.program_mut(program).ok_or(ProgramError::NotLoaded)?;
        let classifier: &mut SchedClassifier = classifier.try_into()?;
        let link = classifier.attach_with_options(interface, direction, options)?;
        let link = classifier.take_link(link)?;
        if let Some((handle, discipline)) = filter {
            let leaves = direction == TcAttachType::Egress;
            return Ok(TcLink::Clsact(ClsactLink::new(
                link, discipline, index, leaves, handle,
            )));
        }
        let link = link.try_into().map_err(io::Error::other)?;
        Ok(TcLink::Tcx(link))
    }
}

/// The TC program for what such an interface's packets begin with.
pub(super) fn program_for(interface: &Interface, direction: TcAttachType) -> Result<Program, KernelError> {
    let Some([ingress, egress]) = Program::at_tc(interface.link) else {
        return Err(KernelError::Attach {
            interface: interface.name.clone(),
            hook: "TC",
            reason: format!("it {}", why_unreadable(interface.link)),
        });
    };
    Ok(match direction {
        TcAttachType::Egress => egress,
        TcAttachType::Ingress | TcAttachType::Custom(_) => ingress,
    })
}

/// The name that the interface has now; `None` if it is gone.
pub(super) fn current_name(index: u32) -> Option<String> {
    if_indextoname(index).ok()?.into_string().ok()
}

fn refuses_xdp(reason: &str) -> String {
    format!("the driver refuses native XDP ({reason})")
}

fn attach_error(interface: &str, hook: &'static str, error: &ProgramError) -> KernelError {
    if is_not_permitted(error) {
        return KernelError::NotPermitted {
            what: format!("attaching to {interface}"),
        };
    }
    let interface = interface.to_owned();
    match os_error(error) {
        Some(libc::ENODEV | libc::ENXIO) => KernelError::InterfaceGone { interface },
        _ => KernelError::Attach {
            interface,
            hook,
            reason: chain(error),
        },
    }
}
