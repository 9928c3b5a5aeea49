//! The blocks of a report as HTML. Headings open sections, so that the outline is the reader's as well.

use std::io::{self, Write};

use super::chart;
use super::escape::{Escaped, Inline};
use crate::report::Report;
use crate::report::story::rich::{Block, Step, Table};

pub(super) fn write(blocks: &[Block], report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut open: Vec<u8> = Vec::new();
    for block in blocks {
        match block {
            Block::Heading { level, anchor, title } => {
                while open.last().is_some_and(|outer| outer >= level) {
                    open.pop();
                    out.write_all(b"</section>\n")?;
                }
                open.push(*level);
                let anchor = Escaped(anchor);
                writeln!(
                    out,
                    "<section aria-labelledby=\"{anchor}\">\n<h{level} id=\"{anchor}\">{}</h{level}>",
                    Inline(title)
                )?;
            }
            block => write_block(block, report, out)?,
        }
    }
    open.iter().try_for_each(|_| out.write_all(b"</section>\n"))
}

fn write_block(block: &Block, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    match block {
        // Written by the caller, which knows what is open.
        Block::Heading { .. } => Ok(()),
        Block::Paragraph(text) => writeln!(out, "<p>{}</p>", Inline(text)),
        Block::Bullets(items) => {
            out.write_all(b"<ul>\n")?;
            for item in items {
                writeln!(out, "<li>{}</li>", Inline(item))?;
            }
            out.write_all(b"</ul>\n")
        }
        Block::Steps(steps) => {
            out.write_all(b"<ol>\n")?;
            steps.iter().try_for_each(|step| write_step(step, out))?;
            out.write_all(b"</ol>\n")
        }
        Block::Facts(facts) => {
            out.write_all(b"<table class=\"facts\">\n<tbody>\n")?;
            for (name, value) in facts {
                writeln!(
                    out,
                    "<tr><th scope=\"row\">{}</th><td>{}</td></tr>",
                    Escaped(name),
                    Inline(value)
                )?;
            }
            out.write_all(b"</tbody>\n</table>\n")
        }
        Block::Table(table) => write_table(table, out),
        Block::Timeline => chart::write(report, report.timeline, "chart", out),
        Block::CloseUp(number) => match report.close_ups.get(*number) {
            Some(close_up) => chart::write(
                report,
                &close_up.timeline,
                &format!("chart-close-up-{}", number + 1),
                out,
            ),
            None => Ok(()),
        },
    }
}

fn write_step(step: &Step, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<li>{}", Inline(&step.what))?;
    if let Some(command) = &step.command {
        write!(out, "\n<pre><code>{}</code></pre>", Escaped(command))?;
    }
    out.write_all(b"</li>\n")
}

/// A table may be wider than a phone: it scrolls by itself, also with the keyboard.
fn write_table(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    let caption = Escaped(&table.caption);
    write!(
        out,
        "<div class=\"wide\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\">\n<table>\n\
        <caption>{caption}</caption>\n<thead>\n<tr>"
    )?;
    let class = |column: usize| {
        let numbers = table.columns.get(column).is_some_and(|column| column.numbers);
        if numbers { " class=\"number\"" } else { "" }
    };
    for (index, column) in table.columns.iter().enumerate() {
        write!(
            out,
            "<th scope=\"col\"{}>{}</th>",
            class(index),
            Escaped(column.title)
        )?;
    }
    out.write_all(b"</tr>\n</thead>\n<tbody>\n")?;
    for row in &table.rows {
        out.write_all(b"<tr>")?;
        for (index, cell) in row.iter().enumerate() {
            write!(out, "<td{}>{}</td>", class(index), Inline(cell))?;
        }
        out.write_all(b"</tr>\n")?;
    }
    out.write_all(b"</tbody>\n</table>\n</div>\n")
}
