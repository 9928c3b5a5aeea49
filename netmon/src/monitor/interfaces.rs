//! What is watched, and what becomes of it.

use super::Monitor;
use crate::clock;
use crate::kernel::{Change, Watched, Ways};
use crate::model::{Event, LeftOut, Started, WatchedInterface};

impl Monitor<'_> {
    /// All is attached.
    pub(super) fn started(&mut self, attached: &Watched) {
        let interfaces = attached.attachments.iter().map(|one| WatchedInterface {
            name: one.interface.name.clone(),
            ingress: one.ingress.name(),
            egress: one.egress.name(),
            exact: one.is_exact(),
            why: one.why.clone(),
        });
        let left_out = attached.left_out.iter().map(|(name, why)| LeftOut {
            name: name.clone(),
            why: why.clone(),
        });
        let started = Started {
            ports: self.config.ports.clone(),
            interfaces: interfaces.collect(),
            left_out: left_out.collect(),
            resolvers: self.mine.shown(),
        };
        self.take_ways(&attached.ways);
        // What was before, nobody has seen.
        self.decider.gap(None, clock::boot_now());
        self.watched = started.interfaces.iter().map(|one| one.name.clone()).collect();
        self.emit(&Event::Started(started));
    }

    /// Where an answer would be seen, from now on.
    fn take_ways(&mut self, ways: &Ways) {
        if ways.differ_from(&self.ways) {
            self.decider.ways_changed();
        }
        self.decider.set_unwatched(ways.unwatched.clone());
        self.observer.set_queries_unseen(ways.queries_unseen());
        self.decider.set_interfaces(ways.names.clone());
        self.decider.set_links(ways.links.clone());
        self.mine.set_links(ways.other_names());
        self.ways = ways.clone();
    }

    /// Nobody knows what came by a watched interface until now, nor since when.
    fn has_missed_packets(&mut self) {
        self.decider.ways_changed();
        self.decider.gap(None, clock::boot_now());
    }

    /// Reports what became of the interfaces, and goes by this host's addresses as they are now.
    pub(super) fn network_changed(&mut self, change: &Change) -> anyhow::Result<()> {
        match change {
            Change::Addresses(local) => {
                self.decider.set_local_live(local.iter().copied());
                self.observer.set_local(local.clone());
                return Ok(());
            }
            Change::Missed => {
                // Answers may have been among what was taken for others'.
                self.decider.gap(None, clock::boot_now());
                return Ok(());
            }
            Change::Ways(ways) => {
                self.take_ways(ways);
                return self.reserve();
            }
            Change::Attached { attachment, .. } => {
                self.watched.insert(attachment.interface.name.clone());
            }
            Change::AttachedAgain { .. } => self.has_missed_packets(),
            Change::Gone { name } | Change::Left { name, .. } => {
                self.watched.remove(name);
            }
            Change::Renamed { from, to } => {
                self.watched.remove(from);
                self.watched.insert(to.clone());
            }
            Change::NotAttached { name, .. } => {
                // What was attached there, somebody had taken away.
                if self.watched.remove(name) {
                    self.has_missed_packets();
                }
            }
            Change::InPart { .. } | Change::LeftOut { .. } | Change::TooMany { .. } => {}
        }
        self.emit(&Event::Watching(self.watched.clone()));
        if let Some(warning) = change.warning() {
            self.emit(&Event::Warning(warning));
        }
        Ok(())
    }
}
