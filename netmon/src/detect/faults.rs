//! The answers of a server that say that it fails, by whom they were asked for and for which domain: what `failing` is
//! judged by, beside the counts.
//!
//! An answer is decided on 5 s after it came: until then the same client may ask again and be answered well. Names are
//! taken by their registrable domain, in the ICANN part of the public suffix list: one zone with a thousand names is
//! one domain.

mod domain;

use std::collections::VecDeque;
use std::time::Duration;

use netmon_common::Address;

use super::decided::{Decided, Failure};
use super::limits::{DOMAINS, FAULT_SECONDS, UNDECIDED_FAULTS};
use super::recent::Window;
use crate::observation::{Answered, Name};
use crate::time::Time;

use domain::{Domain, Run, registrable};

/// What is known of the answers of one service.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// Those that are not decided on yet.
    undecided: VecDeque<Fault>,
    /// Those that are decided to be failures.
    pub decided: Decided,
    /// When the newest came.
    newest: Option<Time>,
    /// When the last failure of each second came.
    failures: VecDeque<Time>,
    domains: Vec<Domain>,
    /// Domains for which there was no place any more, newest last: in which second one was last answered well, or failed.
    forgotten: VecDeque<Forgotten>,
    seconds: VecDeque<Second>,
}

/// A domain that made room for another one.
#[derive(Clone, Copy, Debug)]
struct Forgotten {
    good: Option<u64>,
    bad: Option<u64>,
}

/// An answer that says that the server fails.
#[derive(Debug)]
struct Fault {
    at: Time,
    /// When the query was sent last, and before.
    sent: Time,
    earlier: Vec<Time>,
    client: Address,
    name: Option<Name>,
    query_type: Option<u16>,
    excused: bool,
}

impl Fault {
    fn transmissions(&self) -> impl Iterator<Item = Time> {
        std::iter::once(self.sent).chain(self.earlier.iter().copied())
    }
}

/// A second in which queries were sent that failed.
#[derive(Clone, Copy, Debug, Default)]
struct Second {
    number: u64,
    /// When the first was sent that is decided to be a failure.
    first: Option<Time>,
    /// Those that the same client was then answered well for.
    excused: u64,
    /// How many were told one by one.
    told: u64,
    /// Of these, those that do not count, because their clients' failures do not.
    not_counting: u64,
    /// How many were counted, and when, until that is decided on.
    counted: Option<(u64, Time)>,
}

impl Second {
    fn failed(&mut self, sent: Time) {
        self.first = Some(self.first.map_or(sent, |first| first.min(sent)));
    }
}

/// How many domains fail, and how many are answered well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DomainCounts {
    /// For which queries fail.
    pub failing: usize,
    /// For which queries are answered well.
    pub good: usize,
}

impl Faults {
    /// Takes an answer that says that the server fails; `look` tells whether its client and name are looked at.
    pub fn fault(&mut self, at: Time, answered: &Answered, look: bool) {
        self.newest = self.newest.max(Some(at));
        let fault = Fault {
            at,
            sent: answered.sent.min(at),
            earlier: answered.earlier.clone(),
            client: answered.client,
            name: answered.name.clone(),
            query_type: answered.details.query_type,
            excused: false,
        };
        let is_looked_at = look && self.undecided.len() < UNDECIDED_FAULTS;
        for sent in fault.transmissions() {
            if let Some(second) = self.second(sent) {
                second.told += 1;
                if !is_looked_at {
                    // Nobody would know whether its client is answered well.
                    second.failed(sent);
                }
            }
        }
        if is_looked_at {
            self.undecided.push_back(fault);
        } else {
            self.failed(at);
        }
    }

    /// Takes one that does not count, because its client's failures do not.
    pub fn not_counting(&mut self, transmissions: impl Iterator<Item = Time>) {
        for sent in transmissions {
            if let Some(second) = self.second(sent) {
                second.told += 1;
                second.not_counting += 1;
            }
        }
    }

    /// So many such answers to queries of that second were counted by now.
    pub fn counted(&mut self, second: u64, faults: u64, at: Time) {
        self.newest = self.newest.max(Some(at));
        if let Some(second) = self.second(Time::at_second(second)) {
            second.counted = Some((faults, at));
        }
    }

    /// A failure came then.
    fn failed(&mut self, at: Time) {
        let place = self
            .failures
            .partition_point(|known| known.second() < at.second());
        match self.failures.get_mut(place) {
            Some(known) if known.second() == at.second() => *known = at.max(*known),
            _ => self.failures.insert(place, at),
        }
        if self.failures.len() > FAULT_SECONDS {
            self.failures.pop_front();
        }
    }

    /// When the newest failure came.
    pub fn newest_failure(&self) -> Option<Time> {
        self.failures.back().copied()
    }

    /// When the newest failure came before that moment.
    pub fn last_failure_before(&self, moment: Time) -> Option<Time> {
        let place = self.failures.partition_point(|known| *known < moment);
        self.failures.get(place.checked_sub(1)?).copied()
    }

    /// Takes an answer that says NOERROR or NXDOMAIN. It excuses the same client's failure for the same name and type,
    /// of up to 5 s ago (`wait`).
    pub fn good(&mut self, at: Time, client: Address, asked: (Option<&Name>, Option<u16>), wait: Duration) {
        let (Some(name), query_type) = asked else { return };
        let same = |fault: &&mut Fault| {
            !fault.excused
                && fault.client == client
                && fault.query_type == query_type
                && fault.name.as_ref() == Some(name)
                && at.since(fault.at) <= wait
        };
        let mut excused = Vec::new();
        for fault in self.undecided.iter_mut().filter(same) {
            fault.excused = true;
            excused.extend(fault.transmissions());
        }
        for sent in excused {
            if let Some(second) = self.second(sent) {
                second.excused += 1;
            }
        }
        self.domain(at, name).answered_well(at);
    }

    /// Decides on those that came so long ago. Those that are failures. By so many without a good answer a domain is `lost`.
    pub fn decide(&mut self, at: Time, wait: Duration, lost: usize) -> Vec<Failure> {
        let mut decided = Vec::new();
        while let Some(fault) = self.undecided.pop_front_if(|fault| at.since(fault.at) >= wait) {
            if fault.excused {
                continue;
            }
            for sent in fault.transmissions() {
                if let Some(second) = self.second(sent) {
                    second.failed(sent);
                }
            }
            self.failed(fault.at);
            if let Some(name) = &fault.name {
                self.domain(at, name).fail(fault.sent, fault.client, lost);
            }
            let Fault {
                sent, client, name, ..
            } = fault;
            decided.push(Failure { sent, client, name });
        }
        for failure in &decided {
            self.decided.note(failure.clone());
        }
        let mut only_counted = Vec::new();
        for second in &mut self.seconds {
            if let Some((faults, counted)) = second.counted
                && at.since(counted) >= wait
            {
                second.counted = None;
                // Where none that is told counts, the others hardly do.
                let may_count = second.told == 0 || second.told > second.not_counting;
                if faults > second.told && may_count {
                    second.failed(Time::at_second(second.number));
                    only_counted.push(counted);
                }
            }
        }
        for counted in only_counted {
            self.failed(counted);
        }
        decided
    }

    /// How many domains fail in this window, and how many are answered well.
    pub fn domains_in(&self, second: u64, window: Window) -> DomainCounts {
        let mut counts = DomainCounts::default();
        for domain in &self.domains {
            counts.failing += usize::from(domain.bad_in(second, window).next().is_some());
            counts.good += usize::from(domain.good.count(second, window) > 0);
        }
        // One that came again is counted twice, on both sides alike.
        let inside = |at: Option<u64>| usize::from(at.is_some_and(|at| window.has(second, at)));
        for domain in &self.forgotten {
            counts.failing += inside(domain.bad);
            counts.good += inside(domain.good);
        }
        counts
    }

    /// Whether a domain that was answered well less than `since` ago fails in this window for everybody who asks: for at
    /// least so many queries, of at least two clients.
    pub fn has_lost_a_domain(&self, second: u64, window: Window, queries: usize, since: Duration) -> bool {
        let at = Time::at_second(second);
        let lately = |domain: &&Domain| domain.last_good.is_some_and(|good| at.since(good) <= since);
        let mut domains = self.domains.iter().filter(lately);
        domains.any(|domain| {
            let failures: Run = domain.bad_in(second, window).collect();
            domain.good.count(second, window) == 0 && failures.is_lost(queries)
        })
    }

    /// Whether one that was answered well less than `since` before that moment, and then failed for so many, still did so in this
    /// window.
    pub fn lost_a_domain(
        &self,
        (second, window): (u64, Window),
        queries: usize,
        (moment, since): (Time, Duration),
    ) -> bool {
        let mut runs = self
            .domains
            .iter()
            .flat_map(|domain| domain.runs_in(second, window));
        runs.any(|(run, good)| moment.since(good) <= since && run.is_lost(queries))
    }

    /// How many of the faults sent in these seconds are excused.
    pub fn excused(&self, from: u64, to: u64) -> u64 {
        let inside = self
            .seconds
            .iter()
            .filter(|second| (from..to).contains(&second.number));
        inside.map(|second| second.excused).sum()
    }

    /// How many of the faults sent in these seconds are not decided on.
    pub fn undecided(&self, from: u64, to: u64) -> u64 {
        let waiting = self.undecided.iter().filter(|fault| !fault.excused);
        let sent = waiting.flat_map(Fault::transmissions);
        sent.filter(|sent| (from..to).contains(&sent.second())).count() as u64
    }

    /// When the first query of that second was sent that failed; the second itself where only counts say so.
    pub fn first_sent(&self, second: u64) -> Time {
        let known = self.seconds.iter().find(|known| known.number == second);
        let first = known.and_then(|known| known.first);
        first.unwrap_or(Time::at_second(second))
    }

    /// Whether none came since that moment, nor waits to be decided on.
    pub fn none_since(&self, from: Time) -> bool {
        self.undecided.is_empty() && self.newest.is_none_or(|newest| newest < from)
    }

    fn second(&mut self, sent: Time) -> Option<&mut Second> {
        let number = sent.second();
        let place = self.seconds.partition_point(|known| known.number < number);
        if self.seconds.get(place).is_none_or(|known| known.number != number) {
            if self.seconds.len() == FAULT_SECONDS {
                if place == 0 {
                    return None;
                }
                self.seconds.pop_front();
                return self.second(sent);
            }
            self.seconds.insert(
                place,
                Second {
                    number,
                    ..Second::default()
                },
            );
        }
        self.seconds.get_mut(place)
    }

    /// The domain of a name. Of too many the one that was used least recently is forgotten, of those that have not failed lately first.
    fn domain(&mut self, at: Time, name: &Name) -> &mut Domain {
        let registrable = registrable(name.as_str());
        let known = self
            .domains
            .iter()
            .position(|domain| domain.name.as_str() == registrable);
        let place = known.unwrap_or_else(|| {
            let new = Domain::new(Name::new(registrable), at);
            if self.domains.len() < DOMAINS {
                self.domains.push(new);
                return self.domains.len() - 1;
            }
            let lately = at.second().saturating_sub(FAULT_SECONDS as u64);
            let oldest = self
                .domains
                .iter()
                .enumerate()
                .min_by_key(|(_, domain)| (domain.has_failed_since(lately), domain.used));
            let place = oldest.map_or(0, |(place, _)| place);
            if let Some(known) = self.domains.get_mut(place) {
                let gone = std::mem::replace(known, new);
                if self.forgotten.len() == DOMAINS {
                    self.forgotten.pop_front();
                }
                self.forgotten.push_back(Forgotten {
                    good: gone.last_good.map(Time::second),
                    bad: gone.bad.back().map(|(sent, _)| *sent),
                });
            }
            place
        });
        #[expect(clippy::indexing_slicing, reason = "it was found or made there")]
        let domain = &mut self.domains[place];
        domain.used = at;
        domain
    }
}
