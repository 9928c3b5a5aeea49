//! Characters that must not reach a terminal or a page, whoever sent them.
//!
//! Domain names come escaped to ASCII; file names and messages need not be.

use std::borrow::Cow;

/// The text, with every control character and every character that changes the direction or the order of
/// text replaced by U+FFFD, and line breaks by spaces.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().any(|letter| replacement(letter).is_some()) {
        text.chars()
            .map(|letter| replacement(letter).unwrap_or(letter))
            .collect()
    } else {
        text.into()
    }
}

fn replacement(letter: char) -> Option<char> {
    match letter {
        '\n' | '\r' | '\t' => Some(' '),
        // Marks, embeddings, overrides and isolates of the bidirectional algorithm (UAX 9), separators of
        // lines and paragraphs, and letters of no width.
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{061c}'
        | '\u{feff}' => Some('\u{fffd}'),
        _ if letter.is_control() => Some('\u{fffd}'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_a_terminal_or_turns_text_around_is_replaced() {
        let cases = [
            ("capture.pcap", "capture.pcap"),
            ("größe – 5 µs", "größe – 5 µs"),
            ("red\u{1b}[31m", "red\u{fffd}[31m"),
            ("a\nb\tc", "a b c"),
            ("gpj\u{202e}exe", "gpj\u{fffd}exe"),
            ("\u{9b}1m\u{7f}", "\u{fffd}1m\u{fffd}"),
        ];
        for (text, cleaned) in cases {
            assert_eq!(clean(text), cleaned);
        }
    }
}
