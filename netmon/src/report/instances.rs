//! What `netmon status` prints: for people, or one JSON document.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use netmon_common::Address;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::story::numbers::{Clock, count, number};
use super::story::still;
use crate::model::view::{Health, Summary};
use crate::model::{
    DestinationCounts, Incident, Names, Resolver, ResolverState, SCHEMA, ServerInfo, Totals, Wall,
};

/// Destinations that are shown, the busiest first.
const SHOWN: usize = 10;

/// A netmon in the kernel.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// The processes that hold its programs.
    pub pids: Vec<u32>,
    /// When it was loaded.
    pub since: Option<Wall>,
    /// The ids of its programs.
    pub programs: Vec<u32>,
    /// Where it is attached in this network namespace.
    pub interfaces: Vec<Here>,
    /// The servers with an open incident.
    pub open: Vec<Open>,
    /// The resolvers of its host; `None` without a running process, which alone knows how it stands with them.
    pub resolvers: Option<Vec<Resolver>>,
    /// What it has counted.
    #[serde(flatten)]
    pub counts: Option<Counts>,
    /// Why its counts cannot be read.
    pub unreadable: Option<String>,
}

/// A server with an open incident.
#[derive(Clone, Debug, Serialize)]
pub struct Open {
    /// The server.
    pub server: Address,
    /// What the configuration says of it.
    pub server_info: Option<ServerInfo>,
    /// The incidents, as far as the history knows them.
    pub incidents: Vec<Incident>,
}

impl Open {
    /// Nothing but the server is known.
    pub const fn new(server: Address) -> Self {
        Self {
            server,
            server_info: None,
            incidents: Vec::new(),
        }
    }
}

/// An interface of this network namespace.
#[derive(Clone, Debug, Serialize)]
pub struct Here {
    /// Its name.
    pub name: String,
    /// What sees what arrives.
    pub ingress: Option<&'static str>,
    /// What sees what leaves.
    pub egress: Option<&'static str>,
}

/// Counts since it was loaded.
#[derive(Clone, Debug, Serialize)]
pub struct Counts {
    #[serde(serialize_with = "without_not_served")]
    totals: Totals,
    destinations: Vec<DestinationCounts>,
    destinations_more: usize,
    /// What each outlet dropped; `None` without a running process, which alone knows.
    outlets: Option<BTreeMap<String, u64>>,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    said: Said<'a>,
    /// What the kernel says; null for those who may not ask it.
    instances: Option<&'a [Status]>,
}

/// What the netmon at the socket says, or that none is there.
#[derive(Serialize)]
#[serde(untagged)]
enum Said<'a> {
    Summary(&'a Summary),
    Nothing {
        schema: u32,
        version: &'static str,
        state: Option<Health>,
    },
}

impl Counts {
    /// Of these the busiest destinations are kept.
    pub fn new(
        totals: Totals,
        mut destinations: Vec<DestinationCounts>,
        outlets: Option<BTreeMap<String, u64>>,
    ) -> Self {
        let all = destinations.len();
        // Stable: the same counts stay in the order of addresses.
        destinations.sort_by_key(|destination| std::cmp::Reverse(destination.counters.counted()));
        destinations.truncate(SHOWN);
        Self {
            totals,
            destinations_more: all - destinations.len(),
            destinations,
            outlets,
        }
    }
}

impl Status {
    /// Says of each server what it is called, and whose it is.
    pub fn name_servers(&mut self, names: &Names) {
        if let Some(counts) = &mut self.counts {
            names.mark(&mut counts.destinations);
        }
        for open in &mut self.open {
            open.server_info = names.of(open.server).cloned();
            for incident in &mut open.incidents {
                names.mark_incident(incident);
            }
        }
    }

    /// Says more of the incidents that are open, where these are of its servers.
    pub fn explain(&mut self, incidents: &[Incident]) {
        for open in &mut self.open {
            let own = incidents.iter().filter(|incident| incident.server == open.server);
            open.incidents.extend(own.cloned());
        }
    }
}

/// Only the running process knows what is not served.
fn without_not_served<S: Serializer>(totals: &Totals, serializer: S) -> Result<S::Ok, S::Error> {
    let mut value = serde_json::to_value(totals).map_err(serde::ser::Error::custom)?;
    if let Some(not_served) = value.get_mut("not_served") {
        *not_served = Value::Null;
    }
    value.serialize(serializer)
}

/// For people.
pub fn text(instances: &[Status], clock: &Clock, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    if instances.is_empty() {
        return writeln!(out, "no netmon is in this kernel; start one with netmon run");
    }
    for instance in instances {
        one(instance, clock, now, out)?;
    }
    Ok(())
}

fn one(instance: &Status, clock: &Clock, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    let since = instance.since.map_or_else(String::new, |since| {
        format!(", since {} {}", clock.second(since.0), clock.name(since.0))
    });
    match instance.pids.as_slice() {
        [] => writeln!(
            out,
            "netmon without a process{since}: it counts, and nobody reads it"
        )?,
        pids => {
            let pids: Vec<String> = pids.iter().map(ToString::to_string).collect();
            writeln!(out, "netmon, process {}{since}", pids.join(", "))?;
        }
    }
    for Here {
        name,
        ingress,
        egress,
    } in &instance.interfaces
    {
        writeln!(
            out,
            "  {name}: what arrives by {}, what leaves by {}",
            ingress.unwrap_or("none"),
            egress.unwrap_or("none")
        )?;
    }
    if instance.interfaces.is_empty() {
        let there = instance.pids.first().map_or_else(String::new, |pid| {
            format!("; try nsenter --net=/proc/{pid}/ns/net netmon status")
        });
        writeln!(out, "  attached to nothing in this network namespace{there}")?;
    }
    for open in &instance.open {
        open_in_words(open, clock, now, out)?;
    }
    for one in instance.resolvers.iter().flatten() {
        let Resolver {
            server,
            position,
            of,
            by,
            state,
            ..
        } = one;
        writeln!(
            out,
            "  resolver {position} of {of} ({by}): {server} is {}",
            state_in_words(*state)
        )?;
    }
    if let Some(why) = &instance.unreadable {
        writeln!(out, "  its counts cannot be read: {why}")?;
    }
    instance
        .counts
        .as_ref()
        .map_or(Ok(()), |counts| counted(counts, out))
}

const fn state_in_words(state: ResolverState) -> &'static str {
    match state {
        ResolverState::Unknown => "not asked lately",
        known => known.name(),
    }
}

/// What is open at a server: from the history, or at least that something is.
fn open_in_words(open: &Open, clock: &Clock, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    for incident in &open.incidents {
        writeln!(out, "  open: {}", still(incident, clock, now))?;
    }
    if open.incidents.is_empty() {
        let name = open.server_info.as_ref().and_then(|info| info.name.as_ref());
        let name = name.map_or_else(String::new, |name| format!(" ({name})"));
        writeln!(
            out,
            "  open: an incident of {}{name}; netmon run --history keeps what there is to know of it",
            open.server
        )?;
    }
    Ok(())
}

fn counted(counts: &Counts, out: &mut dyn Write) -> io::Result<()> {
    let totals = &counts.totals;
    let (overflow, events_lost) = (totals.counters.overflow, totals.counters.events_lost);
    writeln!(
        out,
        "  {}: {}, {}, {} about DNS",
        count(totals.counters.frames, "packet", "packets"),
        count(totals.queries(), "query", "queries"),
        count(totals.responses(), "response", "responses"),
        count(totals.counters.dns_unreachable, "unreachable", "unreachables"),
    )?;
    if overflow > 0 || events_lost > 0 {
        let lost = [
            (
                overflow,
                "packet",
                "packets",
                "counted without their destination, because the table is full",
            ),
            (events_lost, "event", "events", "lost, because the ring was full"),
        ];
        for (number, one, many, what) in lost.into_iter().filter(|(number, ..)| *number > 0) {
            writeln!(out, "  {} {what}", count(number, one, many))?;
        }
    }
    for (outlet, dropped) in counts
        .outlets
        .iter()
        .flatten()
        .filter(|(_, dropped)| **dropped > 0)
    {
        writeln!(out, "  {outlet}: {} dropped", number(*dropped))?;
    }
    for destination in &counts.destinations {
        writeln!(
            out,
            "    {}: {}, {}, {}",
            destination.title(),
            count(destination.counters.queries(), "query", "queries"),
            count(destination.counters.responses(), "response", "responses"),
            count(destination.counters.unreachables(), "ICMP error", "ICMP errors"),
        )?;
    }
    if counts.destinations_more > 0 {
        writeln!(
            out,
            "    and {} less busy ones",
            number(counts.destinations_more as u64)
        )?;
    }
    Ok(())
}

/// One document: the summary of the netmon that answers at the socket, and what the kernel says of all.
pub fn json(summary: Option<&Summary>, instances: Option<&[Status]>, out: &mut dyn Write) -> io::Result<()> {
    let nothing = Said::Nothing {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        state: None,
    };
    let said = summary.map_or(nothing, Said::Summary);
    serde_json::to_writer_pretty(&mut *out, &Document { said, instances })?;
    out.write_all(b"\n")
}
