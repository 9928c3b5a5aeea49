//! The metrics as a scraper reads them: the contract's names and labels, in either of its two formats.
//!
//! docs/metrics.md explains each; a test holds the two together. Values are what the kernel has counted, absolute,
//! so that nothing is lost between scrapes. A server is in a family once anything of it was counted, and
//! then with all its labels, so that a first error is seen as an increase from zero.

use std::fmt;
use std::sync::Arc;

use netmon_common::records::Destination;
use netmon_common::{Rcode, Transport};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use super::family::{Labels, counter, gauge};
use super::figures::Figures;
use super::histogram::{EDGES_US, Histogram};
use super::shared::Answer;
use crate::model::counters::{self, Family, Record as _, Subject};
use crate::model::{ResolverState, Totals};

/// The label of all servers that have no metrics of their own.
pub const OTHER: &str = "other";

/// A page of metrics.
#[derive(Debug)]
pub struct Exposition {
    /// What the loop answered.
    pub answer: Arc<Answer>,
    /// How many incidents are listed one by one.
    pub places: usize,
}

impl Collector for Exposition {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let encoder = &mut encoder;
        self.destinations(encoder)?;
        self.latency(encoder)?;
        self.names(encoder)?;
        self.incidents(encoder)?;
        self.resolvers(encoder)?;
        self.totals(encoder)?;
        self.tables(encoder)?;
        self.itself(encoder)
    }
}

impl Exposition {
    /// The counters of servers and other destinations, by the table.
    fn destinations(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        for Family { metric, samples } in Destination::table().families() {
            let mut listed = Vec::new();
            for (address, figures) in self.all() {
                let counts: Vec<u64> = samples
                    .iter()
                    .map(|sample| sample.of(&figures.counters))
                    .collect();
                let (label, is_told) = match metric.of {
                    Subject::Destination => ("destination", counts.iter().any(|count| *count > 0)),
                    Subject::Server | Subject::Everything => ("server", figures.is_server()),
                };
                if is_told {
                    let labelled = samples.iter().zip(counts).map(|(sample, count)| {
                        let subject = std::iter::once((label, address));
                        (subject.chain(sample.labels.iter().copied()).collect(), count)
                    });
                    listed.extend(labelled);
                }
            }
            counter::<Vec<_>>(encoder, metric.name, metric.help, listed.into_iter())?;
        }
        self.responses(encoder)
    }

    fn responses(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let servers = self.all().filter(|(_, figures)| figures.is_server());
        let responses = servers.flat_map(|(server, figures)| {
            Transport::ALL.into_iter().flat_map(move |transport| {
                let by_rcode = Rcode::ALL.map(|rcode| figures.counters.rcode_over(transport, rcode));
                let is_told = transport == Transport::Udp || by_rcode.iter().any(|count| *count > 0);
                let each = counters::rcodes().zip(by_rcode).filter(move |_| is_told);
                each.map(move |(rcode, count)| {
                    let labels = [
                        ("server", server),
                        ("transport", transport.name()),
                        ("rcode", rcode),
                    ];
                    (labels, count)
                })
            })
        });
        counter(
            encoder,
            "netmon_dns_responses",
            "DNS responses from the server",
            responses,
        )
    }

    fn latency(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let mut metric = encoder.encode_descriptor(
            "netmon_dns_latency",
            "Time from a query to its answer, where both were seen",
            Some(&Unit::Seconds),
            MetricType::Histogram,
        )?;
        for (server, figures) in self.all() {
            let histogram = &figures.latency;
            if histogram.count() > 0 {
                metric
                    .encode_family(&[("server", server)])?
                    .encode_histogram::<NoLabelSet>(
                        seconds(histogram.sum_us),
                        histogram.count(),
                        &buckets(histogram),
                        None,
                    )?;
            }
        }
        Ok(())
    }

    /// For joins: `netmon_incident_active * on (server) group_left (name, owner) netmon_server_info`.
    fn names(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let named: Vec<_> = self
            .answer
            .names
            .iter()
            .map(|(server, info)| (server.to_string(), info))
            .collect();
        let samples = named.iter().map(|(server, info)| {
            let labels = [
                ("server", server.as_str()),
                ("name", info.name.as_deref().unwrap_or_default()),
                ("owner", info.owner.as_deref().unwrap_or_default()),
            ];
            (labels, 1_u64)
        });
        gauge(
            encoder,
            "netmon_server_info",
            "1 for each server that the configuration names, with what people call it and whose it is",
            samples,
        )
    }

    fn incidents(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let answer = &self.answer;
        let listed = || answer.active.iter().take(self.places);
        gauge(
            encoder,
            "netmon_incident_active",
            "1 while an incident is open, with its most likely cause; gone when it has closed",
            listed().map(|incident| {
                let [server, port, transport, kind] = incident.labels();
                ([server, port, transport, kind, ("cause", incident.cause)], 1_u64)
            }),
        )?;
        gauge(
            encoder,
            "netmon_incident_down",
            "For each open incident, 1 if the server answers nobody, 0 if some get answers",
            listed().map(|incident| (incident.labels(), u64::from(incident.is_down))),
        )?;
        gauge(
            encoder,
            "netmon_incident_clients",
            "For each open incident, clients that it hits",
            listed().map(|incident| (incident.labels(), incident.clients)),
        )?;
        gauge(
            encoder,
            "netmon_incident_opened_timestamp_seconds",
            "For each open incident, when it opened, Unix time",
            listed().map(|incident| (incident.labels(), incident.opened.as_duration().as_secs_f64())),
        )?;
        let explained = listed().filter_map(|incident| {
            let [server, port, transport, kind] = incident.labels();
            let root = ("root", incident.root.as_deref()?);
            Some(([server, port, transport, kind, root], 1_u64))
        });
        gauge(
            encoder,
            "netmon_incident_because_of",
            "1 for each open incident of a stub or forwarder of this host that the incident of another server explains",
            explained,
        )?;
        let open = |kind: &str| {
            answer
                .active
                .iter()
                .filter(|incident| incident.kind == kind)
                .count() as u64
        };
        gauge(
            encoder,
            "netmon_incidents_open",
            "Open incidents, including those that are not listed one by one",
            answer.opened.keys().map(|kind| ([("kind", *kind)], open(kind))),
        )?;
        counter(
            encoder,
            "netmon_incidents",
            "Incidents that opened since the start, reopened ones not counted again",
            answer
                .opened
                .iter()
                .map(|(kind, count)| ([("kind", *kind)], *count)),
        )
    }

    /// Not a number of those that nobody has asked lately: nothing is known of them.
    fn resolvers(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let all = self.answer.counted.resolvers.iter();
        let listed: Vec<_> = all
            .map(|one| {
                let up = match one.state {
                    ResolverState::Up | ResolverState::Degraded => 1.0,
                    ResolverState::Down => 0.0,
                    ResolverState::Unknown => f64::NAN,
                };
                (one.server.to_string(), one.position.to_string(), up)
            })
            .collect();
        gauge(
            encoder,
            "netmon_resolver_up",
            "For each resolver that this host is configured to use: 1 if it answers, 0 if it is down, NaN if nobody asked it \
             for 10 min",
            listed
                .iter()
                .map(|(server, position, up)| ([("server", server.as_str()), ("position", position)], *up)),
        )
    }

    /// The counters of everything, by the table.
    fn totals(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let totals = &self.answer.counted.totals;
        for Family { metric, samples } in Totals::table().families() {
            let samples = samples.iter();
            let labelled = samples.map(|sample| (&*sample.labels, sample.of(totals)));
            counter(encoder, metric.name, metric.help, labelled)?;
        }
        Ok(())
    }

    /// How full the tables are.
    fn tables(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let tables = || self.answer.counted.tables.iter();
        let entries = tables().map(|table| ([("table", table.name)], table.entries));
        gauge(encoder, "netmon_table_entries", "Entries of a table", entries)?;
        let capacities = tables().map(|table| ([("table", table.name)], table.capacity));
        gauge(
            encoder,
            "netmon_table_capacity",
            "How many entries the table can have",
            capacities,
        )?;
        let lifetime = self.answer.counted.trace_lifetime;
        gauge::<0, _>(
            encoder,
            "netmon_trace_lifetime_seconds",
            "How long the trace of a query lives at present that nobody answers",
            lifetime.map(|lifetime| ([], lifetime.as_secs_f64())).into_iter(),
        )
    }

    fn itself(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let one = |value: u64| std::iter::once(([], value));
        let listed: Labels<'_, 0> = [];
        let polled = self.answer.at.offset.wall(self.answer.polled);
        gauge(
            encoder,
            "netmon_last_poll_timestamp_seconds",
            "When the counts were read from the kernel, Unix time",
            std::iter::once((listed, polled.as_duration().as_secs_f64())),
        )?;
        gauge::<0, _>(
            encoder,
            "netmon_servers_listed",
            "Servers with metrics of their own",
            one(self.answer.page.servers.len() as u64),
        )?;
        gauge::<0, _>(
            encoder,
            "netmon_servers_other",
            "Servers and other destinations that are summed under `other`",
            one(self.answer.page.others as u64),
        )?;
        encoder
            .encode_descriptor("netmon_build", "The program", None, MetricType::Info)?
            .encode_info(&[
                ("version", env!("CARGO_PKG_VERSION")),
                ("arch", std::env::consts::ARCH),
            ])
    }

    /// All destinations, and the rest of them.
    fn all(&self) -> impl Iterator<Item = (&str, &Figures)> {
        let listed = self
            .answer
            .page
            .servers
            .iter()
            .map(|(name, figures)| (&**name, figures));
        listed.chain(std::iter::once((OTHER, &self.answer.page.other)))
    }
}

/// Upper edges in seconds, the last one infinite, and the answers of each bucket.
fn buckets(histogram: &Histogram) -> [(f64, u64); EDGES_US.len() + 1] {
    let mut edges = EDGES_US.into_iter().map(seconds);
    histogram
        .counts
        .map(|count| (edges.next().unwrap_or(f64::INFINITY), count))
}

#[expect(clippy::cast_precision_loss, reason = "exact to 285 years")]
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}
