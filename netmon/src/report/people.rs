//! `netmon run` for people: a block when an incident opens, changes for better or worse, or closes, and a table
//! at the end.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::model::{DestinationCounts, Incident, Warning};
use super::sink::{Counted, Happened, Moment, Sink, Started};

const BAD: Style = AnsiColor::Red.on_default().bold();
const POOR: Style = AnsiColor::Yellow.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const LABEL: Style = Style::new().dimmed();

/// Where the text of a block begins.
const INDENT: &str = "          ";

/// Writes for people. Colours are written always; the stream takes them off where they are not wanted.
#[derive(Debug)]
pub struct People<W> {
    out: W,
    /// The severity that was told last of each open incident.
    severities: BTreeMap<String, &'static str>,
}

impl<W: Write> People<W> {
    /// Text to `out`.
    pub const fn new(out: W) -> Self {
        Self {
            out,
            severities: BTreeMap::new(),
        }
    }

    fn line(&mut self, label: &str, text: &str) -> io::Result<()> {
        writeln!(self.out, "{INDENT}{LABEL}{label:<8}{LABEL:#}{text}")
    }

    fn heading(&mut self, at: Moment, style: Style, word: &str, text: &str) -> io::Result<()> {
        let time = at.offset.wall(at.time).strftime("%H:%M:%S");
        writeln!(self.out, "{time}  {style}{word}{style:#}  {text}")
    }

    fn block(&mut self, incident: &Incident) -> io::Result<()> {
        let began = incident.began.0.strftime("%Y-%m-%d %H:%M:%S%.3f UTC");
        self.line("since", &format!("{began}, when the first query failed"))?;
        let unanswered = incident.queries.saturating_sub(incident.answers);
        self.line(
            "counts",
            &format!(
                "{} without an answer; {} ({} verified)",
                plural(unanswered, "query", "queries"),
                plural(errors(incident), "error", "errors"),
                incident.verified
            ),
        )?;
        if !incident.reporters.is_empty() {
            self.line("says", &list(incident.reporters.iter(), 0))?;
        }
        if !incident.clients.is_empty() {
            self.line("hits", &list(incident.clients.iter(), incident.clients_more))?;
        }
        if !incident.names.is_empty() {
            self.line("names", &list(incident.names.iter(), incident.names_more))?;
        }
        for cause in &incident.causes {
            self.line(
                "cause",
                &format!("{} {}: {}", cause.likelihood, cause.cause, cause.evidence),
            )?;
        }
        Ok(())
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
        let server = format!(
            "{} {} port {}",
            incident.server, incident.transport, incident.port
        );
        let what = said(incident.kind);
        let told = self.severities.get(&incident.id).copied();
        match happened {
            Happened::Opened => {
                let again = if incident.reopened > 0 { " again" } else { "" };
                let (style, word) = severity(incident.severity);
                self.severities.insert(incident.id.clone(), incident.severity);
                self.heading(at, style, word, &format!("{server} {what}{again}"))?;
                self.block(incident)?;
            }
            Happened::Updated if told == Some(incident.severity) => return Ok(()),
            Happened::Updated => {
                let (style, word) = severity(incident.severity);
                self.severities.insert(incident.id.clone(), incident.severity);
                self.heading(at, style, word, &format!("{server} still {what}"))?;
                self.block(incident)?;
            }
            Happened::Closed => {
                self.severities.remove(&incident.id);
                let (style, word, text) = match incident.closed_because {
                    Some("answered") => (GOOD, "OVER", "answers again"),
                    Some("recovered") => (GOOD, "OVER", "answers well again"),
                    Some("superseded") => (POOR, "CLOSED", "is told of by another incident from here on"),
                    _ => (POOR, "CLOSED", "is no longer asked"),
                };
                self.heading(at, style, word, &format!("{server} {text}: incident closed"))?;
                self.block(incident)?;
            }
        }
        self.out.flush()
    }

    fn wants_snapshots(&self) -> bool {
        false
    }

    fn snapshot(&mut self, _at: Moment, _counted: &Counted) -> io::Result<()> {
        Ok(())
    }

    fn warning(&mut self, at: Moment, warning: &Warning) -> io::Result<()> {
        self.heading(at, POOR, "WARNING", &warning.message)?;
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
            plural(totals.frames, "packet", "packets"),
            plural(totals.dns_queries, "DNS query", "DNS queries"),
            plural(totals.dns_responses, "response", "responses"),
            plural(totals.icmp_unreachable, "ICMP unreachable", "ICMP unreachables"),
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
        "{LABEL}{:<39} {:>9} {:>9} {:>9} {:>9} {:>9}{LABEL:#}",
        "destination", "queries", "answers", "errors", "late", "median"
    )?;
    for destination in destinations {
        let errors = destination.icmp_unreachable;
        let errors = errors.net + errors.host + errors.protocol + errors.port + errors.admin + errors.other;
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
            errors,
            destination.late_responses,
            median,
        )?;
    }
    Ok(())
}

fn severity(severity: &str) -> (Style, &'static str) {
    if severity == "down" {
        (BAD, "DOWN")
    } else {
        (POOR, "DEGRADED")
    }
}

fn said(kind: &str) -> &'static str {
    match kind {
        "unreachable" => "is unreachable",
        "unanswered" => "does not answer",
        _ => "answers with failures",
    }
}

fn errors(incident: &Incident) -> u64 {
    let errors = incident.errors;
    errors.net + errors.host + errors.protocol + errors.port + errors.admin + errors.other
}

fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The first few, and how many more there are.
fn list<T: ToString>(items: impl Iterator<Item = T>, more: u64) -> String {
    const SHOWN: usize = 8;
    let all: Vec<String> = items.map(|item| item.to_string()).collect();
    let mut text = all.get(..SHOWN).unwrap_or(&all).join(", ");
    let hidden = all.len().saturating_sub(SHOWN) as u64 + more;
    if hidden > 0 {
        let _infallible = write!(text, " and {hidden} more");
    }
    text
}
