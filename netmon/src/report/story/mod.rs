//! The report, as the blocks that Markdown and HTML give a form: what is said, in which order.
//!
//! Two parts, as an analyst hands them in: the summary of the problem, for everybody, and the analysis with
//! its likely causes, for those who must mend it. Everything is written from the data; a sentence that the
//! data does not support is not there. This says nothing about how anything looks.

mod analysis;
mod appendix;
mod context;
pub mod facts_table;
mod glance;
pub mod healthy;
mod observations;
pub mod summary;

use super::Report;
use super::explain;
use super::facts::Facts;
use super::phrase::{self, count};
use super::rich::{Block, Text};
use crate::model::{Incident, SourceKind};
pub use appendix::server_table;
pub use context::Context;
pub use glance::{Verdict, in_words, verdict};

/// Whether an open incident may still change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// The log is read to its end; what came after, nobody knows.
    EndOfLog,
    /// The traffic is still being watched.
    Now,
}

/// A whole report.
#[derive(Debug)]
pub struct Story {
    /// What it is about.
    pub title: Text,
    /// Where the packets come from, when, how many.
    pub source: Text,
    /// How bad it is.
    pub verdict: Verdict,
    /// The same at a glance: `1 incident: down, still open`.
    pub verdict_in_words: String,
    /// The numbers that say most, each with its name.
    pub figures: Vec<(&'static str, String)>,
    /// All the rest.
    pub blocks: Vec<Block>,
}

impl Story {
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

/// Writes the report's text.
pub fn tell(report: &Report<'_>) -> Story {
    let context = Context::new(report);
    let mut blocks = Vec::new();
    if context.incidents().is_empty() {
        healthy::tell(&context, &mut blocks);
    } else {
        summary::tell(&context, &mut blocks);
        analysis::tell(&context, &mut blocks);
    }
    appendix::tell(&context, &mut blocks);
    Story {
        title: title(&context),
        source: source(&context),
        verdict: verdict(&context),
        verdict_in_words: in_words(&context),
        figures: glance::figures(&context),
        blocks,
    }
}

fn title(context: &Context<'_>) -> Text {
    match context.incidents() {
        [] => "DNS traffic report: no incident".into(),
        [incident] => Text::from("DNS incident report: ").then(name_of(incident)),
        incidents => format!(
            "DNS incident report: {} incidents on {}",
            phrase::spelled(incidents.len()),
            servers_in_words(context)
        )
        .into(),
    }
}

/// What netmon calls the servers with incidents: `one server`, `two servers`.
fn servers_in_words(context: &Context<'_>) -> String {
    match context.troubled_servers().len() {
        1 => "one server".into(),
        servers => format!("{} servers", phrase::spelled(servers)),
    }
}

/// An incident, in a heading: ``server `203.0.113.2` unreachable on UDP port 53``.
pub fn name_of(incident: &Incident) -> Text {
    Facts::new(incident).say(explain::kind(incident.kind).name)
}

/// Where the packets come from: ``6 packets in `textbook.txt`, from ... to ... ``.
pub fn source(context: &Context<'_>) -> Text {
    let document = context.document();
    let packets = count(document.totals.frames, "packet", "packets");
    let files = document.source.files.iter().map(Text::code).collect();
    let text = Text::from(packets)
        .capitalised()
        .then(match document.source.kind {
            SourceKind::Capture => " in ",
            SourceKind::History => " in the minutes around it, as kept in ",
        })
        .then(Text::list(files));
    match (document.source.first, document.source.last) {
        (Some(first), Some(last)) => {
            let length = phrase::between(first.0, last.0);
            let text = text.then(format!(", {}", phrase::stretch(first.0, last.0)));
            if length.is_zero() {
                text
            } else {
                text.then(format!(" ({})", phrase::duration(length)))
            }
        }
        _ => text,
    }
}

fn heading(level: u8, anchor: impl Into<String>, title: impl Into<Text>) -> Block {
    Block::Heading {
        level,
        anchor: anchor.into(),
        title: title.into(),
    }
}
