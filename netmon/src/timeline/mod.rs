//! What passed when: queries, answers and errors of each server over time, at a cost and in memory that no
//! capture can drive up.
//!
//! Time is cut into buckets of one length for all servers. When a moment falls beyond the last bucket, the
//! buckets are merged into longer ones; lengths are those that people read off a clock (1 s, 10 s, 1 min),
//! and buckets begin at whole multiples of them. A server too many goes into the sum of the rest. This file
//! decides nothing about incidents, and draws nothing.

mod scale;

use std::collections::HashMap;
use std::ops::AddAssign;
use std::time::Duration;

use foldhash::fast::RandomState;
use netmon_common::Address;

use crate::time::Time;
pub use scale::Axis;
use scale::{FINEST, coarser};

/// Buckets at most; when a moment needs one more they are merged, so that at least a fifth remain.
pub const BUCKETS: usize = 512;

/// Servers that are kept apart at most. Memory: 32 bytes a bucket, 4 MiB in all.
pub const SERVERS: usize = 256;

/// What passed between a server and its clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Queries, or for TCP whatever counts as one.
    pub queries: u64,
    /// Answers.
    pub answers: u64,
    /// Of the answers, those that say that the server fails.
    pub failures: u64,
    /// ICMP errors about queries to the server.
    pub errors: u64,
}

impl Activity {
    /// Packets in all; errors are packets, too.
    pub fn packets(&self) -> u64 {
        self.queries + self.answers + self.errors
    }

    /// What says most about being worth keeping: whether something failed, then how much there was.
    pub fn rank(&self) -> (bool, u64) {
        (self.errors + self.failures > 0, self.packets())
    }
}

impl AddAssign for Activity {
    fn add_assign(&mut self, more: Self) {
        self.queries += more.queries;
        self.answers += more.answers;
        self.failures += more.failures;
        self.errors += more.errors;
    }
}

/// Packets that must go into the rest between two searches for the least server, so that searching costs
/// little a packet.
const PATIENCE: u64 = SERVERS as u64;

/// Activity of servers over time.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// Nanoseconds in a bucket.
    length: u64,
    /// The first bucket's number, counted in buckets since the clock's zero.
    origin: u64,
    /// Buckets that were reached so far; no series is longer.
    reached: usize,
    /// The bucket of the latest moment, and where it begins: most moments fall into it again.
    latest: (u64, usize),
    /// Where each server's series is. The hasher is seeded at random, for senders choose the addresses.
    places: HashMap<Address, usize, RandomState>,
    series: Vec<Series>,
    rest: Vec<Activity>,
    /// Packets that went into the rest since a server last replaced another.
    pressure: u64,
    /// The pressure at which the next search for the least one is worth its cost.
    patience: u64,
    /// Whether a server is kept apart of which no failure was seen; only a search finds out that none is.
    some_never_failed: bool,
}

/// One server's.
#[derive(Clone, Debug)]
struct Series {
    server: Address,
    total: Activity,
    buckets: Vec<Activity>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self::new()
    }
}

impl Timeline {
    /// An empty one.
    pub fn new() -> Self {
        Self::of(Duration::from_nanos(FINEST))
    }

    /// An empty one, for what is known no finer than by buckets of that length. It must be one that people read off
    /// a clock.
    pub fn of(length: Duration) -> Self {
        Self {
            length: u64::try_from(length.as_nanos()).unwrap_or(u64::MAX).max(1),
            origin: 0,
            reached: 0,
            latest: (0, 0),
            places: HashMap::default(),
            series: Vec::new(),
            rest: Vec::new(),
            pressure: 0,
            patience: PATIENCE,
            some_never_failed: true,
        }
    }

    /// Adds what passed at a moment. A moment before the first one counts as the first.
    ///
    /// Moments are those of the wall clock (a capture's are), because that is how they are shown.
    #[inline]
    pub fn add(&mut self, time: Time, server: Address, activity: Activity) {
        let (begin, bucket) = self.latest;
        let bucket = if self.reached > 0 && time.nanos().wrapping_sub(begin) < self.length {
            bucket
        } else {
            self.reach(time)
        };
        let place = match self.places.get(&server) {
            Some(&place) => Some(place),
            None => self.let_in(server, activity),
        };
        if let Some(series) = place.and_then(|place| self.series.get_mut(place)) {
            series.total += activity;
            add_at(&mut series.buckets, bucket, activity);
        } else {
            self.pressure += activity.packets();
            add_at(&mut self.rest, bucket, activity);
        }
    }

    /// A query of that moment does not count any more.
    pub fn take_off(&mut self, time: Time, server: Address) {
        let bucket = self.reach(time);
        let place = self.places.get(&server);
        let buckets = match place.and_then(|place| self.series.get_mut(*place)) {
            Some(series) => {
                series.total.queries = series.total.queries.saturating_sub(1);
                &mut series.buckets
            }
            None => &mut self.rest,
        };
        if let Some(activity) = buckets.get_mut(bucket) {
            activity.queries = activity.queries.saturating_sub(1);
        }
    }

    /// The bucket of a moment; merges buckets until it is within bounds.
    fn reach(&mut self, time: Time) -> usize {
        if self.reached == 0 {
            self.origin = time.nanos() / self.length;
        }
        let bucket = loop {
            let number = (time.nanos() / self.length).max(self.origin) - self.origin;
            match usize::try_from(number) {
                Ok(bucket) if bucket < BUCKETS => break bucket,
                _ => self.coarsen(),
            }
        };
        self.reached = self.reached.max(bucket + 1);
        self.latest = ((self.origin + bucket as u64) * self.length, bucket);
        bucket
    }

    fn coarsen(&mut self) {
        let (length, factor) = coarser(self.length);
        let origin = self.origin / factor;
        let new = |bucket: usize| {
            let number = (self.origin + bucket as u64) / factor;
            usize::try_from(number - origin).unwrap_or(usize::MAX)
        };
        for buckets in self
            .series
            .iter_mut()
            .map(|series| &mut series.buckets)
            .chain([&mut self.rest])
        {
            let old = std::mem::take(buckets);
            for (bucket, activity) in old.into_iter().enumerate() {
                add_at(buckets, new(bucket), activity);
            }
        }
        self.reached = self.reached.checked_sub(1).map_or(0, |last| new(last) + 1);
        (self.length, self.origin) = (length, origin);
    }

    /// Finds a new server a place. With all places taken it gets that of the least one, if something failed
    /// here and nothing there, or if as much went into the rest since the last change as that one ever had:
    /// a busy server that comes late is let in soon, and a thousand servers that pass once push out nobody.
    fn let_in(&mut self, server: Address, activity: Activity) -> Option<usize> {
        let series = Series {
            server,
            total: Activity::default(),
            buckets: Vec::new(),
        };
        let place = self.series.len();
        if place < SERVERS {
            self.series.push(series);
            self.places.insert(server, place);
            return Some(place);
        }
        let (fails, _) = activity.rank();
        if self.pressure < self.patience && !(fails && self.some_never_failed) {
            return None;
        }
        let (place, least) = self
            .series
            .iter_mut()
            .enumerate()
            .min_by_key(|(_, series)| series.total.rank())?;
        let (least_fails, least_packets) = least.total.rank();
        self.some_never_failed = !least_fails;
        let replaces = match (fails, least_fails) {
            (true, false) => true,
            (false, true) => false,
            (true, true) | (false, false) => self.pressure >= least_packets,
        };
        if !replaces {
            self.patience = self.pressure + PATIENCE;
            return None;
        }
        (self.pressure, self.patience) = (0, PATIENCE);
        let out = std::mem::replace(least, series);
        for (bucket, activity) in out.buckets.into_iter().enumerate() {
            add_at(&mut self.rest, bucket, activity);
        }
        self.places.remove(&out.server);
        self.places.insert(server, place);
        Some(place)
    }

    /// The servers that are kept apart, with what passed in all (since they are), the busiest first.
    pub fn servers(&self) -> Vec<(Address, Activity)> {
        let mut servers: Vec<_> = self
            .series
            .iter()
            .map(|series| (series.server, series.total))
            .collect();
        servers.sort_by_key(|&(server, total)| (std::cmp::Reverse(total.packets()), server));
        servers
    }

    /// The axis of time, cut into at most so many parts, each of one or more buckets. `None` if nothing was
    /// added, or no part is asked for.
    pub fn axis(&self, parts: usize) -> Option<Axis> {
        Axis::new(self.length, self.origin, self.reached, parts)
    }

    /// What passed at a server in each part of the axis, which must be this timeline's; `None` for a server
    /// that is not kept apart.
    pub fn server(&self, server: Address, axis: &Axis) -> Option<Vec<Activity>> {
        let series = self.series.get(*self.places.get(&server)?)?;
        Some(self.parts(&series.buckets, axis))
    }

    /// What passed at all servers that are not kept apart, in each part of the axis.
    pub fn rest(&self, axis: &Axis) -> Vec<Activity> {
        self.parts(&self.rest, axis)
    }

    fn parts(&self, buckets: &[Activity], axis: &Axis) -> Vec<Activity> {
        let mut parts = vec![Activity::default(); axis.parts()];
        for (bucket, activity) in buckets.iter().enumerate() {
            let begin = Time::from_nanos((self.origin + bucket as u64) * self.length);
            if let Some(part) = axis.part(begin).and_then(|part| parts.get_mut(part)) {
                *part += *activity;
            }
        }
        parts
    }

    /// What passed at a server in buckets that ended at or before a moment: at least that much was before.
    pub fn before(&self, time: Time, server: Address) -> Activity {
        let mut sum = Activity::default();
        let series = self.places.get(&server).and_then(|&place| self.series.get(place));
        let ended = usize::try_from((time.nanos() / self.length).saturating_sub(self.origin));
        for activity in series
            .iter()
            .flat_map(|series| series.buckets.iter().take(ended.unwrap_or(usize::MAX)))
        {
            sum += *activity;
        }
        sum
    }
}

/// Adds to a bucket that need not be there yet.
fn add_at(buckets: &mut Vec<Activity>, bucket: usize, activity: Activity) {
    if let Some(there) = buckets.get_mut(bucket) {
        *there += activity;
    } else {
        buckets.resize(bucket, Activity::default());
        buckets.push(activity);
    }
}

#[cfg(test)]
mod tests;
