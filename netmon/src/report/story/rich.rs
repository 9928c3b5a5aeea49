//! What a report says, before it has a form: text that knows which of its words are code, and blocks of it.
//!
//! The forms (terminal, Markdown, HTML) escape each span in their own way; nothing here is escaped, and
//! nothing that came from packets is ever read as markup.

use std::fmt::Display;

/// A stretch of text of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// Words.
    Plain(String),
    /// Words that matter.
    Strong(String),
    /// Addresses, names, commands: what must be read letter by letter.
    Code(String),
    /// What somebody must fill in by hand.
    Blank(String),
    /// A link to a heading of the same report.
    Link {
        /// What is shown.
        label: String,
        /// The heading's anchor.
        anchor: String,
    },
}

impl Span {
    /// Its words alone.
    pub fn words(&self) -> &str {
        match self {
            Self::Plain(words)
            | Self::Strong(words)
            | Self::Code(words)
            | Self::Blank(words)
            | Self::Link { label: words, .. } => words,
        }
    }
}

/// A run of spans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(Vec<Span>);

impl Text {
    /// Code.
    pub fn code(words: impl Display) -> Self {
        Self(vec![Span::Code(words.to_string())])
    }

    /// Words that matter.
    pub fn strong(words: impl Display) -> Self {
        Self(vec![Span::Strong(words.to_string())])
    }

    /// What somebody must fill in by hand, in brackets.
    pub fn blank(words: impl Display) -> Self {
        Self(vec![Span::Blank(format!("[{words}]"))])
    }

    /// A link to a heading of the same report.
    pub fn link(label: impl Into<String>, anchor: impl Into<String>) -> Self {
        Self(vec![Span::Link {
            label: label.into(),
            anchor: anchor.into(),
        }])
    }

    /// The text of a template, in which `{hole}` stands for what `fill` gives for that name, and backticks
    /// enclose code. A hole whose name begins with a capital begins a sentence. A hole that `fill` does not
    /// know stays as it is, for a test to find.
    pub fn of(template: &str, fill: impl Fn(&str) -> Option<Text>) -> Self {
        let mut text = Self::default();
        for (index, stretch) in template.split('`').enumerate() {
            let mut piece = Self::default();
            let mut rest = stretch;
            while let Some((before, (name, after))) = rest
                .split_once('{')
                .and_then(|(before, after)| Some((before, after.split_once('}')?)))
            {
                piece.push(Span::Plain(before.into()));
                let lower = uncapitalised(name);
                match fill(&lower) {
                    Some(filling) if lower == name => piece = piece.then(filling),
                    Some(filling) => piece = piece.then(filling.capitalised()),
                    None => piece.push(Span::Plain(format!("{{{name}}}"))),
                }
                rest = after;
            }
            piece.push(Span::Plain(rest.into()));
            if index % 2 == 0 {
                text = text.then(piece);
            } else {
                text.push(Span::Code(piece.to_string()));
            }
        }
        text
    }

    /// Items as people list them: `a`, `a and b`, `a, b and c`.
    pub fn list(items: Vec<Self>) -> Self {
        let last = items.len().saturating_sub(1);
        let mut text = Self::default();
        for (index, item) in items.into_iter().enumerate() {
            text = match index {
                0 => item,
                _ if index == last => text.then(" and ").then(item),
                _ => text.then(", ").then(item),
            };
        }
        text
    }

    /// This, and then more.
    #[must_use]
    pub fn then(mut self, more: impl Into<Self>) -> Self {
        for span in more.into().0 {
            self.push(span);
        }
        self
    }

    /// The same, beginning with a capital unless it begins with code.
    #[must_use]
    pub fn capitalised(mut self) -> Self {
        if let Some(Span::Plain(words) | Span::Strong(words)) = self.0.first_mut() {
            let mut letters = words.chars();
            if let Some(first) = letters.next() {
                *words = first.to_uppercase().chain(letters).collect();
            }
        }
        self
    }

    /// The same words, all of them strong but the code.
    #[must_use]
    pub fn emphasised(self) -> Self {
        self.0.into_iter().fold(Self::default(), |text, span| match span {
            Span::Plain(words) => text.then(Self::strong(words)),
            span => text.then(Self(vec![span])),
        })
    }

    /// Its spans; none is empty.
    pub fn spans(&self) -> &[Span] {
        &self.0
    }

    fn push(&mut self, span: Span) {
        match (self.0.last_mut(), span) {
            (_, span) if span.words().is_empty() => {}
            (Some(Span::Plain(words)), Span::Plain(more))
            | (Some(Span::Strong(words)), Span::Strong(more)) => {
                words.push_str(&more);
            }
            (_, span) => self.0.push(span),
        }
    }
}

/// Its words alone, unescaped.
impl Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|span| f.write_str(span.words()))
    }
}

impl From<String> for Text {
    fn from(words: String) -> Self {
        Self::default().then_plain(words)
    }
}

impl From<&str> for Text {
    fn from(words: &str) -> Self {
        Self::default().then_plain(words.into())
    }
}

impl Text {
    fn then_plain(mut self, words: String) -> Self {
        self.push(Span::Plain(words));
        self
    }
}

fn uncapitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}

/// A part of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A heading, from level 2 (a part) downwards; the report's title is level 1.
    Heading {
        /// 2 to 4.
        level: u8,
        /// What links name; unique in a report.
        anchor: String,
        /// What is shown.
        title: Text,
    },
    /// A paragraph.
    Paragraph(Text),
    /// Points in no order.
    Bullets(Vec<Text>),
    /// Steps in their order, some with a command.
    Steps(Vec<Step>),
    /// Names and their values.
    Facts(Vec<(String, Text)>),
    /// A table.
    Table(Table),
    /// The timeline of the servers, wherever that form draws it.
    Timeline,
    /// The stretch of it with that number in finer parts.
    CloseUp(usize),
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// In words.
    pub what: Text,
    /// The command, ready to be pasted into a shell.
    pub command: Option<String>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each with as many cells as there are columns.
    pub rows: Vec<Vec<Text>>,
}

impl Table {
    /// Drops the first column.
    pub fn drop_first_column(&mut self) {
        retain(&mut self.columns, &[false]);
        for row in &mut self.rows {
            retain(row, &[false]);
        }
    }

    /// Drops the columns from this one on in which every cell is one of the words that say nothing.
    pub fn drop_columns_that_say_nothing(&mut self, from: usize, nothing: &[&str]) {
        let keep: Vec<bool> = (0..self.columns.len())
            .map(|column| {
                let says_something = |cell: &Text| !nothing.contains(&cell.to_string().as_str());
                column < from
                    || self
                        .rows
                        .iter()
                        .filter_map(|row| row.get(column))
                        .any(says_something)
            })
            .collect();
        retain(&mut self.columns, &keep);
        for row in &mut self.rows {
            retain(row, &keep);
        }
    }
}

fn retain<T>(items: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    items.retain(|_| keep.next().copied().unwrap_or(true));
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its head.
    pub title: &'static str,
    /// Whether it holds numbers, which are aligned at their last digit.
    pub numbers: bool,
}

impl Column {
    /// One of words.
    pub const fn words(title: &'static str) -> Self {
        Self {
            title,
            numbers: false,
        }
    }

    /// One of numbers.
    pub const fn numbers(title: &'static str) -> Self {
        Self { title, numbers: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_and_its_code_marked() {
        let fill = |name: &str| match name {
            "server" => Some(Text::code("203.0.113.2")),
            "name" => Some(Text::code("`{server}`")),
            "clients" => Some(Text::from("two clients")),
            "port" => Some("53".into()),
            _ => None,
        };
        let cases: &[(&str, Vec<Span>)] = &[
            (
                "{Clients} asked {server}.",
                vec![
                    Span::Plain("Two clients asked ".into()),
                    Span::Code("203.0.113.2".into()),
                    Span::Plain(".".into()),
                ],
            ),
            ("`ss :{port}`", vec![Span::Code("ss :53".into())]),
            (
                "what packets say is no markup: {name}",
                vec![
                    Span::Plain("what packets say is no markup: ".into()),
                    Span::Code("`{server}`".into()),
                ],
            ),
            ("{unknown} }{", vec![Span::Plain("{unknown} }{".into())]),
        ];
        for (template, spans) in cases {
            assert_eq!(Text::of(template, fill).spans(), spans, "{template}");
        }
    }

    #[test]
    fn items_are_listed_as_people_do() {
        let list = |items: &[&str]| Text::list(items.iter().map(|&item| item.into()).collect()).to_string();
        assert_eq!(list(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }
}
