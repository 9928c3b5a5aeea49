//! DNS messages as tcpdump prints them: `35084+ [1au] A? example.org. (40)`, `35084 NXDomain* 0/1/0 (99)`.

use netmon_common::Rcode;

use super::name::read_name;
use super::why::Why;
use super::words::{Cursor, in_parentheses};
use crate::observation::Name;

/// A DNS message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: u16,
    /// QR, where anything that is printed tells it.
    pub response: Option<bool>,
    /// RD of a query.
    pub recursion_desired: bool,
    /// The rcode.
    pub rcode: Rcode,
    /// The name of the first question.
    pub name: Option<Name>,
    /// The type of the first question, where it is one of those that people know.
    pub query_type: Option<u16>,
    /// Whether it is a standard query or the response to one (opcode 0): any other opcode is printed.
    pub standard: bool,
    /// Whether its opcode is assigned and it has one question, as a message on TCP must.
    pub plausible: bool,
    /// Its length, in bytes.
    pub bytes: Option<u32>,
}

/// Whether the next word looks like the start of a message.
pub fn is_next(words: Cursor<'_, '_>) -> bool {
    words.peek().is_some_and(|word| read_id(word).is_some())
}

/// Reads a message.
pub fn read(words: &mut Cursor<'_, '_>) -> Result<Message, Why> {
    let first = words.next().ok_or(Why::NotUnderstood)?;
    let (id, flags) = read_id(first).ok_or(Why::NotUnderstood)?;
    let mut message = Message {
        id,
        response: None,
        recursion_desired: false,
        rcode: Rcode::NoError,
        name: None,
        query_type: None,
        standard: true,
        plausible: true,
        bytes: None,
    };
    message.flags(flags);
    // Old versions have no space there: `1459+[|domain]`.
    if first.contains("[|") {
        return Ok(message);
    }
    // What is printed of the message before something else than its header comes.
    while let Some(word) = words.peek() {
        if word.starts_with("[|") {
            words.next();
            return Ok(message);
        }
        if let Some(questions) = word.strip_prefix('[').and_then(|word| word.strip_suffix("q]")) {
            message.plausible &= questions == "1";
        }
        if words.skip_group('[', ']') {
            continue;
        }
        if let Some(bytes) = in_parentheses(word) {
            words.next();
            message.bytes = Some(bytes);
            return Ok(message);
        }
        let (word, cut) = word
            .split_once("[|")
            .map_or((word, false), |(word, _)| (word, true));
        if !message.header_word(word) {
            break;
        }
        words.next();
        if cut {
            return Ok(message);
        }
    }
    message.sections(words)?;
    Ok(message)
}

impl Message {
    /// A word that stands for the opcode or the rcode, with flags stuck to it.
    fn header_word(&mut self, word: &str) -> bool {
        let end = word
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(word.len());
        let (name, flags) = word.split_at_checked(end).unwrap_or((word, ""));
        let rcode = match name {
            "inv_q" | "stat" | "op3" | "notify" | "update" | "op6" => {
                self.standard = false;
                None
            }
            "op7" | "op8" | "op9" | "op10" | "op11" | "op12" | "op13" | "op14" | "op15" | "updateA"
            | "updateD" | "updateDA" | "updateM" | "updateMA" | "zoneInit" | "zoneRef" => {
                self.standard = false;
                self.plausible = false;
                None
            }
            // Of an extended rcode (RFC 6891 section 9), from 16 on, netmon looks at the lower four bits, in the header.
            "BadVers" => Some(Rcode::NoError),
            "FormErr" => Some(Rcode::FormErr),
            "ServFail" => Some(Rcode::ServFail),
            "NXDomain" => Some(Rcode::NxDomain),
            "NotImp" => Some(Rcode::NotImp),
            "Refused" => Some(Rcode::Refused),
            "YXDomain" | "YXRRSet" | "NXRRSet" | "NotAuth" | "NotZone" | "NoChange" | "BadCookie" => {
                Some(Rcode::Other)
            }
            // With the bits of EDNS: of those the header has the lowest four.
            _ => match name.strip_prefix("Resp").map(str::parse::<u16>) {
                Some(Ok(code)) => Some(Rcode::from_flags(code)),
                _ => return false,
            },
        };
        if let Some(rcode) = rcode {
            self.response = Some(true);
            self.rcode = rcode;
        }
        self.flags(flags);
        true
    }

    /// The flags behind the id, the opcode or the rcode. `+` is printed for queries only (RD); `*` (AA),
    /// `-` (not RA) and `|` (TC) for responses only; `$` (AD) and `%` (CD) for both.
    fn flags(&mut self, flags: &str) {
        if flags.contains('+') {
            self.response = Some(false);
            self.recursion_desired = true;
        } else if flags.contains(['*', '-', '|']) {
            self.response = Some(true);
        }
    }

    /// The first question and what follows, up to the length.
    fn sections(&mut self, words: &mut Cursor<'_, '_>) -> Result<(), Why> {
        // Only responses print `q:`, with -vv, and how many records each section has.
        let announced = words.eat("q");
        if words.peek().is_some_and(|word| word.contains("?[|")) {
            words.next();
            self.response = Some(announced);
            return Ok(());
        }
        self.query_type = words.peek().and_then(query_type);
        let question = skip_type(words);
        if question {
            self.name = read_name(words)?;
        }
        let counted = words.peek().is_some_and(is_counts);
        match (announced || counted, question) {
            (true, _) => self.response = Some(true),
            (false, true) => self.response = self.response.or(Some(false)),
            (false, false) => return Err(Why::NotUnderstood),
        }
        self.bytes = read_length(words);
        Ok(())
    }
}

/// The id that starts a message, and the flags stuck to it.
fn read_id(word: &str) -> Option<(u16, &str)> {
    let word = match word.split_once('[') {
        Some((id, rest)) if word.contains("[|") && !rest.is_empty() => id,
        _ => word,
    };
    let end = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let (id, flags) = word.split_at_checked(end)?;
    let id = id.parse().ok()?;
    flags.chars().all(|c| "+*-|$%".contains(c)).then_some((id, flags))
}

/// Goes past the type and class of a question, if there is one: `A?`, `A (QM)?`, `TXT (Class 5)?`.
fn skip_type(words: &mut Cursor<'_, '_>) -> bool {
    const LONGEST: usize = 3;
    let mut ahead = *words;
    if !ahead
        .peek()
        .is_some_and(|word| word.starts_with(|c: char| c.is_ascii_uppercase()))
    {
        return false;
    }
    for _ in 0..LONGEST {
        match ahead.next() {
            Some(word) if word.ends_with('?') => {
                *words = ahead;
                return true;
            }
            Some(_) => {}
            None => break,
        }
    }
    false
}

/// A type of question, as tcpdump writes it (IANA, DNS parameters).
fn query_type(word: &str) -> Option<u16> {
    Some(match word.strip_suffix('?')? {
        "A" => 1,
        "NS" => 2,
        "CNAME" => 5,
        "SOA" => 6,
        "PTR" => 12,
        "MX" => 15,
        "TXT" => 16,
        "AAAA" => 28,
        "SRV" => 33,
        "DS" => 43,
        "DNSKEY" => 48,
        "SVCB" => 64,
        "HTTPS" => 65,
        "ANY" => 255,
        _ => return None,
    })
}

/// Whether a word says how many records three sections have: `1/0/2`.
fn is_counts(word: &str) -> bool {
    let mut numbers = 0;
    word.split('/').all(|number| {
        numbers += 1;
        number.parse::<u16>().is_ok()
    }) && numbers == 3
}

/// Goes behind the message's length, or the mark of a cut message, if either is there. A text record may
/// hold `(24)` too; the length is the last word of its line.
fn read_length(words: &mut Cursor<'_, '_>) -> Option<u32> {
    let mut ahead = *words;
    let mut length = None;
    while let Some(word) = ahead.peek_word() {
        ahead.next();
        if word.text.contains("[|") {
            *words = ahead;
            return None;
        }
        if let Some(bytes) = in_parentheses(word.text) {
            length = Some(bytes);
            *words = ahead;
            if ahead.peek_word().is_none_or(|next| next.line != word.line) {
                break;
            }
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::super::words;
    use super::*;

    fn message(text: &str) -> Result<Message, Why> {
        read(&mut Cursor::new(&words::of_record(text)))
    }

    #[test]
    fn a_message_is_told_to_be_a_query_or_a_response() {
        let cases = [
            ("35084+ A? example.org. (24)", Some(false)),
            ("1 AAAA? example.org. (39)", Some(false)),
            ("3+% [1au] Type65? example.org. (50)", Some(false)),
            ("6 notify [b2&3=0x2400] [1a] SOA? example.org. (55)", Some(false)),
            ("1+ A (QM)? example.org. (39)", Some(false)),
            ("4+ TXT CHAOS? version.bind. (30)", Some(false)),
            ("51007+ (31)", Some(false)),
            ("8+ [0q] (12)", Some(false)),
            ("35084+ [|domain]", Some(false)),
            ("35084+[|domain]", Some(false)),
            ("35084+[1au][|domain]", Some(false)),
            ("35084+ A?[|domain]", Some(false)),
            ("35084 NXDomain*-[|domain]", Some(true)),
            ("1 [|domain]", None),
            ("35084| [|domain]", Some(true)),
            ("35084 1/0/0 A 192.0.2.80 (55)", Some(true)),
            ("35084 NXDomain* 0/1/0 (77)", Some(true)),
            ("35084 ServFail [|domain]", Some(true)),
            ("35084 [0q] 0/0/0 (12)", Some(true)),
            (
                "35084 q: A? example.org. 1/0/0 example.org. A 192.0.2.80 (55)",
                Some(true),
            ),
            ("35084 update- 0/0/0 (39)", Some(true)),
        ];
        for (text, response) in cases {
            assert_eq!(
                message(text).map(|message| message.response),
                Ok(response),
                "{text}"
            );
        }
    }

    #[test]
    fn rcodes_are_told_apart() {
        let cases = [
            ("1 0/0/0 (39)", Rcode::NoError),
            ("1 ServFail 0/0/0 (39)", Rcode::ServFail),
            ("1 NXDomain*- 0/0/0 (39)", Rcode::NxDomain),
            ("1 Refused- 0/0/0 (39)", Rcode::Refused),
            ("1 FormErr 0/0/0 (39)", Rcode::FormErr),
            ("1 NotImp- 0/0/0 (39)", Rcode::NotImp),
            ("1 notify Resp12- 0/0/0 (39)", Rcode::Other),
            ("1 BadVers 0/0/1 (50)", Rcode::NoError),
            ("1 BadCookie 0/0/1 (56)", Rcode::Other),
        ];
        for (text, rcode) in cases {
            assert_eq!(message(text).map(|message| message.rcode), Ok(rcode), "{text}");
        }
    }

    #[test]
    fn the_length_is_the_last_word_of_a_line() {
        let cases = [
            ("1+ A? example.org. (24)", Some(24)),
            ("1+ A? example.org. (24)\nsome prose (3) here", Some(24)),
            ("1 2/0/0 TXT \"(55) \", A 1.2.3.4 (113)", Some(113)),
            ("1 1/0/0 A 1.2.3.4", None),
        ];
        for (text, bytes) in cases {
            assert_eq!(message(text).map(|message| message.bytes), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn of_a_query_whose_line_was_cut_in_its_name_all_but_the_name_is_known() {
        for text in ["1+ A? exam", "1+ A?", "1+ [1au] AAAA? a.exam"] {
            let message = message(text).unwrap();
            assert_eq!(
                (message.id, message.response, message.name),
                (1, Some(false), None),
                "{text}"
            );
        }
    }

    #[test]
    fn pieces_are_not_messages() {
        for text in [
            "",
            "1",
            "1+",
            "1+ A",
            "70000+ A? a. (1)",
            "35x A? a. (1)",
            "1 ServFail",
        ] {
            assert_eq!(message(text), Err(Why::NotUnderstood), "{text}");
        }
    }

    #[test]
    fn messages_that_cannot_start_a_stream_are_known() {
        for (text, plausible) in [
            ("1+ A? a. (24)", true),
            ("1+ [0q] (12)", false),
            ("1+ [2q] A? a. A? b. (32)", false),
            ("1 op7+ A? a. (24)", false),
            ("1 op6 [b2&3=0x3000] A? a. (24)", true),
        ] {
            assert_eq!(
                message(text).map(|message| message.plausible),
                Ok(plausible),
                "{text}"
            );
        }
    }
}
