//! The report in Markdown: `CommonMark` with the tables of GitHub (GFM), no HTML in it.
//!
//! What came from packets or from the command line cannot become markup: it stands in code spans, or with
//! every character that could mean something escaped.

use std::io::{self, Write};

use super::clean::clean;
use super::sparkline::Sparklines;
use super::{Form, Style};
use crate::report::Report;
use crate::report::story::Story;
use crate::report::story::rich::{Block, Span, Step, Table, Text};
use crate::timeline::Timeline;

pub(super) const FORM: Form = Form {
    name: "markdown",
    about: "The report in Markdown, for tickets and wikis",
    write,
};

/// Columns of the timeline.
const COLUMNS: usize = 72;

fn write(report: &Report<'_>, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let story = Story::new(report);
    writeln!(out, "# {}\n", inline(&story.title))?;
    for (name, value) in &story.cover {
        writeln!(out, "**{name}:** {}\n", escape(value))?;
    }
    writeln!(out, "{}\n", inline(&story.source))?;
    for block in &story.blocks {
        write_block(block, report, out)?;
    }
    writeln!(out, "---\n\n{}", inline(&story.colophon))
}

fn write_block(block: &Block, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    match block {
        Block::Heading { level, title, .. } => {
            writeln!(out, "{} {}\n", "#".repeat(usize::from(*level)), inline(title))
        }
        Block::Paragraph(text) => writeln!(out, "{}\n", inline(text)),
        Block::Bullets(items) => {
            for item in items {
                writeln!(out, "- {}", inline(item))?;
            }
            writeln!(out)
        }
        Block::Steps(steps) => {
            for (index, step) in steps.iter().enumerate() {
                write_step(index + 1, step, out)?;
            }
            Ok(())
        }
        Block::Facts(facts) => {
            writeln!(out, "| Fact | Value |\n| --- | --- |")?;
            for (name, value) in facts {
                writeln!(out, "| {} | {} |", escape(name), inline(value))?;
            }
            writeln!(out)
        }
        Block::Table(table) => write_table(table, out),
        Block::Timeline => write_timeline(report, report.timeline, out),
        Block::CloseUp(number) => match report.close_ups.get(*number) {
            Some(close_up) => write_timeline(report, &close_up.timeline, out),
            None => Ok(()),
        },
    }
}

/// A command is a block of its own, to be copied; it belongs to its step by its indent.
fn write_step(number: usize, step: &Step, out: &mut dyn Write) -> io::Result<()> {
    let mark = format!("{number}. ");
    writeln!(out, "{mark}{}", inline(&step.what))?;
    if let Some(command) = &step.command {
        let indent = " ".repeat(mark.len());
        writeln!(out, "\n{indent}```sh\n{indent}{}\n{indent}```", clean(command))?;
    }
    writeln!(out)
}

fn write_table(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    writeln!(out, "{}:\n", escape(&table.caption))?;
    let heads = table.columns.iter().map(|column| escape(column.title));
    writeln!(out, "{}", row(heads.collect()))?;
    let rules = table
        .columns
        .iter()
        .map(|column| if column.numbers { "---:" } else { "---" }.into());
    writeln!(out, "{}", row(rules.collect()))?;
    for cells in &table.rows {
        writeln!(out, "{}", row(cells.iter().map(inline).collect()))?;
    }
    writeln!(out)
}

fn write_timeline(report: &Report<'_>, timeline: &Timeline, out: &mut dyn Write) -> io::Result<()> {
    let Some(timeline) = Sparklines::new(report, timeline, COLUMNS) else {
        return Ok(());
    };
    writeln!(out, "{}\n\n```text", escape(&timeline.caption))?;
    for (index, server) in timeline.servers.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{}", server.title)?;
        for (name, line) in &server.lines {
            writeln!(out, "  {name:<8}  {line}")?;
        }
    }
    writeln!(out, "```\n")
}

fn inline(text: &Text) -> String {
    text.spans()
        .iter()
        .map(|span| match span {
            Span::Plain(words) | Span::Link { label: words, .. } => escape(words),
            Span::Strong(words) | Span::Blank(words) => strong(words),
            Span::Code(words) => code(words),
        })
        .collect()
}

/// Strong words, with the blanks at their ends outside: `** word**` is not strong.
fn strong(words: &str) -> String {
    let inner = words.trim();
    if inner.is_empty() {
        return escape(words);
    }
    let blank = |is_there: bool| if is_there { " " } else { "" };
    format!(
        "{}**{}**{}",
        blank(words.starts_with(char::is_whitespace)),
        escape(inner),
        blank(words.ends_with(char::is_whitespace))
    )
}

/// A code span; where its words could end it, or the table's cell, they are escaped instead.
fn code(words: &str) -> String {
    let words = clean(words);
    let is_safe = !words.is_empty() && !words.contains(['`', '|']) && words.trim() == words;
    if is_safe {
        format!("`{words}`")
    } else {
        escape(&words)
    }
}

/// Words that mean nothing but themselves (`CommonMark` section 2.4: any ASCII punctuation may be escaped).
fn escape(words: &str) -> String {
    let words = clean(words);
    let mut escaped = String::with_capacity(words.len() + 8);
    for (at, letter) in words.char_indices() {
        let rest = words.get(at..).unwrap_or_default();
        let has_meaning = "\\`*_{}[]<>#|~$&".contains(letter)
            // GFM makes links of addresses that nobody marked as such.
            || rest.starts_with("://")
            || (letter == '.' && ends_with_www(words.get(..at).unwrap_or_default()));
        if has_meaning {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

fn ends_with_www(before: &str) -> bool {
    before
        .len()
        .checked_sub(3)
        .and_then(|start| before.get(start..))
        .is_some_and(|end| end.eq_ignore_ascii_case("www"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_from_packets_never_becomes_markup() {
        let cases = [
            ("yummyrecipesforme.com", "`yummyrecipesforme.com`"),
            ("a|b.example", "a\\|b.example"),
            ("`rm`.example", "\\`rm\\`.example"),
            ("<img src=x>", "`<img src=x>`"),
            (" padded ", " padded "),
            ("*|_[x](http://evil)", "\\*\\|\\_\\[x\\](http\\://evil)"),
            ("", ""),
            ("back\\\\slash|", "back\\\\\\\\slash\\|"),
            ("line\nbreak", "`line break`"),
            ("|www.evil.example", "\\|www\\.evil.example"),
        ];
        for (name, markdown) in cases {
            assert_eq!(code(name), markdown, "{name}");
        }
    }

    #[test]
    fn blanks_stand_outside_of_strong_words() {
        assert_eq!(strong(" could *not* be "), " **could \\*not\\* be** ");
        assert_eq!(strong(" "), " ");
    }
}
