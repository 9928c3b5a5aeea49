//! `netmon run` for people: a block when an incident opens, changes for better or worse, or closes, and a table
//! at the end.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::forms::{Page, Style};
use super::knowledge;
use super::sink::{Counted, Moment, Sink, Started};
use super::story::numbers::{UTC, count};
use super::story::{Brief, Facts, Until, service};
use crate::config::Reloaded;
use crate::model::{DestinationCounts, Happened, Incident, Severity, Warning};

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
        let time = at.offset.wall(at.time).strftime("%H:%M:%S UTC");
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

impl<W: Write> Sink for People<W> {
    fn started(&mut self, _at: Moment, started: &Started<'_>) -> io::Result<()> {
        let ports: Vec<String> = started.ports.iter().map(ToString::to_string).collect();
        writeln!(
            self.out,
            "netmon {} watches DNS, port {}, on:",
            env!("CARGO_PKG_VERSION"),
            ports.join(", ")
        )?;
        for attachment in started.attachments {
            writeln!(
                self.out,
                "  {}: what arrives by {}, what leaves by {} ({})",
                attachment.interface.name,
                attachment.ingress.name(),
                attachment.egress.name(),
                attachment.why
            )?;
        }
        for (name, why) in started.left_out {
            writeln!(self.out, "  not on {name}, which {why}")?;
        }
        self.out.flush()
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
                Page::new(self.style, &mut self.out).brief(&brief, 3)?;
            }
            Happened::Updated if reported == Some(incident.severity) => return Ok(()),
            Happened::Updated => {
                self.severities.insert(incident.id.clone(), incident.severity);
                let now = knowledge::kind(incident.kind).now;
                self.heading(
                    at,
                    paint,
                    brief.word,
                    &format!("{} still {now}", service(incident)),
                )?;
                self.so_far(incident)?;
            }
            Happened::Closed => {
                self.severities.remove(&incident.id);
                self.heading(
                    at,
                    paint,
                    brief.word,
                    &format!("{}: incident closed", brief.headline),
                )?;
                self.so_far(incident)?;
            }
        }
        self.out.flush()
    }

    fn wants_snapshot(&self, _at: Moment) -> bool {
        false
    }

    fn snapshot(&mut self, _at: Moment, _counted: &Counted) -> io::Result<()> {
        Ok(())
    }

    fn warning(&mut self, at: Moment, warning: &Warning) -> io::Result<()> {
        self.heading(at, POOR, "WARNING", &warning.message)?;
        self.out.flush()
    }

    fn reloaded(&mut self, at: Moment, reloaded: Result<&Reloaded, &str>) -> io::Result<()> {
        let (paint, word, text) = match reloaded {
            Ok(reloaded) => (GOOD, "RELOADED", reloaded.to_string()),
            Err(error) => (
                POOR,
                "NOT RELOADED",
                format!("everything stays as it was: {error}"),
            ),
        };
        self.heading(at, paint, word, &text)?;
        self.out.flush()
    }

    fn stopped(&mut self, _at: Moment, counted: &Counted) -> io::Result<()> {
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
        self.out.flush()
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
