//! What is attached where: the one owner of all links, by interface, so that each interface can be let go and taken
//! again on its own.
//!
//! An interface that is deleted leaves links behind that count nothing: they have to be dropped, and whoever watches
//! the interfaces says when.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aya::programs::TcAttachType;

use super::attach::{AtEgress, AtIngress, TcLink, can_see_what_leaves, current_name};
use super::error::KernelError;
use super::hooks::{Attachment, Egress, HookChoice, Unseen};
use super::interfaces::{Choice, Interface, xdp_at};
use super::key_set::KeySet;
use super::load::Kernel;
use super::pins::Pins;
use super::standing::Standing;

const WATCHED: &str = "WATCHED";

/// All that is attached. Dropping it detaches everything that is not pinned; the programs must still be loaded then.
#[derive(Debug)]
pub struct Attachments {
    attached: BTreeMap<u32, Attached>,
    /// The indexes by which a packet may be known to have entered through a watched interface: one that this host forwards is
    /// counted there, and not again where it leaves.
    entered_by: KeySet<u32>,
    pins: Option<Arc<Pins>>,
}

/// What one interface has.
#[derive(Debug)]
struct Attached {
    what: Attachment,
    ingress: AtIngress,
    egress: AtEgress,
}

impl Attached {
    fn new(interface: &Interface, ingress: AtIngress, egress: AtEgress) -> Self {
        let what = Attachment {
            interface: interface.clone(),
            ingress: ingress.hook,
            egress: egress.link.as_ref().map_or(Egress::None, TcLink::egress),
            why: ingress.why.clone(),
            unseen: Unseen::default(),
        };
        let mut attached = Self {
            what,
            ingress,
            egress,
        };
        attached.look();
        if let Some(words) = attached.what.unseen.words() {
            attached.what.why = format!("{}; {words}", attached.ingress.why);
        }
        attached
    }

    /// How it stands with what sees what arrives, and with what sees what leaves.
    fn standing(&self) -> (Standing, Option<Standing>) {
        let index = self.what.interface.index;
        let leaves = self.egress.link.as_ref();
        (
            self.ingress.link.standing(index),
            leaves.map(|link| link.standing(index, TcAttachType::Egress)),
        )
    }

    /// Takes note of what is not seen now.
    fn look(&mut self) {
        let (arrives, leaves) = self.standing();
        self.what.unseen = Unseen {
            arrives: hidden(arrives, "arrives"),
            leaves: match leaves {
                Some(leaves) => hidden(leaves, "leaves"),
                None => self.egress.missing.map(str::to_owned),
            },
        };
    }

    /// Of what arrives, and of what leaves: whether somebody has taken the link away, or made room for one.
    fn lost(&self) -> [bool; 2] {
        let (arrives, leaves) = self.standing();
        let leaves = match leaves {
            Some(leaves) => leaves == Standing::Gone,
            None => self.egress.missing.is_some() && can_see_what_leaves(&self.what.interface).is_ok(),
        };
        [arrives == Standing::Gone, leaves]
    }
}

/// Why not all packets of a direction may be seen.
fn hidden(standing: Standing, what: &str) -> Option<String> {
    match standing {
        Standing::Behind(id) => Some(format!(
            "netmon may not see all that {what}: another program (id {id}) runs before it at TCX, and decides what the next one sees"
        )),
        Standing::First | Standing::Gone => None,
    }
}

impl Kernel {
    /// An empty table of attachments. Can be had once.
    pub fn attachments(&mut self) -> Result<Attachments, KernelError> {
        Ok(Attachments {
            attached: BTreeMap::new(),
            entered_by: KeySet::open(self, WATCHED)?,
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
        Ok(self.keep(Attached::new(interface, ingress, egress)))
    }

    fn keep(&mut self, attached: Attached) -> Attachment {
        let what = attached.what.clone();
        self.attached.insert(what.interface.index, attached);
        what
    }

    /// Looks at all that is attached. Gives back the interfaces where somebody has taken something away, or made room for what
    /// found none.
    pub fn look(&mut self) -> Vec<Interface> {
        let mut changed = Vec::new();
        for (index, attached) in &mut self.attached {
            // There will be news of one that is gone.
            if attached.lost().contains(&true) && current_name(*index).is_some() {
                changed.push(attached.what.interface.clone());
            } else if attached.what.unseen != Unseen::default() {
                attached.look();
            }
        }
        changed
    }

    /// Attaches again what somebody has taken away from an interface, and leaves alone what is there still. After an error nothing is
    /// attached there.
    pub fn attach_again(
        &mut self,
        kernel: &mut Kernel,
        interface: &Interface,
        hook: HookChoice,
    ) -> Result<Attachment, KernelError> {
        let Some(attached) = self.attached.remove(&interface.index) else {
            return self.attach(kernel, interface, hook);
        };
        let [arrives, leaves] = attached.lost();
        let Attached { ingress, egress, .. } = attached;
        // What is lost is dropped before there is something new in its place, which dropping it would take away.
        let ingress = (!arrives).then_some(ingress);
        let egress = (!leaves).then_some(egress);
        let interface = Interface {
            xdp: xdp_at(interface.index).unwrap_or(interface.xdp),
            ..interface.clone()
        };
        let ingress = match ingress {
            Some(ingress) => ingress,
            None => kernel.take_ingress(&interface, hook)?,
        };
        let egress = match egress {
            Some(egress) => egress,
            None => kernel.take_egress(&interface)?,
        };
        Ok(self.keep(Attached::new(&interface, ingress, egress)))
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
