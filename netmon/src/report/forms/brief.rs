//! The report in the fewest words: a headline, three facts and one command for each incident.

use std::io::{self, Write};

use super::text::verdict_paint;
use super::{Form, Page, Paint, Style};
use crate::report::Report;
use crate::report::story;

pub(super) const FORM: Form = Form {
    name: "brief",
    about: "A headline, three facts and one command for each incident",
    write,
};

fn write(report: &Report<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(style, out);
    let (verdict, paint, more, briefs) = story::briefs(report);
    page.line(0, verdict_paint(paint), &verdict)?;
    page.paragraph(0, &more)?;
    for brief in briefs {
        page.gap()?;
        page.line(0, Paint::Head, &format!("{}  {}", brief.word, brief.headline))?;
        page.brief(&brief, None)?;
    }
    Ok(())
}
