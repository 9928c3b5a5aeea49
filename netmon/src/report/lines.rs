//! `netmon run --format json`: one JSON object a line, as section 3 of the contract says.

use std::io::{self, Write};

use serde::Serialize;

use super::model::{DestinationCounts, Incident, Totals, Wall, Warning};
use super::sink::{Counted, Happened, Moment, Sink, Started};

/// Writes events as lines of JSON.
#[derive(Debug)]
pub struct Lines<W> {
    out: W,
    snapshots: bool,
}

#[derive(Serialize)]
struct Line<'a, T> {
    event: &'a str,
    time: Wall,
    #[serde(flatten)]
    what: T,
}

#[derive(Serialize)]
struct StartedLine<'a> {
    version: &'static str,
    ports: &'a [u16],
    interfaces: Vec<InterfaceLine<'a>>,
    left_out: Vec<LeftOut<'a>>,
}

#[derive(Serialize)]
struct InterfaceLine<'a> {
    name: &'a str,
    ingress: &'static str,
    egress: &'static str,
    exact: bool,
    why: &'a str,
}

#[derive(Serialize)]
struct LeftOut<'a> {
    name: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct IncidentLine<'a> {
    incident: &'a Incident,
}

#[derive(Serialize)]
struct CountsLine<'a> {
    totals: &'a Totals,
    destinations: &'a [DestinationCounts],
}

impl<W: Write> Lines<W> {
    /// Lines to `out`; counts at each poll only if `snapshots`.
    pub const fn new(out: W, snapshots: bool) -> Self {
        Self { out, snapshots }
    }

    fn line(&mut self, at: Moment, event: &str, what: impl Serialize) -> io::Result<()> {
        let line = Line {
            event,
            time: Wall(at.offset.wall(at.time)),
            what,
        };
        serde_json::to_writer(&mut self.out, &line)?;
        self.out.write_all(b"\n")?;
        self.out.flush()
    }
}

impl<W: Write> Sink for Lines<W> {
    fn started(&mut self, at: Moment, started: &Started<'_>) -> io::Result<()> {
        let interfaces = started.attachments.iter().map(|attachment| InterfaceLine {
            name: &attachment.interface.name,
            ingress: attachment.ingress.name(),
            egress: attachment.egress.name(),
            exact: attachment.is_exact(),
            why: &attachment.why,
        });
        let left_out = started.left_out.iter().map(|(name, why)| LeftOut { name, why });
        let what = StartedLine {
            version: env!("CARGO_PKG_VERSION"),
            ports: started.ports,
            interfaces: interfaces.collect(),
            left_out: left_out.collect(),
        };
        self.line(at, "started", what)
    }

    fn incident(&mut self, at: Moment, happened: Happened, incident: &Incident) -> io::Result<()> {
        let event = match happened {
            Happened::Opened => "incident_opened",
            Happened::Updated => "incident_updated",
            Happened::Closed => "incident_closed",
        };
        self.line(at, event, IncidentLine { incident })
    }

    fn wants_snapshot(&self, _at: Moment) -> bool {
        self.snapshots
    }

    fn snapshot(&mut self, at: Moment, counted: &Counted) -> io::Result<()> {
        self.counts(at, "snapshot", counted)
    }

    fn warning(&mut self, at: Moment, warning: &Warning) -> io::Result<()> {
        self.line(at, "warning", warning)
    }

    fn stopped(&mut self, at: Moment, counted: &Counted) -> io::Result<()> {
        self.counts(at, "stopped", counted)
    }
}

impl<W: Write> Lines<W> {
    fn counts(&mut self, at: Moment, event: &str, counted: &Counted) -> io::Result<()> {
        let what = CountsLine {
            totals: &counted.totals,
            destinations: &counted.destinations,
        };
        self.line(at, event, what)
    }
}
