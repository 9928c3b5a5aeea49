//! The query that netmon sends, and what an answer says.

use netmon_common::Rcode;

use crate::model::ProbeOutcome;

const HEADER: usize = 12;
/// RD: a stub's query.
const FLAGS: u16 = 0x0100;
const INTERNET: u16 = 1;
const TYPE_A: u16 = 1;
const TYPE_NS: u16 = 2;
const LONGEST_LABEL: usize = 63;
const LONGEST_NAME: usize = 255;

/// A query for the address of a name, as [`Name`](crate::observation::Name) writes it; without one, or for one that no query
/// can have, for the name servers of the root, which everybody knows.
pub fn query(id: u16, name: Option<&str>) -> Vec<u8> {
    let name = name.filter(|name| *name != ".").and_then(labels);
    let kind = if name.is_some() { TYPE_A } else { TYPE_NS };
    let mut message = Vec::new();
    for word in [id, FLAGS, 1, 0, 0, 0] {
        message.extend(word.to_be_bytes());
    }
    message.extend(name.unwrap_or_else(|| vec![0]));
    for word in [kind, INTERNET] {
        message.extend(word.to_be_bytes());
    }
    message
}

/// The name in wire form (RFC 1035 section 3.1).
fn labels(name: &str) -> Option<Vec<u8>> {
    let mut wire = Vec::new();
    let mut label = Vec::new();
    let mut rest = name.as_bytes();
    loop {
        let (byte, behind) = match rest {
            [] | [b'.', ..] => {
                if label.is_empty() || label.len() > LONGEST_LABEL {
                    return None;
                }
                wire.push(u8::try_from(label.len()).ok()?);
                wire.append(&mut label);
                match rest {
                    [] => break,
                    [_, behind @ ..] => rest = behind,
                }
                continue;
            }
            [b'\\', digits @ ..] if digits.first().is_some_and(u8::is_ascii_digit) => {
                let number = std::str::from_utf8(digits.get(..3)?).ok()?;
                (number.parse().ok()?, digits.get(3..)?)
            }
            [b'\\', byte, behind @ ..] | [byte, behind @ ..] => (*byte, behind),
        };
        label.push(byte);
        rest = behind;
    }
    wire.push(0);
    (wire.len() <= LONGEST_NAME).then_some(wire)
}

/// What a message says in answer to that query; `None` where it is no answer to it.
pub fn answer(query: &[u8], message: &[u8]) -> Option<ProbeOutcome> {
    const ANSWER: u8 = 0x80;
    let question = query.get(HEADER..)?;
    let is_answer = message.get(..2)? == query.get(..2)? && message.get(2)? & ANSWER != 0;
    let asked = message.get(HEADER..HEADER + question.len());
    // Who fails early need not repeat the question.
    let has_none = message.get(4..6)? == [0, 0];
    if !is_answer || !(has_none || asked.is_some_and(|asked| asked.eq_ignore_ascii_case(question))) {
        return None;
    }
    let flags = u16::from(*message.get(3)?);
    Some(if Rcode::from_flags(flags).is_fault() {
        ProbeOutcome::Fault
    } else {
        ProbeOutcome::Answered
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_they_were_read() {
        let wire = |name| query(7, Some(name)).split_off(HEADER);
        assert_eq!(wire("a.test"), b"\x01a\x04test\0\0\x01\0\x01");
        assert_eq!(wire(r"a\.b\\.t\007"), b"\x04a.b\\\x02t\x07\0\0\x01\0\x01");
        let root = b"\0\0\x02\0\x01";
        let long = "a".repeat(64);
        let longest = vec!["a".repeat(63); 4].join(".");
        for name in [".", "", "a..b", &long, &longest, r"a\9", r"a\999"] {
            assert_eq!(wire(name), root, "{name}");
        }
        assert_eq!(query(0x0708, None).get(..4), Some(&[7, 8, 1, 0][..]));
    }

    #[test]
    fn only_an_answer_to_the_query_is_one() {
        let asked = query(7, Some("a.test"));
        let said = |id: u8, flags: [u8; 2], name: &str| {
            let mut message = query(u16::from(id), Some(name));
            message[2..4].copy_from_slice(&flags);
            answer(&asked, &message)
        };
        assert_eq!(said(7, [0x81, 0x80], "A.test"), Some(ProbeOutcome::Answered));
        assert_eq!(said(7, [0x81, 0x83], "a.test"), Some(ProbeOutcome::Answered));
        assert_eq!(said(7, [0x81, 0x82], "a.test"), Some(ProbeOutcome::Fault));
        assert_eq!(said(7, [0x81, 0x85], "a.test"), Some(ProbeOutcome::Fault));
        assert_eq!(said(8, [0x81, 0x80], "a.test"), None);
        assert_eq!(said(7, [0x01, 0x00], "a.test"), None);
        assert_eq!(said(7, [0x81, 0x80], "b.test"), None);
        assert_eq!(
            answer(&asked, &[0, 7, 0x81, 0x81, 0, 0, 0, 0, 0, 0, 0, 0]),
            Some(ProbeOutcome::Fault)
        );
        assert_eq!(answer(&asked, &[0, 7]), None);
    }
}
