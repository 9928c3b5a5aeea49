//! A record: the lines that tcpdump printed of one packet, or that whoever pasted them made of it.

use super::grammar::endpoint::{Endpoint, is_mac, read_address};
use super::grammar::header::{self, Front};
use super::grammar::words::{self, Cursor};
use super::stamp::Stamp;

/// Bytes of text that a record holds at most: more than any packet's is.
pub const RECORD_LEN: usize = 64 * 1_024;
/// Lines of a record without a time that may look like the start of the next one and be none.
const STARTS: u32 = 8;
/// Bytes of a hexadecimal dump that are kept: the most that an ICMPv6 error has (RFC 4443 section 2.4).
const DUMP_LEN: usize = 1_280;

/// A record, as far as its lines have come.
#[derive(Clone, Debug)]
pub struct Record {
    /// The time stamp that it begins with.
    pub stamp: Stamp,
    /// White space before its first line, in columns.
    pub indent: usize,
    /// White space behind its time stamp, in columns, where a word follows on that line.
    pub behind: Option<usize>,
    /// Whether a line of it has what looks like another packet behind it.
    pub has_more: bool,
    /// The words behind the time stamp, lines ended by `\n`.
    text: String,
    /// The number in the input of each line of `text`.
    lines: Vec<u64>,
    dump: Dump,
    /// Bytes that are still to come of a dump in ASCII; `None` where there is none.
    characters: Option<usize>,
    overlong: bool,
    /// Lines that looked like the start of the next record.
    starts: u32,
}

impl Record {
    /// A record that begins on this line of the input.
    pub fn new(stamp: Stamp, indent: usize, line: u64, words: &[&str]) -> Self {
        let mut record = Self {
            stamp,
            indent,
            behind: None,
            has_more: false,
            text: String::new(),
            lines: Vec::new(),
            dump: Dump::default(),
            characters: None,
            overlong: false,
            starts: 0,
        };
        record.push(line, words);
        record
    }

    /// Adds a line, as much of it as there is room for.
    pub fn push(&mut self, line: u64, words: &[&str]) {
        if self.overlong {
            return;
        }
        for (place, word) in words.iter().enumerate() {
            if self.text.len() + word.len() + 2 > RECORD_LEN {
                self.overlong = true;
                break;
            }
            if place > 0 {
                self.text.push(' ');
            }
            self.text.push_str(word);
        }
        self.text.push('\n');
        self.lines.push(line);
    }

    /// Adds a line of a hexadecimal dump.
    pub fn push_dump(&mut self, offset: usize, words: &[&str]) {
        self.dump.push(offset, words);
    }

    /// Whether a line looks like the first of its dump in ASCII (`-A`), and none has come yet.
    pub fn may_begin_characters(&self, line: &str) -> bool {
        self.characters.is_none() && begins_characters(line)
    }

    /// So many bytes follow at least, dumped in ASCII.
    pub fn expect_characters(&mut self, bytes: usize) {
        self.characters = Some(bytes);
    }

    /// Goes past a line of a dump in ASCII, in which each byte is a character, a line end too. Whether it is one.
    pub fn skip_characters(&mut self, line: &str) -> bool {
        match &mut self.characters {
            None | Some(0) => false,
            Some(left) => {
                *left = left.saturating_sub(line.chars().count());
                *left = left.saturating_sub(1);
                true
            }
        }
    }

    /// The words in front of its addresses: nobody writes them but who printed them.
    fn front(&self) -> impl Iterator<Item = &str> {
        let is_address = |word: &str| {
            Endpoint::read(word).is_some() || word.ends_with(':') && !matches!(word, "length:" | "proto:")
        };
        let mut previous = "";
        self.text.split([' ', '\n']).take_while(move |word| {
            let is_length = std::mem::replace(&mut previous, word) == "length";
            is_length || !is_address(word)
        })
    }

    /// Whether its link header is printed (`-e`).
    pub fn has_link_header(&self) -> bool {
        self.front().any(|word| word == "ethertype")
    }

    /// Whether its IP header is printed (`-v`): then lines may follow with what the packet holds.
    pub fn is_verbose(&self) -> bool {
        self.is_verbose_v4()
            || self
                .front()
                .any(|word| matches!(word, "(class" | "(flowlabel" | "(hlim"))
    }

    /// The same of IPv4.
    pub fn is_verbose_v4(&self) -> bool {
        self.front().any(|word| word == "(tos")
    }

    /// The line that it begins on.
    pub fn line(&self) -> u64 {
        self.lines.first().copied().unwrap_or(0)
    }

    /// The number in the input of its line number `place`, from 0.
    pub fn line_at(&self, place: usize) -> u64 {
        self.lines.get(place).copied().unwrap_or(0)
    }

    /// The words behind the time stamp.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What of it was dumped in hexadecimal, from the first byte of the first dump.
    pub fn dump(&self) -> &[u8] {
        &self.dump.bytes
    }

    /// Whether it was longer than what is kept of it.
    pub fn is_overlong(&self) -> bool {
        self.overlong
    }

    /// Whether nothing but a time stamp, or a part of one, has come.
    pub fn is_bare(&self) -> bool {
        self.text.trim_end().is_empty()
    }

    /// Whether the packet may be complete, so that a line which looks like the start of one without a time
    /// is one. `quotes`: the line begins with the header of an IP packet as `-v` prints it.
    pub fn may_be_complete(&mut self, quotes: bool) -> bool {
        let text = self.text.trim_end();
        // So that lines which all look like starts, and none like the end, do not take for ever.
        self.starts += 1;
        if self.starts > STARTS {
            return true;
        }
        let words = words::of_record(text);
        let mut cursor = Cursor::new(&words);
        match header::read(&mut cursor) {
            Ok(Front::Ip(_)) => {
                let more = match cursor.next() {
                    None => true,
                    // A quoted packet follows, if none has yet.
                    Some("ICMP") => quotes && quotes_packet(cursor) && text.matches("(tos").count() == 1,
                    // What these carry stands on a line of its own.
                    Some("VXLAN," | "VXLAN-GPE," | "OTV,") => !text.contains('\n'),
                    // `GREv0, length 88:`, and the packet inside on the next line.
                    Some(_) => {
                        matches!(words.as_slice(), [.., length, number] if length.text == "length" && number.text.ends_with(':'))
                    }
                };
                !more
            }
            Ok(Front::NotIp) => match words.first() {
                Some(word) if is_mac(word.text) => text.contains("length"),
                // Of these what they carry is printed too.
                Some(word) => !matches!(word.text, "PPPoE" | "MPLS"),
                None => false,
            },
            Ok(Front::IpWithoutAddresses(_) | Front::Unreadable(_)) => true,
            // Not even its addresses have come; but those may be names.
            Err(_) => words.iter().any(|word| word.text.ends_with(':')) && !text.ends_with(':'),
        }
    }
}

/// Whether a text ends with the length of a message: `(24)`.
pub fn ends_with_length(text: &str) -> bool {
    let word = text.trim_end().rsplit([' ', '\n']).next();
    word.and_then(words::in_parentheses).is_some()
}

/// Whether a line begins like an IP packet that is dumped in ASCII: with its version and header length, and with dots for most of
/// its header. No name has two dots in a row.
fn begins_characters(line: &str) -> bool {
    const HEADER: usize = 20;
    const DOTS: usize = 5;
    let header = line.get(..HEADER).unwrap_or_default();
    header.starts_with(['E', 'F', 'G', 'H', '`'])
        && header.contains("..")
        && header.matches('.').count() >= DOTS
}

/// Whether an ICMP message quotes a packet, by its first words.
fn quotes_packet(mut words: Cursor<'_, '_>) -> bool {
    match words.next() {
        Some("net" | "host" | "redirect" | "redirect-tos" | "parameter" | "source" | "ip") => true,
        Some("time") => words.eat("exceeded"),
        Some(word) => read_address(word).is_some(),
        None => false,
    }
}

/// A hexadecimal dump, as far as it has come without a gap.
#[derive(Clone, Debug, Default)]
struct Dump {
    bytes: Vec<u8>,
    ended: bool,
}

impl Dump {
    fn push(&mut self, offset: usize, words: &[&str]) {
        self.ended |= offset != self.bytes.len();
        if self.ended {
            return;
        }
        for word in words.iter().take(8) {
            let digits = word.len();
            let Ok(value) = u16::from_str_radix(word, 16) else {
                return;
            };
            match digits {
                4 => self.bytes.extend(value.to_be_bytes()),
                2 => self.bytes.extend(value.to_be_bytes().last()),
                _ => return,
            }
        }
        self.bytes.truncate(DUMP_LEN);
    }
}

/// The offset that a line of a hexadecimal dump begins with: `0x0010:`.
pub fn dump_offset(words: &[&str]) -> Option<usize> {
    let digits = words.first()?.strip_prefix("0x")?;
    let is_dumped = |word: &&str| word.len() == 4 && u16::from_str_radix(word, 16).is_ok();
    // FortiGate's has no colon.
    let bare = || words.get(1).is_some_and(is_dumped).then_some(digits);
    let digits = digits.strip_suffix(':').or_else(bare)?;
    usize::from_str_radix(digits, 16).ok()
}

/// The text of a record with some line ends taken out, where the edge of a terminal may have cut a word: in
/// all ways, those with fewest first. None where so many lines end within words that no edge can be blamed.
pub fn glued(text: &str) -> impl Iterator<Item = String> + '_ {
    const CUTS: usize = 6;
    let text = text.trim_end();
    let ends = text.match_indices('\n').map(|(place, _)| place);
    let cuts: Vec<usize> = ends
        .filter(|end| text.get(..*end).is_some_and(|line| !ends_with_whole_word(line)))
        .collect();
    let ways = if cuts.len() <= CUTS {
        1_u32 << cuts.len()
    } else {
        1
    };
    let mut ways: Vec<u32> = (1..ways).collect();
    ways.sort_by_key(|way| way.count_ones());
    ways.into_iter().map(move |way| {
        let is_taken_out = |place| {
            (0..)
                .zip(&cuts)
                .any(|(bit, cut)| *cut == place && way & 1 << bit != 0)
        };
        text.char_indices()
            .filter(|(place, c)| *c != '\n' || !is_taken_out(*place))
            .map(|(_, c)| c)
            .collect()
    })
}

/// Whether a line ends where a space follows: behind punctuation, but for the colons within an address.
fn ends_with_whole_word(line: &str) -> bool {
    const ETHERTYPE: usize = 4;
    let mut words = line.rsplit([' ', '\n']);
    let word = words.next().unwrap_or(line);
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    // `2001:` begins an address, and `length 74:` ends what stands in front of it.
    let is_length = match words.next() {
        Some(name) => name == "length" || name.len() == ETHERTYPE && u16::from_str_radix(name, 16).is_ok(),
        None => true,
    };
    match word.strip_suffix(':') {
        // An address may end so, or go on.
        Some(before) if before.ends_with(':') => false,
        Some(before) => is_number(before) && is_length || Endpoint::read(word).is_some(),
        None => word.ends_with([',', ')', ']']),
    }
}
