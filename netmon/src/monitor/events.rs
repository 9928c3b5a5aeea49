//! What comes between the polls: the kernel's events, and incidents that have settled.

use netmon_common::records::EventKind;
use tokio::time::Instant;

use super::{BURST, FRESH, Monitor};
use crate::clock;
use crate::kernel::{Event, Events};
use crate::time::Time;

impl Monitor<'_> {
    /// When an incident that has opened is to be reported, if that is before `next_poll`.
    pub(super) fn next_report(&self, next_poll: Instant) -> Instant {
        let Some(report) = self.decider.next_report() else {
            return next_poll;
        };
        Instant::from_std(clock::instant() + report.since(clock::boot_now())).min(next_poll)
    }

    /// Reports what has opened and settled.
    pub(super) fn report(&mut self) -> anyhow::Result<()> {
        let now = clock::boot_now();
        if now.second() > self.polled.second() {
            return self.poll();
        }
        self.decider.advance(now, &|_| true);
        self.tell_changes()
    }

    /// Takes all events that are there.
    pub(super) fn take_events(&mut self, events: &mut Events) -> anyhow::Result<()> {
        self.look_for_gap();
        loop {
            let mut taken = Vec::new();
            let done = events.drain(BURST, |event| taken.push((event.header, event.payload.to_vec())));
            for (header, payload) in taken {
                let event = Event {
                    header,
                    payload: &payload,
                };
                self.take_event(&event)?;
            }
            self.tell_changes()?;
            if done {
                return Ok(());
            }
        }
    }

    fn take_event(&mut self, event: &Event<'_>) -> anyhow::Result<()> {
        let time = Time::from_nanos(event.header.time_ns);
        // Counts are by second: those of the seconds before come first. Of events that waited for long, nobody knows
        // what was counted up to them.
        let is_new = clock::boot_now().since(time) < FRESH;
        if is_new && time.second() > self.polled.second() {
            self.poll()?;
        }
        // An error or an answer is judged by what was counted up to it.
        let server = event.header.server;
        if is_new
            && event.header.kind != EventKind::Query as u8
            && let Some(counters) = self.poller.destination(server)?
        {
            self.tell_counts(server, &counters, time);
        }
        let decider = &mut self.decider;
        decider.advance(time, &|_| true);
        self.observer
            .event(event, &mut |observation| decider.observe(&observation));
        Ok(())
    }

    /// After a time without counts (the process was stopped, or had no processor) nobody knows what was answered when.
    pub(super) fn look_for_gap(&mut self) {
        let now = clock::boot_now();
        if now.since(self.polled) > self.config.interval.saturating_mul(2).saturating_add(FRESH) {
            self.decider.gap(None, now);
        }
    }
}
