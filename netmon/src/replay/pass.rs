//! One way through a capture: what has come of its packets so far.

use std::collections::BTreeMap;
use std::sync::Arc;

use netmon_common::{Address, records};

use super::moment;
use super::pace::Pace;
use super::source::Source;
use crate::detect::{Decider, Scope, Thresholds};
use crate::model::{Event, Names, Started, Totals};
use crate::outlets::Outlet as _;
use crate::time::Time;
use crate::views::{Changed, Reading, Sightings, Views};

/// What has come of the packets so far.
pub struct Pass<'a> {
    source: Source,
    decider: Decider,
    counted: BTreeMap<Address, records::Destination>,
    seen: Sightings,
    names: &'a Names,
    /// The last packet that was taken.
    last: Time,
    /// The end of the second that is shown next.
    next: u64,
}

impl<'a> Pass<'a> {
    /// At the beginning.
    pub fn new(source: Source, names: &'a Names) -> Self {
        Self {
            source,
            decider: Decider::new(Thresholds::default(), Scope::default()),
            counted: BTreeMap::new(),
            seen: Sightings::default(),
            names,
            last: Time::default(),
            next: 0,
        }
    }

    /// Nothing has passed yet.
    pub fn begin(&mut self, first: Time, views: &mut Views) {
        views.set_names(self.names);
        views.begin_at_zero();
        views.emit(moment(first), &Event::Started(Started::default()));
        (self.last, self.next) = (first, first.second() + 1);
    }

    /// Where it is: what is before that cannot be shown any more.
    pub fn now(&self) -> Time {
        Time::at_second(self.next.saturating_sub(1))
    }

    /// Shows what came up to `there` at once, and the rest in its time. Returns where it is to go, if somebody asks; `None` at the
    /// end.
    pub fn play(&mut self, there: Time, pace: &mut Pace, views: &mut Views) -> Option<Time> {
        while let Some(time) = self.source.peek() {
            // Time never goes back.
            let time = self.last.max(time);
            while self.next <= time.second() {
                let end = Time::at_second(self.next);
                if end > there
                    && let Some(there) = pace.wait(end, views)
                {
                    return Some(there);
                }
                self.second(end, views);
                // Where nothing passed there is nothing to show on the way.
                self.next = (self.next + 1).max(time.second().min(there.second()));
            }
            if time >= there
                && let Some(there) = pace.wait(time, views)
            {
                return Some(there);
            }
            self.last = time;
            let Self {
                source,
                decider,
                seen,
                ..
            } = self;
            decider.advance(time, &|client| source.heard(client));
            source.take(&mut |observation| {
                seen.observe(&observation);
                decider.observe(&observation);
            });
            source.make_room(|| decider.troubled().collect());
            self.report(time, views);
        }
        self.finish(views);
        None
    }

    fn finish(&mut self, views: &mut Views) {
        let unseen = self.source.unseen();
        if !unseen.is_empty() {
            // There was no query at all: nothing has been decided by then.
            self.decider = Decider::new(Thresholds::default(), Scope::default());
            for observation in unseen {
                self.decider.advance(observation.time, &|_| true);
                self.decider.observe(&observation);
            }
        }
        self.second(Time::at_second(self.last.second() + 1), views);
        self.next = self.last.second() + 2;
        for warning in self.source.warnings() {
            views.emit(moment(self.last), &Event::Warning(warning));
        }
    }

    /// A second has ended.
    fn second(&mut self, end: Time, views: &mut Views) {
        let Self { source, decider, .. } = self;
        decider.advance(end, &|client| source.heard(client));
        self.report(end, views);
        let counts = self.source.counts();
        let is_all = views.needs_all();
        let mut changed = Vec::new();
        for (address, counters) in counts.destinations {
            if self.counted.insert(address, counters) != Some(counters) || is_all {
                changed.push(Changed {
                    address,
                    counters,
                    not_served: self.decider.not_served().of(address),
                });
            }
        }
        views.read(Reading {
            at: moment(end),
            is_first: false,
            totals: Totals {
                counters: counts.totals,
                not_served: self.decider.tallies().not_served,
            },
            changed,
            is_all,
            latencies: Some(self.source.latencies()),
            seen: std::mem::take(&mut self.seen),
            resolvers: Vec::new(),
            tables: Vec::new(),
            outlets: BTreeMap::new(),
        });
    }

    /// What has happened.
    fn report(&mut self, at: Time, views: &mut Views) {
        for change in self.decider.take_changes() {
            let mut incident = change.incident;
            self.names.mark_incident(&mut incident);
            views.emit(moment(at), &Event::Incident(change.kind, Arc::new(incident)));
        }
        for warning in self.decider.take_warnings() {
            views.emit(moment(at), &Event::Warning(warning));
        }
    }
}
