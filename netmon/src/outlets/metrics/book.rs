//! From what the kernel has counted to what a scraper gets: figures of the listed servers, and of all the
//! others together.
//!
//! Each figure only grows, as a counter must, `other` included. For that corrections are kept: when a server
//! leaves `other` to be listed, what it had counted there stays there; when one leaves the list, what it had
//! counted while listed is not added to `other`. A server that loses its place in the kernel's table keeps its figures if it is
//! listed, and goes on from them when it comes again; else they stay in `other`. As long as no server ever left the list (see [`super::roster`])
//! or came to it late, the sum over all servers is what the kernel has counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use netmon_common::Address;
use netmon_common::records::{Destination, Latency};

use super::figures::Figures;
use super::roster::{Active, Roster};
use crate::counts::{RetiredSince, grown};
use crate::latency;
use crate::model::Counted;
use crate::time::Time;

/// What is known of all servers.
#[derive(Debug)]
pub struct Book {
    roster: Roster,
    known: BTreeMap<Address, Known>,
    /// What `other` has beside the counters of those that are in it.
    correction: Figures,
    retired: RetiredSince,
    readings: u64,
}

#[derive(Debug, Default)]
struct Known {
    figures: Figures,
    /// The kernel's counters at the last reading.
    kernel: Destination,
    /// In which reading it was.
    seen: u64,
    /// The kernel's buckets at the last reading, once it answered.
    latency: Option<Box<Latency>>,
}

/// The figures to show.
#[derive(Debug, Default)]
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
            known: BTreeMap::new(),
            correction: Figures::default(),
            retired: RetiredSince::default(),
            readings: 0,
        }
    }

    /// Takes a reading.
    pub fn update(&mut self, now: Time, counted: &Counted) -> Page {
        let mut servers = Vec::with_capacity(counted.destinations.len());
        // What those had counted in `other` that leave it now.
        let mut before = BTreeMap::new();
        let mut gone = Vec::new();
        self.readings += 1;
        for counts in &counted.destinations {
            let server = counts.address;
            let is_new = !self.known.contains_key(&server);
            let known = self.known.entry(server).or_default();
            let figures = known.figures;
            known.seen = self.readings;
            let grown = grown(&counts.counters, &known.kernel);
            if grown.is_none() {
                gone.push(known.kernel);
            }
            known.figures.grow(&grown.unwrap_or(counts.counters));
            known.kernel = counts.counters;
            known.measure(counted.latencies.get(&server));
            if !is_new && self.roster.name(server).is_none() {
                before.insert(server, figures);
            }
            let packets = known.figures.activity();
            servers.push(Active {
                server,
                packets,
                grew: packets > figures.activity(),
                answers: known.figures.counters.responses() > known.figures.counters.unmatched_responses(),
            });
        }
        self.retire(&counted.retired, gone);
        let moves = self.roster.update(now, &servers);
        for figures in moves.came.iter().filter_map(|server| before.get(server)) {
            self.correction.add(figures);
        }
        for server in &moves.left {
            match self.known.get(server) {
                Some(known) if known.seen == self.readings => self.correction.take(&known.figures),
                _ => {
                    self.known.remove(server);
                }
            }
        }
        self.page()
    }

    /// Takes what was counted for those that have lost their places; `gone` are the counters of those that have others already.
    fn retire(&mut self, retired: &Destination, mut gone: Vec<Destination>) {
        let (readings, roster, correction) = (self.readings, &self.roster, &mut self.correction);
        self.known.retain(|server, known| {
            if known.seen == readings {
                return true;
            }
            gone.push(std::mem::take(&mut known.kernel));
            known.latency = None;
            let is_listed = roster.name(*server).is_some();
            if !is_listed {
                correction.add(&known.figures);
            }
            is_listed
        });
        let rest = self.retired.take(*retired, gone.iter());
        self.correction.grow(&rest);
    }

    fn page(&self) -> Page {
        let mut page = Page {
            other: self.correction,
            ..Page::default()
        };
        for (server, known) in &self.known {
            if let Some(name) = self.roster.name(*server) {
                page.servers.push((Arc::clone(name), known.figures));
            } else {
                page.other.add(&known.figures);
                page.others += 1;
            }
        }
        page
    }
}

impl Known {
    fn measure(&mut self, now: Option<&Latency>) {
        let Some(now) = now else { return };
        let before = self.latency.get_or_insert_with(|| Box::new(Latency::ZERO));
        if latency::began_again(now, before) {
            **before = Latency::ZERO;
        }
        self.figures.latency.grow(before, now);
        **before = *now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{self, DestinationCounts};
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// A reading: queries to each server, the last byte of its address.
    fn counted(queries: &[(u8, u64)]) -> Counted {
        let destinations = queries.iter().map(|&(number, dns_queries)| {
            let counters = Destination {
                dns_queries,
                ..Destination::ZERO
            };
            DestinationCounts {
                address: Address::v4([10, 0, 0, number]),
                counters,
                not_served: 0,
                latency_us: model::Latency::default(),
                server_info: None,
            }
        });
        Counted {
            destinations: destinations.collect(),
            ..Counted::default()
        }
    }

    /// Of each listed server and of all the others.
    fn queries(page: &Page) -> (Vec<(&str, u64)>, u64) {
        let servers = page.servers.iter();
        let servers = servers.map(|(name, figures)| (&**name, figures.counters.dns_queries));
        (servers.collect(), page.other.counters.dns_queries)
    }

    #[test]
    fn those_beyond_the_bound_are_summed_and_nothing_is_missing() {
        let mut book = Book::new(2);
        let page = book.update(Time::at_second(1), &counted(&[(1, 10), (2, 30), (3, 20), (4, 5)]));
        assert_eq!(queries(&page), (vec![("10.0.0.2", 30), ("10.0.0.3", 20)], 15));
        assert_eq!(page.others, 2);
        let page = book.update(
            Time::at_second(2),
            &counted(&[(1, 100), (2, 30), (3, 21), (4, 5)]),
        );
        assert_eq!(queries(&page), (vec![("10.0.0.2", 30), ("10.0.0.3", 21)], 105));
    }

    #[test]
    fn no_counter_falls_or_jumps_when_servers_come_and_go() {
        let mut book = Book::new(1);
        book.update(Time::at_second(1), &counted(&[(1, 10), (2, 3)]));
        let later = Time::at_second(4_000);
        // The listed one is silent, so that the other takes its place with its next packets.
        let page = book.update(later, &counted(&[(1, 10), (2, 5)]));
        assert_eq!(
            queries(&page),
            (vec![("10.0.0.2", 5)], 3),
            "what was told in `other` stays"
        );
        let page = book.update(later, &counted(&[(1, 14), (2, 9)]));
        assert_eq!(
            queries(&page),
            (vec![("10.0.0.2", 9)], 7),
            "the one that left counts in `other` from there"
        );
        // And back again.
        let page = book.update(Time::at_second(8_000), &counted(&[(1, 15), (2, 9)]));
        assert_eq!(queries(&page), (vec![("10.0.0.1", 15)], 7));
        assert_eq!(page.others, 1);
    }

    proptest! {
        /// Whatever grows, and however long it is silent: nothing that is told ever falls, and nothing is told twice.
        #[test]
        fn what_is_told_only_grows_and_by_no_more_than_what_was_counted(
            places in 1..4_usize,
            readings in vec((0..5_000_u64, vec(0..3_u64, 6)), 1..40),
        ) {
            let mut book = Book::new(places);
            let (mut now, mut counts) = (1, [0; 6]);
            let mut told: BTreeMap<String, u64> = BTreeMap::new();
            let mut last: Vec<String> = vec!["other".to_owned()];
            for (seconds, more) in readings {
                now += seconds;
                counts.iter_mut().zip(&more).for_each(|(count, more)| *count += more);
                // Numbers from 0 on, those with nothing yet are not there.
                let seen = (0..).zip(counts).filter(|(_, count)| *count > 0);
                let page = book.update(Time::at_second(now), &counted(&seen.collect::<Vec<_>>()));
                let (servers, other) = queries(&page);
                let all: Vec<(&str, u64)> = servers.into_iter().chain([("other", other)]).collect();
                let mut grown = 0;
                for (name, count) in &all {
                    let before = told.insert((*name).to_owned(), *count).unwrap_or_default();
                    prop_assert!(before <= *count, "{name} fell from {before} to {count}");
                    // A series that appears is no growth: it starts where the server is.
                    if last.iter().any(|last| last == name) {
                        grown += count - before;
                    }
                }
                last = all.into_iter().map(|(name, _)| name.to_owned()).collect();
                prop_assert!(grown <= more.iter().sum::<u64>(), "{grown} is told of {more:?}");
                prop_assert!(page.servers.len() <= places);
            }
        }
    }
}
