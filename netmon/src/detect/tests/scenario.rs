//! What happens to servers and their clients, as a test says it. Times are seconds from the start.

mod tcp;
mod told;

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::time::Duration;

use netmon_common::{Address, Code, Rcode, Transport};

use crate::detect::{Change, Decider, Scope, Thresholds};
use crate::model::{Wall, WarningKind};
use crate::observation::{
    Answered, Asked, Counts, Details, Failed, Name, Observation, Proof, Seconds, Service, Side, Unverified,
    What, Why,
};
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
    /// `None` for an error that nothing verifies.
    pub proof: Option<Proof>,
    pub why: Option<Why>,
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
            why: None,
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
    client_port: Option<u16>,
    standard: bool,
    side: Side,
    seconds: HashMap<(Service, u64, bool), Counts>,
    waiting: Vec<(Service, Address, Time)>,
    pub changes: Vec<Change>,
    warnings: Vec<WarningKind>,
}

impl Scenario {
    pub fn new() -> Self {
        Self::with(|_, _| {})
    }

    /// One with other thresholds or another scope.
    pub fn with(set: impl FnOnce(&mut Thresholds, &mut Scope)) -> Self {
        let (mut thresholds, mut scope) = (Thresholds::default(), Scope::default());
        // Reported as it opens.
        thresholds.settle = Duration::ZERO;
        set(&mut thresholds, &mut scope);
        Self {
            decider: Decider::new(thresholds, scope),
            service: Service {
                server: address(SERVER),
                port: 53,
                transport: Transport::Udp,
                interface: 0,
            },
            unheard: BTreeSet::new(),
            recursion_desired: Some(true),
            client_port: None,
            standard: true,
            side: Side::Only,
            seconds: HashMap::new(),
            waiting: Vec::new(),
            changes: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// What follows is about that server.
    pub fn on(&mut self, server: &str) -> &mut Self {
        self.service.server = address(server);
        self
    }

    /// What follows is on that link.
    pub fn on_link(&mut self, link: u32) -> &mut Self {
        self.service.interface = link;
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

    /// What follows comes from that port, or goes there.
    pub fn at_port(&mut self, port: u16) -> &mut Self {
        self.client_port = Some(port);
        self
    }

    /// What follows has opcode 0, or another one.
    pub fn standard(&mut self, standard: bool) -> &mut Self {
        self.standard = standard;
        self
    }

    /// Answers and errors that follow are seen on that side of a translation. Behind it they count nothing: what becomes of the
    /// query is counted where its client is known.
    pub fn seen(&mut self, side: Side) -> &mut Self {
        self.side = side;
        self
    }

    fn details(&self) -> Details {
        Details {
            client_port: self.client_port,
            query_type: Some(1),
            ..Details::default()
        }
    }

    /// No packet toward that client was ever seen.
    pub fn unheard(&mut self, client: &str) -> &mut Self {
        self.unheard.insert(address(client));
        self
    }

    /// From now on packets toward that client are seen.
    pub fn heard_again(&mut self, client: &str) -> &mut Self {
        self.unheard.remove(&address(client));
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
        let warnings = self.decider.take_warnings();
        self.warnings
            .extend(warnings.into_iter().map(|warning| warning.warning));
        self
    }

    /// What is known of a second changes.
    pub fn count(&mut self, time: f64, sent: f64, change: impl Fn(&mut Counts)) -> &mut Self {
        let second = at(sent).second();
        let iterative = self.recursion_desired == Some(false);
        let counts = self.seconds.entry((self.service, second, iterative)).or_default();
        change(counts);
        let counts = *counts;
        self.see(
            time,
            What::Seconds(Seconds {
                second,
                iterative,
                counts,
            }),
        )
    }

    /// Whether that query was sent and waits; it waits no more.
    fn settle(&mut self, client: &str, sent: f64) -> bool {
        let query = (self.service, address(client), at(sent));
        let place = self.waiting.iter().position(|waiting| *waiting == query);
        place.map(|place| self.waiting.swap_remove(place)).is_some()
    }

    pub fn advance(&mut self, time: f64) -> &mut Self {
        let unheard = &self.unheard;
        self.decider
            .advance(at(time), &|client| !unheard.contains(&client));
        self.take()
    }

    pub fn query(&mut self, time: f64, client: &str, name: &str) -> &mut Self {
        self.waiting.push((self.service, address(client), at(time)));
        self.see(
            time,
            What::Asked(Asked {
                client: address(client),
                name: Some(Name::new(name)).filter(|_| !name.is_empty()),
                recursion_desired: self.recursion_desired.unwrap_or(true),
                is_syn: false,
                details: self.details(),
            }),
        )
        .count(time, time, |counts| counts.asked += 1)
    }

    /// An answer, to a query that was sent then.
    pub fn answer(&mut self, time: f64, client: &str, sent: f64) -> &mut Self {
        self.respond(time, client, "", sent, Rcode::NoError)
    }

    /// An answer with an rcode, for a name, to a query that was sent then. Where the test sent none, it was not sampled.
    pub fn respond(&mut self, time: f64, client: &str, name: &str, sent: f64, rcode: Rcode) -> &mut Self {
        self.respond_to(time, client, name, &[sent], rcode)
    }

    /// The same, to a query that was sent at each of these times, the newest first.
    pub fn respond_to(
        &mut self,
        time: f64,
        client: &str,
        name: &str,
        transmissions: &[f64],
        rcode: Rcode,
    ) -> &mut Self {
        let says = |fault: Rcode| u32::from(self.standard && rcode == fault);
        let (servfail, refused) = (says(Rcode::ServFail), says(Rcode::Refused));
        let counted = match self.side {
            Side::Only | Side::Before => transmissions,
            Side::Behind => &[],
        };
        for sent in counted {
            let known = self.settle(client, *sent);
            self.count(time, *sent, |counts| {
                counts.asked += u32::from(!known);
                counts.answered += 1;
                counts.faults.servfail += servfail;
                counts.faults.refused += refused;
            });
        }
        let (sent, earlier) = transmissions.split_first().unwrap();
        self.see(
            time,
            What::Answered(Answered {
                client: address(client),
                side: self.side,
                sent: at(*sent),
                earlier: earlier.iter().map(|sent| at(*sent)).collect(),
                rcode: Some(rcode),
                standard: self.standard,
                name: Some(Name::new(name)).filter(|_| !name.is_empty()),
                recursion_desired: self.recursion_desired.unwrap_or(true),
                details: self.details(),
            }),
        )
    }

    /// A query and, a millisecond later, its answer.
    pub fn asked(&mut self, time: f64, client: &str, name: &str, rcode: Rcode) -> &mut Self {
        self.query(time, client, name)
            .respond(time + 0.001, client, name, time, rcode)
    }

    /// The same, of A and without an error.
    pub fn asked_ok(&mut self, time: f64) -> &mut Self {
        self.asked(time, A, "a.test", Rcode::NoError)
    }

    /// Exchanges of a second that were only counted: so many queries, answers, and faults among these.
    pub fn counts(
        &mut self,
        time: f64,
        queries: u32,
        answers: u32,
        servfail: u32,
        refused: u32,
    ) -> &mut Self {
        self.count(time, time, |counts| {
            counts.asked += queries;
            counts.answered += answers;
            counts.faults.servfail += servfail;
            counts.faults.refused += refused;
        })
    }

    /// Errors beyond those that were reported one by one.
    pub fn more_errors(&mut self, time: f64, code: Code, errors: u64) -> &mut Self {
        let mut more = [0; Code::ALL.len()];
        more[code as usize] = errors;
        self.see(time, What::MoreErrors(more))
    }

    pub fn error(&mut self, time: f64, error: &Error) -> &mut Self {
        let server = self.service.server;
        let (client, reporter) = (address(error.client), error.reporter.map_or(server, address));
        if let Some(why) = error.why {
            return self.see(
                time,
                What::Unverified(Unverified {
                    client,
                    reporter,
                    code: error.code,
                    why,
                }),
            );
        }
        let proof = error.proof.unwrap_or(Proof::QuerySeen(at(error.sent)));
        if proof.is_verified() && self.side != Side::Behind {
            let sent = proof.sent().map_or(time, |_| error.sent);
            let known = self.settle(error.client, sent);
            self.count(time, sent, |counts| {
                counts.asked += u32::from(!known);
                counts.failed += 1;
            });
        }
        self.see(
            time,
            What::Failed(Failed {
                client,
                side: self.side,
                reporter,
                code: error.code,
                proof,
                name: error.name.map(Name::new),
                recursion_desired: error.recursion_desired.unwrap_or(true),
                last_answer: error.last_answer,
                details: self.details(),
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
}
