//! What `netmon doctor` has found: a line each for people, or one JSON document.

use std::io::{self, Write};

use serde::Serialize;

use crate::report::forms::{Paint, Style};

/// How it stands with one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing to do.
    Ok,
    /// netmon works, with limits; or it could not be looked at.
    Warning,
    /// `netmon run` would be refused.
    Failure,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What: a short word, or the name of an interface.
    pub check: String,
    /// How it stands.
    pub verdict: Verdict,
    /// What was found.
    pub finding: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    version: &'static str,
    verdict: Verdict,
    checks: &'a [Finding],
}

impl Finding {
    /// Nothing to do.
    pub fn ok(check: impl Into<String>, finding: impl Into<String>) -> Self {
        Self::new(check, Verdict::Ok, finding, None)
    }

    /// netmon works, with limits.
    pub fn warning(check: impl Into<String>, finding: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(check, Verdict::Warning, finding, Some(remedy.into()))
    }

    /// `netmon run` would be refused.
    pub fn failure(check: impl Into<String>, finding: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(check, Verdict::Failure, finding, Some(remedy.into()))
    }

    fn new(
        check: impl Into<String>,
        verdict: Verdict,
        finding: impl Into<String>,
        remedy: Option<String>,
    ) -> Self {
        Self {
            check: check.into(),
            verdict,
            finding: finding.into(),
            remedy,
        }
    }
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }

    const fn paint(self) -> Paint {
        match self {
            Self::Ok => Paint::Healthy,
            Self::Warning => Paint::Degraded,
            Self::Failure => Paint::Down,
        }
    }
}

/// The worst of all.
pub fn worst(findings: &[Finding]) -> Verdict {
    findings
        .iter()
        .map(|finding| finding.verdict)
        .max()
        .unwrap_or(Verdict::Ok)
}

/// A line each: verdict, what was looked at, what was found, and after an arrow what to do.
pub fn text(findings: &[Finding], style: Style, out: &mut dyn Write) -> io::Result<()> {
    const VERDICT: usize = 7;
    let width = findings
        .iter()
        .map(|finding| finding.check.chars().count())
        .max()
        .unwrap_or(0);
    for Finding {
        check,
        verdict,
        finding,
        remedy,
    } in findings
    {
        let word = verdict
            .paint()
            .paint(style, &format!("{:VERDICT$}", verdict.word()));
        write!(out, "{word}  {check:width$}  {finding}")?;
        if let Some(remedy) = remedy {
            write!(out, " -> {remedy}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// One document.
pub fn json(findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        schema: 1,
        version: env!("CARGO_PKG_VERSION"),
        verdict: worst(findings),
        checks: findings,
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_is_one_line_and_the_worst_one_counts() {
        let findings = [
            Finding::ok("kernel", "Linux 6.18"),
            Finding::warning("clock", "is not synchronised", "start chrony"),
        ];
        let mut out = Vec::new();
        let style = Style {
            colour: false,
            width: 80,
        };
        text(&findings, style, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "ok       kernel  Linux 6.18\nwarning  clock   is not synchronised -> start chrony\n"
        );
        assert_eq!(worst(&findings), Verdict::Warning);
        assert_eq!(worst(&[]), Verdict::Ok);
    }
}
