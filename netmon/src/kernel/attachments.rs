//! What is attached where: the one owner of all links, by interface, so that each interface can be let go and taken
//! again on its own.
//!
//! An interface that is deleted leaves links behind that count nothing: they have to be dropped, and whoever watches
//! the interfaces says when.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::attach::{IngressLink, TcLink};
use super::entered_by::EnteredBy;
use super::error::KernelError;
use super::hooks::{Attachment, Egress, HookChoice};
use super::interfaces::{Choice, Interface};
use super::load::Kernel;
use super::pins::Pins;

/// All that is attached. Dropping it detaches everything that is not pinned; the programs must still be loaded then.
#[derive(Debug)]
pub struct Attachments {
    attached: BTreeMap<u32, Attached>,
    entered_by: EnteredBy,
    pins: Option<Arc<Pins>>,
}

/// What one interface has.
#[derive(Debug)]
struct Attached {
    what: Attachment,
    _ingress: IngressLink,
    _egress: Option<TcLink>,
}

impl Kernel {
    /// An empty table of attachments. Can be had once.
    pub fn attachments(&mut self) -> Result<Attachments, KernelError> {
        Ok(Attachments {
            attached: BTreeMap::new(),
            entered_by: EnteredBy::open(self)?,
            pins: self.pins.clone(),
        })
    }
}

impl Attachments {
    /// Attaches to all that was chosen. After an error some interfaces may be attached.
    pub fn attach_all(
        &mut self,
        kernel: &mut Kernel,
        choice: &Choice,
        hook: HookChoice,
    ) -> Result<(), KernelError> {
        // First, so that no forwarded packet is ever counted twice.
        self.set_entered_by(&choice.entered_by)?;
        self.let_go_of_pinned(choice);
        for interface in &choice.watched {
            match self.attach(kernel, interface, hook) {
                // Where many come and go, one of them does so right now.
                Ok(_) | Err(KernelError::InterfaceGone { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Attaches to one interface. What it had before is dropped.
    pub fn attach(
        &mut self,
        kernel: &mut Kernel,
        interface: &Interface,
        hook: HookChoice,
    ) -> Result<Attachment, KernelError> {
        // A pinned link stays: it is used again.
        self.attached.remove(&interface.index);
        let ingress = kernel.take_ingress(interface, hook)?;
        let egress = kernel.take_egress(interface)?;
        let what = Attachment {
            interface: interface.clone(),
            ingress: ingress.hook,
            egress: egress.as_ref().map_or(Egress::None, TcLink::egress),
            why: ingress.why,
        };
        let attached = Attached {
            what: what.clone(),
            _ingress: ingress.link,
            _egress: egress,
        };
        self.attached.insert(interface.index, attached);
        Ok(what)
    }

    /// Drops what the interface with this index has; `None` if that was nothing.
    pub fn detach(&mut self, index: u32) -> Option<Attachment> {
        if let Some(pins) = &self.pins {
            pins.unpin_interface(index);
        }
        self.attached.remove(&index).map(|attached| attached.what)
    }

    /// Links that are pinned for interfaces that are not chosen any more would go on counting.
    fn let_go_of_pinned(&self, choice: &Choice) {
        let Some(pins) = &self.pins else { return };
        let chosen: BTreeSet<u32> = choice.watched.iter().map(|interface| interface.index).collect();
        pins.interfaces()
            .difference(&chosen)
            .for_each(|index| pins.unpin_interface(*index));
    }

    /// The interface has changed, in name or place, and is still the same one.
    pub fn update(&mut self, interface: &Interface) {
        if let Some(attached) = self.attached.get_mut(&interface.index) {
            attached.what.interface.clone_from(interface);
        }
    }

    /// Whether the interface with this index is attached to.
    pub fn contains(&self, index: u32) -> bool {
        self.attached.contains_key(&index)
    }

    /// By which indexes a packet may be known to have entered through a watched interface. Said before an
    /// interface is attached, so that no forwarded packet is ever counted twice.
    pub fn set_entered_by(&mut self, indexes: &BTreeSet<u32>) -> Result<(), KernelError> {
        self.entered_by.set(indexes)
    }

    /// What is attached, by interface index.
    pub fn iter(&self) -> impl Iterator<Item = &Attachment> {
        self.attached.values().map(|attached| &attached.what)
    }
}
