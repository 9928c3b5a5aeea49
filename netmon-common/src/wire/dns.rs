//! The DNS header (RFC 1035 section 4.1.1) and the length before it on TCP (RFC 7766 section 8).

use super::{Bytes, Header, Plain, Unreadable, read_header};
use crate::outcome::Rcode;

/// Length of the header, in bytes.
pub const HEADER_LEN: usize = 12;
/// Length of the length before a message on TCP, in bytes.
pub const TCP_LENGTH_LEN: usize = 2;

const RESPONSE: u16 = 0x8000;
const RECURSION_DESIRED: u16 = 0x0100;
/// The highest opcode assigned, DSO (RFC 8490).
const HIGHEST_OPCODE: u16 = 6;

/// A DNS header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct DnsHeader {
    id: [u8; 2],
    flags: [u8; 2],
    questions: [u8; 2],
    records: [u8; 6],
}
// SAFETY: byte arrays only.
unsafe impl Plain for DnsHeader {}
const _: () = assert!(size_of::<DnsHeader>() == HEADER_LEN);

impl DnsHeader {
    /// What netmon needs of it.
    #[inline(always)]
    pub const fn message(&self) -> MessageHeader {
        MessageHeader {
            id: u16::from_be_bytes(self.id),
            flags: u16::from_be_bytes(self.flags),
        }
    }

    /// How many questions the message has.
    #[inline(always)]
    pub const fn questions(&self) -> u16 {
        u16::from_be_bytes(self.questions)
    }

    /// Whether a TCP segment may well start with this header: a known opcode and one question.
    #[inline(always)]
    pub const fn is_plausible(&self) -> bool {
        self.message().opcode() <= HIGHEST_OPCODE && self.questions() == 1
    }
}

/// The id and the flags of a DNS message, host order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageHeader {
    /// The message's id.
    pub id: u16,
    flags: u16,
}

impl MessageHeader {
    /// A header with this id and these flags.
    pub const fn new(id: u16, flags: u16) -> Self {
        Self { id, flags }
    }

    /// QR: whether this is a response.
    #[inline(always)]
    pub const fn is_response(self) -> bool {
        self.flags & RESPONSE != 0
    }

    /// RD: whether the client asks the server to look further itself.
    #[inline(always)]
    pub const fn recursion_desired(self) -> bool {
        self.flags & RECURSION_DESIRED != 0
    }

    /// The kind of query, 0 to 15.
    #[inline(always)]
    pub const fn opcode(self) -> u16 {
        (self.flags >> 11) & 0x0f
    }

    /// The response code.
    #[inline(always)]
    pub const fn rcode(self) -> Rcode {
        Rcode::from_flags(self.flags)
    }
}

/// Where a message's first question starts, as far as it is looked at: enough to tell most questions apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Question([u64; 2]);

/// One in each byte of a word.
const ONES: u64 = 0x0101_0101_0101_0101;

impl Question {
    /// Of a message that shows none.
    pub const UNKNOWN: Self = Self([0; 2]);

    /// Reads that of the message at `offset` which ends at `end`. Of a message that ends soon 12 or 8 bytes do: names of at
    /// least four bytes, and shorter ones in longer messages, are known.
    #[inline(always)]
    pub fn read<B: Bytes>(bytes: &B, offset: usize, end: usize) -> Self {
        /// Where the message has no more. No zero: a name that does not end before is like no other.
        const NOTHING: [u8; 8] = [0xff; 8];
        /// Where QDCOUNT stands: eight bytes before the first question.
        const QUESTIONS: usize = 4;
        let (counts, at) = (offset + QUESTIONS, offset + HEADER_LEN);
        let read = if at + 16 <= end {
            bytes.read::<[[u8; 8]; 3]>(counts)
        } else if at + 12 <= end {
            bytes.read::<[[u8; 4]; 5]>(counts).map(|[n, m, a, b, c]| {
                let counts = [n[0], n[1], n[2], n[3], m[0], m[1], m[2], m[3]];
                let second = [c[0], c[1], c[2], c[3], 0xff, 0xff, 0xff, 0xff];
                [counts, [a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3]], second]
            })
        } else if at + 8 <= end {
            bytes
                .read::<[[u8; 8]; 2]>(counts)
                .map(|[counts, first]| [counts, first, NOTHING])
        } else {
            None
        };
        match read {
            // What stands there without a question is a record.
            Some([counts, first, second]) if [counts[0], counts[1]] != [0; 2] => {
                Self([u64::from_le_bytes(first), u64::from_le_bytes(second)])
            }
            _ => Self::UNKNOWN,
        }
    }

    /// What a trace keeps of the name, whatever its capitals (some clients mix them, as a secret of their own); 0 where
    /// it is unknown, which fits any.
    #[inline(always)]
    pub const fn mark(self) -> u16 {
        let Self([first, second]) = self;
        let in_first = before_zero(first);
        let in_second = if in_first == u64::MAX {
            before_zero(second)
        } else {
            0
        };
        if first.to_le_bytes()[0] == 0 {
            return 0;
        }
        let lower = ONES << 5;
        let mixed = ((first | lower) & in_first).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            ^ ((second | lower) & in_second).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 32).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 48) as u16 | 1
    }
}

/// The bits of the bytes before the first one that is zero; of all bytes, where none is.
#[inline(always)]
const fn before_zero(word: u64) -> u64 {
    // The lowest bit that this leaves is in the first byte that is zero; above it others may be wrong.
    let zeros = word.wrapping_sub(ONES) & !word & ONES << 7;
    (zeros & zeros.wrapping_neg()).wrapping_sub(1)
}

/// QR of the message at `offset` of a packet that an error quotes up to `end`; `None` where the quote does not show it, and
/// nothing of both where only another reader can read that far.
#[inline(always)]
pub fn quoted_is_response<B: Bytes>(
    bytes: &B,
    offset: usize,
    end: usize,
) -> Result<Option<bool>, Unreadable> {
    let offset = bytes.forget(offset);
    // The id, and the first byte of the flags.
    if offset + size_of::<[u8; 3]>() > end {
        return Ok(None);
    }
    match bytes.read::<[u8; 3]>(offset) {
        Some([_, _, flags]) => Ok(Some(u16::from_be_bytes([flags, 0]) & RESPONSE != 0)),
        None if B::DEEP => Ok(None),
        None => Err(Unreadable::cut(Header::Dns)),
    }
}

/// Reads the header of the message at `offset` of a datagram whose payload ends at `end`.
#[inline(always)]
pub fn parse<B: Bytes>(bytes: &B, offset: usize, end: usize) -> Result<DnsHeader, Unreadable> {
    read_header(bytes, offset, end, Header::Dns)
}

/// A DNS header behind its length, as a TCP segment starts a message.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct TcpMessage {
    length: [u8; 2],
    /// The header.
    pub header: DnsHeader,
}
// SAFETY: byte arrays only.
unsafe impl Plain for TcpMessage {}

impl TcpMessage {
    /// The length of the message, in bytes, without the length itself.
    #[inline(always)]
    pub const fn length(&self) -> u16 {
        u16::from_be_bytes(self.length)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::super::captured::Captured;
    use super::*;
    use std::vec::Vec;

    fn message(question: &[u8]) -> Vec<u8> {
        [&[0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], question].concat()
    }

    fn mark(question: &[u8]) -> u16 {
        let message = message(question);
        Question::read(&Captured::whole(&message), 0, message.len()).mark()
    }

    #[test]
    fn a_question_is_known_by_its_name_whatever_its_capitals_and_what_follows() {
        let asked = mark(b"\x07example\x03com\0\0\x01\0\x01");
        assert_ne!(asked, 0);
        for same in [
            &b"\x07eXamplE\x03COM\0\0\x01\0\x01"[..],
            b"\x07example\x03com\0\0\x1c\0\x01\xc0\x0c",
        ] {
            assert_eq!(mark(same), asked, "{same:?}");
        }
        for other in [
            &b"\x07example\x03net\0\0\x01\0\x01"[..],
            b"\x07exampla\x03com\0\0\x01\0\x01",
            b"\x03com\0\0\x01\0\x01\0\0\0\0\0\0\0",
        ] {
            assert_ne!(mark(other), asked, "{other:?}");
        }
        let short = [&b"\x01a\0\0\x01\0\x01"[..], &[9; 9]].concat();
        let shorter = [&b"\x01a\0\0\x1c\0\x01"[..], &[7; 9]].concat();
        assert_eq!(mark(&short), mark(&shorter), "what follows the name");
    }

    #[test]
    fn what_is_not_there_is_unknown_and_fits_any() {
        assert_eq!(mark(b"\x01a\0\0\x01\0\x01"), 0, "too short");
        assert_eq!(mark(&[0; 16]), 0, "the root");
        let message = message(&[7; 16]);
        let whole = Captured::whole(&message);
        for (len, is_known) in [(0, false), (7, false), (8, true), (12, true), (16, true)] {
            let question = Question::read(&whole, 0, HEADER_LEN + len);
            assert_eq!(question != Question::UNKNOWN, is_known, "{len}");
        }
    }

    #[test]
    fn a_record_of_a_message_without_a_question_is_no_question() {
        for len in [8, 12, 16, 40] {
            let mut message = message(&[7; 40][..len]);
            assert_ne!(
                Question::read(&Captured::whole(&message), 0, message.len()),
                Question::UNKNOWN
            );
            // One authority record in its place.
            message[5] = 0;
            message[9] = 1;
            assert_eq!(
                Question::read(&Captured::whole(&message), 0, message.len()),
                Question::UNKNOWN
            );
        }
    }

    #[test]
    fn three_bytes_of_a_quoted_message_show_what_it_is() {
        for (flags, is_response) in [(0x01, false), (0x81, true)] {
            let quoted = [0, 7, flags];
            let read = |len| quoted_is_response(&Captured::whole(&quoted[..len]), 0, len).unwrap();
            assert_eq!([read(2), read(3)], [None, Some(is_response)]);
        }
    }

    #[test]
    fn a_short_name_has_the_same_mark_in_a_message_that_ends_behind_it_and_in_a_longer_one() {
        for name in [
            &b"\x02ab\0"[..],
            b"\x01a\x04test\0",
            b"\x02ab\x04test\0",
            b"\x04abcd\x04test\0",
            b"\x05abcde\x04test\0",
        ] {
            let asked = [name, b"\0\x01\0\x01"].concat();
            let answered = [&asked[..], b"\xc0\x0c\0\x01\0\x01\0\0\0\0\0\x04\x01\x02\x03\x04"].concat();
            assert_ne!(mark(&asked), 0, "{name:?}");
            assert_eq!(mark(&asked), mark(&answered), "{name:?}");
        }
    }

    #[test]
    fn names_of_one_length_have_many_marks() {
        let mut marks: Vec<u16> = (0..1_000_u16)
            .map(|n| {
                let [high, low] = n.to_be_bytes().map(|byte| byte | 0x40);
                mark(&[&[15, b'a', high, low], &b"0123456789ab\0"[..]].concat())
            })
            .collect();
        marks.sort_unstable();
        marks.dedup();
        assert!(marks.len() > 100, "{}", marks.len());
    }
}
