//! The documents that are made of the state.

use std::collections::BTreeMap;
use std::time::Duration;

use netmon_common::{Address, latency as buckets, records};
use serde_json::Value;

use super::find::Query;
use super::outages::outages;
use super::recent::Passed;
use super::{State, of_server, worst};
use crate::excerpt::Excerpts;
use crate::latency;
use crate::model::view::{
    Bucket, Flow, Health, IncidentPage, Incidents, Recent, ServerLine, ServerPage, Servers, Summary,
};
use crate::model::{DestinationCounts, Document, Incident, Latency, SCHEMA, Source, SourceKind, Wall};
use crate::report::forms::{Form, Style};
use crate::report::story::numbers::{Clock, count, micros, number};
use crate::report::{CloseUp, Cover, GENERATED_BY, Report, knowledge, story};
use crate::time::{Time, WallOffset};
use crate::timeline::{Activity, Timeline};
use crate::views::limits::{FLOW_SECONDS, FLOW_STEPS, RECENT_SECONDS, RECENT_STEPS};

/// Points of a timeline, at most.
const POINTS: usize = 360;

impl State {
    fn time(&self) -> Wall {
        Wall(self.now.wall())
    }

    /// All in one look.
    pub fn summary(&self) -> Summary {
        let mut open: Vec<Incident> = self.open.values().map(|incident| (**incident).clone()).collect();
        open.sort_by_key(|incident| std::cmp::Reverse(incident.opened));
        Summary {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            host: self.about.host.clone(),
            pid: self.about.pid,
            time: self.time(),
            since: Wall(self.since),
            state: self.health(),
            sentence: self.sentence(&open),
            ports: self.started.ports.clone(),
            interfaces: value(&self.started.interfaces),
            left_out: value(&self.started.left_out),
            per_second: self.recent.rates(self.now.time),
            servers: self.servers.len(),
            resolvers: self.resolvers.clone(),
            opened: self.opened,
            open,
            warnings: self.warnings.iter().cloned().collect(),
            totals: value(&self.totals),
            tables: self.tables.clone(),
            outlets: self.outlets.clone(),
            replay: self.replay.clone(),
        }
    }

    /// How things are, in a sentence.
    fn sentence(&self, open: &[Incident]) -> String {
        match (self.health(), open) {
            (Health::Starting, _) => "netmon is starting".to_owned(),
            (Health::Stopped, _) => "netmon has ended".to_owned(),
            (_, []) => {
                let rates = self.recent.rates(self.now.time);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a rate of packets, for people to read"
                )]
                let queries = number(rates.queries.round() as u64);
                let mut all = records::Latency::ZERO;
                let latencies = self.latencies.iter().flat_map(BTreeMap::values);
                latencies.for_each(|one| all.merge(one));
                let median = latency::summary(&all).p50;
                let median = median.map_or_else(String::new, |p50| format!(", median {}", micros(p50)));
                let servers = count(self.servers.len() as u64, "server", "servers");
                format!("All is well: {servers}, {queries} queries/s{median}")
            }
            (_, [one]) => {
                let kind = knowledge::kind(one.kind);
                format!("{} {}", story::service(one), kind.now)
            }
            (_, many) => {
                let down = many.iter().filter(|incident| incident.is_down()).count();
                format!(
                    "{} open: {down} down, {} degraded",
                    count(many.len() as u64, "incident is", "incidents are"),
                    many.len() - down
                )
            }
        }
    }

    /// The servers that are asked for.
    pub fn servers(&self, query: &Query) -> Servers {
        let (matching, servers) = self.find(query);
        Servers {
            schema: SCHEMA,
            time: self.time(),
            total: self.servers.len(),
            matching,
            offset: query.offset,
            servers,
        }
    }

    /// The open incidents of a server.
    pub(super) fn open_of(&self, address: Address) -> Vec<&Incident> {
        let open = self.open.values().filter(|incident| incident.server == address);
        open.map(|incident| &**incident).collect()
    }

    /// A server in a list, without its recent past.
    pub(super) fn line(&self, address: Address, open: &[&Incident]) -> Option<ServerLine> {
        let server = self.servers.get(&address)?;
        let (now, [queries, answers, errors]) = (self.now.time, of_server(&server.counters));
        Some(ServerLine {
            address,
            server_info: self.names.of(address).cloned(),
            resolver: self
                .resolvers
                .iter()
                .find(|resolver| resolver.server == address)
                .cloned(),
            state: worst(open.iter().copied()),
            per_second: server.recent.rates(now),
            queries,
            answers,
            errors,
            answered: server.recent.answered(now),
            latency_us: self.latency(address),
            recent: Recent::default(),
            incidents: open.iter().map(|incident| incident.id.clone()).collect(),
        })
    }

    fn latency(&self, address: Address) -> Latency {
        self.times(address).map(latency::summary).unwrap_or_default()
    }

    fn times(&self, address: Address) -> Option<&records::Latency> {
        self.latencies.as_ref()?.get(&address)
    }

    /// All of one server; `None` where it was never asked.
    pub fn server(&self, address: Address) -> Option<ServerPage> {
        let server = self.servers.get(&address)?;
        let mut line = self.line(address, &self.open_of(address))?;
        line.recent = server.recent.recent(self.now.time);
        let incidents: Vec<Incident> = self
            .incidents()
            .into_iter()
            .filter(|incident| incident.server == address)
            .map(|incident| (**incident).clone())
            .collect();
        // Those of incidents first: they are why somebody looks.
        let each = incidents.iter();
        let clients = each.clone().flat_map(|incident| incident.clients.clone());
        let names = each.clone().flat_map(|incident| incident.names.clone());
        let processes = each.flat_map(|incident| incident.askers.iter().flatten().map(story::asker));
        let lately = &server.lately;
        let clients = distinct(clients, lately.clients.iter().copied());
        let names = distinct(names, lately.names.iter().map(ToString::to_string));
        let processes = distinct(processes, lately.processes.iter().map(ToString::to_string));
        Some(ServerPage {
            schema: SCHEMA,
            time: self.time(),
            counts: value(&self.counts(address)?),
            latency_buckets: self.times(address).map(powers).unwrap_or_default(),
            server: line,
            clients,
            names,
            processes,
            outages: outages(&incidents, self.now.wall()),
            incidents,
        })
    }

    fn counts(&self, address: Address) -> Option<DestinationCounts> {
        let server = self.servers.get(&address)?;
        Some(DestinationCounts {
            address,
            counters: server.counters,
            not_served: server.not_served,
            latency_us: self.latency(address),
            server_info: self.names.of(address).cloned().map(Box::new),
        })
    }

    /// All incidents that are remembered.
    pub fn all_incidents(&self) -> Incidents {
        let incidents = self.incidents().into_iter();
        Incidents {
            schema: SCHEMA,
            time: self.time(),
            incidents: incidents.map(|incident| (**incident).clone()).collect(),
        }
    }

    fn known(&self, id: &str) -> Option<&Incident> {
        let mut all = self.incidents().into_iter();
        all.find(|incident| incident.id == id).map(|incident| &**incident)
    }

    /// All of one incident, with what there is to say of it; `None` where it is not known.
    pub fn incident_page(&self, id: &str, report: String) -> Option<IncidentPage> {
        let incident = self.known(id)?;
        let server = self.servers.get(&incident.server);
        Some(IncidentPage {
            schema: SCHEMA,
            time: self.time(),
            incident: incident.clone(),
            report,
            recent: server
                .map(|server| server.recent.recent(self.now.time))
                .unwrap_or_default(),
        })
    }

    /// The report of an incident, from what is remembered of its server.
    pub fn report(&self, id: &str, form: &Form, style: Style, clock: &Clock) -> Option<String> {
        let incident = self.known(id)?;
        let source = Source {
            kind: SourceKind::History,
            files: vec!["memory of the running netmon".to_owned()],
            first: Some(Wall(self.since)),
            last: Some(self.time()),
        };
        let mut document = Document::new(source, self.totals);
        document.destinations = self.counts(incident.server).into_iter().collect();
        document.incidents = vec![incident.clone()];
        write_report(
            &document,
            &self.timeline(incident.server),
            &[],
            clock,
            form,
            style,
        )
    }

    /// The last two minutes of a server, as reports have it.
    fn timeline(&self, address: Address) -> Timeline {
        let mut timeline = Timeline::of(Duration::from_secs(RECENT_SECONDS));
        let Some(server) = self.servers.get(&address) else {
            return timeline;
        };
        for (second, passed) in server.recent.last(self.now.time, RECENT_STEPS) {
            let Some(passed) = passed else { continue };
            let wall = self.now.offset.wall(Time::at_second(second));
            let activity = Activity {
                queries: passed.queries.into(),
                answers: passed.answers.into(),
                failures: 0,
                errors: passed.errors.into(),
            };
            timeline.add(WallOffset::NONE.time(wall), address, activity);
        }
        timeline
    }

    /// What passed in all in the last hours, in at most [`POINTS`] steps.
    pub fn flow(&self, hours: usize) -> Flow {
        let steps = (hours * 3_600 / usize::try_from(FLOW_SECONDS).unwrap_or(1)).clamp(POINTS, FLOW_STEPS);
        let together = steps.div_ceil(POINTS);
        let all: Vec<_> = self.flow.last(self.now.time, steps).collect();
        // The last one, which goes on, is as long as all the others.
        let all = all.get(all.len() % together..).unwrap_or_default();
        let (mut queries, mut answers, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for step in all.chunks(together) {
            let known = step.iter().filter_map(|(_, passed)| *passed);
            let sum = |of: fn(Passed) -> u32| {
                let mut counts = known.clone().map(|passed| u64::from(of(passed))).peekable();
                counts.peek().is_some().then(|| counts.sum())
            };
            queries.push(sum(|passed| passed.queries));
            answers.push(sum(|passed| passed.answers));
            errors.push(sum(|passed| passed.errors));
        }
        let first = all.first().map_or(0, |(second, _)| *second);
        Flow {
            schema: SCHEMA,
            from: Wall(self.now.offset.wall(Time::at_second(first))),
            step_seconds: FLOW_SECONDS * together as u64,
            queries,
            answers,
            errors,
        }
    }
}

/// All of these, each once, those of incidents before what was seen lately.
fn distinct<T: PartialEq>(of_incidents: impl Iterator<Item = T>, lately: impl Iterator<Item = T>) -> Vec<T> {
    let mut all = Vec::new();
    for one in of_incidents.chain(lately) {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

/// A report in one of its forms.
pub fn write_report(
    document: &Document,
    timeline: &Timeline,
    close_ups: &[CloseUp],
    clock: &Clock,
    form: &Form,
    style: Style,
) -> Option<String> {
    let report = Report {
        document,
        timeline,
        served: None,
        close_ups,
        excerpts: &Excerpts::default(),
        from_text: false,
        clock,
        cover: &Cover::default(),
        generated_by: GENERATED_BY,
    };
    let mut text = Vec::new();
    (form.write)(&report, style, &mut text).ok()?;
    String::from_utf8(text).ok()
}

/// Latency in powers of two, those in the middle without a gap.
fn powers(times: &records::Latency) -> Vec<Bucket> {
    let mut powers: Vec<Bucket> = Vec::new();
    for (index, count) in times.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let longest = buckets::shortest(index + 1).max(1);
        let up_to_us = longest.next_power_of_two();
        match powers.last_mut() {
            Some(last) if last.up_to_us == up_to_us => last.count += u64::from(*count),
            last => {
                let mut next = last.map_or(up_to_us, |last| last.up_to_us * 2);
                while next < up_to_us {
                    powers.push(Bucket {
                        up_to_us: next,
                        count: 0,
                    });
                    next *= 2;
                }
                powers.push(Bucket {
                    up_to_us,
                    count: u64::from(*count),
                });
            }
        }
    }
    powers
}

/// As JSON. What cannot be written is null; none of these is.
fn value(what: &impl serde::Serialize) -> Value {
    serde_json::to_value(what).unwrap_or_default()
}
