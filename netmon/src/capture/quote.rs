//! What the quote of a query in an ICMP error tells of its DNS header: routers may quote 8 bytes of the UDP
//! datagram only, which is none of it, or cut it anywhere (RFC 792, RFC 1812 section 4.3.2.3).

/// RD, in the upper byte of the flags (RFC 1035 section 4.1.1).
const RECURSION_DESIRED: u8 = 0x01;
/// QR, in the same byte.
const RESPONSE: u8 = 0x80;

/// As much of a quoted DNS header as identifies the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotedHeader {
    /// The query's id.
    pub id: Option<u16>,
    /// Its RD flag.
    pub recursion_desired: Option<bool>,
    /// QR: whether it is a response, not a query.
    pub is_response: Option<bool>,
}

impl QuotedHeader {
    /// Of a message that starts with these bytes and may end anywhere.
    pub fn read(message: &[u8]) -> Self {
        Self {
            id: message.first_chunk().map(|id| u16::from_be_bytes(*id)),
            recursion_desired: message.get(2).map(|flags| flags & RECURSION_DESIRED != 0),
            is_response: message.get(2).map(|flags| flags & RESPONSE != 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_tells_what_it_is_long_enough_for() {
        let header = |id, recursion_desired| QuotedHeader {
            id,
            recursion_desired,
            is_response: recursion_desired.map(|_| false),
        };
        let cases: [(&[u8], QuotedHeader); 5] = [
            (b"", header(None, None)),
            (b"\x12", header(None, None)),
            (b"\x12\x34", header(Some(0x1234), None)),
            (b"\x12\x34\x01", header(Some(0x1234), Some(true))),
            (b"\x12\x34\x00\x00\x00", header(Some(0x1234), Some(false))),
        ];
        for (message, expected) in cases {
            assert_eq!(QuotedHeader::read(message), expected, "{message:02x?}");
        }
    }
}
