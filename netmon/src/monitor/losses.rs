//! Spans whose exchanges are not all accounted for (docs/contract.md, section 2).

use std::time::Duration;

use netmon_common::limits::TRACE_LIFETIME_NS;
use netmon_common::records::{Destination, Totals};
use netmon_common::{Address, Transport};

use super::{FRESH, Monitor};
use crate::clock;
use crate::observation::Service;
use crate::time::Time;

/// How long the answer to a query may be on its way whose trace was overwritten.
const LIFETIME: Duration = Duration::from_nanos(TRACE_LIFETIME_NS);

/// What was lost, as far as it is known to the decider.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lost {
    events: u64,
    traces: u64,
    /// When the last trace was overwritten.
    trace: Option<Time>,
}

impl Lost {
    /// What was lost before is no news.
    pub const fn of(totals: &Totals) -> Self {
        Self {
            events: totals.events_lost,
            traces: totals.traces_overwritten,
            trace: None,
        }
    }
}

impl Monitor<'_> {
    /// After a time without counts (the process was stopped, or had no processor) nobody knows what was answered when.
    pub(super) fn look_for_gap(&mut self) {
        let now = clock::boot_now();
        if now.since(self.polled) > self.config.interval.saturating_mul(2).saturating_add(FRESH) {
            self.decider.gap(None, now);
        }
    }

    /// Looks whether events were lost, of whatever service; and whether answers came that match no query of a server, at a
    /// time when traces were overwritten: they may have been to queries that wait in vain now. `changed` are the servers'
    /// counters before and now.
    pub(super) fn look_for_losses(&mut self, changed: &[(Address, Destination, Destination)]) {
        // Whatever was lost was lost by now.
        let now = clock::boot_now();
        let totals = &self.totals;
        if totals.events_lost > self.lost.events {
            self.decider.gap(None, now);
        }
        if totals.traces_overwritten > self.lost.traces {
            self.lost.trace = Some(now);
        }
        self.lost.events = totals.events_lost;
        self.lost.traces = totals.traces_overwritten;
        if self.lost.trace.is_none_or(|lost| now.since(lost) > LIFETIME) {
            return;
        }
        for (server, before, after) in changed {
            if before.unmatched_responses() == after.unmatched_responses() {
                continue;
            }
            for (port, transport) in self
                .config
                .ports
                .iter()
                .flat_map(|port| Transport::ALL.map(|one| (*port, one)))
            {
                let service = Service {
                    server: *server,
                    port,
                    transport,
                    interface: 0,
                };
                self.decider.gap(Some(service), now);
            }
        }
    }
}
