//! The report at a terminal: the same blocks as Markdown and HTML, wrapped, in plain letters.

mod page;
mod table;

use std::io::{self, Write};

use super::Form;
use super::sparkline::Sparklines;
use crate::report::Report;
use crate::report::story::rich::{Block, Step, Text};
use crate::report::story::{Story, Verdict};
use crate::timeline::Timeline;

pub use page::{Page, Paint, Style};

pub(super) const FORM: Form = Form {
    name: "text",
    about: "The report for a terminal",
    write,
};

/// How far what stands below a heading is indented.
const INDENT: usize = 2;

/// Columns of the timeline's names.
const NAMES: usize = 14;

fn write(report: &Report<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let story = Story::new(report);
    let mut page = Page::new(style, out);
    page.line(0, verdict_paint(story.verdict), &story.verdict_in_words)?;
    page.line(0, Paint::Head, &story.title.to_string())?;
    for (name, value) in &story.cover {
        page.line(0, Paint::None, &format!("{name}: {value}"))?;
    }
    page.paragraph(0, &story.source)?;
    for block in &story.blocks {
        write_block(block, report, &mut page)?;
    }
    page.gap()?;
    page.paragraph(0, &story.colophon)
}

fn write_block(block: &Block, report: &Report<'_>, page: &mut Page<'_>) -> io::Result<()> {
    match block {
        Block::Heading { level, title, .. } => {
            let title = title.to_string();
            page.gap()?;
            page.line(0, Paint::Head, &title)?;
            match level {
                2 => page.line(
                    0,
                    Paint::Name,
                    &"=".repeat(title.chars().count().min(page.width())),
                ),
                3 => page.line(
                    0,
                    Paint::Name,
                    &"-".repeat(title.chars().count().min(page.width())),
                ),
                _ => Ok(()),
            }
        }
        Block::Paragraph(text) => page.paragraph(INDENT, text),
        Block::Bullets(items) => items.iter().try_for_each(|item| page.item(INDENT, "- ", item)),
        Block::Steps(steps) => {
            for (index, step) in steps.iter().enumerate() {
                write_step(index + 1, step, page)?;
            }
            Ok(())
        }
        Block::Facts(facts) => {
            page.gap()?;
            page.facts(INDENT, facts)
        }
        Block::Table(table) => {
            page.gap()?;
            page.paragraph(INDENT, &Text::from(format!("{}:", table.caption)))?;
            table::write(table, INDENT, page)
        }
        Block::Timeline => write_timeline(report, report.timeline, page),
        Block::CloseUp(number) => match report.close_ups.get(*number) {
            Some(close_up) => write_timeline(report, &close_up.timeline, page),
            None => Ok(()),
        },
    }
}

fn write_step(number: usize, step: &Step, page: &mut Page<'_>) -> io::Result<()> {
    let mark = format!("{number}. ");
    page.item(INDENT, &mark, &step.what)?;
    match &step.command {
        Some(command) => page.line(INDENT + mark.len(), Paint::Command, command),
        None => Ok(()),
    }
}

fn write_timeline(report: &Report<'_>, timeline: &Timeline, page: &mut Page<'_>) -> io::Result<()> {
    let Some(timeline) = Sparklines::new(report, timeline, page.width().saturating_sub(NAMES)) else {
        return Ok(());
    };
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

/// The colour of a verdict.
pub(super) const fn verdict_paint(verdict: Verdict) -> Paint {
    match verdict {
        Verdict::Down => Paint::Down,
        Verdict::Degraded | Verdict::Unknown => Paint::Degraded,
        Verdict::Healthy => Paint::Healthy,
    }
}
