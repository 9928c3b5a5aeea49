//! What each command does with its arguments: one file a command. Configuration in, exit status out.

use std::io::{self, Write as _};

use anyhow::Context as _;
use netmon::cli::AnalyzeFormat;
use netmon::model::Document;
use netmon::report::text::{self, Style};
use netmon::report::{Report, html, markdown};
use terminal_size::{Width, terminal_size};

mod analyze;
mod config;
mod detach;
mod doctor;
mod history;
mod logging;
mod run;
mod status;

pub use analyze::analyze;
pub use config::config;
pub use detach::detach;
pub use doctor::doctor;
pub use history::{incidents, report};
pub use run::run;
pub use status::status;

/// With `--exit-code`, when an incident was found.
const INCIDENT: u8 = 1;
/// Wrong usage or configuration; what clap uses as well.
pub const USAGE: u8 = 2;
/// The system refused.
pub const REFUSED: u8 = 3;

/// Who wrote a report.
const GENERATED_BY: &str = concat!("netmon ", env!("CARGO_PKG_VERSION"));

/// Writes a report to standard output.
fn write_report(report: &Report<'_>, format: AnalyzeFormat) -> anyhow::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match format {
        AnalyzeFormat::Text => text::render(report, style(), &mut out),
        AnalyzeFormat::Json => json(report.document, &mut out),
        AnalyzeFormat::Markdown => markdown::render(report, &mut out),
        AnalyzeFormat::Html => html::render(report, &mut out),
    }
    .and_then(|()| out.flush())
    .context("cannot write the report")
}

fn json(document: &Document, out: &mut impl io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    out.write_all(b"\n")
}

/// How standard output is written to: in colour if it is a terminal that shows them (and `NO_COLOR` is not set).
fn style() -> Style {
    const WIDTH: usize = 100;
    let choice = anstream::AutoStream::choice(&io::stdout());
    Style {
        colour: !matches!(choice, anstream::ColorChoice::Never),
        width: terminal_size().map_or(WIDTH, |(Width(columns), _)| usize::from(columns)),
    }
}
