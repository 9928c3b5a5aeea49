//! The timeline as SVG: for each server, queries upward, what came back downward, incidents behind them.
//!
//! Widths are shares of the page and heights are pixels, so that the drawing stretches with the page and its
//! letters do not. Titles and descriptions say the same in words.

use std::io::{self, Write};

use jiff::Timestamp;

use super::escape::Escaped;
use super::ticks::{Tick, ticks};
use crate::report::Report;
use crate::report::story::chart::{Panel, Panels, Stretch};
use crate::report::story::numbers::{self, Clock, count};
use crate::timeline::{Activity, Axis, Timeline};

/// Columns at most.
const COLUMNS: usize = 160;

/// Pixels above the columns, where incidents have their names.
const HEAD: u32 = 24;

/// Pixels of the bar at the top of an incident, above all columns.
const BAR: u32 = 3;

/// Pixels of a column of full height, each way.
const HALF: u32 = 46;

/// Pixels below, where the marks have their labels.
const FOOT: u32 = 22;

/// The line from which columns grow.
const BASE: u32 = HEAD + HALF;

/// The lower end of columns.
const BOTTOM: u32 = BASE + HALF;

/// The share of its room that a column takes.
const WIDTH: &str = ".8";

/// Where labels would stick out on the left or on the right.
const EDGE: f64 = 0.06;

/// Draws a timeline of the report; the identifiers of what it draws begin with `id`.
pub(super) fn write(
    report: &Report<'_>,
    timeline: &Timeline,
    id: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some(drawn) = Panels::new(report, timeline, COLUMNS) else {
        return Ok(());
    };
    let (axis, panels) = (&drawn.axis, &drawn.panels);
    legend(axis, panels, report.clock, out)?;
    let marks = ticks(axis, report.clock);
    for (index, panel) in panels.iter().enumerate() {
        figure(
            &format!("{id}-{}", index + 1),
            panel,
            axis,
            &marks,
            report.clock,
            out,
        )?;
    }
    Ok(())
}

fn legend(axis: &Axis, panels: &[Panel], clock: &Clock, out: &mut dyn Write) -> io::Result<()> {
    let total = panels.iter().fold(Activity::default(), |mut sum, panel| {
        sum += panel.total();
        sum
    });
    let entries = [
        (true, "queries", "queries (upward)"),
        (true, "answers", "answers (downward)"),
        (
            total.failures > 0,
            "failures",
            "answers that say that the server fails",
        ),
        (total.errors > 0, "errors", "ICMP errors"),
        (
            panels.iter().any(|panel| !panel.incidents.is_empty()),
            "incident",
            "incident",
        ),
    ];
    out.write_all(b"<ul class=\"legend\" aria-label=\"Legend\">\n")?;
    for (_, class, words) in entries.into_iter().filter(|(is_shown, ..)| *is_shown) {
        writeln!(out, "<li><span class=\"key {class}\"></span>{words}</li>")?;
    }
    writeln!(
        out,
        "</ul>\n<p class=\"note\">One column is {}. Times are {}.</p>",
        numbers::duration(axis.length()),
        Escaped(&clock.name(wall(axis.start())))
    )
}

fn figure(
    id: &str,
    panel: &Panel,
    axis: &Axis,
    marks: &[Tick],
    clock: &Clock,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (total, most) = (panel.total(), panel.most());
    write!(
        out,
        "<figure>\n<figcaption><code>{}</code> <span>{}, {}, {}; full height: {}</span></figcaption>\n\
        <svg role=\"img\" aria-labelledby=\"{id} {id}-text\" width=\"100%\" height=\"{}\">\n\
        <title id=\"{id}\">{}: queries, answers and errors over time</title>\n\
        <desc id=\"{id}-text\">{}</desc>\n",
        panel.server,
        count(total.queries, "query", "queries"),
        count(total.answers, "answer", "answers"),
        count(total.errors, "ICMP error", "ICMP errors"),
        count(most, "packet", "packets"),
        BOTTOM + FOOT,
        panel.server,
        Escaped(&description(panel, axis, clock))
    )?;
    for incident in &panel.incidents {
        band(*incident, panel.parts.len(), out)?;
    }
    for mark in marks {
        writeln!(
            out,
            "<line class=\"grid\" x1=\"{0}%\" x2=\"{0}%\" y1=\"{HEAD}\" y2=\"{BOTTOM}\"/>",
            percent(mark.position)
        )?;
    }
    columns(panel, most, out)?;
    writeln!(
        out,
        "<line class=\"base\" x1=\"0\" x2=\"100%\" y1=\"{BASE}\" y2=\"{BASE}\"/>"
    )?;
    for (index, mark) in marks.iter().enumerate() {
        writeln!(
            out,
            "<text class=\"mark{}\" x=\"{}%\" y=\"{}\" text-anchor=\"{}\">{}</text>",
            if index % 2 == 1 { " second" } else { "" },
            percent(mark.position),
            BOTTOM + FOOT - 6,
            anchor(mark.position),
            Escaped(&mark.label)
        )?;
    }
    out.write_all(b"</svg>\n</figure>\n")
}

/// The columns, in a picture of their own: one unit wide each, stretched to the page.
fn columns(panel: &Panel, most: u64, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<svg x=\"0\" y=\"{HEAD}\" width=\"100%\" height=\"{0}\" viewBox=\"0 0 {1} {0}\" preserveAspectRatio=\"none\">",
        2 * HALF,
        panel.parts.len()
    )?;
    let mut paths = [String::new(), String::new(), String::new(), String::new()];
    let [queries, answers, failures, errors] = &mut paths;
    for (column, part) in panel.parts.iter().enumerate() {
        bar(queries, column, 0, part.queries, most, "-");
        // Failing answers are answers, too: they are drawn apart, on top of the others.
        let good = part.answers.saturating_sub(part.failures);
        bar(answers, column, 0, good, most, "");
        bar(failures, column, good, part.failures, most, "");
        bar(errors, column, good + part.failures, part.errors, most, "");
    }
    for (class, path) in ["queries", "answers", "failures", "errors"].iter().zip(&paths) {
        if !path.is_empty() {
            writeln!(out, "<path class=\"{class}\" d=\"{path}\"/>")?;
        }
    }
    out.write_all(b"</svg>\n")
}

/// A bar that grows from where the one below it ends; never so low that nobody sees it.
fn bar(path: &mut String, column: usize, below: u64, packets: u64, most: u64, upward: &str) {
    use std::fmt::Write as _;
    const VISIBLE: f64 = 1.5;
    if packets == 0 {
        return;
    }
    let begin = height(below, most);
    let high = (height(below + packets, most) - begin).max(VISIBLE);
    let begin = f64::from(HALF) + begin.min(f64::from(HALF) - VISIBLE);
    let _infallible = write!(
        path,
        "M{column}.1 {begin:.1}v{upward}{high:.1}h{WIDTH}V{begin:.1}z"
    );
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a pixel more or less of billions of packets"
)]
fn height(packets: u64, most: u64) -> f64 {
    f64::from(HALF) * packets as f64 / most.max(1) as f64
}

/// Where an incident stands, with its number; open at its end if it goes on.
///
/// The band covers whole columns, as far as the incident touches them: a column counts all that passed in its time, and
/// an incident of a second in a day must be seen. The bar at its top is higher than any column.
fn band(incident: Stretch, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let (from, to) = (share(incident.first, columns), share(incident.last + 1, columns));
    for (class, y, height) in [("incident", HEAD, 2 * HALF), ("top", HEAD - BAR, BAR)] {
        writeln!(
            out,
            "<rect class=\"{class}\" x=\"{}%\" width=\"{}%\" y=\"{y}\" height=\"{height}\"/>",
            percent(from),
            percent(to - from),
        )?;
    }
    let edges = [(incident.begins, from), (incident.ends, to)];
    for (_, edge) in edges.into_iter().filter(|(is_here, _)| *is_here) {
        writeln!(
            out,
            "<line class=\"edge\" x1=\"{0}%\" x2=\"{0}%\" y1=\"{HEAD}\" y2=\"{BOTTOM}\"/>",
            percent(edge),
        )?;
    }
    let (x, anchor) = if from > 0.8 { (to, "end") } else { (from, "start") };
    writeln!(
        out,
        "<text class=\"name\" x=\"{}%\" y=\"{}\" text-anchor=\"{anchor}\">Incident {}{}</text>",
        percent(x),
        HEAD - BAR - 4,
        incident.number,
        if incident.ended.is_none() { ", open" } else { "" }
    )
}

fn anchor(position: f64) -> &'static str {
    if position < EDGE {
        "start"
    } else if position > 1.0 - EDGE {
        "end"
    } else {
        "middle"
    }
}

fn percent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// The drawing in words, for those who do not see it.
fn description(panel: &Panel, axis: &Axis, clock: &Clock) -> String {
    let total = panel.total();
    let traffic = format!(
        "{}: {}, {} and {}; at most {} in {}.",
        clock.stretch(wall(axis.start()), wall(axis.end())),
        count(total.queries, "query", "queries"),
        count(total.answers, "answer", "answers"),
        count(total.errors, "ICMP error", "ICMP errors"),
        count(panel.most(), "packet", "packets"),
        numbers::duration(axis.length())
    );
    let incidents = panel.incidents.iter().map(|incident| {
        let (number, began) = (incident.number, clock.time(incident.began));
        match incident.ended {
            Some(ended) => format!("Incident {number} goes from {began} to {}.", clock.time(ended)),
            None => format!("Incident {number} begins at {began} and is open."),
        }
    });
    std::iter::once(traffic)
        .chain(incidents)
        .collect::<Vec<_>>()
        .join(" ")
}

fn wall(time: crate::time::Time) -> Timestamp {
    Timestamp::from_nanosecond(time.nanos().into()).unwrap_or(Timestamp::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "there are a few hundred columns")]
fn share(column: usize, columns: usize) -> f64 {
    column as f64 / columns as f64
}
