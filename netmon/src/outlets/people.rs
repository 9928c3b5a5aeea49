//! `netmon run` for people: a block when an incident opens, a line when it becomes better or worse or closes, a line a
//! minute that says how things are, and a table at the end.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use netmon_common::records::{self, Destination};
use netmon_common::{Address, Outcome};

use super::Outlet;
use super::explained::Explained;
use crate::latency;
use crate::model::{
    Counted, DestinationCounts, Event, Happened, Incident, Moment, Reloaded, Severity, Started, WarningState,
};
use crate::report::forms::{Page, Paint, Style};
use crate::report::knowledge;
use crate::report::story::numbers::{self, Clock, count};
use crate::report::story::{Brief, Facts, Until, resolvers, service, still};

const BAD: Paint = Paint::Down;
const POOR: Paint = Paint::Degraded;
const GOOD: Paint = Paint::Healthy;

/// Lines of an opening at most, so that two servers that fail at once do not scroll each other away.
const OPENING: usize = 8;

/// Incidents that the line a minute names.
const NAMED: usize = 5;

/// Writes for people.
#[derive(Debug)]
pub struct People<W> {
    out: W,
    style: Style,
    clock: Clock,
    /// The command that shows the rest, where there is a history to ask.
    more: Option<String>,
    /// The open incidents, each with the severity that was last reported.
    open: BTreeMap<String, (Severity, Arc<Incident>)>,
    explained: Explained,
    /// The counts of the last line a minute, and when that was.
    counted: Option<(Moment, Arc<Counted>)>,
}

impl<W: Write> People<W> {
    /// Text to `out`.
    pub fn new(out: W, style: Style, clock: Clock, more: Option<String>) -> Self {
        Self {
            out,
            style,
            clock,
            more,
            open: BTreeMap::new(),
            explained: Explained::default(),
            counted: None,
        }
    }

    fn heading(&mut self, at: Moment, paint: Paint, word: &str, text: &str) -> io::Result<()> {
        let wall = at.wall();
        let time = format!("{} {}  ", self.clock.time(wall), self.clock.name(wall));
        Page::new(self.style, &mut self.out).marked(&time, paint, word, text)
    }

    /// How much of it there was so far, in a line.
    fn so_far(&mut self, incident: &Incident) -> io::Result<()> {
        let unanswered = incident.queries.saturating_sub(incident.answers);
        let began = incident.began.0;
        writeln!(
            self.out,
            "  since {} {}: {}, {}, {} without an answer",
            self.clock.second(began),
            self.clock.name(began),
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
            Event::Incident(happened, incident) => match self.explained.take(*happened, incident) {
                Some(happened) => self.incident(at, happened, incident),
                None => Ok(()),
            },
            Event::Warning(warning) => {
                let (paint, word) = match warning.state {
                    Some(WarningState::Over) => (GOOD, "OVER"),
                    Some(WarningState::Started) | None => (POOR, "WARNING"),
                };
                self.heading(at, paint, word, &warning.message)
            }
            Event::Reloaded(reloaded) => self.reloaded(at, reloaded),
            Event::Stopped(counted, outlets) => {
                self.stopped(at, counted)?;
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
            let text = format!(
                "{}: what arrives by {}, what leaves by {} ({})",
                one.name, one.ingress, one.egress, one.why
            );
            Page::new(self.style, &mut self.out).item(2, "", &text.into())?;
        }
        for one in &started.left_out {
            let text = format!("not on {}, which {}", one.name, one.why);
            Page::new(self.style, &mut self.out).item(2, "", &text.into())?;
        }
        if !started.resolvers.is_empty() {
            let text = format!("resolvers of this host: {}", resolvers(&started.resolvers));
            Page::new(self.style, &mut self.out).item(2, "", &text.into())?;
        }
        Ok(())
    }

    fn incident(&mut self, at: Moment, happened: Happened, incident: &Arc<Incident>) -> io::Result<()> {
        let brief = Brief::new(&Facts::new(incident, &self.clock), Until::Now);
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
        let reported = self.open.insert(incident.id.clone(), known);
        let probe = incident.probe.filter(|_| {
            let before = reported.as_ref().and_then(|(_, before)| before.probe);
            happened != Happened::Opened && before != incident.probe
        });
        let reported = reported.map(|(severity, _)| severity);
        if happened == Happened::Opened {
            self.heading(at, paint, brief.word, &brief.headline)?;
            let mut page = Page::new(self.style, &mut self.out);
            page.brief(&brief, Some(OPENING - 1 - usize::from(self.more.is_some())))?;
            if let Some(more) = &self.more {
                page.line(2, Paint::None, &format!("more   {more}"))?;
            }
            return Ok(());
        }
        if let Some(probe) = probe {
            self.heading(
                at,
                paint,
                "ASKED",
                &format!("{} by netmon: {probe}", service(incident)),
            )?;
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
            return self.still_open(at);
        }
        let Some((since, before)) = before else {
            return Ok(());
        };
        let (paint, word, text) = well(&before, counted, at.time.since(since.time));
        self.heading(at, paint, word, &text)
    }

    /// What is open: in this line if there is room for it, else in a line each.
    fn still_open(&mut self, at: Moment) -> io::Result<()> {
        const BEFORE: usize = 30;
        let mut open = self.open_in_words(at);
        if let [only] = open.as_slice()
            && BEFORE + only.chars().count() <= self.style.width
        {
            let only = only.clone();
            return self.heading(at, POOR, "still open", &only);
        }
        self.heading(
            at,
            POOR,
            "still open",
            &count(open.len() as u64, "incident", "incidents"),
        )?;
        let more = open.len().saturating_sub(NAMED);
        open.truncate(NAMED);
        open.extend((more > 0).then(|| format!("and {}", count(more as u64, "more", "more"))));
        let mut page = Page::new(self.style, &mut self.out);
        open.iter()
            .try_for_each(|one| page.item(2, "", &one.as_str().into()))
    }

    fn open_in_words(&self, at: Moment) -> Vec<String> {
        let open = self.open.values();
        open.map(|(_, incident)| still(incident, &self.clock, at.wall()))
            .collect()
    }

    fn reloaded(&mut self, at: Moment, reloaded: &Reloaded) -> io::Result<()> {
        let (paint, word) = match reloaded.error {
            None => (GOOD, "RELOADED"),
            Some(_) => (POOR, "NOT RELOADED"),
        };
        self.heading(at, paint, word, &reloaded.to_string())
    }

    fn stopped(&mut self, at: Moment, counted: &Counted) -> io::Result<()> {
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
        for open in self.open_in_words(at) {
            Page::new(self.style, &mut self.out).item(0, "Still open: ", &open.as_str().into())?;
        }
        Ok(())
    }
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
        let more = earlier.map_or(*latency, |earlier| latency::since(latency, earlier));
        times.merge(&more);
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
            destination.title(),
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
mod tests;
