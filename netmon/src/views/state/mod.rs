//! What the views show: one state, fed by the monitor's events and its readings of the counts. It does no I/O, reads no clock,
//! and everything in it is bounded.

mod find;
mod outages;
mod pages;
mod recent;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use foldhash::fast::RandomState;
use jiff::Timestamp;
use netmon_common::Address;
use netmon_common::records::{self, Counters as _, Destination};

use super::feed::Reading;
use super::limits::{CLOSED, FLOW_SECONDS, FLOW_STEPS, WARNINGS};
use super::sightings::Lately;
use crate::model::view::{Fill, Health, Replay, ReplayOrder, Said, ServerLine};
use crate::model::{
    Event, Happened, Incident, Moment, Names, Resolver, Severity, Started, State as IsOpen, Totals, Wall,
};
pub use find::{By, Query};
pub use pages::write_report;
use recent::{Passed, Ring};

/// What netmon knows, as far as it is shown.
#[derive(Debug)]
pub struct State {
    about: About,
    /// The moment of the last reading or event.
    now: Moment,
    since: Timestamp,
    health: Option<Health>,
    started: Started,
    names: Names,
    totals: Totals,
    flow: Ring,
    recent: Ring,
    servers: HashMap<Address, Box<Server>, RandomState>,
    /// A line for each, once somebody has asked since the last change.
    lines: OnceCell<Vec<ServerLine>>,
    /// As of the last reading; `None` where it had none, because nobody looked.
    latencies: Option<BTreeMap<Address, records::Latency>>,
    /// By id.
    open: BTreeMap<String, Arc<Incident>>,
    /// The newest first.
    closed: VecDeque<Arc<Incident>>,
    opened: u64,
    warnings: VecDeque<Said>,
    resolvers: Vec<Resolver>,
    tables: Vec<Fill>,
    outlets: BTreeMap<String, u64>,
    replay: Option<Replay>,
}

/// Who has this state.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The host's name.
    pub host: String,
    /// The process.
    pub pid: u32,
}

#[derive(Debug, Default)]
struct Server {
    counters: Destination,
    not_served: u64,
    recent: Ring,
    lately: Lately,
}

impl State {
    /// One that was fed with nothing yet.
    pub fn new(about: About, now: Moment) -> Self {
        Self {
            about,
            now,
            since: now.wall(),
            health: Some(Health::Starting),
            started: Started::default(),
            names: Names::default(),
            totals: Totals::default(),
            flow: Ring::new(FLOW_SECONDS, FLOW_STEPS),
            recent: Ring::default(),
            servers: HashMap::default(),
            lines: OnceCell::new(),
            latencies: None,
            open: BTreeMap::new(),
            closed: VecDeque::new(),
            opened: 0,
            warnings: VecDeque::new(),
            resolvers: Vec::new(),
            tables: Vec::new(),
            outlets: BTreeMap::new(),
            replay: None,
        }
    }

    /// What servers are called from now on.
    pub fn set_names(&mut self, names: Names) {
        self.names = names;
        self.lines.take();
    }

    /// What is replayed, and how.
    pub fn set_replay(&mut self, replay: Replay) {
        self.replay = Some(replay);
    }

    /// Shows at once what was asked of a replay: whoever asks next asks by what is shown.
    pub fn order(&mut self, order: ReplayOrder) {
        if let Some(replay) = &mut self.replay {
            replay.speed = order.faster(replay.speed);
            replay.paused = order.paused.unwrap_or(replay.paused);
        }
    }

    /// Nothing has passed yet.
    pub fn begin_again(&mut self, now: Moment) {
        let new = Self::new(self.about.clone(), now);
        let old = std::mem::replace(self, new);
        (self.names, self.replay) = (old.names, old.replay);
    }

    /// Incidents of an earlier run, the newest first.
    pub fn remember(&mut self, closed: impl IntoIterator<Item = Incident>) {
        let closed = closed
            .into_iter()
            .filter(|incident| incident.state == IsOpen::Closed);
        self.closed.extend(closed.map(Arc::new));
        self.closed.truncate(CLOSED);
    }

    /// Takes an event.
    pub fn event(&mut self, at: Moment, event: &Event) {
        self.now = at;
        self.lines.take();
        match event {
            Event::Started(started) => {
                self.since = at.wall();
                self.started = started.clone();
                self.health = None;
            }
            Event::Watching(names) => {
                // How each is watched, `started` and the warnings say.
                self.started
                    .interfaces
                    .retain(|interface| names.contains(&interface.name));
            }
            Event::Incident(happened, incident) => self.incident(*happened, incident),
            Event::Warning(warning) => {
                let (time, warning) = (Wall(at.wall()), warning.clone());
                self.warnings.push_front(Said { time, warning });
                self.warnings.truncate(WARNINGS);
            }
            Event::Stopped(..) => self.health = Some(Health::Stopped),
            // Counts come with each reading.
            Event::Snapshot(_) | Event::Reloaded(_) => {}
        }
    }

    fn incident(&mut self, happened: Happened, incident: &Arc<Incident>) {
        let is_new = happened == Happened::Opened && incident.reopened == 0;
        self.opened += u64::from(is_new);
        self.closed.retain(|closed| closed.id != incident.id);
        match happened {
            Happened::Opened | Happened::Updated => {
                self.open.insert(incident.id.clone(), Arc::clone(incident));
            }
            Happened::Closed => {
                self.open.remove(&incident.id);
                self.closed.push_front(Arc::clone(incident));
                self.closed.truncate(CLOSED);
            }
        }
    }

    /// Takes a reading of the counts.
    pub fn reading(&mut self, reading: Reading) {
        let (at, before) = (reading.at, self.totals);
        self.now = at;
        self.lines.take();
        self.totals = reading.totals;
        // What was counted before this process was there passed nobody knows when.
        let passed = |counts| {
            if reading.is_first {
                Passed::default()
            } else {
                Passed::new(counts)
            }
        };
        let mut all = in_all(&self.totals);
        for (now, before) in all.iter_mut().zip(in_all(&before)) {
            *now = now.saturating_sub(before);
        }
        let all = passed(all);
        self.flow.add(at.time, all);
        self.recent.add(at.time, all);
        if reading.is_all {
            let there: BTreeSet<Address> = reading.changed.iter().map(|changed| changed.address).collect();
            self.servers.retain(|address, _| there.contains(address));
        }
        for changed in reading.changed {
            let server = self.servers.entry(changed.address).or_default();
            // One that has lost its place and come again has counted all of it since.
            let now = changed.counters;
            let grown = now.since(&server.counters).unwrap_or(now);
            server.recent.add(at.time, passed(of_server(&grown)));
            server.counters = now;
            server.not_served = changed.not_served;
        }
        for (address, seen) in reading.seen.into_all() {
            if let Some(server) = self.servers.get_mut(&address) {
                server.lately.add(seen);
            }
        }
        self.latencies = reading.latencies;
        self.resolvers = reading.resolvers;
        let tables = reading.tables.into_iter().map(|table| Fill {
            table: table.name.to_owned(),
            entries: table.entries,
            capacity: table.capacity,
        });
        self.tables = tables.collect();
        let outlets = reading.outlets.into_iter();
        self.outlets = outlets
            .map(|(name, dropped)| (name.to_owned(), dropped))
            .collect();
    }

    /// Nothing is counted for these any more.
    pub fn gone(&mut self, servers: &[Address]) {
        self.lines.take();
        for address in servers {
            self.servers.remove(address);
        }
    }

    /// Whether all is there that is shown: latency is read only where somebody looks.
    pub const fn is_complete(&self) -> bool {
        self.latencies.is_some()
    }

    /// What servers are called.
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// How things are: the worst of the open incidents.
    fn health(&self) -> Health {
        self.health
            .unwrap_or_else(|| worst(self.open.values().map(|incident| &**incident)))
    }

    /// All incidents, open or not, the newest first.
    fn incidents(&self) -> Vec<&Arc<Incident>> {
        let mut open: Vec<_> = self.open.values().collect();
        open.sort_by_key(|incident| std::cmp::Reverse(incident.opened));
        open.extend(&self.closed);
        open
    }
}

/// How bad the worst of these incidents is.
fn worst<'a>(incidents: impl Iterator<Item = &'a Incident>) -> Health {
    incidents.fold(Health::Well, |worst, incident| match incident.severity {
        Severity::Down => Health::Down,
        Severity::Degraded => worst.max(Health::Degraded),
    })
}

/// Queries, answers and DNS unreachables.
fn in_all(totals: &Totals) -> [u64; 3] {
    [
        totals.queries(),
        totals.responses(),
        totals.counters.dns_unreachable,
    ]
}

/// The same of one server.
fn of_server(counters: &Destination) -> [u64; 3] {
    let errors = counters.dns_unreachable.as_flattened().iter().sum();
    [counters.queries(), counters.responses(), errors]
}
