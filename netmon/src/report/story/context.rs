//! What the document says beside the incident: its server at other times, the other servers, how bad it is in all.

use std::collections::HashSet;

use netmon_common::Address;

use super::facts::Facts;
use super::incident::Until;
use super::judged;
use super::numbers::{self, Clock, count};
use super::rich::Text;
use super::servers::{self, Server, Together};
use crate::model::{Document, Incident, Severity, SourceKind, WarningKind};
use crate::report::Report;
use crate::stand_in;
use crate::time::Time;
use crate::timeline::Timeline;

/// Incidents that are described in words. Nobody reads thousands; a capture that was made to cause them must not
/// take memory for as many pages.
const DESCRIBED: usize = 100;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A server was down.
    Down,
    /// A server did its work in part.
    Degraded,
    /// No incident.
    Healthy,
    /// Too little was seen to say.
    Unknown,
}

/// The document and the timeline, with what follows from them.
#[derive(Debug)]
pub struct Context<'a> {
    report: &'a Report<'a>,
    servers: Vec<Server<'a>>,
    /// The servers with incidents.
    troubled: HashSet<Address>,
}

/// How the servers without an incident did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Others {
    /// Those without one that were asked.
    pub well: Together,
    /// How many clients only tried to connect to.
    pub connected: u64,
    /// How many have incidents of their own.
    pub troubled: u64,
}

impl<'a> Context<'a> {
    /// Of this report.
    pub fn new(report: &'a Report<'a>) -> Self {
        let troubled = report.document.incidents.iter().map(|incident| incident.server);
        Self {
            report,
            servers: servers::all(report),
            troubled: troubled.collect(),
        }
    }

    /// What all is written from.
    pub fn report(&self) -> &'a Report<'a> {
        self.report
    }

    /// How times are written.
    pub fn clock(&self) -> &'a Clock {
        self.report.clock
    }

    /// The facts of an incident.
    pub fn facts(&self, incident: &'a Incident) -> Facts<'a> {
        let last = self.document().source.last;
        let known = last.unwrap_or(incident.last_seen);
        Facts {
            has_times: self.has_times(),
            ..Facts::known_to(incident, self.report.clock, known.0)
        }
    }

    /// Whether the log says when its packets passed. Text may not (`tcpdump -t`), nor some blocks of pcapng: then all of them have one
    /// made-up time.
    pub fn has_times(&self) -> bool {
        let source = &self.document().source;
        let has_none = self.is_warned(WarningKind::NoTimes) || self.is_warned(WarningKind::NoTime);
        source.first != source.last || !has_none
    }

    /// Whether there is such a warning.
    pub fn is_warned(&self, kind: WarningKind) -> bool {
        self.document().is_warned(kind)
    }

    /// What the packets were taken from.
    pub fn log(&self) -> &'static str {
        match self.document().source.kind {
            SourceKind::Capture => "log",
            SourceKind::History => "history",
        }
    }

    /// What the end of the data says of an incident that is open.
    pub fn until(&self) -> Until {
        match self.document().source.kind {
            SourceKind::Capture => Until::EndOfLog,
            SourceKind::History => Until::LastRecord,
        }
    }

    /// The worst of all incidents.
    pub fn verdict(&self) -> Verdict {
        match self.incidents() {
            [] if (self.document().judgement).is_some_and(|judgement| !judgement.is_possible()) => {
                Verdict::Unknown
            }
            [] => Verdict::Healthy,
            incidents if incidents.iter().any(Incident::is_down) => Verdict::Down,
            _ => Verdict::Degraded,
        }
    }

    /// `No incident`, `1 incident: down, still open`, `3 incidents: 2 down, 1 degraded; 1 still open`.
    pub fn verdict_in_words(&self) -> String {
        let incidents = self.incidents();
        let open = incidents.iter().filter(|one| one.closed.is_none()).count() as u64;
        match incidents {
            [] => return judged::without_incident(self.document()),
            [one] => {
                let state = match open {
                    0 => "over",
                    _ if !self.has_times() => "its end is not known",
                    _ => "still open",
                };
                return format!("1 incident: {}, {state}", one.severity);
            }
            _ => {}
        }
        let severities: Vec<String> = Severity::ALL
            .into_iter()
            .map(|severity| {
                (
                    incidents.iter().filter(|one| one.severity == severity).count() as u64,
                    severity,
                )
            })
            .filter(|&(number, _)| number > 0)
            .map(|(number, severity)| format!("{} {severity}", numbers::number(number)))
            .collect();
        let state = match open {
            0 => "all over".into(),
            _ if !self.has_times() => "their end is not known".into(),
            _ => format!("{} still open", numbers::number(open)),
        };
        let all = numbers::number(incidents.len() as u64);
        format!("{all} incidents: {}; {state}", severities.join(", "))
    }

    /// The numbers that say most, each with its name.
    pub fn figures(&self) -> Vec<(&'static str, String)> {
        let incidents = self.incidents();
        let mut figures = Vec::new();
        match incidents {
            [] => {
                let sums = self.sums();
                figures.push(("DNS servers", numbers::number(sums.servers)));
                figures.push(("Queries", numbers::number(sums.queries)));
                let share = numbers::percent(sums.answers, sums.queries);
                figures.extend(share.map(|share| ("Answered", share)));
                return figures;
            }
            [incident] => {
                let facts = self.facts(incident);
                if facts.has_times {
                    figures.push(("Duration", numbers::duration(facts.lasted())));
                }
                figures.push(("Clients affected", numbers::number(facts.clients())));
            }
            _ => figures.push(("Servers affected", numbers::number(self.troubled.len() as u64))),
        }
        let sum = |of: fn(&Incident) -> u64| numbers::number(incidents.iter().map(of).sum());
        if !self.queries_unseen() {
            figures.push(("Queries", sum(|incident| incident.queries)));
            figures.push(("Answers", sum(|incident| incident.answers)));
        }
        figures.push(("ICMP errors", sum(|incident| incident.errors.sum())));
        figures
    }

    /// Whether all incidents rest on errors alone, because no query is in the log.
    pub fn queries_unseen(&self) -> bool {
        let mut incidents = self.incidents().iter();
        incidents.all(|incident| self.facts(incident).queries_unseen())
    }

    /// How the servers did that were asked, all together.
    pub fn sums(&self) -> Together {
        let mut sums = Together::default();
        for Server { served, .. } in self.servers().iter().filter(|one| one.served.queries > 0) {
            sums.add(served);
        }
        sums
    }

    /// The servers with incidents: `one server`, `two servers`.
    pub fn troubled_in_words(&self) -> String {
        match self.troubled.len() {
            1 => "one server".into(),
            servers => format!("{} servers", numbers::spelled(servers)),
        }
    }

    /// The document.
    pub fn document(&self) -> &'a Document {
        self.report.document
    }

    /// The timeline.
    pub fn timeline(&self) -> &'a Timeline {
        self.report.timeline
    }

    /// The incidents, in the order in which they opened.
    pub fn incidents(&self) -> &'a [Incident] {
        &self.report.document.incidents
    }

    /// Those of them that are described: the first ones.
    pub fn described(&self) -> &'a [Incident] {
        let all = self.incidents();
        all.get(..DESCRIBED).unwrap_or(all)
    }

    /// What to say of those that are not described, if there are any.
    pub fn not_described(&self) -> Option<Text> {
        let (described, all) = (self.described().len(), self.incidents().len());
        let all_in_words = count(all as u64, "incident", "incidents");
        (described < all).then(|| {
            format!(
                "Only the first {described} of {all_in_words} are described here; --format json lists all of them."
            )
            .into()
        })
    }

    /// The servers with incidents.
    pub fn troubled_servers(&self) -> &HashSet<Address> {
        &self.troubled
    }

    /// The servers that somebody tried to ask, or that answered, over UDP or TCP; the busiest first.
    pub fn servers(&self) -> &[Server<'a>] {
        &self.servers
    }

    /// What is known of an incident's server.
    pub fn server(&self, incident: &Incident) -> Option<Server<'a>> {
        servers::one(self.report, incident.server)
    }

    /// Answers of an incident's service, and those of its server at other ports or over the other transport.
    fn answers(&self, incident: &Incident) -> (u64, u64) {
        let counts = self.server(incident).and_then(|server| server.counts);
        let service = (incident.transport, incident.port);
        servers::answers(self.report, incident.server, service, counts)
    }

    /// Answers of an incident's server that are not of its service.
    pub fn answers_elsewhere(&self, incident: &Incident) -> u64 {
        self.answers(incident).1
    }

    /// Answers of an incident's service that no incident counts.
    pub fn answers_at_other_times(&self, incident: &Incident) -> u64 {
        let service = |incident: &Incident| (incident.server, incident.port, incident.transport);
        let incidents = self.incidents().iter();
        let same = incidents.filter(|other| service(other) == service(incident));
        let in_incidents: u64 = same.map(|other| other.answers).sum();
        self.answers(incident).0.saturating_sub(in_incidents)
    }

    /// Answers of an incident's service that came before it began; at least so many, for the timeline knows only of all services
    /// of a server.
    pub fn answers_before(&self, incident: &Incident) -> u64 {
        let began = u64::try_from(incident.began.0.as_nanosecond()).unwrap_or(0);
        let before = self
            .timeline()
            .before(Time::from_nanos(began), incident.server)
            .answers;
        before.saturating_sub(self.answers_elsewhere(incident))
    }

    /// Whether the incident's first failed query is the first thing in the log.
    pub fn began_with_the_log(&self, incident: &Incident) -> bool {
        self.document().source.first == Some(incident.began)
    }

    /// Whether there are ICMP errors about IPv4 addresses, and about IPv6 ones.
    pub fn icmp_families(&self) -> (bool, bool) {
        let is_there = |v4: bool| {
            self.document().destinations.iter().any(|destination| {
                stand_in::is_v4(destination.address) == v4 && destination.counters.unreachables() > 0
            })
        };
        (is_there(true), is_there(false))
    }

    /// How the servers other than an incident's did.
    pub fn others(&self, incident: &Incident) -> Others {
        let mut others = Others::default();
        for server in self.servers() {
            if server.address == incident.server || server.served.tried() == 0 {
                continue;
            }
            if self.troubled.contains(&server.address) {
                others.troubled += 1;
            } else if server.served.queries == 0 {
                others.connected += 1;
            } else {
                others.well.add(&server.served);
            }
        }
        others
    }
}
