//! What happens to servers and their clients, as a test says it. Times are seconds from the start.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use netmon_common::{Address, Code, Rcode, Transport};

use crate::detect::{Change, Decider, Scope, Thresholds};
use crate::model::Happened;
use crate::model::{Incident, Wall};
use crate::observation::{Answer, Counts, Failure, Name, Observation, Proof, Query, Service, What};
use crate::time::{SECOND_NS, Time};

/// 2026-11-24T13:00:00Z.
pub const START: u64 = 1_795_525_200;

pub const SERVER: &str = "203.0.113.2";
pub const ROUTER: &str = "192.0.2.254";
pub const A: &str = "192.0.2.1";
pub const B: &str = "192.0.2.2";
pub const C: &str = "192.0.2.3";

pub fn address(text: &str) -> Address {
    text.parse::<IpAddr>().unwrap().into()
}

/// A moment, in seconds from the start.
pub fn at(seconds: f64) -> Time {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "tests take place in some hours"
    )]
    let nanos = (seconds * 1e9).round() as u64;
    Time::from_nanos(START * SECOND_NS + nanos)
}

/// The same of a wall time, in words: `12.250`.
pub fn when(wall: Wall) -> String {
    let nanos = wall.0.as_nanosecond() - i128::from(START * SECOND_NS);
    format!(
        "{:.3}",
        Duration::from_nanos(u64::try_from(nanos).unwrap()).as_secs_f64()
    )
}

/// An error about a query, as a test says it: by default `port`, sent by the server itself, verified.
pub struct Error<'a> {
    pub client: &'a str,
    pub sent: f64,
    pub code: Code,
    pub reporter: Option<&'a str>,
    pub proof: Option<Proof>,
    pub name: Option<&'a str>,
    pub recursion_desired: Option<bool>,
    pub last_answer: Option<Time>,
}

impl Default for Error<'_> {
    fn default() -> Self {
        Self {
            client: A,
            sent: 0.0,
            code: Code::Port,
            reporter: None,
            proof: None,
            name: None,
            recursion_desired: Some(true),
            last_answer: None,
        }
    }
}

pub struct Scenario {
    pub decider: Decider,
    service: Service,
    unheard: BTreeSet<Address>,
    recursion_desired: Option<bool>,
    counted_here: bool,
    pub changes: Vec<Change>,
}

impl Scenario {
    pub fn new() -> Self {
        Self::with(|_, _| {})
    }

    /// One with other thresholds or another scope.
    pub fn with(set: impl FnOnce(&mut Thresholds, &mut Scope)) -> Self {
        let (mut thresholds, mut scope) = (Thresholds::default(), Scope::default());
        set(&mut thresholds, &mut scope);
        Self {
            decider: Decider::new(thresholds, scope),
            service: Service {
                server: address(SERVER),
                port: 53,
                transport: Transport::Udp,
            },
            unheard: BTreeSet::new(),
            recursion_desired: Some(true),
            counted_here: true,
            changes: Vec::new(),
        }
    }

    /// What follows is about that server.
    pub fn on(&mut self, server: &str) -> &mut Self {
        self.service.server = address(server);
        self
    }

    /// What follows is over that transport.
    pub fn over(&mut self, transport: Transport) -> &mut Self {
        self.service.transport = transport;
        self
    }

    /// What follows has that RD.
    pub fn recursion_desired(&mut self, desired: Option<bool>) -> &mut Self {
        self.recursion_desired = desired;
        self
    }

    /// What follows is only a sample: it comes again in counts.
    pub fn sampled(&mut self) -> &mut Self {
        self.counted_here = false;
        self
    }

    /// No packet toward that client was ever seen.
    pub fn unheard(&mut self, client: &str) -> &mut Self {
        self.unheard.insert(address(client));
        self
    }

    fn see(&mut self, time: f64, what: What) -> &mut Self {
        self.advance(time);
        self.decider.observe(&Observation {
            time: at(time),
            service: self.service,
            what,
        });
        self.take()
    }

    fn take(&mut self) -> &mut Self {
        self.changes.extend(self.decider.take_changes());
        self
    }

    pub fn advance(&mut self, time: f64) -> &mut Self {
        let unheard = &self.unheard;
        self.decider
            .advance(at(time), &|client| !unheard.contains(&client));
        self.take()
    }

    pub fn query(&mut self, time: f64, client: &str, name: &str) -> &mut Self {
        self.see(
            time,
            What::Query(Query {
                client: address(client),
                name: Some(Name::new(name)).filter(|_| !name.is_empty()),
                recursion_desired: self.recursion_desired,
                counted_here: self.counted_here,
            }),
        )
    }

    /// An answer, to a query that was sent then.
    pub fn answer(&mut self, time: f64, client: &str, sent: f64) -> &mut Self {
        self.respond(time, client, "", Some(sent), Rcode::NoError)
    }

    /// An answer with an rcode, for a name, to a query that was sent then.
    pub fn respond(
        &mut self,
        time: f64,
        client: &str,
        name: &str,
        sent: Option<f64>,
        rcode: Rcode,
    ) -> &mut Self {
        self.see(
            time,
            What::Answer(Answer {
                client: address(client),
                rcode,
                query_time: sent.map(at),
                name: Some(Name::new(name)).filter(|_| !name.is_empty()),
                recursion_desired: self.recursion_desired,
                counted_here: self.counted_here,
            }),
        )
    }

    /// A query and, a millisecond later, its answer.
    pub fn asked(&mut self, time: f64, client: &str, name: &str, rcode: Rcode) -> &mut Self {
        self.query(time, client, name)
            .respond(time + 0.001, client, name, Some(time), rcode)
    }

    /// The same, of A and without an error.
    pub fn asked_ok(&mut self, time: f64) -> &mut Self {
        self.asked(time, A, "a.test", Rcode::NoError)
    }

    pub fn counts(
        &mut self,
        time: f64,
        queries: u64,
        answers: u64,
        servfail: u64,
        refused: u64,
    ) -> &mut Self {
        self.see(
            time,
            What::Counts(Counts {
                queries,
                answers,
                servfail,
                refused,
                failures: [0; 6],
            }),
        )
    }

    /// Errors of a second beyond those that were told one by one.
    pub fn untold(&mut self, time: f64, code: Code, errors: u64) -> &mut Self {
        let mut counts = Counts::default();
        counts.failures[code as usize] = errors;
        self.see(time, What::Counts(counts))
    }

    pub fn error(&mut self, time: f64, error: &Error) -> &mut Self {
        let server = self.service.server;
        self.see(
            time,
            What::Failure(Failure {
                client: address(error.client),
                reporter: error.reporter.map_or(server, address),
                code: error.code,
                proof: error.proof.unwrap_or(Proof::QuerySeen(at(error.sent))),
                name: error.name.map(Name::new),
                recursion_desired: error.recursion_desired,
                last_answer: error.last_answer,
            }),
        )
    }

    /// A query of A and, a millisecond later, the server's `port` error about it.
    pub fn rejected(&mut self, time: f64) -> &mut Self {
        self.query(time, A, "a.test").error(
            time + 0.001,
            &Error {
                sent: time,
                ..Error::default()
            },
        )
    }

    /// What happened so far, in words: `opened unreachable`.
    pub fn story(&self) -> Vec<String> {
        self.changes
            .iter()
            .filter(|change| change.kind != Happened::Updated)
            .map(|Change { kind, incident }| {
                let kind = match kind {
                    Happened::Opened => "opened",
                    Happened::Updated => "updated",
                    Happened::Closed => "closed",
                };
                match incident.closed_because {
                    Some(because) => format!("{kind} {} {because}", incident.kind),
                    None => format!("{kind} {}", incident.kind),
                }
            })
            .collect()
    }

    /// The only open incident.
    pub fn incident(&self) -> Incident {
        let mut open = self.decider.open_incidents();
        assert_eq!(open.len(), 1, "{:?}", self.story());
        open.remove(0)
    }

    /// The only incident that opened, as it opened.
    pub fn opened(&self) -> Incident {
        let mut opened = self
            .changes
            .iter()
            .filter(|change| change.kind == Happened::Opened);
        let incident = opened.next().expect("none opened").incident.clone();
        assert!(opened.next().is_none(), "{:?}", self.story());
        incident
    }

    /// The only incident that closed, as it closed.
    pub fn closed(&self) -> Incident {
        let mut closed = self
            .changes
            .iter()
            .filter(|change| change.kind == Happened::Closed);
        let incident = closed.next().expect("none closed").incident.clone();
        assert!(closed.next().is_none(), "{:?}", self.story());
        incident
    }

    /// The words of the warnings.
    pub fn warnings(&self) -> Vec<&'static str> {
        self.decider
            .warnings()
            .iter()
            .map(|warning| warning.warning.name())
            .collect()
    }
}
