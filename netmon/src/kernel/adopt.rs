//! Attaches by the links that are pinned: the kernel replaces the program of a link in one step, so that no packet is
//! missed or counted twice. Where none is pinned that fits, one is attached, and pinned.

use std::error::Error;
use std::sync::Arc;

use aya::programs::TcAttachType;
use aya::programs::links::FdLink;
use aya::programs::tc::SchedClassifierLink;
use aya::programs::xdp::XdpLink;

use super::attach::{AtEgress, AtIngress, IngressLink, TcLink, program_for};
use super::error::{KernelError, chain};
use super::hooks::{HookChoice, Ingress};
use super::interfaces::{Interface, Kind, Link};
use super::load::Kernel;
use super::pins::{Pins, Place};
use super::standing::Standing;

impl Kernel {
    /// Sees what arrives at the interface.
    pub(super) fn take_ingress(
        &mut self,
        interface: &Interface,
        hook: HookChoice,
    ) -> Result<AtIngress, KernelError> {
        let Some(pins) = self.pins.clone() else {
            return self.attach_ingress(interface, hook);
        };
        let mut adopted = None;
        for place in Place::INGRESS {
            if adopted.is_none() && may_be_at(place, hook, interface) {
                adopted = self.adopt(&pins, interface, place).map(|link| (link, place));
            }
            // Two would count everything twice.
            if adopted.as_ref().is_none_or(|(_link, at)| *at != place) {
                pins.unpin(interface.index, place);
            }
        }
        if let Some((link, place)) = adopted {
            return Ok(adopted_ingress(link, place));
        }
        let mut at = self.attach_ingress(interface, hook)?;
        let place = match at.hook {
            Ingress::XdpNative => Place::XdpNative,
            Ingress::XdpGeneric => Place::XdpGeneric,
            Ingress::Tc => Place::TcIngress,
        };
        at.link = match at.link {
            IngressLink::Xdp(link) => IngressLink::Xdp(pins.pin(link, interface.index, place)?),
            IngressLink::Tc(link) => IngressLink::Tc(pin(&pins, link, interface, place)?),
        };
        Ok(at)
    }

    /// Sees what leaves the interface.
    pub(super) fn take_egress(&mut self, interface: &Interface) -> Result<AtEgress, KernelError> {
        let Some(pins) = self.pins.clone() else {
            return self.attach_egress(interface);
        };
        if let Some(link) = self.adopt(&pins, interface, Place::TcEgress) {
            return Ok(AtEgress::by(TcLink::Tcx(link)));
        }
        pins.unpin(interface.index, Place::TcEgress);
        let AtEgress { link, missing } = self.attach_egress(interface)?;
        let link = link
            .map(|link| pin(&pins, link, interface, Place::TcEgress))
            .transpose()?;
        Ok(AtEgress { link, missing })
    }

    /// The pinned link, now of this kernel's program; `None` if there is none, or if its interface is gone. Nor is one taken
    /// behind a program of others: a link keeps its place, and a new one runs before them.
    fn adopt(&mut self, pins: &Arc<Pins>, interface: &Interface, place: Place) -> Option<FdLink> {
        let link = pins.pinned(interface.index, place)?;
        match self.update(interface, link, place) {
            Ok(link) => is_first(link, interface.index, place),
            Err(error) => {
                tracing::warn!(
                    "the pinned link of {} cannot be used any more ({}); netmon makes a new one",
                    interface.name,
                    chain(error.as_ref())
                );
                None
            }
        }
    }

    fn update(
        &mut self,
        interface: &Interface,
        link: FdLink,
        place: Place,
    ) -> Result<FdLink, Box<dyn Error>> {
        let link = match place {
            Place::XdpNative | Place::XdpGeneric => {
                let xdp = self.xdp()?;
                let link = xdp.attach_to_link(XdpLink::try_from(link)?)?;
                xdp.take_link(link)?.try_into()
            }
            Place::TcIngress | Place::TcEgress => {
                let direction = if place == Place::TcEgress {
                    TcAttachType::Egress
                } else {
                    TcAttachType::Ingress
                };
                let classifier = self.classifier(program_for(interface, direction)?)?;
                let link = classifier.attach_to_link(SchedClassifierLink::try_from(link)?)?;
                classifier.take_link(link)?.try_into()
            }
        };
        Ok(link?)
    }
}

/// The link, unless a program of others runs before its own.
fn is_first(link: FdLink, index: u32, place: Place) -> Option<FdLink> {
    let direction = match place {
        Place::XdpNative | Place::XdpGeneric => return Some(link),
        Place::TcIngress => TcAttachType::Ingress,
        Place::TcEgress => TcAttachType::Egress,
    };
    let link = TcLink::Tcx(link);
    let standing = link.standing(index, direction);
    match link {
        TcLink::Tcx(link) if !matches!(standing, Standing::Behind(_)) => Some(link),
        TcLink::Tcx(_) | TcLink::Clsact(_) => None,
    }
}

/// Whether what was asked for may be found there. Without a wish what is attached stays where it is.
fn may_be_at(place: Place, hook: HookChoice, interface: &Interface) -> bool {
    match place {
        _ if interface.kind == Kind::Loopback
            || interface.link == Link::Ip
            || hook.runs_below(interface.kind) =>
        {
            place == Place::TcIngress
        }
        Place::XdpNative => matches!(hook, HookChoice::XdpNative | HookChoice::Auto),
        Place::XdpGeneric => hook == HookChoice::XdpGeneric,
        Place::TcIngress => matches!(hook, HookChoice::Tc | HookChoice::Auto),
        Place::TcEgress => false,
    }
}

fn adopted_ingress(link: FdLink, place: Place) -> AtIngress {
    let why = "netmon continues with the pinned link".to_owned();
    let (link, hook) = match place {
        Place::XdpNative => (IngressLink::Xdp(link), Ingress::XdpNative),
        Place::XdpGeneric => (IngressLink::Xdp(link), Ingress::XdpGeneric),
        Place::TcIngress | Place::TcEgress => (IngressLink::Tc(TcLink::Tcx(link)), Ingress::Tc),
    };
    AtIngress { link, hook, why }
}

fn pin(pins: &Pins, link: TcLink, interface: &Interface, place: Place) -> Result<TcLink, KernelError> {
    match link {
        TcLink::Tcx(link) => pins.pin(link, interface.index, place).map(TcLink::Tcx),
        TcLink::Clsact(link) => {
            tracing::warn!(
                "before Linux 6.6 TC programs cannot be pinned: while netmon is not running, packets on {} are not counted",
                interface.name
            );
            Ok(TcLink::Clsact(link))
        }
    }
}
