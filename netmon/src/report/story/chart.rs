//! What a timeline shows: which servers, in how many columns, and where incidents stand on its axis.

use jiff::Timestamp;
use netmon_common::Address;

use crate::model::Wall;
use crate::report::Report;
use crate::time::Time;
use crate::timeline::{Activity, Axis, Timeline};

/// Servers in a timeline at most, unless more of them have incidents.
const SERVERS: usize = 6;

/// Servers with incidents in a timeline at most.
const TROUBLED: usize = 12;

/// A timeline, ready to be drawn.
#[derive(Debug)]
pub struct Panels {
    /// Of all panels.
    pub axis: Axis,
    /// One a server.
    pub panels: Vec<Panel>,
}

/// One server's.
#[derive(Debug)]
pub struct Panel {
    /// The server.
    pub server: Address,
    /// What passed in each part of the axis.
    pub parts: Vec<Activity>,
    /// Its incidents.
    pub incidents: Vec<Stretch>,
}

/// Where an incident stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// Its number in the report, from 1.
    pub number: usize,
    /// When it began.
    pub began: Timestamp,
    /// When it ended; `None` if it goes on.
    pub ended: Option<Timestamp>,
    /// The first column that it touches.
    pub first: usize,
    /// The last one.
    pub last: usize,
    /// Whether it begins on the axis, not before it.
    pub begins: bool,
    /// Whether it ends on the axis, and does not go on beyond it.
    pub ends: bool,
}

impl Panel {
    /// All that passed.
    pub fn total(&self) -> Activity {
        let mut total = Activity::default();
        for part in &self.parts {
            total += *part;
        }
        total
    }

    /// The most of one kind in one part: the height of the panel.
    pub fn most(&self) -> u64 {
        let most = |part: &Activity| part.queries.max(part.answers + part.errors);
        self.parts.iter().map(most).max().unwrap_or(0)
    }
}

impl Panels {
    /// Of a timeline of the report: of the servers with incidents, then of the busiest others, in at most so many columns; `None` when
    /// there is nothing to draw.
    pub fn new(report: &Report<'_>, timeline: &Timeline, columns: usize) -> Option<Self> {
        let axis = timeline.axis(columns)?;
        let mut servers: Vec<Address> = Vec::new();
        let troubled = report.document.incidents.iter().map(|incident| incident.server);
        for server in troubled {
            if servers.len() < TROUBLED && !servers.contains(&server) {
                servers.push(server);
            }
        }
        for (server, _) in timeline.servers() {
            if servers.len() < SERVERS && !servers.contains(&server) {
                servers.push(server);
            }
        }
        let panels: Vec<_> = servers
            .into_iter()
            .filter_map(|server| {
                Some(Panel {
                    server,
                    parts: timeline.server(server, &axis)?,
                    incidents: stretches(report, server, &axis),
                })
            })
            .collect();
        (!panels.is_empty()).then_some(Self { axis, panels })
    }
}

fn stretches(report: &Report<'_>, server: Address, axis: &Axis) -> Vec<Stretch> {
    let numbered = report.document.incidents.iter().enumerate();
    numbered
        .filter(|(_, incident)| incident.server == server)
        .map(|(index, incident)| {
            let ended = incident.recovered.or(incident.closed);
            let last = axis.parts().saturating_sub(1);
            let column = |wall: Wall| axis.nearest_part(time(wall));
            let first = column(incident.began);
            Stretch {
                number: index + 1,
                began: incident.began.0,
                ended: ended.map(|ended| ended.0),
                first,
                last: ended.map_or(last, column).max(first),
                begins: time(incident.began) >= axis.start(),
                ends: ended.is_some_and(|ended| time(ended) < axis.end()),
            }
        })
        .collect()
}

fn time(wall: Wall) -> Time {
    Time::from_nanos(u64::try_from(wall.0.as_nanosecond()).unwrap_or(0))
}
