//! What the views get at each poll: the counts that have changed.

use netmon_common::Address;
use netmon_common::records::Destination;

use super::Monitor;
use crate::model::Totals;
use crate::views::{Changed, Reading};

impl Monitor<'_> {
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
        let changed = if views.needs_all() {
            let all = self.poller.counts()?.destinations.into_iter();
            all.map(|(address, counters)| change(address, counters)).collect()
        } else {
            let changed = changed.iter();
            changed.map(|(address, _, now)| change(*address, *now)).collect()
        };
        let reading = Reading {
            at: self.now(),
            is_first: false,
            totals: Totals {
                counters: self.totals,
                not_served: self.decider.tallies().not_served,
            },
            changed,
            latencies: self.poller.latencies()?,
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
