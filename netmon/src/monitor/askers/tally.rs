//! Counts by incident and process. Bounded: what has no room is forgotten, the oldest first.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use netmon_common::records::{self, EventKind};

use super::asker_of;
use super::witness::{Told, Witnesses};
use crate::askers::Process;
use crate::bounded::Bounded;
use crate::model::{Asker, Kind};
use crate::observation::Service;
use crate::time::Time;

/// Services of which the last sights are kept, and sights of each: about 100 bytes a sight.
const SERVICES: usize = 256;
const SIGHTS: usize = 256;

/// Incidents that are counted for.
const INCIDENTS: usize = 1_024;

/// Processes that an incident lists, and others that it counts.
const LISTED: usize = 16;
const COUNTED: usize = 4_096;

/// What is seen of an exchange: its query, or an error or a fault about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sight {
    /// When the query was sent.
    pub sent: Time,
    /// From which port.
    pub client_port: u16,
    /// What is seen.
    pub kind: EventKind,
    /// A verified error, for its second witness.
    pub told: Option<Told>,
}

/// A sight, and what it adds.
#[derive(Clone, Debug)]
struct Counted {
    number: u64,
    sight: Sight,
    process: Arc<Process>,
    queries: u64,
    errors: u64,
}

/// An incident: its service, its kind, and when it opened.
pub(super) type Which = (Service, Kind, i128);

/// Counts by incident and process.
#[derive(Debug)]
pub(super) struct Tallies {
    /// How many sights there were.
    number: u64,
    /// The last ones of each service: they may belong to an incident that has not opened yet.
    sights: Bounded<Service, VecDeque<Counted>>,
    incidents: Bounded<Which, Tally>,
}

/// The processes that an incident hits.
#[derive(Debug, Default)]
struct Tally {
    /// When the first query was sent that it hits, as it was known at the opening: the wall clock may be set later.
    began: Option<Time>,
    /// Sights up to this one are counted.
    counted: u64,
    listed: Vec<Asker>,
    more: BTreeSet<u32>,
    /// How many more an earlier run has counted.
    more_before: u64,
    witnesses: Witnesses,
}

/// Whose queries an incident hits.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// The processes, those with most queries first.
    pub askers: Vec<Asker>,
    /// How many more there are.
    pub more: u64,
    /// How many errors their sockets got; `None` where that cannot be known.
    pub accepted: Option<u64>,
}

impl Default for Tallies {
    fn default() -> Self {
        Self {
            number: 0,
            sights: Bounded::new(SERVICES),
            incidents: Bounded::new(INCIDENTS),
        }
    }
}

impl Tallies {
    /// Takes a sight of an exchange of that process.
    pub fn take(&mut self, service: Service, sight: Sight, process: &Arc<Process>) {
        self.number += 1;
        let sights = self.sights.renew(service);
        let told = sight.told.map(|told| Told {
            number: 1 + counted_of(sights, told.cookie),
            ..told
        });
        let sight = Sight { told, ..sight };
        // An error, or a second sight, is about a query that may have been seen.
        let is_known = sights.iter().any(|one: &Counted| {
            (one.sight.sent, one.sight.client_port) == (sight.sent, sight.client_port)
                && one.process == *process
        });
        if sights.len() == SIGHTS {
            sights.pop_front();
        }
        sights.push_back(Counted {
            number: self.number,
            sight,
            process: Arc::clone(process),
            queries: u64::from(!is_known),
            errors: u64::from(sight.kind == EventKind::Failure),
        });
    }

    /// The processes that an incident hits by queries that were sent then. `asker` is what the kernel knows of a socket now.
    pub fn of(
        &mut self,
        which: Which,
        sent: Range<Time>,
        asker: impl Fn(u64) -> Option<records::Asker>,
        now: Time,
    ) -> Hit {
        // One that is over may open again: it makes room when others need it.
        let tally = self.incidents.renew(which);
        let counted = tally.counted;
        let sent = *tally.began.get_or_insert(sent.start)..sent.end;
        let sights = self.sights.get(&which.0).into_iter().flatten();
        for one in sights.filter(|one| one.number > counted && sent.contains(&one.sight.sent)) {
            tally.add(one);
        }
        tally.counted = self.number;
        let mut listed = tally.listed.clone();
        listed.sort_by_key(|asker| std::cmp::Reverse(asker.queries));
        let more = tally.more_before + tally.more.len() as u64;
        let accepted = tally.witnesses.accepted(asker, now);
        Hit {
            askers: listed,
            more,
            accepted,
        }
    }

    /// Goes on with what an earlier run has counted for an incident.
    pub fn recall(&mut self, which: Which, counted: Hit) {
        let tally = Tally {
            listed: counted.askers,
            more_before: counted.more,
            witnesses: Witnesses::recall(counted.accepted),
            ..Tally::default()
        };
        self.incidents.insert(which, tally);
    }
}

impl Tally {
    fn add(&mut self, one: &Counted) {
        if let Some(told) = one.sight.told {
            self.witnesses.take(told);
        }
        let listed = self.listed.iter_mut().find(|asker| is_of(asker, &one.process));
        if let Some(asker) = listed {
            asker.queries += one.queries;
            asker.errors += one.errors;
        } else if self.listed.len() < LISTED {
            let asker = Asker {
                queries: one.queries,
                errors: one.errors,
                ..asker_of(&one.process)
            };
            self.listed.push(asker);
        } else if self.more.len() < COUNTED {
            self.more.insert(one.process.pid);
        }
    }
}

/// How many errors there were about queries of that socket.
fn counted_of(sights: &VecDeque<Counted>, cookie: u64) -> u16 {
    let told = sights.iter().filter_map(|one| one.sight.told);
    let last = told.rev().find(|told| told.cookie == cookie);
    last.map_or(0, |told| told.number)
}

/// Whether it is that process: one number may be another process's later, and after a restart of the host.
fn is_of(asker: &Asker, process: &Process) -> bool {
    let place = &process.place;
    (asker.process.as_ref(), asker.pid, asker.uid)
        == (Some(&process.name), Some(process.pid), Some(process.uid))
        && (&asker.unit, &asker.container, &asker.pod) == (&place.unit, &place.container, &place.pod)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use netmon_common::Transport;

    use super::*;
    use crate::askers::Place;

    fn process(pid: u32) -> Arc<Process> {
        Arc::new(Process {
            name: format!("p{pid}"),
            pid,
            uid: 0,
            cgroup: 1,
            place: Place::default(),
        })
    }

    fn service(last: u8) -> Service {
        Service {
            server: IpAddr::from([192, 0, 2, last]).into(),
            port: 53,
            transport: Transport::Udp,
            interface: 0,
        }
    }

    fn hit(tallies: &mut Tallies, which: Which, sent: Range<Time>) -> Hit {
        tallies.of(which, sent, |_| None, Time::at_second(99))
    }

    fn sight(second: u64, kind: EventKind) -> Sight {
        Sight {
            sent: Time::at_second(second),
            client_port: 1,
            kind,
            told: None,
        }
    }

    #[test]
    fn a_query_and_the_error_about_it_are_one_query_and_one_error_of_its_process() {
        let mut tallies = Tallies::default();
        tallies.take(service(1), sight(1, EventKind::Query), &process(7));
        tallies.take(service(1), sight(5, EventKind::Query), &process(7));
        tallies.take(service(1), sight(5, EventKind::Failure), &process(7));
        tallies.take(service(1), sight(6, EventKind::Failure), &process(8));
        tallies.take(service(2), sight(6, EventKind::Failure), &process(9));
        let of = |tallies: &mut Tallies, until| {
            let sent = Time::at_second(5)..Time::at_second(until);
            let hit = hit(tallies, (service(1), Kind::Unreachable, 0), sent);
            let counts: Vec<_> = hit
                .askers
                .iter()
                .map(|one| (one.pid.unwrap(), one.queries, one.errors))
                .collect();
            (counts, hit.more)
        };
        assert_eq!(of(&mut tallies, 60), (vec![(7, 1, 1), (8, 1, 1)], 0));
        tallies.take(service(1), sight(7, EventKind::Query), &process(8));
        tallies.take(service(1), sight(9, EventKind::Query), &process(8));
        assert_eq!(
            of(&mut tallies, 8),
            (vec![(8, 2, 1), (7, 1, 1)], 0),
            "what came later does not count"
        );
    }

    #[test]
    fn a_wall_clock_that_is_set_back_in_an_incident_hides_nobody() {
        let mut tallies = Tallies::default();
        let which = (service(1), Kind::Unreachable, 0);
        tallies.take(service(1), sight(5, EventKind::Query), &process(7));
        hit(&mut tallies, which, Time::at_second(5)..Time::at_second(9_999));
        tallies.take(service(1), sight(6, EventKind::Query), &process(7));
        let hit = hit(
            &mut tallies,
            which,
            Time::at_second(3_605)..Time::at_second(9_999),
        );
        assert_eq!(hit.askers.first().map(|one| one.queries), Some(2));
    }

    #[test]
    fn what_an_earlier_run_has_counted_goes_on() {
        let which = (service(1), Kind::Unreachable, 0);
        let sent = Time::at_second(0)..Time::at_second(99);
        let mut old = Tallies::default();
        old.take(service(1), sight(1, EventKind::Query), &process(7));
        let counted = Hit {
            more: 3,
            ..hit(&mut old, which, sent.clone())
        };
        let mut new = Tallies::default();
        new.recall(which, counted);
        new.take(service(1), sight(2, EventKind::Query), &process(7));
        new.take(service(1), sight(2, EventKind::Query), &process(8));
        let hit = hit(&mut new, which, sent);
        let counts: Vec<_> = hit.askers.iter().map(|one| (one.pid, one.queries)).collect();
        assert_eq!((counts, hit.more), (vec![(Some(7), 2), (Some(8), 1)], 3));
    }

    #[test]
    fn sixteen_are_listed_and_the_others_counted() {
        let mut tallies = Tallies::default();
        for pid in 0..20 {
            tallies.take(service(1), sight(u64::from(pid), EventKind::Query), &process(pid));
        }
        let all = Time::at_second(0)..Time::at_second(99);
        let hit = hit(&mut tallies, (service(1), Kind::Unreachable, 0), all);
        assert_eq!((hit.askers.len(), hit.more), (16, 4));
    }
}
