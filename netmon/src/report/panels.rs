//! What a timeline shows: which servers, in how many columns, and where incidents stand on its axis.

use netmon_common::Address;

use super::Report;
use super::timeline::{Activity, Axis};
use crate::model::Wall;
use crate::time::Time;

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
    /// Where it begins, between the axis' start (0) and end (1).
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// Whether it goes on beyond.
    pub is_open: bool,
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
    /// Of the servers with incidents, then of the busiest others, in at most so many columns; `None` when
    /// there is nothing to draw.
    pub fn new(report: &Report<'_>, columns: usize) -> Option<Self> {
        let axis = report.timeline.axis(columns)?;
        let mut servers: Vec<Address> = Vec::new();
        let troubled = report.document.incidents.iter().map(|incident| incident.server);
        for server in troubled {
            if servers.len() < TROUBLED && !servers.contains(&server) {
                servers.push(server);
            }
        }
        for (server, _) in report.timeline.servers() {
            if servers.len() < SERVERS && !servers.contains(&server) {
                servers.push(server);
            }
        }
        let panels: Vec<_> = servers
            .into_iter()
            .filter_map(|server| {
                Some(Panel {
                    server,
                    parts: report.timeline.server(server, &axis)?,
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
        .map(|(index, incident)| Stretch {
            number: index + 1,
            from: axis.position(time(incident.began)),
            to: incident.closed.map_or(1.0, |closed| axis.position(time(closed))),
            is_open: incident.closed.is_none(),
        })
        .collect()
}

fn time(wall: Wall) -> Time {
    Time::from_nanos(u64::try_from(wall.0.as_nanosecond()).unwrap_or(0))
}
