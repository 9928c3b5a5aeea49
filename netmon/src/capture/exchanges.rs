//! The exchanges that a capture shows, counted exactly: what every door for captures reports to the decider.
//!
//! The doors pair; here the queries, answers and errors that they paired become observations. Errors of a capture that
//! holds no DNS query at all are kept for its end: only then is it known that it does not.

use std::collections::{HashMap, HashSet, VecDeque};

use foldhash::fast::RandomState;
use netmon_common::{Address, Transport};

pub(super) use super::exchange::{About, Answer, Error, Question, Sent};
use super::limits::{SERVICES, UNSEEN_ERRORS, UNSEEN_SERVICES};
use crate::bounded::Thinner;
use crate::observation::{
    Connected, Counts, Faults, Observation, Proof, Recursion, Seconds, Service, Unverified, What, Why,
};
use crate::time::Time;

/// Seconds of each service that may still change: as long as an exchange waits, and some more.
const SECONDS: u64 = 64;

/// The exchanges of all services.
#[derive(Debug, Default)]
pub(super) struct Exchanges {
    services: HashMap<Service, Counted, RandomState>,
    /// Whether the capture has shown any query.
    queries_seen: bool,
    /// Whether it has shown any SYN to a DNS port. That is no query, and what errors over TCP quote.
    syns_seen: bool,
    /// What is to be believed at the end if it has not.
    unseen: Vec<Observation>,
    unseen_services: HashSet<Service, RandomState>,
    thinner: Thinner,
}

/// The exchanges of one service.
#[derive(Debug, Default)]
struct Counted {
    recursion: Recursion,
    /// The others, and the iterative ones.
    seconds: [VecDeque<(u64, Counts)>; 2],
    asked: Time,
}

impl Exchanges {
    /// Whether a query of this service is iterative of which RD may not be known.
    pub fn is_iterative(&mut self, service: Service, at: Time, recursion_desired: Option<bool>) -> bool {
        let second = at.second();
        let Some(counted) = self.counted(service, at) else {
            return recursion_desired == Some(false);
        };
        if let Some(desired) = recursion_desired {
            counted.recursion.note(second, desired);
            return !desired;
        }
        counted.recursion.presumed(second) == Some(false)
    }

    /// Whether a SYN to this service opens a connection for iterative queries. Where RD of none of its queries is known, those to
    /// the same server over UDP say so.
    pub fn syn_is_iterative(&mut self, service: Service, at: Time) -> bool {
        if self.is_iterative(service, at, None) {
            return true;
        }
        let kin = Service {
            transport: Transport::Udp,
            ..service
        };
        !self.knows(service) && self.presumed(kin, at.second()) == Some(false)
    }

    /// Whether RD of any query of this service is known.
    fn knows(&self, service: Service) -> bool {
        self.presumed(service, 0).is_some()
    }

    /// What RD is taken for in a query of this service in that second.
    fn presumed(&self, service: Service, second: u64) -> Option<bool> {
        self.services.get(&service)?.recursion.presumed(second)
    }

    /// A query was sent.
    pub fn asked(
        &mut self,
        service: Service,
        sent: Sent,
        asked: Question,
        observe: &mut impl FnMut(Observation),
    ) {
        self.queries_seen = true;
        self.unseen = Vec::new();
        self.sent(service, sent, asked, observe);
    }

    /// A SYN was sent.
    pub fn connects(
        &mut self,
        service: Service,
        sent: Sent,
        syn: Question,
        observe: &mut impl FnMut(Observation),
    ) {
        if !std::mem::replace(&mut self.syns_seen, true) {
            self.unseen
                .retain(|error| error.service.transport != Transport::Tcp);
        }
        self.sent(service, sent, syn, observe);
    }

    fn sent(&mut self, service: Service, sent: Sent, asked: Question, observe: &mut impl FnMut(Observation)) {
        observe(asked.observation(service, sent));
        self.change(service, sent, sent.at, |counts| counts.asked += 1, observe);
    }

    /// The server took a connection: from now on its queries count, and no more its SYN.
    pub fn connected(
        &mut self,
        service: Service,
        client: Address,
        now: Time,
        syns: &[Sent],
        observe: &mut impl FnMut(Observation),
    ) {
        if syns.is_empty() {
            return;
        }
        let connected = Connected {
            client,
            syns: syns.iter().map(|syn| syn.at).collect(),
        };
        observe(Observation {
            time: now,
            service,
            what: What::Connected(connected),
        });
        for syn in syns {
            let take_back = |counts: &mut Counts| counts.asked = counts.asked.saturating_sub(1);
            self.change(service, *syn, now, take_back, observe);
        }
    }

    /// An answer came to these queries, all of them the same one: the newest first. `failed` says which of them an error
    /// was about.
    pub fn answered(
        &mut self,
        service: Service,
        now: Time,
        queries: &[(Sent, bool)],
        answer: Answer,
        observe: &mut impl FnMut(Observation),
    ) {
        let faults = Faults::of(answer.rcode.filter(|_| answer.standard));
        let is_new = answer.is_new;
        for (sent, failed) in queries {
            let settle = |counts: &mut Counts| {
                if is_new {
                    counts.answered += 1;
                    counts.failed -= u32::from(*failed).min(counts.failed);
                }
                counts.faults = counts.faults.plus(faults);
            };
            self.change(service, *sent, now, settle, observe);
        }
        if let Some(what) = answer.observed(queries) {
            observe(Observation {
                time: now,
                service,
                what,
            });
        }
    }

    /// What an error is about that the capturing host itself raised: no capture shows a query that it let no further.
    pub fn refused(
        &mut self,
        service: Service,
        at: Time,
        about: About,
        recursion_desired: Option<bool>,
    ) -> About {
        match about {
            About::Waiting(sent) => About::Refused { sent, seen: true },
            About::Nothing => {
                let iterative = self.is_iterative(service, at, recursion_desired);
                let sent = Sent { at, iterative };
                About::Refused { sent, seen: false }
            }
            About::Failed | About::Refused { .. } => about,
        }
    }

    /// An error came. Whether it is unsolicited.
    pub fn failed(
        &mut self,
        service: Service,
        now: Time,
        error: Error,
        about: About,
        observe: &mut impl FnMut(Observation),
    ) -> bool {
        let (sent, proof) = match about {
            About::Waiting(sent) => (sent, Proof::QuerySeen(sent.at)),
            About::Refused { sent, seen: true } => (sent, Proof::RaisedByThisHost(Some(sent.at))),
            About::Refused { sent, seen: false } => {
                self.queries_seen = true;
                self.unseen = Vec::new();
                self.change(service, sent, now, |counts| counts.asked += 1, observe);
                (sent, Proof::RaisedByThisHost(None))
            }
            About::Failed => {
                Self::unverified(service, now, &error, Why::Again, observe);
                return false;
            }
            About::Nothing => {
                self.keep_unseen(service, now, &error);
                Self::unverified(service, now, &error, Why::Unsolicited, observe);
                return true;
            }
        };
        self.change(service, sent, now, |counts| counts.failed += 1, observe);
        let failed = error.believed(proof, !sent.iterative);
        observe(Observation {
            time: now,
            service,
            what: What::Failed(failed),
        });
        false
    }

    fn unverified(
        service: Service,
        now: Time,
        error: &Error,
        why: Why,
        observe: &mut impl FnMut(Observation),
    ) {
        observe(Observation {
            time: now,
            service,
            what: What::Unverified(Unverified {
                client: error.client,
                reporter: error.reporter,
                code: error.code,
                why,
            }),
        });
    }

    /// Keeps an error for the end, as long as no query has shown that queries can be seen.
    fn keep_unseen(&mut self, service: Service, now: Time, error: &Error) {
        let would_be_seen = self.queries_seen || (self.syns_seen && service.transport == Transport::Tcp);
        if would_be_seen || self.unseen.len() >= UNSEEN_ERRORS {
            return;
        }
        if self.unseen_services.len() >= UNSEEN_SERVICES && !self.unseen_services.contains(&service) {
            return;
        }
        self.unseen_services.insert(service);
        let desired = error.recursion_desired.unwrap_or(true);
        let failed = error.clone().believed(Proof::QueriesUnseen, desired);
        self.unseen.push(Observation {
            time: now,
            service,
            what: What::Failed(failed),
        });
    }

    /// Errors that are to be believed, now that the capture has ended: it holds no query at all.
    pub fn unseen(&mut self) -> Vec<Observation> {
        std::mem::take(&mut self.unseen)
    }

    fn change(
        &mut self,
        service: Service,
        sent: Sent,
        now: Time,
        change: impl FnOnce(&mut Counts),
        observe: &mut impl FnMut(Observation),
    ) {
        let Some(counted) = self.counted(service, now) else {
            return;
        };
        let [recursive, of_resolvers] = &mut counted.seconds;
        let seconds = if sent.iterative { of_resolvers } else { recursive };
        let second = sent.at.second();
        while seconds
            .front()
            .is_some_and(|(kept, _)| kept.saturating_add(SECONDS) < now.second())
        {
            seconds.pop_front();
        }
        let place = seconds.partition_point(|(kept, _)| *kept < second);
        if seconds.get(place).is_none_or(|(kept, _)| *kept != second) {
            seconds.insert(place, (second, Counts::default()));
        }
        let Some((_, counts)) = seconds.get_mut(place) else {
            return;
        };
        change(counts);
        observe(Observation {
            time: now,
            service,
            what: What::Seconds(Seconds {
                second,
                iterative: sent.iterative,
                counts: *counts,
            }),
        });
    }

    /// The service's counts. Where there are too many services, those that wait for nothing make room.
    fn counted(&mut self, service: Service, now: Time) -> Option<&mut Counted> {
        let waits = |counted: &Counted| now.second().saturating_sub(counted.asked.second()) <= SECONDS;
        let has_room = self
            .thinner
            .has_room(&mut self.services, SERVICES, &service, now.second(), waits);
        if !has_room {
            return None;
        }
        let counted = self.services.entry(service).or_default();
        counted.asked = now;
        Some(counted)
    }
}
