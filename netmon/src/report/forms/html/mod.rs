//! The report as one self-contained HTML page: no script, no request to anywhere, readable on a phone, in
//! the dark and on paper.
//!
//! A content security policy in the page forbids what is not there. Everything that is not this program's own
//! markup passes through [`Escaped`].

mod blocks;
mod chart;
mod escape;
mod ticks;

use std::io::{self, Write};

use super::{Form, Style};
use crate::report::Report;
use crate::report::story::{Story, Verdict};
use escape::{Escaped, Inline};

/// How the page looks.
const STYLE: &str = include_str!("style.css");

pub(super) const FORM: Form = Form {
    name: "html",
    about: "The report as one page for a browser, and for paper",
    write,
};

fn write(report: &Report<'_>, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let story = Story::new(report);
    let title = story.title.to_string();
    write!(
        out,
        "<!doctype html>\n\
        <html lang=\"en\">\n\
        <head>\n\
        <meta charset=\"utf-8\">\n\
        <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
        <meta name=\"color-scheme\" content=\"light dark\">\n\
        <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
        <meta name=\"generator\" content=\"{}\">\n\
        <title>{}</title>\n\
        <style>\n{STYLE}</style>\n\
        </head>\n\
        <body>\n",
        Escaped(report.generated_by),
        Escaped(&title)
    )?;
    header(&story, out)?;
    out.write_all(b"<main>\n")?;
    blocks::write(&story.blocks, report, out)?;
    write!(
        out,
        "</main>\n<footer>\n<p>{}</p>\n</footer>\n</body>\n</html>\n",
        Inline(&story.colophon)
    )
}

/// The title, the verdict at a glance, and where to go from there.
fn header(story: &Story, out: &mut dyn Write) -> io::Result<()> {
    let class = match story.verdict {
        Verdict::Down => "down",
        Verdict::Degraded | Verdict::Unknown => "degraded",
        Verdict::Healthy => "healthy",
    };
    write!(
        out,
        "<header>\n<p class=\"verdict {class}\">{}</p>\n<h1>{}</h1>\n<p class=\"source\">{}</p>\n",
        Escaped(&story.verdict_in_words),
        Inline(&story.title),
        Inline(&story.source)
    )?;
    if !story.cover.is_empty() {
        out.write_all(b"<dl class=\"cover\">\n")?;
        for (name, value) in &story.cover {
            writeln!(
                out,
                "<div><dt>{}</dt><dd>{}</dd></div>",
                Escaped(name),
                Escaped(value)
            )?;
        }
        out.write_all(b"</dl>\n")?;
    }
    out.write_all(b"<dl class=\"figures\">\n")?;
    for (name, value) in &story.figures {
        writeln!(
            out,
            "<div><dt>{}</dt><dd>{}</dd></div>",
            Escaped(name),
            Escaped(value)
        )?;
    }
    out.write_all(b"</dl>\n<nav aria-label=\"Parts of this report\">\n<ul>\n")?;
    for (anchor, title) in story.parts() {
        writeln!(
            out,
            "<li><a href=\"#{}\">{}</a></li>",
            Escaped(anchor),
            Inline(title)
        )?;
    }
    out.write_all(b"</ul>\n</nav>\n</header>\n")
}
