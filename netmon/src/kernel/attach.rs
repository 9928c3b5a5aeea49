//! Attaches the programs to one interface: which hook it gets, and why. Whoever holds the links decides how long
//! they last: dropping one detaches it.

use std::fmt::Write as _;

use aya::programs::links::FdLink;
use aya::programs::tc::{self, NlOptions, SchedClassifierLink, TcAttachOptions, TcError};
use aya::programs::{LinkOrder, ProgramError, TcAttachType, XdpMode};
use nix::net::if_::if_indextoname;

use super::error::{KernelError, chain, is_not_permitted, os_error};
use super::hooks::{Egress, HookChoice, Ingress};
use super::interfaces::{AtXdp, Interface, Kind};
use super::load::{Kernel, Program};
use super::version::{self, Running};

/// A link at a TC hook.
#[derive(Debug)]
pub(super) enum TcLink {
    /// Of TCX (Linux 6.6). It can be pinned.
    Tcx(FdLink),
    /// A filter of the `clsact` qdisc. It is the interface's: nobody can pin it.
    Clsact(SchedClassifierLink),
}

/// A link at the hook that sees what arrives.
#[derive(Debug)]
pub(super) enum IngressLink {
    /// At the XDP hook. It can be pinned.
    Xdp(FdLink),
    /// At the TC hook.
    Tc(TcLink),
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
            (HookChoice::Auto, _) => match self.attach_xdp(interface, XdpMode::Driver) {
                Ok(link) => (
                    "the driver has native XDP".to_owned(),
                    Some((link, Ingress::XdpNative)),
                ),
                Err(KernelError::HookOccupied { id, .. }) => (
                    format!("another program{id} is at the XDP hook, and netmon does not replace it"),
                    None,
                ),
                Err(KernelError::NoNativeXdp { reason, .. }) => {
                    (format!("the driver refuses native XDP ({reason})"), None)
                }
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
            link: IngressLink::Tc(self.attach_tc(interface, Program::Ingress)?),
            hook: Ingress::Tc,
            why,
        })
    }

    /// Attaches to what leaves the interface; `None` for `lo`, where everything that leaves arrives.
    pub(super) fn attach_egress(&mut self, interface: &Interface) -> Result<Option<TcLink>, KernelError> {
        if interface.kind == Kind::Loopback {
            return Ok(None);
        }
        self.attach_tc(interface, Program::Egress).map(Some)
    }

    fn attach_xdp(&mut self, interface: &Interface, mode: XdpMode) -> Result<FdLink, KernelError> {
        let name = &interface.name;
        let xdp = self.xdp().map_err(|error| attach_error(name, "XDP", &error))?;
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
                    reason: chain(&error),
                },
                _ => attach_error(name, "generic XDP", &error),
            }),
        }
    }

    fn attach_tc(&mut self, interface: &Interface, program: Program) -> Result<TcLink, KernelError> {
        // aya asks for a name, and the one that is known may be an old one.
        let Some(name) = current_name(interface.index) else {
            return Err(KernelError::InterfaceGone {
                interface: interface.name.clone(),
            });
        };
        let tcx = !Running::now().is_older_than(version::TCX);
        let options = tc_options(&name, tcx)
            .map_err(|error| attach_error(&name, "clsact", &ProgramError::TcError(error)))?;
        let direction = match program {
            Program::Egress => TcAttachType::Egress,
            Program::Ingress | Program::Xdp => TcAttachType::Ingress,
        };
        let attached = self.classifier(program).and_then(|classifier| {
            let link = classifier.attach_with_options(&name, direction, options)?;
            classifier.take_link(link)
        });
        let link = attached.map_err(|error| attach_error(&name, "TC", &error))?;
        if !tcx {
            return Ok(TcLink::Clsact(link));
        }
        link.try_into()
            .map(TcLink::Tcx)
            .map_err(|error| KernelError::Attach {
                interface: name,
                hook: "TCX",
                reason: chain(&error),
            })
    }
}

/// The name that the interface has now; `None` if it is gone.
fn current_name(index: u32) -> Option<String> {
    if_indextoname(index).ok()?.into_string().ok()
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

/// How to attach to TC: by TCX, or else to the queueing discipline `clsact`, which is made if it is not there.
pub(super) fn tc_options(interface: &str, tcx: bool) -> Result<TcAttachOptions, TcError> {
    if tcx {
        return Ok(TcAttachOptions::TcxOrder(LinkOrder::default()));
    }
    match tc::qdisc_add_clsact(interface) {
        Ok(()) | Err(TcError::AlreadyAttached) => {}
        Err(error) if os_error(&error) == Some(libc::EEXIST) => {}
        Err(error) => return Err(error),
    }
    Ok(TcAttachOptions::Netlink(NlOptions::default()))
}
