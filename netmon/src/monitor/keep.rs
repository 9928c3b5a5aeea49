//! What outlives the process: what the history is to keep for the next run, and what the last run has left.

use std::sync::Arc;
use std::time::Duration;

use netmon_common::Address;
use netmon_common::records::Destination;

use super::Monitor;
use super::losses::Lost;
use super::troubles::Trouble;
use crate::clock;
use crate::history::Keeper;
use crate::model::{Event, Happened, Incident, Moment};
use crate::time::Time;

/// How long the first events wait for what the last run has left.
const RECALL: Duration = Duration::from_millis(500);

impl Monitor<'_> {
    /// Goes on from what had been counted before anything was attached: pinned maps have counted all along. To the
    /// decider it is no news.
    pub(super) fn begin(&mut self) -> anyhow::Result<()> {
        let counted = self.counted()?;
        let totals = counted.totals.counters;
        if totals.frames == 0 {
            if let Some(views) = &mut self.partners.views {
                views.begin_at_zero();
            }
            return Ok(());
        }
        if let Some(history) = &self.partners.history {
            history.begin(&counted);
        }
        let observer = &mut self.observer;
        let now = clock::boot_now();
        let mut changed = Vec::new();
        self.poller.look_at_destinations(now, |server, before, counters| {
            changed.push((server, *before, *counters));
        });
        if let Some(metrics) = &mut self.partners.metrics {
            metrics.changed(&changed);
        }
        self.poller.services(
            now.second(),
            |_service| false,
            |service, exchanges| {
                if let Some(exchanges) = exchanges {
                    observer.adopt(service, exchanges, clock::boot_now().second());
                }
            },
        );
        self.troubles.begin(Trouble::Events, totals.events_lost);
        self.troubles.begin(Trouble::Traces, totals.traces_overwritten);
        self.lost = Lost::of(&totals);
        self.totals = totals;
        Ok(())
    }

    /// Goes on with the incidents that the last run has left, as soon as they are known.
    pub(super) fn recall(&mut self) -> anyhow::Result<bool> {
        let Some(recalled) = self.partners.history.as_mut().and_then(Keeper::recall) else {
            return Ok(false);
        };
        if recalled.garbled > 0 {
            tracing::warn!(
                "{} open incidents in the history cannot be understood, and stay as they are",
                recalled.garbled
            );
        }
        let now = self.now().time;
        for (client, until) in recalled.own_clients {
            let until = self.offset.time(until);
            self.decider.recall_own_client(client, until, now);
        }
        for remembered in &recalled.incidents {
            self.recall_askers(&remembered.incident);
            self.recall_probe(&remembered.incident);
        }
        let open: Vec<_> = self.decider.open_incidents();
        self.decider.restore(self.now().time, recalled.incidents);
        for mut incident in self.decider.open_incidents() {
            self.mark(Happened::Updated, &mut incident);
            if open.iter().all(|known| known.id != incident.id) {
                self.summary.incidents += 1;
                self.watchlist.add(incident.server)?;
                // Whoever reports what is open now must know of it.
                self.emit(&Event::Incident(Happened::Updated, Arc::new(incident)));
            }
        }
        self.tell_changes()?;
        Ok(true)
    }

    /// Waits until they are known, so that the first events find them; not for long: a history may be slow.
    pub(super) async fn wait_for_recall(&mut self) -> anyhow::Result<()> {
        let latest = clock::instant() + RECALL;
        while self.partners.history.is_some() && !self.recall()? && clock::instant() < latest {
            tokio::time::sleep(RECALL / 100).await;
        }
        Ok(())
    }

    /// Has the history keep what the decider must know to go on with an incident.
    pub(super) fn remember(&mut self, incident: &Incident) {
        if let Some(history) = &self.partners.history {
            history.remember(incident, self.decider.memory(incident));
        }
    }

    /// Has the history know what was counted in a second: each server's counters before and now.
    pub(super) fn keep_second(&mut self, changed: &[(Address, Destination, Destination)], time: Time) {
        let offset = self.offset;
        if let Some(history) = &mut self.partners.history {
            history.second(Moment { time, offset }, changed);
        }
    }

    /// Has the history keep whom own services have answered, and reports what is wrong with it.
    pub(super) fn keep(&mut self) {
        let clients = self.decider.take_own_clients();
        let Some(history) = &self.partners.history else {
            return;
        };
        history.own_clients(&clients, self.offset);
        while let Some(warning) = self.partners.history.as_ref().and_then(Keeper::trouble) {
            self.emit(&Event::Warning(warning));
        }
    }
}
