//! `netmon analyze`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use netmon::analyze;
use netmon::cli::{Analyze, AnalyzeFormat};
use netmon::config;
use netmon::report::model::Document;
use netmon::report::{Report, html, markdown, text};

use super::{INCIDENT, USAGE, style};

/// Analyses files, and writes the report.
pub fn analyze(arguments: &Analyze) -> anyhow::Result<ExitCode> {
    let options = config::analysis(arguments)?;
    let analysis = analyze::analyze(&options)?;
    let report = Report {
        document: &analysis.document,
        timeline: &analysis.timeline,
        generated_by: concat!("netmon ", env!("CARGO_PKG_VERSION")),
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    match arguments.format {
        AnalyzeFormat::Text => text::render(&report, style(), &mut out),
        AnalyzeFormat::Json => json(&analysis.document, &mut out),
        AnalyzeFormat::Markdown => markdown::render(&report, &mut out),
        AnalyzeFormat::Html => html::render(&report, &mut out),
    }
    .and_then(|()| out.flush())
    .context("cannot write the report")?;
    if let Some(check) = &analysis.check {
        eprintln!("netmon: {check}");
    }
    let status = if analysis.nothing_read {
        eprintln!("netmon: error: nothing could be read; the warnings in the report say why");
        USAGE
    } else if arguments.exit_code && !analysis.document.incidents.is_empty() {
        INCIDENT
    } else {
        0
    };
    Ok(ExitCode::from(status))
}

fn json(document: &Document, out: &mut impl io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    out.write_all(b"\n")
}
