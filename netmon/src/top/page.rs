//! The pages of one server and of one incident: lines that are scrolled.

use std::borrow::Cow;
use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};
use serde_json::Value;

use super::app::{App, Screen};
use super::column::{bars, rate, share};
use super::look::{dim, health, style};
use crate::model::Incident;
use crate::model::view::{Health, IncidentPage, Outages, ServerPage};
use crate::report::knowledge;
use crate::report::story::numbers::{between, count, duration, micros, number};
use crate::report::story::service;

/// Columns of a bar of the histogram.
const BAR: usize = 30;

/// Draws the page that is looked at.
pub(super) fn draw(app: &mut App, frame: &mut Frame<'_>, area: Rect) {
    let lines = match (app.screen(), &app.data) {
        (Screen::Server(address), Some(data)) => match &data.server {
            Some(page) if page.server.address == *address => server(app, page),
            _ => vec![Line::from(format!("asking for {address} ..."))],
        },
        (Screen::Incident(id), Some(data)) => match &data.incident {
            Some(page) if page.incident.id == *id => incident(app, page),
            _ => vec![Line::from(format!("asking for {id} ..."))],
        },
        _ => Vec::new(),
    };
    let height = lines.len().saturating_sub(usize::from(area.height) / 2);
    app.scroll = app.scroll.min(u16::try_from(height).unwrap_or(u16::MAX));
    let page = Paragraph::new(lines)
        .wrap(Wrap { trim: false })
        .scroll((app.scroll, 0));
    frame.render_widget(page, area);
}

fn title(words: impl Into<Cow<'static, str>>) -> Line<'static> {
    Line::styled(
        words,
        Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
    )
}

fn server(app: &App, page: &ServerPage) -> Vec<Line<'static>> {
    let line = &page.server;
    let mut lines = vec![Line::from(vec![
        Span::styled(line.title(), Style::new().add_modifier(Modifier::BOLD)),
        Span::raw(": "),
        Span::styled(line.state.name(), style(app, line.state)),
        Span::raw(format!(
            ", {} queries/s, {} answers/s, {} errors/s, {} answered",
            rate(line.per_second.queries),
            rate(line.per_second.answers),
            rate(line.per_second.errors),
            share(line.answered)
        )),
    ])];
    if let Some(info) = &line.server_info {
        let owner = info.to_string();
        if !owner.is_empty() {
            lines.push(Line::from(format!("owner: {owner}")));
        }
    }
    lines.push(title("The last two minutes"));
    for (word, counts) in [
        ("queries", &line.recent.queries),
        ("answers", &line.recent.answers),
        ("errors", &line.recent.errors),
    ] {
        let most = counts.iter().copied().max().unwrap_or_default();
        lines.push(Line::from(format!(
            "  {word:<8} |{}| at most {} in {} s",
            bars(counts, 60),
            number(most.into()),
            line.recent.seconds
        )));
    }
    lines.push(title("Counted"));
    for key in [
        "dns_queries",
        "dns_responses",
        "tcp",
        "rcodes",
        "dns_unreachable",
        "unmatched_responses",
    ] {
        if let Some(value) = page.counts.get(key) {
            lines.push(Line::from(format!("  {:<20} {}", key, counted(value))));
        }
    }
    lines.push(title("Latency"));
    lines.extend(latency(app, page));
    lines.push(title("Who asks, and for what: in its incidents, and lately"));
    let clients = page.clients.iter().map(ToString::to_string);
    for (word, all) in [
        ("clients", clients.collect()),
        ("names", page.names.clone()),
        ("processes", page.processes.clone()),
    ] {
        let all: Vec<String> = all;
        let all = if all.is_empty() {
            "none known".to_owned()
        } else {
            all.join(", ")
        };
        lines.push(Line::from(format!("  {word:<9} {all}")));
    }
    lines.push(title("Incidents, the newest first"));
    if page.incidents.is_empty() {
        lines.push(Line::from("  none"));
    } else {
        lines.push(over_time(app, &page.outages));
    }
    lines.extend(page.incidents.iter().map(|incident| happened(app, incident)));
    lines
}

/// Its incidents over time: `!` where it was down, `~` where it was degraded, whatever the colours are.
fn over_time(app: &App, outages: &Outages) -> Line<'static> {
    let mut spans = vec![Span::raw("  |")];
    spans.extend(outages.states.iter().map(|state| {
        let mark = match state {
            Health::Down => "!",
            Health::Degraded => "~",
            Health::Well | Health::Starting | Health::Stopped => "·",
        };
        Span::styled(mark, style(app, *state))
    }));
    let span = Duration::from_secs(outages.step_s.saturating_mul(outages.states.len() as u64));
    spans.push(Span::raw(format!(
        "| the last {}: ! down, ~ degraded",
        duration(span)
    )));
    Line::from(spans)
}

/// A counter, or those below it that are not zero.
fn counted(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| value.as_u64() != Some(0));
            let fields: Vec<String> = fields
                .map(|(key, value)| match value {
                    Value::Object(_) => format!("{key} ({})", counted(value)),
                    _ => format!("{key} {}", counted(value)),
                })
                .collect();
            if fields.is_empty() {
                "none".to_owned()
            } else {
                fields.join(", ")
            }
        }
        other => other.as_u64().map_or_else(|| other.to_string(), number),
    }
}

fn latency(app: &App, page: &ServerPage) -> Vec<Line<'static>> {
    let of = &page.server.latency_us;
    let (Some(p50), Some(p99)) = (of.p50, of.p99) else {
        return vec![Line::from("  no answer was measured")];
    };
    let mut lines = vec![Line::from(format!(
        "  {}, median {}, 99 % within {}",
        count(of.count, "answer", "answers"),
        micros(p50),
        micros(p99)
    ))];
    let most = page
        .latency_buckets
        .iter()
        .map(|bucket| bucket.count)
        .max()
        .unwrap_or(1)
        .max(1);
    for bucket in &page.latency_buckets {
        let length = usize::try_from(bucket.count * BAR as u64 / most).unwrap_or(BAR);
        let least = usize::from(bucket.count > 0);
        lines.push(Line::from(vec![
            Span::raw(format!("  up to {:>9} ", micros(bucket.up_to_us))),
            Span::styled("█".repeat(length.max(least)), style(app, Health::Well)),
            Span::styled(format!(" {}", number(bucket.count)), dim(app)),
        ]));
    }
    lines
}

/// An incident in a line.
fn happened(app: &App, incident: &Incident) -> Line<'static> {
    let (began, kind) = (incident.began.0, knowledge::kind(incident.kind));
    let word = match incident.closed_because {
        Some(reason) => knowledge::close(reason).word,
        None => knowledge::severity(incident.severity),
    };
    let end = incident
        .recovered
        .or(incident.closed)
        .unwrap_or(incident.last_seen);
    let cause = incident.cause().map_or("", crate::model::Cause::name);
    Line::from(vec![
        Span::styled(format!("  {word:<9}"), style(app, health(incident))),
        Span::raw(format!(
            "{} {}, for {}: {} {cause}",
            app.clock.second(began),
            app.clock.name(began),
            duration(between(began, end.0)),
            kind.now,
        )),
    ])
}

fn incident(app: &App, page: &IncidentPage) -> Vec<Line<'static>> {
    let incident = &page.incident;
    let mut lines = vec![
        Line::from(vec![Span::styled(
            service(incident),
            Style::new().add_modifier(Modifier::BOLD),
        )]),
        happened(app, incident),
    ];
    for (word, counts) in [("queries", &page.recent.queries), ("errors", &page.recent.errors)] {
        lines.push(Line::from(format!(
            "  {word:<8} |{}| the last two minutes",
            bars(counts, 60)
        )));
    }
    lines.push(Line::default());
    lines.extend(page.report.lines().map(|line| Line::from(line.to_owned())));
    lines
}
