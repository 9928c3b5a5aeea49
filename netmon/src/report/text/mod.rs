//! The report for people at a terminal: short, plain, with what to do next.
//!
//! What stands here is the same as in the long forms, in the same words, but only what one needs at once; the
//! whole analysis is for Markdown and HTML. [`incident`] is also how `netmon run` tells of one.

mod page;
mod table;

use std::io::{self, Write};

use super::Report;
use super::explain;
use super::facts::Facts;
use super::rich::Text;
use super::sparkline::Sparklines;
use super::story::{self, Context, Until, Verdict, facts_table, healthy, summary};
use crate::model::{Incident, Warning};
use page::{Page, Paint};

pub use page::Style;

/// How far a block is indented below its head.
const INDENT: usize = 2;

/// Clients and names that are listed; beyond it says how many more.
const LISTED: usize = 8;

/// Columns of the timeline's names.
const NAMES: usize = 14;

/// Writes the report.
pub fn render(report: &Report<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let context = Context::new(report);
    let mut page = Page::new(style, out);
    page.line(0, verdict_paint(&context), &story::in_words(&context))?;
    page.paragraph(0, &story::source(&context).then(". Times are UTC."))?;
    warnings(&report.document.warnings, &mut page)?;
    if context.incidents().is_empty() {
        page.gap()?;
        page.paragraph(0, &healthy::verdict(&context))?;
    }
    for one in context.told() {
        page.gap()?;
        block(one, Until::EndOfLog, &mut page)?;
    }
    if let Some(untold) = context.untold() {
        page.gap()?;
        page.paragraph(0, &untold)?;
    }
    timeline(report, &mut page)?;
    if !context.servers().is_empty() {
        page.gap()?;
        page.line(0, Paint::Head, "Servers")?;
        table::write(&story::server_table(&context), INDENT, &mut page)?;
    }
    if !context.incidents().is_empty() {
        page.gap()?;
        page.line(
            0,
            Paint::Name,
            "For the whole analysis: --format markdown or --format html",
        )?;
    }
    Ok(())
}

/// Tells of one incident: what, since when, whom it hits, why, and what to check next.
pub fn incident(incident: &Incident, style: Style, out: &mut dyn Write) -> io::Result<()> {
    block(incident, Until::Now, &mut Page::new(style, out))
}

fn block(incident: &Incident, until: Until, page: &mut Page<'_>) -> io::Result<()> {
    let facts = Facts::new(incident);
    let name = story::name_of(incident).capitalised().to_string();
    page.line(0, severity_paint(incident), &name)?;
    page.paragraph(INDENT, &summary::lead(incident, until))?;
    page.gap()?;
    page.facts(INDENT, &facts_table::rows(incident, until, LISTED))?;
    for (index, cause) in incident.causes.iter().enumerate() {
        if index == 0 {
            page.gap()?;
            page.line(
                INDENT,
                Paint::Head,
                if incident.causes.len() == 1 {
                    "Cause"
                } else {
                    "Causes"
                },
            )?;
        }
        let text = format!("{} ({}): {}", cause.cause, cause.likelihood, cause.evidence);
        page.paragraph(2 * INDENT, &text.into())?;
    }
    let checks = incident
        .cause()
        .map_or_else(Vec::new, |cause| facts.steps(explain::cause(cause).confirm));
    if !checks.is_empty() {
        page.gap()?;
        page.line(INDENT, Paint::Head, "What to check next")?;
    }
    for check in checks {
        page.paragraph(2 * INDENT, &check.what)?;
        if let Some(command) = &check.command {
            page.line(3 * INDENT, Paint::Command, command)?;
        }
    }
    Ok(())
}

fn warnings(warnings: &[Warning], page: &mut Page<'_>) -> io::Result<()> {
    for warning in warnings {
        page.paragraph(
            0,
            &Text::strong("Warning: ")
                .then(warning.message.clone())
                .then(format!(" ({})", warning.warning)),
        )?;
    }
    Ok(())
}

fn timeline(report: &Report<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let Some(timeline) = Sparklines::new(report, page.width().saturating_sub(NAMES)) else {
        return Ok(());
    };
    page.gap()?;
    page.line(0, Paint::Head, "Timeline")?;
    page.paragraph(INDENT, &timeline.caption.into())?;
    for server in &timeline.servers {
        page.line(INDENT, Paint::None, &server.title)?;
        for (name, line) in &server.lines {
            let paint = match *name {
                "errors" | "incident" => Paint::Down,
                "failures" => Paint::Degraded,
                "answers" => Paint::Healthy,
                _ => Paint::None,
            };
            page.labelled(2 * INDENT, name, NAMES - 2 * INDENT, paint, line)?;
        }
    }
    Ok(())
}

fn verdict_paint(context: &Context<'_>) -> Paint {
    match story::verdict(context) {
        Verdict::Down => Paint::Down,
        Verdict::Degraded => Paint::Degraded,
        Verdict::Healthy => Paint::Healthy,
    }
}

fn severity_paint(incident: &Incident) -> Paint {
    if incident.is_down() {
        Paint::Down
    } else {
        Paint::Degraded
    }
}
