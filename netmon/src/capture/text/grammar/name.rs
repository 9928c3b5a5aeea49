//! Domain names as tcpdump prints them, broken by the edges of terminals.
//!
//! tcpdump prints labels as they are, so a dot inside one, or a caret where a control character was, cannot
//! be told from what is written; names are taken as they read.

use std::fmt::Write as _;

use super::why::Why;
use super::words::{Cursor, in_parentheses};
use crate::observation::Name;

/// Longest name that is kept, in bytes of its text: 255 bytes, each escaped as `\DDD`.
const NAME_LEN: usize = 1_020;

/// Reads a name; `None` if it is not there whole. It ends with a dot, or before the length if the dot got lost.
pub fn read_name(words: &mut Cursor<'_, '_>) -> Result<Option<Name>, Why> {
    let mut text = String::new();
    let mut previous: Option<usize> = None;
    loop {
        let Some(word) = words.peek_word() else {
            // Nothing follows: the line was cut there (`cut -c`, a screen's edge), so the name is not known.
            return Ok(None);
        };
        if word.text.contains("[|") || text.len() > NAME_LEN {
            return Ok(None);
        }
        if text.ends_with('.') && !is_rest_of_name(*words, previous) {
            return Ok(name(&text));
        }
        if in_parentheses(word.text).is_some() && !text.is_empty() {
            return Ok(name(&text));
        }
        // A space inside a label; but a name that goes on on the next line was cut by a terminal's edge.
        if previous == Some(word.line) {
            text.push(' ');
        }
        text.push_str(word.text);
        previous = Some(word.line);
        words.next();
    }
}

/// Whether a terminal's edge cut a name just behind one of its dots: the next line then begins with the rest of it, and what
/// follows a name: the message's length, how many records it has (`0/1/0`), or these.
fn is_rest_of_name(mut words: Cursor<'_, '_>, line: Option<usize>) -> bool {
    let on_next_line = words.peek_word().is_some_and(|word| Some(word.line) != line);
    let more = words
        .next()
        .is_some_and(|word| word.ends_with('.') && word.len() > 1);
    let follows_a_name = |word: &str| {
        in_parentheses(word).is_some()
            || word == "ar:"
            || word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('/')
    };
    on_next_line && more && words.peek().is_some_and(follows_a_name)
}

/// A name as people read it: see [`Name`].
fn name(text: &str) -> Option<Name> {
    // What tcpdump prints for compression pointers that lead nowhere.
    if text.contains(['<', '>']) || text.len() > NAME_LEN {
        return None;
    }
    let text = match text.strip_suffix('.') {
        Some("") => ".",
        Some(text) => text,
        None => text,
    };
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'\\' => escaped.push_str("\\\\"),
            b'!'..=b'~' => escaped.push(char::from(byte.to_ascii_lowercase())),
            _ => {
                // Cannot fail: a string grows.
                let _ = write!(escaped, "\\{byte:03}");
            }
        }
    }
    Some(Name::new(&escaped))
}

#[cfg(test)]
mod tests {
    use super::super::{dns, words};
    use super::*;

    fn name_in(text: &str) -> Result<Option<Name>, Why> {
        dns::read(&mut Cursor::new(&words::of_record(text))).map(|message| message.name)
    }

    #[test]
    fn names_are_read_as_people_write_them() {
        let cases = [
            ("1+ A? Example.ORG. (24)", Some("example.org")),
            ("1+ A? example.org (24)", Some("example.org")),
            ("1+ A? exam\nple.org. (24)", Some("example.org")),
            ("1+ A? example.\norg. (24)", Some("example.org")),
            ("1+ A? example.org.\n(24)", Some("example.org")),
            (
                "1 q: A? example.\norg. 0/1/0 ns: org. SOA (90)",
                Some("example.org"),
            ),
            (
                "1 q: A? example.org.\n0/1/0 ns: org. SOA (90)",
                Some("example.org"),
            ),
            ("1 q: A? example.\norg. 0/1/\n0 (40)", Some("example.org")),
            ("1+ [1au] A? example.\norg. ar: . OPT (40)", Some("example.org")),
            (
                "1+ A? my host\\x.\u{e9}. (24)",
                Some("my\\032host\\\\x.\\195\\169"),
            ),
            ("1+ NS? . (17)", Some(".")),
            (
                "1+ [1au] A? example.org. ar: . OPT UDPsize=1232 (50)",
                Some("example.org"),
            ),
            ("1+ A? example.", None),
            ("1+ A? exam[|domain]", None),
            ("1+ A? [|domain]", None),
            ("1+ A? <BAD PTR> (24)", None),
        ];
        for (text, expected) in cases {
            let name = name_in(text);
            assert_eq!(name, Ok(expected.map(Name::new)), "{text}");
        }
    }
}
