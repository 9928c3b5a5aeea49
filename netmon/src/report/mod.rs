//! How a finished story reads, in three layers, each used by the next.
//!
//! - [`knowledge`]: what a kind, a cause, a code means, and what to check next;
//! - [`story`]: which sentences hold for these data;
//! - [`forms`]: how that looks as text, Markdown, HTML, JSON.

pub mod forms;
pub mod instances;
pub mod knowledge;
pub mod story;

use crate::excerpt::Excerpts;
use crate::model::Document;
use crate::served::ServedBy;
use crate::timeline::Timeline;
use story::numbers::Clock;

/// Who writes reports.
pub const GENERATED_BY: &str = concat!("netmon ", env!("CARGO_PKG_VERSION"));

/// What a report is written from.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What was found.
    pub document: &'a Document,
    /// What passed when, in the document's (wall) time.
    pub timeline: &'a Timeline,
    /// What became of each server's queries; `None` where only packets were counted.
    pub served: Option<&'a ServedBy>,
    /// Stretches of it in finer parts, where they are known.
    pub close_ups: &'a [CloseUp],
    /// The first packets of each incident.
    pub excerpts: &'a Excerpts,
    /// Whether the packets were read as text. That shows neither what an error quotes nor all of its addresses.
    pub from_text: bool,
    /// How its times are written.
    pub clock: &'a Clock,
    /// What only the person who hands it in knows.
    pub cover: &'a Cover,
    /// The program that found it, with its version: `netmon 0.1.0`.
    pub generated_by: &'a str,
}

/// A stretch of time in finer parts than the timeline of all has.
#[derive(Clone, Debug)]
pub struct CloseUp {
    /// What it shows.
    pub title: &'static str,
    /// What passed when.
    pub timeline: Timeline,
}

/// What the data does not show: who writes, about which ticket, and how the team became aware.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    /// In place of the report's own title.
    pub title: Option<String>,
    /// Who hands it in.
    pub author: Option<String>,
    /// What it belongs to.
    pub ticket: Option<String>,
    /// Who noticed the problem, when and how.
    pub noticed: Option<String>,
}
