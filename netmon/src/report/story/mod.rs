//! The report, as the blocks that Markdown and HTML give a form: what is said, in which order.
//!
//! Two parts, as an analyst hands them in: the summary of the problem, for everybody, and the analysis with
//! its likely causes, for those who must mend it. Everything is written from the data; a sentence that the
//! data does not support is not there. This says nothing about how anything looks.

mod analysis;
mod appendix;
mod context;
mod facts_table;
mod healthy;
mod observations;
mod summary;

use super::Report;
use super::explain;
use super::facts::Facts;
use super::model::Incident;
use super::phrase::{self, count};
use super::rich::{Block, Text};
pub use context::Context;

/// A whole report.
#[derive(Debug)]
pub struct Story {
    /// What it is about.
    pub title: Text,
    /// Where the packets come from, when, how many.
    pub source: Text,
    /// All the rest.
    pub blocks: Vec<Block>,
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
fn name_of(incident: &Incident) -> Text {
    let unknown = "server {server}, {transport} port {port}";
    Facts::new(incident).say(explain::kind(incident.kind).map_or(unknown, |kind| kind.name))
}

/// Where the packets come from: ``6 packets in `textbook.txt`, from ... to ... ``.
pub fn source(context: &Context<'_>) -> Text {
    let document = context.document();
    let packets = count(document.totals.frames, "packet", "packets");
    let files = document.source.files.iter().map(Text::code).collect();
    let text = Text::from(packets).then(" in ").then(Text::list(files));
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
