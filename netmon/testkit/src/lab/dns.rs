//! Just enough of DNS messages (RFC 1035, section 4) to ask and to answer with a socket of one's own, where
//! a test needs what no real program does: a fixed port and id, or an answer that comes too late.

/// The type of a query for an IPv4 address.
pub const TYPE_A: u16 = 1;

const CLASS_IN: u16 = 1;
const HEADER: usize = 12;
const RECURSION_DESIRED: u16 = 0x0100;
const RESPONSE: u8 = 0x80;

/// A query with one question, as a stub resolver sends it.
pub fn query(id: u16, name: &str, kind: u16) -> Vec<u8> {
    let mut message = Vec::with_capacity(HEADER + name.len() + 6);
    for field in [id, RECURSION_DESIRED, 1, 0, 0, 0] {
        message.extend(field.to_be_bytes());
    }
    for label in name.split('.') {
        // RFC 1035 limits a label to 63 bytes; a longer one is cut, like any mistake in a test's own text.
        let label = label.as_bytes().get(..63).unwrap_or(label.as_bytes());
        message.extend(u8::try_from(label.len()));
        message.extend(label);
    }
    message.push(0);
    for field in [kind, CLASS_IN] {
        message.extend(field.to_be_bytes());
    }
    message
}

/// The response to a query: the same message with the response bit and a code (0 is no error). It holds no
/// records; nothing in a laboratory reads them.
pub fn respond(query: &[u8], rcode: u8) -> Vec<u8> {
    let mut message = query.to_vec();
    if let Some(flags) = message.get_mut(2) {
        *flags |= RESPONSE;
    }
    if let Some(code) = message.get_mut(3) {
        *code = rcode & 0x0f;
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_laid_out_as_rfc_1035_says() {
        let expected = b"\x89\x0c\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03dns\x04test\x00\x00\x01\x00\x01";
        assert_eq!(query(35084, "dns.test", TYPE_A), expected);
    }

    #[test]
    fn a_response_is_its_query_with_the_bit_and_the_code() {
        let asked = query(7, "dns.test", TYPE_A);
        let answered = respond(&asked, 2);
        assert_eq!(answered[2], 0x81);
        assert_eq!(answered[3], 2);
        assert_eq!(answered[4..], asked[4..]);
    }
}
