//! What the views show: the documents of `/api/v1/...`, as the socket, the web page and `netmon top` have them.

use std::collections::BTreeMap;

use netmon_common::Address;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::counts::Latency;
use super::incident::Incident;
use super::resolver::Resolver;
use super::server::{ServerInfo, title};
use super::wall::Wall;
use super::warning::Warning;
use super::words::words;

words! {
    /// How things are, at a glance.
    pub enum Health {
        /// The counts were not read yet.
        Starting = "starting",
        /// Nothing is wrong.
        Well = "well",
        /// Some clients of a server get no answers, or wrong ones.
        Degraded = "degraded",
        /// No client of a server gets answers.
        Down = "down",
        /// netmon has ended.
        Stopped = "stopped",
    }
}

/// How much passes in a second, over the last seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the words say it")]
pub struct Rates {
    pub queries: f64,
    pub answers: f64,
    pub errors: f64,
}

/// All in one look: `/api/v1/summary`, `netmon status --format json`, and the event `summary`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// Version of these documents.
    pub schema: u32,
    /// Of netmon.
    pub version: String,
    /// The host's name.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// When this was so.
    pub time: Wall,
    /// When watching began.
    pub since: Wall,
    /// At a glance.
    pub state: Health,
    /// The same in a sentence.
    pub sentence: String,
    /// The DNS ports.
    pub ports: Vec<u16>,
    /// What is watched, as in the event `started`.
    pub interfaces: Value,
    /// What is not watched, and why.
    pub left_out: Value,
    /// Of all servers together.
    pub per_second: Rates,
    /// Servers that are counted individually.
    pub servers: usize,
    /// The resolvers that this host is configured to use, and how it stands with each.
    pub resolvers: Vec<Resolver>,
    /// Incidents that are open, the newest first.
    pub open: Vec<Incident>,
    /// Incidents that opened since the start.
    pub opened: u64,
    /// The latest warnings, the newest first.
    pub warnings: Vec<Said>,
    /// Everything that passed, as in the contract's `totals`.
    pub totals: Value,
    /// How full the tables are.
    pub tables: Vec<Fill>,
    /// What each outlet dropped.
    pub outlets: BTreeMap<String, u64>,
    /// The capture that is shown in place of what passes; null where netmon watches.
    pub replay: Option<Replay>,
}

/// A capture that is shown as it unfolded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replay {
    /// Its file.
    pub file: String,
    /// Its first packet.
    pub from: Wall,
    /// Its last one.
    pub to: Wall,
    /// How many times faster than it was.
    pub speed: f64,
    /// Whether it waits.
    pub paused: bool,
    /// Whether all was shown.
    pub over: bool,
}

/// What is to become of a replay: whatever is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReplayOrder {
    /// How many times faster than it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<f64>,
    /// So many times as fast as now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<f64>,
    /// Whether it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
    /// Go there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Wall>,
    /// Go on, or back, by so many seconds of the capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<i64>,
}

const SPEEDS: std::ops::RangeInclusive<f64> = 0.01..=100_000.0;

impl ReplayOrder {
    /// The speeds that there are: from a hundredth to a hundred thousand times.
    pub fn is_speed(speed: f64) -> bool {
        SPEEDS.contains(&speed)
    }

    /// The speed that it comes to.
    pub fn faster(&self, now: f64) -> f64 {
        let speed = self.speed.unwrap_or(now) * self.times.unwrap_or(1.0);
        speed.clamp(*SPEEDS.start(), *SPEEDS.end())
    }
}

/// A warning, and when it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// When.
    pub time: Wall,
    /// What.
    #[serde(flatten)]
    pub warning: Warning,
}

/// How full a table is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the words say it")]
pub struct Fill {
    pub table: String,
    pub entries: u64,
    pub capacity: u64,
}

/// A server in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerLine {
    /// Its address.
    pub address: Address,
    /// What the configuration says of it.
    pub server_info: Option<ServerInfo>,
    /// Which of this host's resolvers it is.
    pub resolver: Option<Resolver>,
    /// `well`, or how bad the worst of its open incidents is.
    pub state: Health,
    /// Over the last seconds.
    pub per_second: Rates,
    /// Since netmon counts.
    pub queries: u64,
    /// The same.
    pub answers: u64,
    /// DNS unreachables, all codes.
    pub errors: u64,
    /// The part of the queries of the last two minutes that was answered, 0 to 1; null without queries.
    pub answered: Option<f64>,
    /// How long its answers took.
    pub latency_us: Latency,
    /// The last two minutes.
    pub recent: Recent,
    /// The ids of its open incidents.
    pub incidents: Vec<String>,
}

impl ServerLine {
    /// Its address, with what people call it: `203.0.113.2 (ns1)`.
    pub fn title(&self) -> String {
        title(self.address, self.server_info.as_ref())
    }
}

/// The last two minutes, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    /// How long each lasts.
    pub seconds: u64,
    /// Queries in each.
    pub queries: Vec<u32>,
    /// Answers in each.
    pub answers: Vec<u32>,
    /// Errors in each.
    pub errors: Vec<u32>,
}

/// `/api/v1/servers`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Servers {
    /// Version of these documents.
    pub schema: u32,
    /// When this was so.
    pub time: Wall,
    /// All that are counted.
    pub total: usize,
    /// Those that the filter leaves.
    pub matching: usize,
    /// Of these the one that `servers` begins with.
    pub offset: usize,
    /// In the order that was asked for.
    pub servers: Vec<ServerLine>,
}

/// `/api/v1/servers/{address}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServerPage {
    /// Version of these documents.
    pub schema: u32,
    /// When this was so.
    pub time: Wall,
    /// As in the list.
    pub server: ServerLine,
    /// As in the contract's `destinations`.
    pub counts: Value,
    /// How many answers took up to so long, but longer than the one before.
    pub latency_buckets: Vec<Bucket>,
    /// Clients of its incidents, then those that were seen asking lately.
    pub clients: Vec<Address>,
    /// Names that were asked for in its incidents, then those that were seen lately.
    pub names: Vec<String>,
    /// Processes of this host that its incidents hit, then those that were seen asking lately.
    pub processes: Vec<String>,
    /// Its incidents, the newest first.
    pub incidents: Vec<Incident>,
    /// The same over time.
    pub outages: Outages,
}

/// How it stood with a server over time, as far as incidents are remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outages {
    /// When the first step begins.
    pub from: Wall,
    /// How long a step is, in seconds.
    pub step_s: u64,
    /// The worst of each step; the last step is the present one.
    pub states: Vec<Health>,
}

/// Answers that took so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the words say it")]
pub struct Bucket {
    pub up_to_us: u64,
    pub count: u64,
}

/// `/api/v1/incidents`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Incidents {
    /// Version of these documents.
    pub schema: u32,
    /// When this was so.
    pub time: Wall,
    /// The newest first; open ones, and those of the closed ones that are remembered.
    pub incidents: Vec<Incident>,
}

/// `/api/v1/incidents/{id}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IncidentPage {
    /// Version of these documents.
    pub schema: u32,
    /// When this was so.
    pub time: Wall,
    /// The incident.
    pub incident: Incident,
    /// What there is to say of it, as `netmon report` prints it.
    pub report: String,
    /// What its server got and gave meanwhile.
    pub recent: Recent,
}

/// `/api/v1/timeline`: what passed in all.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flow {
    /// Version of these documents.
    pub schema: u32,
    /// When the first step began.
    pub from: Wall,
    /// How long each step lasts; the last one goes on.
    pub step_seconds: u64,
    /// Queries in each; null where netmon was not there.
    pub queries: Vec<Option<u64>>,
    /// Answers.
    pub answers: Vec<Option<u64>>,
    /// DNS unreachables.
    pub errors: Vec<Option<u64>>,
}
