//! The name that a DNS message asks for (RFC 1035 sections 3.1, 4.1.2 and 4.1.4), as people read it.
//!
//! User space only: the kernel copies bytes and reads no names. Whatever the bytes are, reading ends after at
//! most 255 of them, and the text holds printable ASCII only, so that it may go to a terminal.

use super::dns::HEADER_LEN;

/// The longest name on the wire, in bytes: each label with its length, and the final zero (RFC 1035 section 3.1).
const WIRE_MAX: usize = 255;

/// The longest text: four labels of 250 bytes together, each byte as `\DDD`, and three dots.
pub const TEXT_MAX: usize = 4 * 250 + 3;

/// The upper two bits of a length: what kind of label it starts.
const KIND: u8 = 0xc0;
const LABEL: u8 = 0x00;
const POINTER: u8 = 0xc0;

/// Reads the name of the first question of a DNS message. `None` when there is no question, or what stands
/// there is no name, or the message ends before the name does; what follows the name may be missing.
pub fn read_question(message: &[u8]) -> Option<NameBuffer> {
    let questions: [u8; 2] = message.get(4..6)?.try_into().ok()?;
    if questions == [0, 0] {
        return None;
    }
    read_name(message, HEADER_LEN)
}

/// Reads the name at `at`.
///
/// A pointer may only go back to before the labels that it ends, so that each one goes further back than the
/// one before it and none can be followed for ever.
fn read_name(message: &[u8], mut at: usize) -> Option<NameBuffer> {
    let mut name = NameBuffer::EMPTY;
    let mut labels_start = at;
    let mut wire_len = 1;
    loop {
        let length = *message.get(at)?;
        match length & KIND {
            LABEL if length == 0 => {
                name.end()?;
                return Some(name);
            }
            LABEL => {
                let label = message.get(at + 1..)?.get(..usize::from(length))?;
                wire_len += 1 + label.len();
                if wire_len > WIRE_MAX {
                    return None;
                }
                name.push_label(label)?;
                at += 1 + label.len();
            }
            POINTER => {
                let low = *message.get(at + 1)?;
                let target = usize::from(u16::from_be_bytes([length & !KIND, low]));
                if target >= labels_start {
                    return None;
                }
                at = target;
                labels_start = target;
            }
            // 01 and 10 are not in use (RFC 6891 section 5 took 01 back).
            _ => return None,
        }
    }
}

/// A domain name for people: lower case, labels joined by dots, no final dot (the root is `.`). Every byte
/// outside `!` to `~`, and dots and backslashes inside labels, are escaped (`\.`, `\\`, `\DDD`; RFC 1035
/// section 5.1, RFC 4343 section 2.1).
#[derive(Clone, Copy)]
pub struct NameBuffer {
    text: [u8; TEXT_MAX],
    len: usize,
}

impl NameBuffer {
    const EMPTY: Self = Self {
        text: [0; TEXT_MAX],
        len: 0,
    };

    /// The text.
    pub fn as_str(&self) -> &str {
        // Only ASCII was ever put in.
        let text = self.text.get(..self.len).unwrap_or_default();
        core::str::from_utf8(text).unwrap_or_default()
    }

    fn push_label(&mut self, label: &[u8]) -> Option<()> {
        if self.len != 0 {
            self.push(b".")?;
        }
        for byte in label {
            match byte {
                b'.' | b'\\' => self.push(&[b'\\', *byte])?,
                b'!'..=b'~' => self.push(&[byte.to_ascii_lowercase()])?,
                _ => self.push(&[b'\\', digit(byte / 100), digit(byte / 10 % 10), digit(byte % 10)])?,
            }
        }
        Some(())
    }

    /// After the last label: the root has none.
    fn end(&mut self) -> Option<()> {
        if self.len == 0 { self.push(b".") } else { Some(()) }
    }

    #[inline]
    fn push(&mut self, text: &[u8]) -> Option<()> {
        let end = self.len + text.len();
        self.text.get_mut(self.len..end)?.copy_from_slice(text);
        self.len = end;
        Some(())
    }
}

fn digit(value: u8) -> u8 {
    b'0' + value
}

impl core::fmt::Debug for NameBuffer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    /// A message with one question whose bytes, name, type and class, are these.
    fn message(question: &[u8]) -> Vec<u8> {
        let header = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        [&header, question].concat()
    }

    fn label(length: usize, byte: u8) -> Vec<u8> {
        let mut label = std::vec![u8::try_from(length).unwrap()];
        label.resize(1 + length, byte);
        label
    }

    fn name(labels: &[Vec<u8>]) -> Vec<u8> {
        [labels.concat(), std::vec![0]].concat()
    }

    #[test]
    fn a_name_is_read_as_people_write_it() {
        let cases: &[(&str, &[u8], &str)] = &[
            ("two labels", b"\x07example\x03com\x00\0\x01\0\x01", "example.com"),
            ("capitals", b"\x03WwW\x07eXample\x00\0\x01\0\x01", "www.example"),
            ("the root", b"\x00\0\x02\0\x01", "."),
            ("nothing behind the name", b"\x01a\x00", "a"),
            (
                "a dot and a backslash in a label",
                b"\x05a.b\\c\x01d\x00",
                "a\\.b\\\\c.d",
            ),
            (
                "bytes that are not printable",
                b"\x05\x00 \x1b\x7f\xff\x00",
                "\\000\\032\\027\\127\\255",
            ),
            (
                "what zone files escape, people need not",
                b"\x06_\"$;@*\x00",
                "_\"$;@*",
            ),
            (
                "a label that looks like a pointer's text",
                b"\x03\xc0\x0c!\x00",
                "\\192\\012!",
            ),
        ];
        for (case, question, text) in cases {
            let read = read_question(&message(question));
            assert_eq!(read.as_ref().map(NameBuffer::as_str), Some(*text), "{case}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let too_long = name(&[label(63, b'a'), label(63, b'a'), label(63, b'a'), label(62, b'a')]);
        let cases: &[(&str, &[u8])] = &[
            ("no bytes", b""),
            ("a label that is cut", b"\x07exam"),
            ("no final zero", b"\x01a"),
            ("a reserved kind of label, 01", b"\x41\x01a\x00"),
            ("a reserved kind of label, 10", b"\x81a\x00"),
            ("a pointer to itself", b"\xc0\x0c"),
            ("a pointer to the label before it", b"\x01a\xc0\x0c"),
            ("a pointer forward", b"\xc0\x0e\x01a\x00"),
            ("half a pointer", b"\xc0"),
            ("256 bytes", &too_long),
        ];
        for (case, question) in cases {
            let read = read_question(&message(question));
            assert!(read.is_none(), "{case}: {read:?}");
        }
    }

    #[test]
    fn a_message_without_question_or_header_has_no_name() {
        let mut none = message(b"\x01a\x00");
        none[5] = 0;
        assert!(read_question(&none).is_none());
        for length in 0..15 {
            assert!(
                read_question(&message(b"\x01a\x00")[..length]).is_none(),
                "{length}"
            );
        }
    }

    #[test]
    fn the_longest_name_fits_with_every_byte_escaped() {
        let question = name(&[label(63, 0), label(63, 0), label(63, 0), label(61, 0)]);
        assert_eq!(question.len(), WIRE_MAX);
        let read = read_question(&message(&question)).unwrap();
        assert_eq!(read.as_str().len(), TEXT_MAX);
        let question = name(&(0..127).map(|_| label(1, b'a')).collect::<Vec<_>>());
        assert_eq!(question.len(), WIRE_MAX);
        assert_eq!(
            read_question(&message(&question)).unwrap().as_str().len(),
            127 + 126
        );
    }

    #[test]
    fn pointers_go_back_and_further_back_only() {
        // "b" at 2, then "a" and a pointer to it.
        let back = read_name(b"\0\0\x01b\x00\x01a\xc0\x02", 5);
        assert_eq!(back.as_ref().map(NameBuffer::as_str), Some("a.b"));
        // A chain of two pointers.
        let chain = read_name(b"\x01c\x00\x01b\xc0\x00\x01a\xc0\x03", 7);
        assert_eq!(chain.as_ref().map(NameBuffer::as_str), Some("a.b.c"));
        // Back, and from there forward again into a loop.
        assert!(read_name(b"\x01b\xc0\x04\x01a\xc0\x00", 4).is_none());
    }
}
