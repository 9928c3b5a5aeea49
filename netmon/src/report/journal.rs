//! Incidents and warnings in the journal: one entry each, with fields to filter by.
//!
//! `journalctl NETMON_EVENT=incident_opened`, `journalctl NETMON_SERVER=203.0.113.2`: the log's writer puts `NETMON_`
//! before each field. Used only where the log goes to the journal.

use std::io;

use super::sink::{Counted, Moment, Sink, Started};
use super::story::numbers::UTC;
use super::story::{Brief, Facts, Until};
use crate::config::Reloaded;
use crate::model::{Cause, CloseReason, Happened, Incident, Warning};

/// What entries about incidents are logged as, whatever the log level is: they are results, not diagnostics.
pub const TARGET: &str = "netmon::event";

/// Writes to the log.
#[derive(Debug)]
pub struct Journal;

/// One entry; priorities are those of the journal: error (3), warning (4), notice (5).
macro_rules! entry {
    ($level:ident, $event:expr, $incident:expr, $text:expr) => {
        tracing::$level!(
            target: TARGET,
            event = $event,
            incident = $incident.id,
            server = %$incident.server,
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
            closed_because = $incident.closed_because.map_or("", CloseReason::name),
            "{}",
            $text
        )
    };
}

impl Sink for Journal {
    fn started(&mut self, _at: Moment, started: &Started<'_>) -> io::Result<()> {
        let names = started.attachments.iter().map(|one| one.interface.name.as_str());
        let interfaces = names.collect::<Vec<_>>().join(", ");
        tracing::info!(target: TARGET, event = "started", interfaces, "watching DNS on {interfaces}");
        Ok(())
    }

    fn incident(&mut self, _at: Moment, happened: Happened, incident: &Incident) -> io::Result<()> {
        let event = happened.name();
        let brief = Brief::new(&Facts::new(incident, &UTC), Until::Now);
        let text = format!("{}: {}", brief.word, brief.headline);
        match happened {
            Happened::Opened if incident.is_down() => entry!(error, event, incident, text),
            Happened::Opened => entry!(warn, event, incident, text),
            // One a second would bury the rest.
            Happened::Updated => {}
            Happened::Closed => entry!(info, event, incident, text),
        }
        Ok(())
    }

    fn wants_snapshot(&self, _at: Moment) -> bool {
        false
    }

    fn snapshot(&mut self, _at: Moment, _counted: &Counted) -> io::Result<()> {
        Ok(())
    }

    fn warning(&mut self, _at: Moment, warning: &Warning) -> io::Result<()> {
        let Warning { warning, message, .. } = warning;
        tracing::warn!(target: TARGET, event = "warning", warning = warning.name(), "{message}");
        Ok(())
    }

    fn reloaded(&mut self, _at: Moment, reloaded: Result<&Reloaded, &str>) -> io::Result<()> {
        match reloaded {
            Ok(reloaded) => tracing::info!(target: TARGET, event = "reloaded", "{reloaded}"),
            Err(error) => {
                tracing::warn!(target: TARGET, event = "reloaded", "the configuration stays as it was: {error}");
            }
        }
        Ok(())
    }

    fn stopped(&mut self, _at: Moment, counted: &Counted) -> io::Result<()> {
        let frames = counted.totals.frames;
        tracing::info!(target: TARGET, event = "stopped", frames, "stopped after {frames} packets");
        Ok(())
    }
}
