//! Makes room in the kernel's tables, and keeps places for those that matter.

use std::collections::BTreeSet;

use netmon_common::records::ServiceKey;
use netmon_common::{Address, Transport, limits};

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
    /// Who is to have places, and found none free.
    waiting: Vec<ServiceKey>,
}

/// Services that have places before anybody asks them, at most.
const RESERVED: usize = limits::SERVICES as usize / 4;

impl Monitor<'_> {
    /// Gives places to those that are named or configured now, so that they have them whatever fills the tables until somebody asks
    /// them.
    pub(super) fn reserve(&mut self) -> anyhow::Result<()> {
        let named = self.config.servers.iter().flat_map(|server| {
            let ports = self.config.ports.iter();
            ports.map(|port| (*server, *port, 0))
        });
        let ways = &self.ways;
        let configured = self.mine.resolvers().map(|one| {
            let link = ways.link_of(one.interface.as_deref());
            (one.server, one.port, link)
        });
        // One that is link-local is nobody without its link.
        let all = configured
            .chain(named)
            .filter(|(server, _port, interface)| *interface != 0 || !server.is_link_local());
        let services = all.flat_map(|(server, port, interface)| {
            Transport::ALL.map(|transport| ServiceKey::new(server, port, transport, interface, false))
        });
        self.room.waiting = services.take(RESERVED).collect();
        self.give_places()
    }

    /// Gives places to those that have found none so far.
    pub(super) fn give_places(&mut self) -> anyhow::Result<()> {
        if self.room.waiting.is_empty() || self.retirement.is_busy() {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.room.waiting);
        self.room.waiting = self.poller.reserve(waiting, &mut self.switches)?;
        Ok(())
    }

    /// Has those retire that were idle for long or, where places are short, were asked least recently.
    pub(super) fn make_room(&mut self, now: Time) -> anyhow::Result<()> {
        if self.retirement.is_busy() || self.gathering.is_wanted() {
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
        let (leaving, is_short) = self.poller.leaving(&policy)?;
        if is_short {
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
        let destinations = self.poller.gone(&gone.leaving);
        if let Some(metrics) = &mut self.partners.metrics {
            metrics.gone(&destinations);
        }
        self.show_gone(destinations.into_iter().map(|(address, _counters)| address))?;
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
