//! How what was found is told: to programs (JSON), to people. One form a file.
//!
//! Types that are serialised live here, and nowhere else. The human forms share their words: [`explain`] has
//! what kinds, codes and causes mean, `facts` fills an incident's numbers in, `story` says what stands where
//! in a report, and each form gives that its looks and escapes it.

mod clean;
pub mod explain;
pub mod facts;
pub mod findings;
pub mod html;
pub mod instances;
pub mod journal;
pub mod lines;
pub mod list;
pub mod markdown;
pub mod metrics;
mod panels;
pub mod people;
pub mod phrase;
pub mod rich;
pub mod service;
pub mod sink;
mod sparkline;
mod story;
pub mod text;
pub mod timeline;

use crate::model::Document;
use timeline::Timeline;

/// What a report for people is written from.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What was found.
    pub document: &'a Document,
    /// What passed when, in the document's (wall) time.
    pub timeline: &'a Timeline,
    /// The program that found it, with its version: `netmon 0.1.0`.
    pub generated_by: &'a str,
}
