//! A capture as it unfolded: its packets come in their own time, or faster, and what they come to is shown as a running netmon shows
//! it. What is decided is what `netmon analyze` decides; only the report comes as it goes on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use netmon_common::{Address, DnsPorts, records};

use crate::capture::{Door, DuplicateFrames, Frames, OpenError, Opened, Progress, open};
use crate::clock;
use crate::detect::{Decider, Scope, Thresholds};
use crate::model::{Event, Moment, Names, Started, Totals};
use crate::outlets::Outlet as _;
use crate::time::{Time, WallOffset};
use crate::views::{Changed, Reading, Views};

/// A capture cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It has no packets of which the time is known to be theirs.
    #[error("{} is no capture: --replay needs one in pcap or pcapng; netmon analyze reads text too", .0.display())]
    NoCapture(PathBuf),
}

/// What is to be shown.
pub struct Replay {
    frames: Frames,
    duplicates: DuplicateFrames,
    /// How much faster than it was.
    speed: f64,
    names: Names,
}

/// What has come of the packets so far.
struct Shown {
    door: Door,
    decider: Decider,
    counted: BTreeMap<Address, records::Destination>,
    names: Names,
}

impl Replay {
    /// Of this capture, so much faster than it was.
    pub fn open(path: &Path, speed: f64, names: Names) -> Result<Self, ReplayError> {
        let Opened::Packets(file) = open(path, &Progress::default())? else {
            return Err(ReplayError::NoCapture(path.to_owned()));
        };
        Ok(Self {
            frames: Frames::new(vec![*file]),
            duplicates: DuplicateFrames::new(1),
            speed,
            names,
        })
    }

    /// Shows it, to its end.
    pub fn play(mut self, views: &mut Views) {
        let mut shown = Shown {
            door: Door::new(DnsPorts::DEFAULT),
            decider: Decider::new(Thresholds::default(), Scope::default()),
            counted: BTreeMap::new(),
            names: self.names.clone(),
        };
        views.set_names(&self.names);
        views.begin_at_zero();
        let mut pace: Option<Pace> = None;
        let mut last = Time::default();
        while let Some(frame) = self.frames.next() {
            // Time never goes back.
            last = last.max(frame.time);
            let pace = pace.get_or_insert_with(|| {
                let started = Event::Started(Started::default());
                views.emit(moment(last), &started);
                Pace::new(last, self.speed)
            });
            pace.seconds_before(last, |second| shown.second(second, views));
            pace.wait(last);
            let Shown { door, decider, .. } = &mut shown;
            decider.advance(last, &|client| door.heard(client));
            if !self.duplicates.has(&frame) {
                door.take(&frame, &mut |observation| decider.observe(&observation));
            }
            shown.report(last, views);
        }
        shown.second(Time::at_second(last.second() + 1), views);
    }
}

fn moment(time: Time) -> Moment {
    Moment {
        time,
        offset: WallOffset::NONE,
    }
}

impl Shown {
    /// A second has ended.
    fn second(&mut self, end: Time, views: &mut Views) {
        let Self { door, decider, .. } = self;
        decider.advance(end, &|client| door.heard(client));
        self.report(end, views);
        let counts = self.door.counts();
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
            latencies: Some(self.door.latencies()),
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

/// When what is to be shown.
struct Pace {
    began: Instant,
    first: Time,
    /// The end of the second that is shown next.
    next: u64,
    speed: f64,
}

impl Pace {
    fn new(first: Time, speed: f64) -> Self {
        Self {
            began: clock::instant(),
            first,
            next: first.second() + 1,
            speed,
        }
    }

    /// Shows each second that has ended by then, in its time.
    fn seconds_before(&mut self, time: Time, mut show: impl FnMut(Time)) {
        while self.next <= time.second() {
            let end = Time::at_second(self.next);
            self.next += 1;
            self.wait(end);
            show(end);
        }
    }

    /// Waits until it is time for it.
    fn wait(&self, time: Time) {
        let due = time.since(self.first).div_f64(self.speed);
        let rest = due.saturating_sub(clock::since(self.began));
        if rest > Duration::from_millis(1) {
            sleep(rest);
        }
    }
}
