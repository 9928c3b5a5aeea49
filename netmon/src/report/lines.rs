//! `netmon run --format json`: one JSON object a line, as section 4 of docs/contract.md says.

use std::io::{self, Write};

use serde::Serialize;

use super::sink::{Counted, Moment, Sink, Started};
use crate::config::Reloaded;
use crate::model::{DestinationCounts, Happened, Incident, Totals, Wall, Warning};

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

/// What leaves this host says which host that is.
#[derive(Serialize)]
struct NotificationLine<'a> {
    host: &'a str,
    incident: &'a Incident,
}

#[derive(Serialize)]
struct ReloadedLine<'a> {
    changed: &'a [String],
    restart: &'a [String],
    error: Option<&'a str>,
}

#[derive(Serialize)]
struct CountsLine<'a> {
    totals: &'a Totals,
    destinations: &'a [DestinationCounts],
}

/// A notification: the event as `netmon run --format json` prints it, with this host's name; without a newline.
pub fn notification(at: Moment, happened: Happened, incident: &Incident, host: &str) -> io::Result<Vec<u8>> {
    let what = NotificationLine { host, incident };
    Ok(serde_json::to_vec(&line(at, happened.name(), what))?)
}

fn line<T>(at: Moment, event: &str, what: T) -> Line<'_, T> {
    Line {
        event,
        time: Wall(at.offset.wall(at.time)),
        what,
    }
}

impl<W: Write> Lines<W> {
    /// Lines to `out`; counts at each poll only if `snapshots`.
    pub const fn new(out: W, snapshots: bool) -> Self {
        Self { out, snapshots }
    }

    fn line(&mut self, at: Moment, event: &str, what: impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, &line(at, event, what))?;
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
        self.line(at, happened.name(), IncidentLine { incident })
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

    fn reloaded(&mut self, at: Moment, reloaded: Result<&Reloaded, &str>) -> io::Result<()> {
        let what = match reloaded {
            Ok(Reloaded { changed, restart, .. }) => ReloadedLine {
                changed,
                restart,
                error: None,
            },
            Err(error) => ReloadedLine {
                changed: &[],
                restart: &[],
                error: Some(error),
            },
        };
        self.line(at, "reloaded", what)
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
