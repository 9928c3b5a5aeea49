//! Which sentences hold for these data: the report as blocks, before it has a form.
//!
//! Two parts, as such a report is asked for: the summary of the problem, for everybody, and the analysis with its likely
//! causes, for those who must fix it. Everything is written from the data; a sentence that the data does not support is
//! not there. This says nothing about how anything looks.

mod appendix;
mod askers;
mod brief;
pub mod chart;
mod context;
mod exchange;
mod facts;
mod found;
mod healthy;
mod incident;
mod judged;
pub mod numbers;
mod packets;
mod part1;
mod part2;
mod resolver;
pub mod rich;
mod servers;
mod sides;

use super::Report;
use crate::model::{Assumed, SourceKind, WarningKind};
pub use askers::{asker, askers};
pub use brief::{Brief, service, still};
use context::Context;
pub use context::Verdict;
pub use facts::Facts;
pub use incident::Until;
use numbers::count;
pub use resolver::{resolver, resolvers};
use rich::{Block, Text};

/// A whole report.
#[derive(Debug)]
pub struct Story {
    /// What it is about.
    pub title: Text,
    /// Who hands it in, and for what, if that was said.
    pub cover: Vec<(&'static str, String)>,
    /// Where the packets come from, when, how many; in whose time.
    pub source: Text,
    /// How bad it is.
    pub verdict: Verdict,
    /// The same at a glance: `1 incident: down, still open`.
    pub verdict_in_words: String,
    /// The numbers that say most, each with its name.
    pub figures: Vec<(&'static str, String)>,
    /// All the rest.
    pub blocks: Vec<Block>,
    /// Who wrote it, and from what.
    pub colophon: Text,
}

impl Story {
    /// Of this report.
    pub fn new(report: &Report<'_>) -> Self {
        let context = Context::new(report);
        let mut blocks = Vec::new();
        if context.incidents().is_empty() {
            healthy::write(&context, &mut blocks);
        } else {
            part1::write(&context, &mut blocks);
            part2::write(&context, &mut blocks);
        }
        appendix::write(&context, &mut blocks);
        let cover = [("Author", &report.cover.author), ("Ticket", &report.cover.ticket)];
        Self {
            title: title(&context),
            cover: cover
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.clone()?)))
                .collect(),
            source: source(&context),
            verdict: context.verdict(),
            verdict_in_words: context.verdict_in_words(),
            figures: context.figures(),
            blocks,
            colophon: format!(
                "Written by {} from the packets in the {}, and from nothing else.",
                report.generated_by,
                context.log()
            )
            .into(),
        }
    }

    /// The anchors and titles of its parts.
    pub fn parts(&self) -> impl Iterator<Item = (&str, &Text)> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Heading {
                level: 2,
                anchor,
                title,
            } => Some((anchor.as_str(), title)),
            _ => None,
        })
    }
}

/// The story in the fewest words: the verdict, then each incident's.
pub fn briefs(report: &Report<'_>) -> (String, Verdict, Text, Vec<Brief>) {
    let context = Context::new(report);
    let briefs = context
        .described()
        .iter()
        .map(|incident| Brief::new(&context.facts(incident), context.until()));
    let summary = match context.incidents() {
        [] => healthy::verdict(&context),
        _ => context.not_described().unwrap_or_default(),
    };
    let summary = match &context.document().assumed {
        _ if !context.has_times() => summary,
        Some(assumed) if summary.to_string().is_empty() => assumption(&context, assumed).into(),
        Some(assumed) => summary.then(format!(" {}", assumption(&context, assumed))),
        None => summary,
    };
    (
        context.verdict_in_words(),
        context.verdict(),
        summary,
        briefs.collect(),
    )
}

fn title(context: &Context<'_>) -> Text {
    if let Some(title) = &context.report().cover.title {
        return title.clone().into();
    }
    match context.incidents() {
        [] if context
            .document()
            .judgement
            .is_some_and(|judgement| !judgement.is_possible()) =>
        {
            "DNS traffic report: cannot be judged".into()
        }
        [] => "DNS traffic report: no incident".into(),
        [incident] => Text::from("DNS incident report: ").then(context.facts(incident).name()),
        incidents => format!(
            "DNS incident report: {} incidents on {}",
            numbers::spelled(incidents.len()),
            context.troubled_in_words()
        )
        .into(),
    }
}

/// ``6 packets in `textbook.txt`, from ... to ... . Times are UTC.``
fn source(context: &Context<'_>) -> Text {
    let (document, clock) = (context.document(), context.clock());
    let files = document.source.files.iter().map(Text::code).collect();
    let text = Text::from(count(document.totals.counters.frames, "packet", "packets"))
        .capitalised()
        .then(match document.source.kind {
            SourceKind::Capture => " in ",
            SourceKind::History => " in the minutes around it, as kept in ",
        })
        .then(Text::list(files));
    if !context.has_times() {
        return text.then(". The log has no times.");
    }
    let (Some(first), Some(last)) = (document.source.first, document.source.last) else {
        return text.then(".");
    };
    let length = numbers::between(first.0, last.0);
    let text = text.then(format!(", {}", clock.stretch(first.0, last.0)));
    let text = if length.is_zero() {
        text
    } else {
        text.then(format!(" ({})", numbers::duration(length)))
    };
    let text = text.then(format!(". Times are {}.", clock.name(first.0)));
    match &document.assumed {
        Some(assumed) => text.then(format!(" {}", assumption(context, assumed))),
        None => text,
    }
}

/// What was taken for granted: `Assumed: the date (the file's last change), the zone (this host's, Europe/Berlin).`
fn assumption(context: &Context<'_>, assumed: &Assumed) -> String {
    let has_no_clock =
        context.is_warned(WarningKind::RelativeTimes) || context.is_warned(WarningKind::NoTimes);
    let zone = assumed
        .zone
        .as_ref()
        .map(|zone| format!("the zone (this host's, {zone})"));
    let parts = [
        assumed
            .date
            .then(|| "the date (the file's last change)".to_owned()),
        has_no_clock.then(|| "the time of day (the log does not say it: it begins at 00:00:00)".to_owned()),
        assumed.year.then(|| "the year (the latest that fits)".to_owned()),
        zone,
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("Assumed: {}.", parts.join(", "))
}

fn heading(level: u8, anchor: impl Into<String>, title: impl Into<Text>) -> Block {
    Block::Heading {
        level,
        anchor: anchor.into(),
        title: title.into(),
    }
}
