//! What comes between the polls: the kernel's events, and incidents that have settled.

use netmon_common::records::EventKind;
use tokio::time::Instant;

use super::{BURST, FRESH, Monitor};
use crate::clock;
use crate::kernel::{Event, Events, Observer};
use crate::observation::{Side, What};
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
        let now = self.taken();
        if now.second() > self.polled.second() {
            return self.poll(now);
        }
        self.advance(now);
        self.tell_changes()
    }

    /// Takes the events that are there. Those that come meanwhile wait for the next turn, and while a poll is due, only one burst is
    /// taken: whoever has the kernel report without end must not keep the monitor from anything else.
    pub(super) fn take_events(&mut self, events: &mut Events) -> anyhow::Result<()> {
        let began = clock::boot_now();
        // A new second polls in between, and moves the next poll: what else there is to do must not wait for all of them.
        let until = self.next_poll();
        loop {
            let are_all = self.take_burst(events, began)?;
            self.all_taken = are_all.then_some(began);
            if are_all || Instant::from_std(clock::instant()) >= until {
                return Ok(());
            }
        }
    }

    /// Takes the last events: all that came before now.
    pub(super) fn take_last_events(&mut self, events: &mut Events) -> anyhow::Result<()> {
        let began = clock::boot_now();
        while !self.take_burst(events, began)? {}
        self.all_taken = Some(began);
        Ok(())
    }

    /// Up to when events were taken, as far as that is known. What is read is reported for that time, and nothing is judged beyond: an
    /// event that comes meanwhile is later.
    pub(super) fn taken(&self) -> Time {
        self.all_taken.unwrap_or_else(clock::boot_now).max(self.polled)
    }

    /// Takes some events; whether none is left from before that time.
    fn take_burst(&mut self, events: &mut Events, began: Time) -> anyhow::Result<bool> {
        self.look_for_gap();
        let (mut newest, mut result) = (None, Ok(()));
        let is_empty = events.drain(BURST, |event| {
            newest = Some(Time::from_nanos(event.header.time_ns));
            if result.is_ok() {
                result = self.take_event(&event);
            }
        });
        result?;
        self.tell_changes()?;
        Ok(is_empty || newest.is_none_or(|newest| newest >= began))
    }

    fn take_event(&mut self, event: &Event<'_>) -> anyhow::Result<()> {
        let time = Time::from_nanos(event.header.time_ns);
        // Counts are by second: those of the seconds before come first. Of events that waited for long, nobody knows
        // what was counted up to them.
        let is_new = clock::boot_now().since(time) < FRESH;
        if is_new && time.second() > self.polled.second() {
            self.poll(time)?;
        }
        // Whatever is judged of a service is judged by what was counted of it up to then.
        let key = Observer::key_of(event).filter(|_| is_new);
        if let Some(key) = key.filter(|_| event.header.kind != EventKind::Query as u8) {
            self.read_service(key, time)?;
        }
        let mut asked_over_udp = 0;
        if let Some(kin) = Observer::kin_of(event) {
            self.read_service(kin, time)?;
            let counters = self.poller.destination(event.header.server)?;
            asked_over_udp = counters.map_or(0, |counters| counters.dns_queries);
        }
        self.advance(time);
        self.take_asker(event);
        let (decider, room, routes) = (&mut self.decider, &mut self.room, &mut self.routes);
        let mut sightings = self.partners.views.is_some().then_some(&mut self.sightings);
        self.observer.event(event, asked_over_udp, &mut |observation| {
            // Behind a translation nobody asks.
            if let What::Answered(answered) = &observation.what
                && answered.side != Side::Behind
            {
                routes.answered(observation.service, observation.time, answered);
                if answered.recursion_desired {
                    room.answered.note(observation.service, answered.client);
                }
            }
            if let Some(sightings) = &mut sightings {
                sightings.observe(&observation);
            }
            decider.observe(&observation);
        });
        self.look_up_routes();
        Ok(())
    }

    /// Lets the decider judge the seconds that have ended by then. An answer to whatever client would be seen where all
    /// interfaces are watched.
    pub(super) fn advance(&mut self, now: Time) {
        let all_are_watched = self.ways.unwatched.is_empty();
        self.decider.advance(now, &|_| all_are_watched);
    }
}
