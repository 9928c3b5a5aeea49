//! `netmon run` for people: a block when an incident opens, changes for better or worse, or closes, and a table
//! at the end.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::Outlet;
use crate::model::{
    Counted, DestinationCounts, Event, Happened, Incident, Moment, Reloaded, Severity, Started,
};
use crate::report::forms::{Page, Style};
use crate::report::knowledge;
use crate::report::story::numbers::{UTC, count};
use crate::report::story::{Brief, Facts, Until, service};

const BAD: Paint = Paint("1;31");
const POOR: Paint = Paint("1;33");
const GOOD: Paint = Paint("1;32");

/// A colour: Select Graphic Rendition parameters (ECMA-48 section 8.3.117).
#[derive(Clone, Copy)]
struct Paint(&'static str);

/// Writes for people.
#[derive(Debug)]
pub struct People<W> {
    out: W,
    style: Style,
    /// The severity that was told last of each open incident.
    severities: BTreeMap<String, Severity>,
}

impl<W: Write> People<W> {
    /// Text to `out`.
    pub const fn new(out: W, style: Style) -> Self {
        Self {
            out,
            style,
            severities: BTreeMap::new(),
        }
    }

    fn heading(&mut self, at: Moment, paint: Paint, word: &str, text: &str) -> io::Result<()> {
        let time = at.wall().strftime("%H:%M:%S UTC");
        let (on, off) = if self.style.colour {
            (format!("\x1b[{}m", paint.0), "\x1b[0m")
        } else {
            (String::new(), "")
        };
        writeln!(self.out, "{time}  {on}{word}{off}  {text}")
    }

    /// How much of it there was so far, in a line.
    fn so_far(&mut self, incident: &Incident) -> io::Result<()> {
        let unanswered = incident.queries.saturating_sub(incident.answers);
        let began = incident.began.0.strftime("%Y-%m-%d %H:%M:%S UTC");
        writeln!(
            self.out,
            "  since {began}: {}, {}, {} without an answer",
            count(incident.queries, "query", "queries"),
            count(incident.errors.sum(), "ICMP error", "ICMP errors"),
            count(unanswered, "query", "queries"),
        )
    }
}

impl<W: Write> Outlet for People<W> {
    fn emit(&mut self, at: Moment, event: &Event) {
        if let Err(error) = self.write(at, event).and_then(|()| self.out.flush()) {
            tracing::warn!("an event could not be printed: {error}");
        }
    }
}

impl<W: Write> People<W> {
    fn write(&mut self, at: Moment, event: &Event) -> io::Result<()> {
        match event {
            Event::Started(started) => self.started(started),
            Event::Incident(happened, incident) => self.incident(at, *happened, incident),
            Event::Warning(warning) => self.heading(at, POOR, "WARNING", &warning.message),
            Event::Reloaded(reloaded) => self.reloaded(at, reloaded),
            Event::Stopped(counted, outlets) => {
                self.stopped(counted)?;
                for (outlet, dropped) in outlets.iter().filter(|(_, dropped)| **dropped > 0) {
                    writeln!(self.out, "  {dropped} dropped on their way to {outlet}")?;
                }
                Ok(())
            }
            Event::Watching(_) | Event::Snapshot(_) => Ok(()),
        }
    }

    fn started(&mut self, started: &Started) -> io::Result<()> {
        let ports: Vec<String> = started.ports.iter().map(ToString::to_string).collect();
        writeln!(
            self.out,
            "netmon {} watches DNS, port {}, on:",
            env!("CARGO_PKG_VERSION"),
            ports.join(", ")
        )?;
        for one in &started.interfaces {
            writeln!(
                self.out,
                "  {}: what arrives by {}, what leaves by {} ({})",
                one.name, one.ingress, one.egress, one.why
            )?;
        }
        for one in &started.left_out {
            writeln!(self.out, "  not on {}, which {}", one.name, one.why)?;
        }
        Ok(())
    }

    fn incident(&mut self, at: Moment, happened: Happened, incident: &Incident) -> io::Result<()> {
        let brief = Brief::new(&Facts::new(incident, &UTC), Until::Now);
        let reported = self.severities.get(&incident.id).copied();
        let paint = match brief.word {
            _ if happened != Happened::Closed && incident.is_down() => BAD,
            "OVER" => GOOD,
            _ => POOR,
        };
        match happened {
            Happened::Opened => {
                self.severities.insert(incident.id.clone(), incident.severity);
                self.heading(at, paint, brief.word, &brief.headline)?;
                Page::new(self.style, &mut self.out).brief(&brief, 3)
            }
            Happened::Updated if reported == Some(incident.severity) => Ok(()),
            Happened::Updated => {
                self.severities.insert(incident.id.clone(), incident.severity);
                let now = knowledge::kind(incident.kind).now;
                let text = format!("{} still {now}", service(incident));
                self.heading(at, paint, brief.word, &text)?;
                self.so_far(incident)
            }
            Happened::Closed => {
                self.severities.remove(&incident.id);
                let text = format!("{}: incident closed", brief.headline);
                self.heading(at, paint, brief.word, &text)?;
                self.so_far(incident)
            }
        }
    }

    fn reloaded(&mut self, at: Moment, reloaded: &Reloaded) -> io::Result<()> {
        let (paint, word) = match reloaded.error {
            None => (GOOD, "RELOADED"),
            Some(_) => (POOR, "NOT RELOADED"),
        };
        self.heading(at, paint, word, &reloaded.to_string())
    }

    fn stopped(&mut self, counted: &Counted) -> io::Result<()> {
        let totals = &counted.totals;
        let lost = [
            (totals.overflow, "not told apart by destination (table full)"),
            (totals.events_lost, "events lost (ring full)"),
        ];
        writeln!(
            self.out,
            "\n{}: {}, {}, {}",
            count(totals.frames, "packet", "packets"),
            count(totals.dns_queries, "DNS query", "DNS queries"),
            count(totals.dns_responses, "response", "responses"),
            count(totals.icmp_unreachable, "ICMP unreachable", "ICMP unreachables"),
        )?;
        for (count, what) in lost.iter().filter(|(count, _)| *count > 0) {
            writeln!(self.out, "  {count} {what}")?;
        }
        if !counted.destinations.is_empty() {
            table(&mut self.out, &counted.destinations)?;
        }
        Ok(())
    }
}

fn table(out: &mut impl Write, destinations: &[DestinationCounts]) -> io::Result<()> {
    writeln!(
        out,
        "{:<39} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "destination", "queries", "answers", "errors", "late", "median"
    )?;
    for destination in destinations {
        let median = destination
            .latency_us
            .p50
            .map_or_else(|| "-".to_owned(), |micros| format!("{micros} us"));
        writeln!(
            out,
            "{:<39} {:>9} {:>9} {:>9} {:>9} {:>9}",
            destination.address.to_string(),
            destination.dns_queries + destination.tcp.dns_queries,
            destination.dns_responses + destination.tcp.dns_responses,
            destination.icmp_unreachable.sum(),
            destination.late_responses,
            median,
        )?;
    }
    Ok(())
}
