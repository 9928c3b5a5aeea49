//! What is attached to, and what will be, as the network changes. Everything here may wait for the kernel: attaching a
//! TCX program takes tens of milliseconds (`tcx_entry_sync` waits until no CPU uses the old list any more), an XDP
//! program makes some drivers restart.

mod leave;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem;

use netmon_common::{Address, limits};

use super::attachments::Attachments;
use super::change::{Change, Ways};
use super::error::KernelError;
use super::hooks::{Attachment, HookChoice, Unseen};
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
    /// This host's own addresses, as keys, as they were told last.
    own: BTreeSet<Address>,
    /// The names of mirror ports.
    mirrors: BTreeSet<String>,
    /// Mirror ports that got another name since they are attached to.
    renamed_mirrors: BTreeSet<u32>,
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
    /// Of which of those that are attached to it was told last that not all is seen, with their names.
    in_part: BTreeMap<u32, String>,
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
        let watched = choice.watched.iter().map(|interface| interface.index).collect();
        let own = inventory.own_addresses(&watched);
        let mut own_addresses = OwnAddresses::open(&mut kernel)?;
        own_addresses.set(own.iter().copied())?;
        let mut own_frames = OwnFrames::open(&mut kernel)?;
        own_frames.set(&inventory.frames(&watched, &mirrors))?;
        let mut attachments = kernel.attachments()?;
        attachments.attach_all(&mut kernel, &choice, hook)?;
        let mut following = Self {
            attachments,
            kernel,
            own_addresses,
            own_frames,
            own,
            mirrors,
            renamed_mirrors: BTreeSet::new(),
            hook,
            selection,
            inventory,
            pending: VecDeque::new(),
            replaced: BTreeSet::new(),
            refused: BTreeMap::new(),
            left_out: choice.left_out,
            too_many: false,
            ways: Ways::default(),
            in_part: BTreeMap::new(),
            told: VecDeque::new(),
        };
        following.ways = following.ways_now();
        following.tell_in_part();
        Ok(following)
    }

    /// By which ways packets come now.
    pub const fn ways(&self) -> &Ways {
        &self.ways
    }

    fn ways_now(&self) -> Ways {
        let watched: BTreeSet<u32> = self.held().collect();
        let interfaces = self.inventory.interfaces.values();
        let mut unwatched = self.inventory.unwatched(watched.clone());
        let in_part = self.attachments.iter().filter(|one| one.unseen.words().is_some());
        let up = in_part.filter(|one| one.interface.is_up);
        unwatched.extend(up.map(|one| format!("{} in full", one.interface.name)));
        let unseen = |is_unseen: fn(&Unseen) -> bool| -> BTreeSet<u32> {
            let found = self.attachments.iter().filter(|one| is_unseen(&one.unseen));
            found.map(|one| one.interface.index).collect()
        };
        Ways {
            unwatched,
            arrives_unseen: unseen(|unseen| unseen.arrives.is_some()),
            leaves_unseen: unseen(|unseen| unseen.leaves.is_some()),
            links: self.inventory.links(&watched),
            watched,
            names: interfaces.map(|one| (one.index, one.name.clone())).collect(),
        }
    }

    fn tell_ways(&mut self) {
        self.tell_in_part();
        let now = self.ways_now();
        if now != self.ways {
            self.ways = now.clone();
            self.told.push_back(Change::Ways(now));
        }
    }

    /// Tells of which interfaces not all is seen, once when that begins and once when it is over.
    fn tell_in_part(&mut self) {
        let before = mem::take(&mut self.in_part);
        for attachment in self.attachments.iter() {
            let Some(words) = attachment.unseen.words() else {
                continue;
            };
            let (index, name) = (attachment.interface.index, attachment.interface.name.clone());
            if !before.contains_key(&index) {
                self.told.push_back(Change::InPart {
                    name: name.clone(),
                    why: Some(words),
                });
            }
            self.in_part.insert(index, name);
        }
        let over = before
            .into_iter()
            .filter(|(index, _name)| !self.in_part.contains_key(index));
        self.told
            .extend(over.map(|(_index, name)| Change::InPart { name, why: None }));
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

    /// Looks whether all that is attached is there still, and attaches again what somebody has taken away.
    pub fn look(&mut self) -> Result<(), KernelError> {
        for interface in self.attachments.look() {
            let again = self
                .attachments
                .attach_again(&mut self.kernel, &interface, self.hook);
            match again {
                Ok(attachment) => self.told.push_back(Change::AttachedAgain { attachment }),
                Err(error) => {
                    // What is pinned would go on counting.
                    self.attachments.detach(interface.index);
                    if let KernelError::InterfaceGone { .. } = error {
                        let name = interface.name;
                        self.told.push_back(Change::Gone { name });
                    } else {
                        self.refuse(&interface, error)?;
                    }
                }
            }
        }
        self.tell_ways();
        Ok(())
    }

    /// Lets go of what is not there or not chosen any more, and lines up what is new.
    pub fn take(&mut self, news: News) -> Result<(), KernelError> {
        let News {
            inventory,
            deleted,
            was_looked_for,
        } = news;
        let before = mem::replace(&mut self.inventory, inventory);
        // At once: letting go of interfaces takes its time.
        self.take_addresses()?;
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
        // Others are watched now, and so links may be others.
        self.take_addresses()?;
        let mut new = self.inventory.listens_to.difference(&before.listens_to);
        if was_looked_for && new.any(|(index, _mac)| held.contains(index)) {
            self.told.push_back(Change::Missed);
        }
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

    /// Goes by this host's addresses, and by the links that they are on, as they are now.
    fn take_addresses(&mut self) -> Result<(), KernelError> {
        let own = self.inventory.own_addresses(&self.watched());
        if own != self.own {
            self.own_addresses.set(own.iter().copied())?;
            self.told.push_back(Change::Addresses(own.clone()));
            self.own = own;
        }
        Ok(())
    }

    /// What is attached to, and what will be next.
    fn watched(&self) -> BTreeSet<u32> {
        let pending = self.pending.iter().map(|interface| interface.index);
        self.held().chain(pending).collect()
    }

    fn held(&self) -> impl Iterator<Item = u32> {
        self.attachments
            .iter()
            .map(|attachment| attachment.interface.index)
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
        let mirrors = self.mirrors_now();
        let frames = self.inventory.frames(&self.watched(), &mirrors);
        self.own_frames.set(&frames)?;
        self.attachments.set_entered_by(&entered_by)
    }

    /// The names that mirror ports have now. One that is held stays one whatever its name.
    fn mirrors_now(&mut self) -> BTreeSet<String> {
        let held: BTreeSet<u32> = self.held().collect();
        self.renamed_mirrors.retain(|index| held.contains(index));
        let renamed = self.renamed_mirrors.iter();
        let renamed = renamed.filter_map(|index| self.inventory.interfaces.get(index));
        let names = renamed.map(|interface| interface.name.clone());
        names.chain(self.mirrors.iter().cloned()).collect()
    }

    /// Of what is attached to, and of what will be next.
    fn entered_by(&self) -> BTreeSet<u32> {
        self.inventory.entered_by(self.watched())
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
            Err(error) => self.refuse(interface, error)?,
        }
        Ok(())
    }

    /// It is not tried again until the interface has changed.
    fn refuse(&mut self, interface: &Interface, error: KernelError) -> Result<(), KernelError> {
        self.refused.insert(interface.index, interface.clone());
        self.attachments.set_entered_by(&self.entered_by())?;
        let name = interface.name.clone();
        self.told.push_back(Change::NotAttached { name, error });
        Ok(())
    }
}
