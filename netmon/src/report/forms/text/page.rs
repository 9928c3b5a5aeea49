//! Lines for a terminal: wrapped to its width, in colour where it has some, never with control characters
//! that are not this program's own.

use std::io::{self, Write};

use anstyle::AnsiColor;

use crate::report::forms::clean::clean;
use crate::report::story::Brief;
use crate::report::story::rich::{Span, Text};

/// Lines are never narrower: a terminal of a few columns cannot be served.
const NARROWEST: usize = 40;

/// How to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether the terminal shows colours.
    pub colour: bool,
    /// Its columns.
    pub width: usize,
}

/// What a line is, and so its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// As it is.
    None,
    /// A head.
    Head,
    /// A server that is down.
    Down,
    /// A server that is degraded.
    Degraded,
    /// A server that is healthy.
    Healthy,
    /// A command to type.
    Command,
    /// A name beside its value.
    Name,
}

impl Paint {
    const fn look(self) -> anstyle::Style {
        let plain = anstyle::Style::new();
        match self {
            Self::None => plain,
            Self::Head => plain.bold(),
            Self::Down => AnsiColor::Red.on_default().bold(),
            Self::Degraded => AnsiColor::Yellow.on_default().bold(),
            Self::Healthy => AnsiColor::Green.on_default(),
            Self::Command => AnsiColor::Cyan.on_default(),
            Self::Name => plain.dimmed(),
        }
    }

    /// Words as they are to look, on a terminal of that style.
    pub fn paint(self, style: Style, words: &str) -> String {
        if style.colour && !words.trim().is_empty() {
            let look = self.look();
            format!("{look}{words}{look:#}")
        } else {
            words.into()
        }
    }
}

/// Where lines go.
#[expect(missing_debug_implementations, reason = "it borrows a writer, which has none")]
pub struct Page<'a> {
    style: Style,
    out: &'a mut dyn Write,
}

impl<'a> Page<'a> {
    /// Lines to `out`.
    pub fn new(style: Style, out: &'a mut dyn Write) -> Self {
        Self { style, out }
    }

    /// Columns of a line.
    pub fn width(&self) -> usize {
        self.style.width.max(NARROWEST)
    }

    /// An empty line.
    pub fn gap(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A line of its own, however long it is: what is in it may be copied.
    pub fn line(&mut self, indent: usize, paint: Paint, words: &str) -> io::Result<()> {
        writeln!(self.out, "{:indent$}{}", "", self.painted(paint, &clean(words)))
    }

    /// A line of its own, of which a part in the middle is painted.
    pub fn marked(&mut self, before: &str, paint: Paint, mark: &str, after: &str) -> io::Result<()> {
        writeln!(
            self.out,
            "{before}{}  {}",
            self.painted(paint, mark),
            clean(after)
        )
    }

    /// A line with its name before it.
    pub fn labelled(
        &mut self,
        indent: usize,
        name: &str,
        width: usize,
        paint: Paint,
        words: &str,
    ) -> io::Result<()> {
        let name = self.painted(Paint::Name, &format!("{name:width$}"));
        writeln!(
            self.out,
            "{:indent$}{name}{}",
            "",
            self.painted(paint, &clean(words))
        )
    }

    /// Text, wrapped.
    pub fn paragraph(&mut self, indent: usize, text: &Text) -> io::Result<()> {
        self.item(indent, "", text)
    }

    /// Text, wrapped, with a mark before its first line.
    pub fn item(&mut self, indent: usize, mark: &str, text: &Text) -> io::Result<()> {
        let beside = mark.chars().count();
        let lines = wrap(&words_of(text), self.width().saturating_sub(indent + beside));
        for (index, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
            let mark = if index == 0 { mark } else { "" };
            writeln!(self.out, "{:indent$}{mark:beside$}{}", "", self.joined(line))?;
        }
        Ok(())
    }

    /// An incident in short, without its headline: whose it is, three facts and what to check next. Of so many lines at most:
    /// each has one, and the cause, which comes with its evidence, has what is left.
    pub fn brief(&mut self, brief: &Brief, lines: Option<usize>) -> io::Result<()> {
        const INDENT: usize = 2;
        const NAMES: usize = 7;
        let own = [
            ("here", &brief.resolver),
            ("who", &brief.askers),
            ("whose", &brief.owner),
        ];
        let own = || {
            own.into_iter()
                .filter_map(|(name, value)| Some((name, value.as_ref()?)))
        };
        let others = brief.facts.len() - 1 + own().count() + usize::from(brief.next.is_some());
        let each = |name: &str| match lines {
            None => usize::MAX,
            Some(lines) if name == Brief::CAUSE => lines.saturating_sub(others).max(1),
            Some(_) => 1,
        };
        for (name, value) in own() {
            self.fact(INDENT, name, NAMES, &Text::from(value.clone()), each(name))?;
        }
        for (name, value) in &brief.facts {
            self.fact(INDENT, name, NAMES, value, each(name))?;
        }
        match &brief.next {
            Some((place, command)) => {
                let name = self.painted(Paint::Name, &format!("{:NAMES$}{place}: ", "check"));
                writeln!(
                    self.out,
                    "{:INDENT$}{name}{}",
                    "",
                    self.painted(Paint::Command, &clean(command))
                )
            }
            None => Ok(()),
        }
    }

    /// A name and its value, which is wrapped beside it and cut after so many lines.
    pub fn fact(
        &mut self,
        indent: usize,
        name: &str,
        names: usize,
        value: &Text,
        lines: usize,
    ) -> io::Result<()> {
        let columns = self.width().saturating_sub(indent + names);
        let mut wrapped = wrap(&words_of(value), columns);
        if wrapped.len() > lines {
            wrapped.truncate(lines);
            if let Some(last) = wrapped.last_mut() {
                let used = |line: &[Word]| line.iter().map(|word| word.columns() + 1).sum::<usize>();
                while last.len() > 1 && used(last) + 1 > columns {
                    last.pop();
                }
                last.push(Word::new(Paint::None, "…"));
            }
        }
        for (index, line) in wrapped.iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            let name = self.painted(Paint::Name, &format!("{name:names$}"));
            writeln!(self.out, "{:indent$}{name}{}", "", self.joined(line))?;
        }
        Ok(())
    }

    /// Names and their values, which are wrapped beside them.
    pub fn facts(&mut self, indent: usize, facts: &[(String, Text)]) -> io::Result<()> {
        let names = facts
            .iter()
            .map(|(name, _)| name.chars().count())
            .max()
            .unwrap_or(0)
            + 2;
        facts
            .iter()
            .try_for_each(|(name, value)| self.fact(indent, name, names, value, usize::MAX))
    }

    fn joined(&self, line: &[Word]) -> String {
        let words: Vec<String> = line
            .iter()
            .map(|word| {
                word.pieces
                    .iter()
                    .map(|(paint, piece)| self.painted(*paint, piece))
                    .collect()
            })
            .collect();
        words.join(" ")
    }

    fn painted(&self, paint: Paint, words: &str) -> String {
        paint.paint(self.style, words)
    }
}

/// The text's words, each with its paint. Code of several words is put in quotes, for it has no looks of
/// its own.
fn words_of(text: &Text) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut glued = false;
    for span in text.spans() {
        let (paint, shown) = match span {
            Span::Strong(strong) => (Paint::Head, clean(strong).into_owned()),
            Span::Blank(blank) => (Paint::Degraded, clean(blank).into_owned()),
            Span::Code(code) if code.contains(' ') => (Paint::None, format!("\"{}\"", clean(code))),
            span => (Paint::None, clean(span.words()).into_owned()),
        };
        for (index, word) in shown.split(' ').enumerate() {
            match words.last_mut() {
                // A span may go on in the middle of a word: `203.0.113.2` and then a comma.
                Some(last) if index == 0 && glued => last.push(paint, word),
                _ if word.is_empty() => {}
                _ => words.push(Word::new(paint, word)),
            }
        }
        glued = !shown.ends_with(' ');
    }
    words
}

/// What stands between two blanks.
#[derive(Clone, Debug)]
struct Word {
    pieces: Vec<(Paint, String)>,
}

impl Word {
    fn new(paint: Paint, word: &str) -> Self {
        Self {
            pieces: vec![(paint, word.into())],
        }
    }

    fn push(&mut self, paint: Paint, more: &str) {
        self.pieces.push((paint, more.into()));
    }

    fn columns(&self) -> usize {
        self.pieces.iter().map(|(_, piece)| piece.chars().count()).sum()
    }
}

/// Lines of at most so many columns; a word that is longer has a line of its own.
fn wrap(words: &[Word], columns: usize) -> Vec<Vec<Word>> {
    let mut lines: Vec<Vec<Word>> = vec![Vec::new()];
    let mut used = 0;
    for word in words {
        let needed = word.columns();
        if used > 0 && used + 1 + needed > columns {
            lines.push(Vec::new());
            used = 0;
        }
        used += needed + usize::from(used > 0);
        if let Some(line) = lines.last_mut() {
            line.push(word.clone());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(style: Style, write: impl Fn(&mut Page<'_>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut Page::new(style, &mut out)).unwrap();
        String::from_utf8(out).unwrap()
    }

    const PLAIN: Style = Style {
        colour: false,
        width: 40,
    };

    #[test]
    fn text_is_wrapped_at_blanks_and_indented() {
        let text = Text::from("The DNS server ")
            .then(Text::code("203.0.113.2"))
            .then(", asked by ")
            .then(Text::code("192.51.100.15"))
            .then(", sent ")
            .then(Text::code("udp port 53 unreachable"))
            .then(".");
        assert_eq!(
            written(PLAIN, |page| page.paragraph(2, &text)),
            "  The DNS server 203.0.113.2, asked by\n  192.51.100.15, sent \"udp port 53\n  unreachable\".\n"
        );
    }

    #[test]
    fn a_word_that_is_too_long_is_not_broken() {
        let name = "a".repeat(60);
        assert_eq!(
            written(PLAIN, |page| page
                .paragraph(0, &Text::from(format!("the name {name} ends")))),
            format!("the name\n{name}\nends\n")
        );
    }

    #[test]
    fn colours_are_there_only_when_asked_for_and_only_ours() {
        let colour = Style {
            colour: true,
            ..PLAIN
        };
        let text = Text::strong("down").then(" \x1b[5mblink");
        assert_eq!(
            written(colour, |page| page.paragraph(0, &text)),
            "\x1b[1mdown\x1b[0m \u{fffd}[5mblink\n"
        );
        assert_eq!(
            written(PLAIN, |page| page.line(0, Paint::Down, "x\x1b[2J")),
            "x\u{fffd}[2J\n"
        );
    }
}
