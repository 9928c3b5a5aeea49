//! What is attached to, and what will be, as the network changes. Everything here may wait for the kernel: attaching a
//! TCX program takes tens of milliseconds (`tcx_entry_sync` waits until no CPU uses the old list any more), an XDP
//! program makes some drivers restart.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem;

use netmon_common::{Address, limits};

use super::attachments::Attachments;
use super::change::{Change, Ways};
use super::error::KernelError;
use super::hooks::{Attachment, HookChoice};
use super::interfaces::{Choice, Interface, Inventory, News, Selection};
use super::load::Kernel;
use super::own_addresses::OwnAddresses;
use super::own_frames::OwnFrames;

/// Everything that is attached, and what will be. Dropping it detaches everything.
#[derive(Debug)]
pub(super) struct Following {
    // Dropped before the programs.
    attachments: Attachments,
    kernel: Kernel,
    own_addresses: OwnAddresses,
    own_frames: OwnFrames,
    /// The names of mirror ports.
    mirrors: BTreeSet<String>,
    hook: HookChoice,
    selection: Selection,
    inventory: Inventory,
    /// To be attached to, one by one.
    pending: VecDeque<Interface>,
    /// Watched ones that were deleted while another one with the same name came up.
    replaced: BTreeSet<String>,
    /// Those that could not be attached to, as they were then: they are tried again when they have changed.
    refused: BTreeMap<u32, Interface>,
    left_out: Vec<(String, String)>,
    too_many: bool,
    /// As they were told last.
    ways: Ways,
    /// What is to be told.
    told: VecDeque<Change>,
}

impl Following {
    /// Attaches to what was chosen of the network.
    pub fn start(
        mut kernel: Kernel,
        hook: HookChoice,
        selection: Selection,
        inventory: Inventory,
        choice: Choice,
        mirrors: BTreeSet<String>,
    ) -> Result<Self, KernelError> {
        let mut own_addresses = OwnAddresses::open(&mut kernel)?;
        own_addresses.set(addresses(&inventory))?;
        let mut own_frames = OwnFrames::open(&mut kernel)?;
        let watched = choice.watched.iter().map(|interface| interface.index).collect();
        own_frames.set(&inventory.frames(&watched, &mirrors))?;
        let mut attachments = kernel.attachments()?;
        attachments.attach_all(&mut kernel, &choice, hook)?;
        let mut following = Self {
            attachments,
            kernel,
            own_addresses,
            own_frames,
            mirrors,
            hook,
            selection,
            inventory,
            pending: VecDeque::new(),
            replaced: BTreeSet::new(),
            refused: BTreeMap::new(),
            left_out: choice.left_out,
            too_many: false,
            ways: Ways::default(),
            told: VecDeque::new(),
        };
        following.ways = following.ways_now();
        Ok(following)
    }

    /// By which ways packets come now.
    pub const fn ways(&self) -> &Ways {
        &self.ways
    }

    fn ways_now(&self) -> Ways {
        let watched: BTreeSet<u32> = self.held().collect();
        let interfaces = self.inventory.interfaces.values();
        Ways {
            unwatched: self.inventory.unwatched(watched.clone()),
            watched,
            names: interfaces.map(|one| (one.index, one.name.clone())).collect(),
        }
    }

    fn tell_ways(&mut self) {
        let now = self.ways_now();
        if now != self.ways {
            self.ways = now.clone();
            self.told.push_back(Change::Ways(now));
        }
    }

    /// What is attached now.
    pub fn attachments(&self) -> Vec<Attachment> {
        self.attachments.iter().cloned().collect()
    }

    /// What is not watched, and why.
    pub fn left_out(&self) -> &[(String, String)] {
        &self.left_out
    }

    /// The next change that is to be told.
    pub fn tell(&mut self) -> Option<Change> {
        self.told.pop_front()
    }

    /// Whether an interface waits to be attached to.
    pub fn is_behind(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Attaches to the next interface that waits for it.
    pub fn attach_next(&mut self) -> Result<(), KernelError> {
        if let Some(interface) = self.pending.pop_front() {
            self.attach(&interface)?;
            self.tell_ways();
        }
        Ok(())
    }

    /// Lets go of what is not there or not chosen any more, and lines up what is new.
    pub fn take(&mut self, news: News) -> Result<(), KernelError> {
        let News { inventory, deleted } = news;
        let before = mem::replace(&mut self.inventory, inventory);
        if before.addresses != self.inventory.addresses {
            self.own_addresses.set(addresses(&self.inventory))?;
            self.told.push_back(Change::Addresses(addresses(&self.inventory)));
        }
        let mut gone = self.let_go_of_deleted(&deleted);
        let held: BTreeSet<u32> = self.held().collect();
        let can_read = |link| self.kernel.can_read(link);
        let choice = self.inventory.choose(&self.selection, &held, &can_read);
        self.let_go_of_others(&choice);
        self.refused
            .retain(|index, as_it_was| self.inventory.interfaces.get(index) == Some(as_it_was));
        let wanted = choice.watched.iter().filter(|interface| {
            !held.contains(&interface.index) && !self.refused.contains_key(&interface.index)
        });
        self.pending = wanted.cloned().collect();
        self.make_room()?;
        self.replaced = mem::take(&mut self.replaced)
            .into_iter()
            .chain(gone.iter().cloned())
            .filter(|name| self.pending.iter().any(|interface| interface.name == *name))
            .collect();
        gone.retain(|name| !self.replaced.contains(name));
        self.told
            .extend(gone.into_iter().map(|name| Change::Gone { name }));
        self.tell_left_out(choice.left_out);
        self.tell_ways();
        Ok(())
    }

    fn held(&self) -> impl Iterator<Item = u32> {
        self.attachments
            .iter()
            .map(|attachment| attachment.interface.index)
    }

    /// A deleted interface leaves links that count nothing. Gives back the names.
    fn let_go_of_deleted(&mut self, deleted: &BTreeSet<u32>) -> Vec<String> {
        let present = &self.inventory.interfaces;
        let gone: Vec<u32> = self
            .held()
            .filter(|index| deleted.contains(index) || !present.contains_key(index))
            .collect();
        let dropped = gone
            .into_iter()
            .filter_map(|index| self.attachments.detach(index));
        dropped.map(|attachment| attachment.interface.name).collect()
    }

    /// Lets go of those that are not chosen any more, and takes note of how the others have changed.
    fn let_go_of_others(&mut self, choice: &Choice) {
        let chosen: BTreeMap<u32, &Interface> = choice
            .watched
            .iter()
            .map(|interface| (interface.index, interface))
            .collect();
        for Attachment { interface, .. } in self.attachments() {
            match chosen.get(&interface.index) {
                None => {
                    self.attachments.detach(interface.index);
                    let why = self.why_left(&interface, choice);
                    let name = interface.name;
                    self.told.push_back(Change::Left { name, why });
                }
                Some(now) => {
                    self.attachments.update(now);
                    if now.name != interface.name {
                        self.told.push_back(Change::Renamed {
                            from: interface.name,
                            to: now.name.clone(),
                        });
                    }
                }
            }
        }
    }

    fn why_left(&self, interface: &Interface, choice: &Choice) -> String {
        let now = self.inventory.interfaces.get(&interface.index);
        let reason = choice
            .left_out
            .iter()
            .find(|(name, _)| now.is_some_and(|now| now.name == *name));
        if let Some((_, why)) = reason {
            return format!("it {why}");
        }
        let names: Vec<&str> = choice
            .watched
            .iter()
            .filter(|other| self.inventory.default_routes.contains(&other.index))
            .map(|other| other.name.as_str())
            .collect();
        format!("the default route leads to {} now", names.join(" and "))
    }

    /// Keeps as many of those that are lined up as the kernel's table holds, and fills it before they are attached
    /// to, so that no forwarded packet is ever counted twice.
    fn make_room(&mut self) -> Result<(), KernelError> {
        let room = (limits::INTERFACES as usize).saturating_sub(self.held().count());
        let mut left = self.pending.split_off(room.min(self.pending.len()));
        let mut entered_by = self.entered_by();
        // What lies on them has a place there too.
        while entered_by.len() > limits::INTERFACES as usize
            && let Some(last) = self.pending.pop_back()
        {
            left.push_front(last);
            entered_by = self.entered_by();
        }
        let too_many = mem::replace(&mut self.too_many, !left.is_empty());
        if !too_many && let Some(first) = left.front() {
            self.told.push_back(Change::TooMany {
                count: left.len(),
                first: first.name.clone(),
            });
        }
        let pending = self.pending.iter().map(|interface| interface.index);
        let watched = self.held().chain(pending).collect();
        self.own_frames
            .set(&self.inventory.frames(&watched, &self.mirrors))?;
        self.attachments.set_entered_by(&entered_by)
    }

    /// Of what is attached to, and of what will be next.
    fn entered_by(&self) -> BTreeSet<u32> {
        let pending = self.pending.iter().map(|interface| interface.index);
        self.inventory.entered_by(self.held().chain(pending).collect())
    }

    fn tell_left_out(&mut self, left_out: Vec<(String, String)>) {
        // Of all interfaces there may be a thousand bridges and tunnels, which nobody asked for.
        let asked_for = !matches!(self.selection, Selection::All { .. });
        for (name, why) in &left_out {
            let new = !self.left_out.iter().any(|(known, _)| known == name);
            if asked_for && new {
                self.told.push_back(Change::LeftOut {
                    name: name.clone(),
                    why: why.clone(),
                });
            }
        }
        self.left_out = left_out;
    }

    fn attach(&mut self, interface: &Interface) -> Result<(), KernelError> {
        let name = interface.name.clone();
        let replaced = self.replaced.remove(&name);
        match self.attachments.attach(&mut self.kernel, interface, self.hook) {
            Ok(attachment) => self.told.push_back(Change::Attached { attachment, replaced }),
            // There will be news of that.
            Err(KernelError::InterfaceGone { .. }) => {
                if replaced {
                    self.told.push_back(Change::Gone { name });
                }
            }
            Err(error) => {
                self.refused.insert(interface.index, interface.clone());
                self.attachments.set_entered_by(&self.entered_by())?;
                self.told.push_back(Change::NotAttached { name, error });
            }
        }
        Ok(())
    }
}

/// The host's own addresses.
pub(super) fn addresses(inventory: &Inventory) -> BTreeSet<Address> {
    inventory.addresses.iter().copied().map(Address::from).collect()
}
