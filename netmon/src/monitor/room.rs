//! Makes room in the kernel's tables, and keeps places for those that matter.

use std::collections::BTreeSet;

use netmon_common::Address;
use netmon_common::records::ServiceKey;

use super::Monitor;
use super::answered::LastAnswered;
use crate::clock;
use crate::kernel::{Policy, Reading, service_of};
use crate::model::{Event, Warning, WarningKind, WarningState};
use crate::time::Time;

/// How long a warning lasts after the last time that places were short.
const LASTS: u64 = 10;

/// Who keeps places, and whether tables were short of them.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub answered: LastAnswered,
    /// In which second places were last short.
    short_in: Option<u64>,
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
        self.warn_of_pressure(pressure.is_short, now.second());
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

    fn warn_of_pressure(&mut self, is_short: bool, second: u64) {
        let was_short = self.room.short_in.is_some();
        if is_short {
            self.room.short_in = Some(second);
        }
        let message = match self.room.short_in {
            Some(_) if !was_short => "the kernel's tables are short of places: those that were asked least recently lose theirs \
                before they are idle; all packets are counted, but more of them together under `retired` and `overflow`. \
                `--destinations` makes more places"
                .to_owned(),
            Some(last) if second.saturating_sub(last) >= LASTS => {
                self.room.short_in = None;
                "the kernel's tables have places again".to_owned()
            }
            Some(_) | None => return,
        };
        let warning = Warning::new(WarningKind::TablePressure, message);
        let state = if was_short {
            WarningState::Over
        } else {
            WarningState::Started
        };
        self.emit(&Event::Warning(warning.in_state(state)));
    }
}
