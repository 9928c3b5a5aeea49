//! `netmon run` for people: a block when an incident opens, a line when it becomes better or worse or closes, a line a
//! minute that says how things are, and a table at the end.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use netmon_common::records::{self, Destination};
use netmon_common::{Address, Outcome};

use super::Outlet;
use crate::latency;
use crate::model::{
    Counted, DestinationCounts, Event, Happened, Incident, Moment, Reloaded, Severity, Started,
};
use crate::report::forms::{Page, Paint, Style};
use crate::report::knowledge;
use crate::report::story::numbers::{self, UTC, count};
use crate::report::story::{Brief, Facts, Until, service};

const BAD: Paint = Paint::Down;
const POOR: Paint = Paint::Degraded;
const GOOD: Paint = Paint::Healthy;

/// Lines of an opening's evidence at most: the whole block fits in 8 lines.
const EVIDENCE: usize = 3;

/// Writes for people.
#[derive(Debug)]
pub struct People<W> {
    out: W,
    style: Style,
    /// Whether there is a history to ask for the rest.
    has_history: bool,
    /// The open incidents, each with the severity that was last reported.
    open: BTreeMap<String, (Severity, Arc<Incident>)>,
    /// The counts of the last line a minute, and when that was.
    counted: Option<(Moment, Arc<Counted>)>,
}

impl<W: Write> People<W> {
    /// Text to `out`.
    pub const fn new(out: W, style: Style, has_history: bool) -> Self {
        Self {
            out,
            style,
            has_history,
            open: BTreeMap::new(),
            counted: None,
        }
    }

    fn heading(&mut self, at: Moment, paint: Paint, word: &str, text: &str) -> io::Result<()> {
        let time = at.wall().strftime("%H:%M:%S UTC  ").to_string();
        Page::new(self.style, &mut self.out).marked(&time, paint, word, text)
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
            Event::Snapshot(counted) => self.minute(at, counted),
            Event::Watching(_) => Ok(()),
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

    fn incident(&mut self, at: Moment, happened: Happened, incident: &Arc<Incident>) -> io::Result<()> {
        let brief = Brief::new(&Facts::new(incident, &UTC), Until::Now);
        let paint = match brief.word {
            _ if happened != Happened::Closed && incident.is_down() => BAD,
            "OVER" => GOOD,
            _ => POOR,
        };
        if happened == Happened::Closed {
            self.open.remove(&incident.id);
            let text = format!("{}: incident closed", brief.headline);
            self.heading(at, paint, brief.word, &text)?;
            return self.so_far(incident);
        }
        let known = (incident.severity, Arc::clone(incident));
        let reported = self
            .open
            .insert(incident.id.clone(), known)
            .map(|(severity, _)| severity);
        if happened == Happened::Opened {
            self.heading(at, paint, brief.word, &brief.headline)?;
            let mut page = Page::new(self.style, &mut self.out);
            page.brief(&brief, EVIDENCE)?;
            if self.has_history {
                page.line(2, Paint::None, "more   netmon report last")?;
            }
            return Ok(());
        }
        if reported == Some(incident.severity) {
            return Ok(());
        }
        let now = knowledge::kind(incident.kind).now;
        self.heading(
            at,
            paint,
            brief.word,
            &format!("{} still {now}", service(incident)),
        )?;
        self.so_far(incident)
    }

    /// How things are, in one line: what is open, or that all is well, with how much was asked since the last such line.
    fn minute(&mut self, at: Moment, counted: &Arc<Counted>) -> io::Result<()> {
        let before = self.counted.replace((at, Arc::clone(counted)));
        if !self.open.is_empty() {
            let open: Vec<String> = self.open.values().map(|(_, incident)| still(incident)).collect();
            return self.heading(at, POOR, "still open", &open.join("; "));
        }
        let Some((since, before)) = before else {
            return Ok(());
        };
        let (paint, word, text) = well(&before, counted, at.time.since(since.time));
        self.heading(at, paint, word, &text)
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
            (
                totals.counters.overflow,
                "not told apart by destination (table full)",
            ),
            (totals.counters.events_lost, "events lost (ring full)"),
        ];
        writeln!(
            self.out,
            "\n{}: {}, {}, {}",
            count(totals.counters.frames, "packet", "packets"),
            count(totals.outcome(Outcome::DnsQuery), "DNS query", "DNS queries"),
            count(totals.outcome(Outcome::DnsResponse), "response", "responses"),
            count(
                totals.outcome(Outcome::IcmpUnreachable),
                "ICMP unreachable",
                "ICMP unreachables"
            ),
        )?;
        for (count, what) in lost.iter().filter(|(count, _)| *count > 0) {
            writeln!(self.out, "  {count} {what}")?;
        }
        if !counted.destinations.is_empty() {
            table(&mut self.out, &counted.destinations)?;
        }
        for (_, incident) in self.open.values() {
            writeln!(self.out, "Still open: {}", still(incident))?;
        }
        Ok(())
    }
}

/// An incident that is open: `DOWN 203.0.113.2 udp port 53 is unreachable since 12:00:03 UTC`.
fn still(incident: &Incident) -> String {
    let brief = Brief::new(&Facts::new(incident, &UTC), Until::Now);
    let began = incident.began.0.strftime("%H:%M:%S UTC");
    format!("{} {} since {began}", brief.word, brief.headline)
}

/// What was asked between two counts, where nothing is wrong: `2 servers, 120 queries/s, median 0.6 ms`.
fn well(before: &Counted, now: &Counted, lasted: Duration) -> (Paint, &'static str, String) {
    let known: BTreeMap<Address, &DestinationCounts> =
        before.destinations.iter().map(|one| (one.address, one)).collect();
    let (mut servers, mut queries, mut answers) = (0, 0, 0);
    for one in &now.destinations {
        let earlier = known.get(&one.address);
        let more = |of: fn(&Destination) -> u64| {
            of(&one.counters).saturating_sub(earlier.map_or(0, |earlier| of(&earlier.counters)))
        };
        servers += u64::from(more(Destination::queries) > 0);
        queries += more(Destination::queries);
        answers += more(Destination::responses);
    }
    if queries == 0 {
        return (
            POOR,
            "quiet",
            "no DNS query was seen since the last such line".to_owned(),
        );
    }
    let mut times = records::Latency::ZERO;
    for (server, latency) in &now.latencies {
        let earlier = before.latencies.get(server);
        times.max_us = times.max_us.max(latency.max_us);
        for (bucket, (sum, count)) in times.counts.iter_mut().zip(&latency.counts).enumerate() {
            let earlier = earlier.and_then(|earlier| earlier.counts.get(bucket)).copied();
            *sum = sum.saturating_add(count.wrapping_sub(earlier.unwrap_or(0)));
        }
    }
    let median = latency::summary(&times).p50.map_or_else(String::new, |micros| {
        format!(", median {}", numbers::micros(micros))
    });
    let seconds = lasted.as_secs().max(1);
    let asked = match queries / seconds {
        0 => count(queries, "query", "queries"),
        rate => format!("{} queries/s", numbers::number(rate)),
    };
    let servers = count(servers, "server", "servers");
    // Too few to judge by are no incident, and not well either.
    let unanswered = queries.saturating_sub(answers);
    if unanswered * 10 > queries {
        let text = format!(
            "{servers}, {asked}, {} without an answer{median}",
            numbers::number(unanswered)
        );
        return (POOR, "no incident", text);
    }
    (GOOD, "all well", format!("{servers}, {asked}{median}"))
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
            destination.counters.queries(),
            destination.counters.responses(),
            destination.counters.unreachables(),
            destination.counters.late_responses,
            median,
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use netmon_common::latency::bucket;

    fn counted(queries: u64, micros: u64) -> Counted {
        let server: Address = "203.0.113.2".parse::<std::net::IpAddr>().unwrap().into();
        let mut latency = records::Latency::ZERO;
        latency.counts[bucket(micros)] = u32::try_from(queries).unwrap();
        latency.max_us = micros;
        let counters = Destination {
            dns_queries: queries,
            ..Destination::ZERO
        };
        Counted {
            destinations: vec![DestinationCounts {
                address: server,
                counters,
                latency_us: crate::model::Latency::default(),
            }],
            latencies: [(server, latency)].into(),
            ..Counted::default()
        }
    }

    #[test]
    fn a_minute_without_trouble_is_said_to_be_well_with_what_was_asked_in_it() {
        let minute = Duration::from_mins(1);
        let said = |before: u64, now: u64, answers: u64| {
            let mut later = counted(now, 600);
            later.destinations[0].counters.dns_responses = answers;
            let (_, word, text) = well(&counted(before, 600), &later, minute);
            format!("{word}: {text}")
        };
        assert_eq!(
            said(1_000, 8_200, 7_200),
            "all well: 1 server, 120 queries/s, median 591 µs"
        );
        assert_eq!(said(0, 9, 9), "all well: 1 server, 9 queries, median 591 µs");
        assert_eq!(
            said(0, 9, 8),
            "no incident: 1 server, 9 queries, 1 without an answer, median 591 µs"
        );
        assert_eq!(
            said(90, 90, 0),
            "quiet: no DNS query was seen since the last such line"
        );
    }
}
