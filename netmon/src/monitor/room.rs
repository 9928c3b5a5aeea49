//! Makes room in the kernel's tables, and keeps places for those that matter.

use std::collections::BTreeSet;

use netmon_common::Address;
use netmon_common::records::ServiceKey;

use super::Monitor;
use super::answered::LastAnswered;
use super::troubles::Trouble;
use crate::clock;
use crate::kernel::{Policy, Reading, service_of};
use crate::time::Time;

/// Who keeps places.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub answered: LastAnswered,
}

impl Monitor<'_> {
    /// Has those retire that were idle for long or, where places are short, were asked least recently.
    pub(super) fn make_room(&mut self, now: Time) -> anyhow::Result<()> {
        if self.retirement.is_busy() {
            return Ok(());
        }
        let kept: BTreeSet<Address> = self
            .decider
            .troubled()
            .chain(self.config.servers.iter().copied())
            .chain(self.mine.servers())
            .collect();
        let answered = &self.room.answered;
        let policy = Policy {
            second: now.second(),
            idle: self.config.idle_entries,
            keeps: &|server| kept.contains(&server) || answered.has_server(server),
            keeps_service: &|key: ServiceKey| {
                kept.contains(&key.server) || key.iterative == 0 && answered.has(service_of(key))
            },
        };
        let (leaving, pressure) = self.poller.leaving(&policy)?;
        if pressure.is_short {
            self.troubles.see(Trouble::Places, now);
        }
        self.retirement
            .begin(&mut self.poller.places, &mut self.switches, leaving)?;
        Ok(())
    }

    /// Goes on with those that retire.
    pub(super) fn retire(&mut self) -> anyhow::Result<()> {
        let Some(gone) = self
            .retirement
            .go_on(&mut self.poller.places, &mut self.switches)?
        else {
            return Ok(());
        };
        self.poller.gone(&gone.leaving);
        self.show_gone(gone.leaving.destinations.iter().map(|(_place, address)| *address))?;
        let now = clock::boot_now();
        for (key, exchanges) in &gone.services {
            let reading = Reading {
                second: now.second(),
                time: now,
            };
            let decider = &mut self.decider;
            self.observer
                .counted(*key, exchanges, reading, &mut |one| decider.observe(&one));
            if self.observer.is_waiting(*key, now) {
                // Nobody will know what becomes of its queries that wait.
                let service = service_of(*key);
                self.decider.gap(Some(service), now);
            }
            self.observer.forget(*key);
        }
        self.make_room(now)
    }
}
