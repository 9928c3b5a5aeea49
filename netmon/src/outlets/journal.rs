//! Incidents and warnings in the journal: one entry each, with fields to filter by.
//!
//! `journalctl NETMON_EVENT=incident_opened`, `journalctl NETMON_SERVER=203.0.113.2`: [`Log`] puts `NETMON_` before each
//! field. Used only where the log goes to the journal.
//!
//! The journal's socket blocks whoever writes when the journal does not read: entries wait in a queue.

use std::fmt::{self, Write as _};
use std::io;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::{Level, Subscriber};
use tracing_log::NormalizeEvent as _;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::Outlet;
use super::limits::LINES;
use super::queue::{Queue, Worker};
use super::severities::Severities;
use crate::model::{Cause, CloseReason, Event, Happened, Incident, Moment, Probe, WarningState};
use crate::report::story::numbers::UTC;
use crate::report::story::{Brief, Facts, Until};

/// What entries about incidents are logged as, whatever the log level is: they are results, not diagnostics.
pub const TARGET: &str = "netmon::event";

/// Where the journal listens (systemd.journal-fields(7), "Journal Native Protocol").
const SOCKET: &str = "/run/systemd/journal/socket";

/// How long the end waits for entries that are still to be written.
const FLUSH: Duration = Duration::from_millis(500);

/// Sends the log to the journal.
#[derive(Debug)]
pub struct Log {
    queue: Queue,
}

impl Log {
    /// To the journal of this host; an error if none listens.
    pub fn connect() -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.connect(SOCKET)?;
        drop(socket);
        let socket = UnixDatagram::unbound()?;
        // By its path each time: a journal that was restarted has another socket.
        let queue = Queue::start("journal", LINES, move |entry: &Vec<u8>, _: &Worker<_>| {
            socket.send_to(entry, SOCKET).is_ok()
        })?;
        Ok(Self { queue })
    }

    /// The queue, for its counter and its end.
    pub fn queue(&self) -> Queue {
        self.queue.clone()
    }
}

/// Ends the log's queue: what waits is written within a moment, or lost.
pub fn end(queue: &Queue) {
    queue.close(FLUSH);
    queue.wait(Duration::ZERO);
}

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &tracing::Event<'_>, _context: Context<'_, S>) {
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        let mut entry = Entry(Vec::with_capacity(512));
        entry.field("PRIORITY", priority(*metadata.level()));
        entry.field("SYSLOG_IDENTIFIER", "netmon");
        entry.field("TARGET", metadata.target());
        if let Some(file) = metadata.file() {
            entry.field("CODE_FILE", file);
        }
        if let Some(line) = metadata.line() {
            entry.field("CODE_LINE", &line.to_string());
        }
        event.record(&mut entry);
        self.queue.put(entry.0);
    }
}

/// The journal's priorities: error (3), warning (4), notice (5), informational (6), debug (7).
const fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "3",
        Level::WARN => "4",
        Level::INFO => "5",
        Level::DEBUG => "6",
        Level::TRACE => "7",
    }
}

/// One entry in the journal's native form: a name, its value's length and the value, so that a value may hold anything.
struct Entry(Vec<u8>);

impl Entry {
    fn field(&mut self, name: &str, value: &str) {
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(b'\n');
        self.0.extend_from_slice(&(value.len() as u64).to_le_bytes());
        self.0.extend_from_slice(value.as_bytes());
        self.0.push(b'\n');
    }
}

impl Visit for Entry {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.field("MESSAGE", value),
            // Where `log` says what the entry's metadata say already.
            name if name.starts_with("log.") => {}
            name => {
                let letter = |letter: char| {
                    if letter.is_ascii_alphanumeric() {
                        letter
                    } else {
                        '_'
                    }
                };
                let name: String = name.chars().map(letter).collect();
                self.field(&format!("NETMON_{}", name.to_ascii_uppercase()), value);
            }
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        let _cannot_fail = write!(text, "{value:?}");
        self.record_str(field, &text);
    }
}

/// Writes events to the log.
#[derive(Debug, Default)]
pub struct Journal {
    severities: Severities,
}

/// One entry; priorities are those of the journal: error (3), warning (4), notice (5).
macro_rules! entry {
    ($level:ident, $event:expr, $incident:expr, $text:expr) => {
        tracing::$level!(
            target: TARGET,
            event = $event,
            incident = $incident.id,
            server = %$incident.server,
            server_name = $incident.info(|info| info.name.as_deref()),
            server_owner = $incident.info(|info| info.owner.as_deref()),
            port = $incident.port,
            transport = $incident.transport.name(),
            kind = $incident.kind.name(),
            severity = $incident.severity.name(),
            cause = $incident.cause().map_or("", Cause::name),
            reopened = $incident.reopened,
            queries = $incident.queries,
            answers = $incident.answers,
            errors = $incident.errors.sum(),
            verified = $incident.verified,
            unit = $incident.first_asker(|asker| asker.unit.as_deref()),
            probe = $incident.probe.map_or("", Probe::verdict),
            process = $incident.first_asker(|asker| asker.process.as_deref()),
            closed_because = $incident.closed_because.map_or("", CloseReason::name),
            "{}",
            $text
        )
    };
}

impl Outlet for Journal {
    fn emit(&mut self, _at: Moment, event: &Event) {
        match event {
            Event::Started(started) => {
                let names = started.interfaces.iter().map(|one| one.name.as_str());
                let interfaces = names.collect::<Vec<_>>().join(", ");
                tracing::info!(target: TARGET, event = "started", interfaces, "watching DNS on {interfaces}");
            }
            Event::Incident(happened, incident) => {
                let is_other_severity = self.severities.changes(*happened, incident);
                happened_to(*happened, incident, is_other_severity);
            }
            Event::Warning(warning) => {
                let (word, message) = (warning.warning.name(), &warning.message);
                let state = warning.state.map(WarningState::name);
                match warning.state {
                    Some(WarningState::Over) => {
                        tracing::info!(target: TARGET, event = "warning", warning = word, state, "{message}");
                    }
                    Some(WarningState::Started) | None => {
                        tracing::warn!(target: TARGET, event = "warning", warning = word, state, "{message}");
                    }
                }
            }
            Event::Reloaded(reloaded) if reloaded.error.is_none() => {
                tracing::info!(target: TARGET, event = "reloaded", "{reloaded}");
            }
            Event::Reloaded(reloaded) => {
                tracing::warn!(target: TARGET, event = "reloaded", "the configuration was not reloaded: {reloaded}");
            }
            Event::Stopped(counted, _) => {
                let frames = counted.totals.counters.frames;
                tracing::info!(target: TARGET, event = "stopped", frames, "stopped after {frames} packets");
            }
            Event::Watching(_) | Event::Snapshot(_) => {}
        }
    }
}

fn happened_to(happened: Happened, incident: &Incident, is_other_severity: bool) {
    let event = happened.name();
    let brief = Brief::new(&Facts::new(incident, &UTC), Until::Now);
    let mut text = format!("{}: {}", brief.word, brief.headline);
    if let Some(resolver) = &brief.resolver {
        let _cannot_fail = write!(text, ". {resolver}");
    }
    match happened {
        // One a second would bury the rest.
        Happened::Updated if !is_other_severity => {}
        Happened::Opened | Happened::Updated if incident.is_down() => entry!(error, event, incident, text),
        Happened::Opened | Happened::Updated => entry!(warn, event, incident, text),
        Happened::Closed => entry!(info, event, incident, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_says_the_length_of_each_value_so_that_it_may_hold_lines() {
        let mut entry = Entry(Vec::new());
        entry.field("MESSAGE", "a\nb=c");
        assert_eq!(entry.0, b"MESSAGE\n\x05\0\0\0\0\0\0\0a\nb=c\n");
    }
}
