//! Interfaces that are watched no more, and why.

use std::collections::{BTreeMap, BTreeSet};

use super::Following;
use crate::kernel::change::Change;
use crate::kernel::hooks::Attachment;
use crate::kernel::interfaces::{Choice, Interface};

impl Following {
    /// A deleted interface leaves links that count nothing. Gives back the names.
    pub(super) fn let_go_of_deleted(&mut self, deleted: &BTreeSet<u32>) -> Vec<String> {
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
    pub(super) fn let_go_of_others(&mut self, choice: &Choice) {
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
                        if self.mirrors.contains(&interface.name) {
                            self.renamed_mirrors.insert(interface.index);
                        }
                        self.told.push_back(Change::Renamed {
                            from: interface.name,
                            to: now.name.clone(),
                        });
                    }
                }
            }
        }
    }

    pub(super) fn why_left(&self, interface: &Interface, choice: &Choice) -> String {
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
}
