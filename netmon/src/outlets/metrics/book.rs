//! From what the kernel has counted to what a scraper gets: figures of the listed servers, and of all the
//! others together.
//!
//! It takes what has changed at each poll, and keeps the sum of all. So a page looks at the listed servers and at those that
//! want to be listed, never at all.
//!
//! Each figure only grows, as a counter must, `other` included. For that a correction is kept: when a server
//! leaves `other` to be listed, what it had counted there stays there; when one leaves the list, what it had
//! counted while listed is not added to `other`. A server that loses its place in the kernel's table keeps its figures if it is
//! listed, and goes on from them when it comes again; else they stay in `other`. As long as no server ever left the list (see [`super::roster`])
//! or came to it late, the sum over all servers is what the kernel has counted.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use netmon_common::Address;
use netmon_common::records::{Counters as _, Destination, Latency};

use super::figures::Figures;
use super::histogram::Histogram;
use super::roster::{Active, Roster};
use crate::latency;
use crate::model::Counted;
use crate::time::Time;

/// How many that want to be listed are kept for each place of the list. The least active of more are left out until they are
/// active again: there is no place for them.
const WAITING: usize = 16;

/// A destination's counters at the last poll and at this one.
pub type Change = (Address, Destination, Destination);

/// What is known of all servers.
#[derive(Debug)]
pub struct Book {
    roster: Roster,
    listed: BTreeMap<Address, Listed>,
    /// Those that are not listed and were active since the last page; one may be there more than once.
    waiting: Vec<Active>,
    most_waiting: usize,
    /// What is counted for all that have places.
    all: Destination,
    /// How many these are.
    destinations: usize,
    /// What `other` has beside the counters of those that are in it.
    correction: Figures,
    timed: BTreeMap<Address, Timed>,
    /// What the last page was made of.
    told: Time,
}

#[derive(Debug, Default)]
struct Listed {
    figures: Figures,
    /// How many places it has: a second one while the first one retires.
    places: usize,
    grew: bool,
}

/// A server whose answers are measured.
#[derive(Debug)]
struct Timed {
    /// The kernel's buckets at the last page.
    kernel: Latency,
    histogram: Histogram,
}

/// The figures to show.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// By server, in the order of addresses.
    pub servers: Vec<(Arc<str>, Figures)>,
    /// All the others together.
    pub other: Figures,
    /// How many others there are.
    pub others: usize,
}

impl Book {
    /// With so many servers apart.
    pub fn new(servers: usize) -> Self {
        Self {
            roster: Roster::new(servers),
            listed: BTreeMap::new(),
            waiting: Vec::new(),
            most_waiting: servers.saturating_mul(WAITING),
            all: Destination::ZERO,
            destinations: 0,
            correction: Figures::default(),
            timed: BTreeMap::new(),
            told: Time::default(),
        }
    }

    /// Takes what has changed at a poll.
    pub fn take(&mut self, changed: &[Change]) {
        for (server, before, now) in changed {
            self.all.merge(now);
            self.all.take_off(before);
            let is_new = *before == Destination::ZERO;
            self.destinations += usize::from(is_new);
            if let Some(listed) = self.listed.get_mut(server) {
                listed.figures.counters.merge(now);
                listed.figures.counters.take_off(before);
                listed.places += usize::from(is_new);
                listed.grew |= now.counted() > before.counted();
                continue;
            }
            self.waiting
                .push(active(*server, now, now.counted() > before.counted()));
            if self.waiting.len() > 2 * self.most_waiting {
                self.leave_out();
            }
        }
    }

    /// These have lost their places, and had counted so much at the last poll.
    pub fn gone(&mut self, gone: &[(Address, Destination)]) {
        for (server, counters) in gone {
            self.all.take_off(counters);
            if *counters != Destination::ZERO {
                self.destinations = self.destinations.saturating_sub(1);
                if let Some(listed) = self.listed.get_mut(server) {
                    listed.places = listed.places.saturating_sub(1);
                }
            }
        }
        let gone: HashSet<Address> = gone.iter().map(|(server, _)| *server).collect();
        self.waiting.retain(|active| !gone.contains(&active.server));
    }

    /// The figures by the poll at `now`. `known` gives what was counted for a destination by then, and when it was there first.
    pub fn page(
        &mut self,
        now: Time,
        counted: &Counted,
        mut known: impl FnMut(Address) -> Option<(Destination, Time)>,
    ) -> Page {
        let told = std::mem::replace(&mut self.told, now);
        self.leave_out();
        let mut servers = std::mem::take(&mut self.waiting);
        servers.extend(self.listed.iter_mut().map(|(server, listed)| {
            let grew = std::mem::take(&mut listed.grew);
            active(*server, &listed.figures.counters, grew)
        }));
        let moves = self.roster.update(now, &servers);
        for gone in moves.left.iter().filter_map(|server| self.listed.remove(server)) {
            self.correction.counters.take_off(&gone.figures.counters);
        }
        for server in moves.came {
            let known = known(server);
            let (counters, since) = known.unwrap_or((Destination::ZERO, now));
            if since <= told {
                self.correction.counters.merge(&counters);
            }
            let latency = self
                .timed
                .get(&server)
                .map_or_else(Histogram::default, |timed| timed.histogram);
            let listed = Listed {
                figures: Figures { counters, latency },
                places: usize::from(known.is_some()),
                grew: false,
            };
            self.listed.insert(server, listed);
        }
        self.measure(&counted.latencies);
        self.written(&counted.retired)
    }

    /// Takes how long answers took by now.
    fn measure(&mut self, latencies: &BTreeMap<Address, Latency>) {
        for (server, now) in latencies {
            let timed = self.timed.entry(*server).or_insert_with(|| Timed {
                kernel: Latency::ZERO,
                histogram: Histogram::default(),
            });
            if latency::began_again(now, &timed.kernel) {
                timed.kernel = Latency::ZERO;
            }
            timed.histogram.grow(&timed.kernel, now);
            let listed = self.listed.get_mut(server);
            let figures = listed.map_or(&mut self.correction, |listed| &mut listed.figures);
            figures.latency.grow(&timed.kernel, now);
            timed.kernel = *now;
        }
        self.timed.retain(|server, _| latencies.contains_key(server));
    }

    fn written(&self, retired: &Destination) -> Page {
        let mut page = Page {
            servers: Vec::with_capacity(self.listed.len()),
            other: self.correction,
            others: self.destinations,
        };
        let other = &mut page.other.counters;
        other.merge(&self.all);
        other.merge(retired);
        for (server, listed) in &self.listed {
            other.take_off(&listed.figures.counters);
            page.others = page.others.saturating_sub(listed.places);
            if let Some(name) = self.roster.name(*server) {
                page.servers.push((Arc::clone(name), listed.figures));
            }
        }
        page
    }

    /// Leaves out of those that wait for the list whoever is there twice, and whoever would find no place.
    fn leave_out(&mut self) {
        let waiting = &mut self.waiting;
        waiting.sort_unstable_by_key(|active| (active.server, Reverse((active.grew, active.packets))));
        waiting.dedup_by_key(|active| active.server);
        if waiting.len() > self.most_waiting {
            waiting.select_nth_unstable_by_key(self.most_waiting, Active::rank);
            waiting.truncate(self.most_waiting);
        }
    }
}

fn active(server: Address, counters: &Destination, grew: bool) -> Active {
    Active {
        server,
        packets: counters.counted(),
        grew,
        answers: counters.responses() > counters.unmatched_responses(),
    }
}

#[cfg(test)]
mod tests;
