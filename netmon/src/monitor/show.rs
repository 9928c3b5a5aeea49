//! What the views get at each poll: the counts that have changed.

use netmon_common::Address;
use netmon_common::records::Destination;

use super::Monitor;
use crate::model::Totals;
use crate::views::{Changed, Reading};

impl Monitor<'_> {
    /// Waits until somebody looks who cannot wait for the next poll.
    pub(super) async fn looked_at(&self) {
        match &self.partners.views {
            Some(views) => views.asked().await,
            None => std::future::pending().await,
        }
    }

    /// Has the views forget those that have lost their places, unless they have others already.
    pub(super) fn show_gone(&mut self, gone: impl Iterator<Item = Address>) -> anyhow::Result<()> {
        let Some(views) = &mut self.partners.views else {
            return Ok(());
        };
        let mut without = Vec::new();
        for address in gone {
            if self.poller.destination(address)?.is_none() {
                without.push(address);
            }
        }
        if !without.is_empty() {
            views.gone(without);
        }
        Ok(())
    }

    /// Hands the views what has changed; all, where they missed something.
    pub(super) fn show(&mut self, changed: &[(Address, Destination, Destination)]) -> anyhow::Result<()> {
        let Some(views) = &self.partners.views else {
            return Ok(());
        };
        let not_served = self.decider.not_served();
        let change = |address: Address, counters: Destination| Changed {
            address,
            counters,
            not_served: not_served.of(address),
        };
        let is_all = views.needs_all();
        let changed = if is_all {
            let all = self.poller.counts()?.destinations.into_iter();
            all.map(|(address, counters)| change(address, counters)).collect()
        } else {
            let changed = changed.iter();
            changed.map(|(address, _, now)| change(*address, *now)).collect()
        };
        let latencies = views
            .needs_latencies()
            .then(|| self.poller.latencies())
            .transpose()?;
        let reading = Reading {
            at: self.now(),
            is_first: false,
            totals: Totals {
                counters: self.totals,
                not_served: self.decider.tallies().not_served,
            },
            changed,
            is_all,
            latencies,
            seen: std::mem::take(&mut self.sightings),
            resolvers: self.mine.shown(),
            tables: self.tables(),
            outlets: self.partners.dropped(),
        };
        if let Some(views) = &mut self.partners.views {
            views.read(reading);
        }
        Ok(())
    }
}
