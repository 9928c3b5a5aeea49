//! The words of a record: what is left of its lines once white space and marks are gone.
//!
//! tcpdump's grammar needs no mark to be understood: `a > b:` reads as well without the arrow, and
//! ` - admin prohibited` without the dash. So lone marks are dropped everywhere, and it does not matter
//! whether one at the start of a line was tcpdump's, or a quoting or a list mark of whoever pasted the text.

use super::super::hosts::Hosts;
pub use super::endpoint::bare;

/// Lone words that are marks, whatever they were meant as.
const MARKS: &[char] = &[
    '>', '<', '=', ';', '-', '*', '|', '`', '~', '•', '·', '–', '—', '→', '»', '›',
];

/// Marks that stick to the first word of a line or wrap the whole line.
const STUCK_MARKS: &[char] = &['>', '*', '`', '•', '»', '›'];

/// What people paint over addresses.
const HIDDEN: &[char] = &['█', '▇', '▓', '▒', '░', '■'];

/// Whether a word is a mark: also an arrow of any kind.
fn is_mark(word: &str) -> bool {
    word.chars()
        .all(|c| MARKS.contains(&c) || !(c.is_ascii() || c.is_alphanumeric() || HIDDEN.contains(&c)))
}

/// Whether a word is the beginning of one of these, and no more.
pub fn is_half_of(word: &str, whole: &[&str]) -> bool {
    let is_half = |whole: &&str| !word.is_empty() && word.len() < whole.len() && whole.starts_with(word);
    whole.iter().any(is_half)
}

/// The words of one line, in order. White space is what Unicode calls so, non-breaking spaces included.
pub fn of_line(line: &str) -> impl Iterator<Item = &str> {
    line.trim_end()
        .trim_end_matches('`')
        .split_whitespace()
        .enumerate()
        .map(|(place, word)| {
            if place == 0 {
                word.trim_start_matches(STUCK_MARKS)
            } else {
                word
            }
        })
        .filter(|word| !is_mark(word))
}

/// A word, and which line of its record it stands on, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    /// The word.
    pub text: &'a str,
    /// The line.
    pub line: usize,
}

/// The words of a record's text, whose lines end with `\n`.
pub fn of_record(text: &str) -> Vec<Word<'_>> {
    text.lines()
        .enumerate()
        .flat_map(|(line, words)| words.split(' ').map(move |text| Word { text, line }))
        .filter(|word| !word.text.is_empty())
        .collect()
}

/// A place among the words. Cheap to copy: to look ahead is to read from a copy.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'r, 'a> {
    words: &'r [Word<'a>],
    /// Which names stand for hosts, where names may.
    pub hosts: Option<&'r Hosts>,
}

impl<'r, 'a> Cursor<'r, 'a> {
    /// Before the first of these.
    pub fn new(words: &'r [Word<'a>]) -> Self {
        Self { words, hosts: None }
    }

    /// The same, where names may stand for hosts.
    pub fn with_hosts(self, hosts: &'r Hosts) -> Self {
        Self {
            hosts: Some(hosts),
            ..self
        }
    }

    /// What is left, words apart by one space.
    pub fn rest(&self) -> String {
        let texts: Vec<&str> = self.words.iter().map(|word| word.text).collect();
        texts.join(" ")
    }

    /// The words that are left.
    pub fn words(&self) -> &'r [Word<'a>] {
        self.words
    }

    /// How many words are left.
    pub fn left(&self) -> usize {
        self.words.len()
    }

    /// The next word and its line, without going on.
    pub fn peek_word(&self) -> Option<Word<'a>> {
        self.words.first().copied()
    }

    /// The next word, without going on.
    pub fn peek(&self) -> Option<&'a str> {
        self.peek_word().map(|word| word.text)
    }

    /// The next word.
    pub fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first.text)
    }

    /// Goes past the next word if it is this one, whatever punctuation follows it.
    pub fn eat(&mut self, expected: &str) -> bool {
        let found = self.peek().is_some_and(|word| bare(word) == expected);
        if found {
            self.next();
        }
        found
    }

    /// Goes past a group in brackets, if one is next: `[udp sum ok]`, `(wrong icmp cksum 0 (->1)!)`.
    /// What tcpdump writes where the packet was cut off, `[|udp]`, is not a group.
    pub fn skip_group(&mut self, open: char, close: char) -> bool {
        if !self
            .peek()
            .is_some_and(|word| word.starts_with(open) && !word.starts_with("[|"))
        {
            return false;
        }
        let mut depth = Depth::default();
        while let Some(word) = self.next() {
            depth.pass(word, open, close);
            if depth.is_outside() {
                break;
            }
        }
        true
    }
}

/// How many brackets are open.
#[derive(Clone, Copy, Debug, Default)]
pub struct Depth(usize);

impl Depth {
    /// Counts the brackets of a word.
    pub fn pass(&mut self, word: &str, open: char, close: char) {
        self.0 = (self.0 + word.matches(open).count()).saturating_sub(word.matches(close).count());
    }

    /// Whether none is open.
    pub fn is_outside(self) -> bool {
        self.0 == 0
    }
}

/// The number in `(24)`.
pub fn in_parentheses(word: &str) -> Option<u32> {
    word.strip_prefix('(')?.strip_suffix(')')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_marks_and_white_space_of_any_kind_are_no_words() {
        let cases: &[(&str, &[&str])] = &[
            ("  a > b: c\r", &["a", "b:", "c"]),
            ("> > - 1.2.3.4\u{a0}\u{2192}\u{202f}b:", &["1.2.3.4", "b:"]),
            (">>13:24 a", &["13:24", "a"]),
            ("`13:24 a`", &["13:24", "a"]),
            ("* 13:24 a", &["13:24", "a"]),
            ("a -> b: 35084*- 0x1->0x2", &["a", "b:", "35084*-", "0x1->0x2"]),
            ("```", &[]),
            ("", &[]),
        ];
        for (line, words) in cases {
            assert_eq!(of_line(line).collect::<Vec<_>>(), *words, "{line}");
        }
    }

    #[test]
    fn a_group_ends_where_its_brackets_close() {
        let words = of_record("(wrong icmp cksum 0\n(->1)!) next [|udp]");
        let mut cursor = Cursor::new(&words);
        assert!(cursor.skip_group('(', ')'));
        assert_eq!(cursor.peek(), Some("next"));
        assert!(!cursor.skip_group('(', ')'));
        cursor.next();
        assert!(!cursor.skip_group('[', ']'));
        assert_eq!(cursor.left(), 1);
    }
}
