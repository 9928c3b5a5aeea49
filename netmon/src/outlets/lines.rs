//! `netmon run --format json`: one JSON object a line, as section 4 of the contract says.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::Outlet;
use crate::model::{Counted, DestinationCounts, Event, Happened, Incident, Moment, Started, Totals, Wall};

/// Writes events as lines of JSON.
#[derive(Debug)]
pub struct Lines<W> {
    out: W,
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
    #[serde(flatten)]
    started: &'a Started,
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
struct CountsLine<'a> {
    totals: &'a Totals,
    destinations: &'a [DestinationCounts],
    #[serde(skip_serializing_if = "Option::is_none")]
    outlets: Option<&'a BTreeMap<&'static str, u64>>,
}

/// A notification: the event as `netmon run --format json` prints it, with this host's name; without a newline.
pub fn notification(at: Moment, happened: Happened, incident: &Incident, host: &str) -> io::Result<Vec<u8>> {
    let what = NotificationLine { host, incident };
    Ok(serde_json::to_vec(&line(at, happened.name(), what))?)
}

fn line<T>(at: Moment, event: &str, what: T) -> Line<'_, T> {
    Line {
        event,
        time: Wall(at.wall()),
        what,
    }
}

impl<W: Write> Lines<W> {
    /// Lines to `out`.
    pub const fn new(out: W) -> Self {
        Self { out }
    }

    fn line(&mut self, at: Moment, event: &str, what: impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, &line(at, event, what))?;
        self.out.write_all(b"\n")?;
        self.out.flush()
    }

    fn write(&mut self, at: Moment, event: &Event) -> io::Result<()> {
        let counts = |counted: &Counted, event, outlets, lines: &mut Self| {
            let what = CountsLine {
                totals: &counted.totals,
                destinations: &counted.destinations,
                outlets,
            };
            lines.line(at, event, what)
        };
        match event {
            Event::Started(started) => {
                let version = env!("CARGO_PKG_VERSION");
                self.line(at, "started", StartedLine { version, started })
            }
            Event::Incident(happened, incident) => self.line(at, happened.name(), IncidentLine { incident }),
            Event::Snapshot(counted) => counts(counted, "snapshot", None, self),
            Event::Warning(warning) => self.line(at, "warning", warning),
            Event::Reloaded(reloaded) => self.line(at, "reloaded", reloaded),
            Event::Stopped(counted, outlets) => counts(counted, "stopped", Some(outlets), self),
            // A warning says it.
            Event::Watching(_) => Ok(()),
        }
    }
}

impl<W: Write> Outlet for Lines<W> {
    fn emit(&mut self, at: Moment, event: &Event) {
        if let Err(error) = self.write(at, event) {
            tracing::warn!("an event could not be printed: {error}");
        }
    }
}
