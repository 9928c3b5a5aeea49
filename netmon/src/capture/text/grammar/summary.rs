//! One packet a line in columns, as tshark prints it and Wireshark copies it: source, destination, protocol, length, and
//! what the protocol has to say. Solaris' snoop has the same without the length.
//!
//! The columns have no ports where DNS is, and of an error not even the packet that it quotes.

use netmon_common::wire::ip::Family;
use netmon_common::{Code, DnsPorts, Rcode, Transport};

use super::super::packet::{About, Conversation, Ends, Query, Response, TextWhat, Unreachable};
use super::endpoint::read_address;
use super::read::Read;
use super::words::{Cursor, Word, bare};
use crate::observation::{Name, Service};

/// Whether these words, from the source's address on, are such columns.
pub fn is_next(words: &[&str]) -> bool {
    // An arrow that a character set did not have.
    let ([source, "?", destination, protocol, ..] | [source, destination, protocol, ..]) = words else {
        return false;
    };
    is_column_address(source) && is_column_address(destination) && is_protocol(protocol)
}

/// The same of a record's words.
pub fn is_record(words: &[Word<'_>]) -> bool {
    let mut texts = [""; 4];
    for (text, word) in texts.iter_mut().zip(words) {
        *text = word.text;
    }
    is_next(&texts)
}

fn is_column_address(word: &str) -> bool {
    read_address(word).is_some() && (!word.ends_with([':', ',']) || word.ends_with("::"))
}

fn is_protocol(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_uppercase())
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-./_".contains(c))
}

/// Reads the columns.
pub fn read(words: &mut Cursor<'_, '_>, ports: &DnsPorts) -> Option<Read> {
    let source = words.next().and_then(read_address)?;
    words.eat("?");
    let destination = words.next().and_then(read_address)?;
    let protocol = words.next()?;
    let bytes = words.peek().and_then(|word| word.parse::<u32>().ok());
    if bytes.is_some() {
        words.next();
    }
    let ends = Ends { source, destination };
    let family = if destination.ip().is_ipv4() {
        Family::V4
    } else {
        Family::V6
    };
    let other = TextWhat::Other { family };
    let what = match protocol {
        "DNS" => message(ends, words, ports).unwrap_or(other),
        "ICMP" | "ICMPv6" => error(ends, words).map_or(other, TextWhat::Unreachable),
        "UDP" | "TCP" => transport(ends, protocol, words, ports).unwrap_or(other),
        _ => other,
    };
    Some(Read::summary(what, bytes, ends))
}

fn conversation(
    ends: Ends,
    from_server: bool,
    port: u16,
    client_port: Option<u16>,
    transport: Transport,
) -> Conversation {
    let (server, client) = if from_server {
        (ends.source, ends.destination)
    } else {
        (ends.destination, ends.source)
    };
    Conversation {
        service: Service {
            server,
            port,
            transport,
        },
        client,
        client_port,
    }
}

/// How rcodes are spelled out.
const RCODES: [(&[&str], Rcode); 6] = [
    (&["No", "such", "name"], Rcode::NxDomain),
    (&["Server", "failure"], Rcode::ServFail),
    (&["Refused"], Rcode::Refused),
    (&["Format", "error"], Rcode::Other),
    (&["Not", "implemented"], Rcode::Other),
    (&["Unknown", "error"], Rcode::Other),
];

/// `Standard query response 0x890c No such name A www.example.com`, `C www.example.com. Internet Addr ?`.
fn message(ends: Ends, words: &mut Cursor<'_, '_>, ports: &DnsPorts) -> Option<TextWhat> {
    let port = ports.table().into_iter().find(|port| *port != 0)?;
    let (mut response, mut id, mut rcode) = (false, None, Rcode::NoError);
    let mut snoop = true;
    match words.next()? {
        "C" => {}
        "R" => response = true,
        _ => snoop = false,
    }
    while let Some(word) = words.peek() {
        if let Some(number) = word.strip_prefix("0x") {
            id = u16::from_str_radix(number, 16).ok();
            words.next();
            break;
        }
        // A type, where an old version prints no id.
        if snoop || is_type(word) {
            break;
        }
        response |= word == "response" || word == "response,";
        words.next();
    }
    for (text, meant) in RCODES {
        let mut ahead = *words;
        if text.iter().all(|word| ahead.eat(word)) {
            *words = ahead;
            rcode = meant;
        }
    }
    if !snoop {
        // `A`, `TYPE65`, `Unknown (65)`.
        words.next()?;
        while words.skip_group('(', ')') {}
    }
    let name = words.peek().filter(|name| *name != "Error:").map(name);
    let conversation = conversation(ends, response, port, None, Transport::Udp);
    Some(if response {
        TextWhat::Response(Response {
            conversation,
            id,
            rcode,
            name,
        })
    } else {
        TextWhat::Query(Query {
            conversation,
            id,
            recursion_desired: None,
            name,
        })
    })
}

fn is_type(word: &str) -> bool {
    word.len() < 12
        && word
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn name(word: &str) -> Name {
    let word = match word {
        "<Root>" => ".",
        _ => word.strip_suffix('.').unwrap_or(word),
    };
    Name::new(&word.to_ascii_lowercase())
}

/// `Destination unreachable (Port unreachable)`.
fn error(ends: Ends, words: &mut Cursor<'_, '_>) -> Option<Unreachable> {
    let text = words.rest().to_ascii_lowercase();
    let reason = text.strip_prefix("destination unreachable")?;
    let code = if reason.contains("port") {
        Code::Port
    } else if reason.contains("prohibited") || reason.contains("filtered") || reason.contains("failed") {
        Code::Admin
    } else if reason.contains("host unreachable") || reason.contains("address unreachable") {
        Code::Host
    } else if reason.contains("network unreachable") || reason.contains("no route") {
        Code::Net
    } else if reason.contains("protocol") {
        Code::Protocol
    } else {
        Code::Other
    };
    Some(Unreachable {
        reporter: ends.source,
        receiver: ends.destination,
        code,
        destination: ends.source,
        about: About::Unsaid,
        quoted: None,
    })
}

/// `52444 53 Len=33`, `[TCP Retransmission] 52444 53 [SYN] Seq=0`; behind a name the number in parentheses.
fn transport(ends: Ends, protocol: &str, words: &mut Cursor<'_, '_>, ports: &DnsPorts) -> Option<TextWhat> {
    while words.skip_group('[', ']') {}
    let mut port = || {
        let word = words.next()?;
        let number = word
            .rsplit_once('(')
            .map_or(word, |(_, number)| number.trim_end_matches(')'));
        number.parse::<u16>().ok()
    };
    let (source, destination) = (port()?, port()?);
    let is_server = |port| ports.contains(port);
    let flags = words.peek().unwrap_or_default();
    let flags = bare(flags);
    match (protocol, is_server(destination), is_server(source)) {
        ("TCP", true, _) if flags == "[SYN]" => Some(TextWhat::Connect(conversation(
            ends,
            false,
            destination,
            Some(source),
            Transport::Tcp,
        ))),
        ("TCP", _, true) if flags.starts_with("[RST") => Some(TextWhat::Reset(conversation(
            ends,
            true,
            source,
            Some(destination),
            Transport::Tcp,
        ))),
        ("UDP", true, _) => Some(TextWhat::Query(Query {
            conversation: conversation(ends, false, destination, Some(source), Transport::Udp),
            id: None,
            recursion_desired: None,
            name: None,
        })),
        ("UDP", false, true) => Some(TextWhat::Response(Response {
            conversation: conversation(ends, true, source, Some(destination), Transport::Udp),
            id: None,
            rcode: Rcode::Other,
            name: None,
        })),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::words;
    use super::*;

    fn what(text: &str) -> TextWhat {
        let text = format!("192.0.2.15 203.0.113.2 {text}");
        let words = words::of_record(&text);
        assert!(is_record(&words), "{text}");
        read(&mut Cursor::new(&words), &DnsPorts::DEFAULT).unwrap().what
    }

    #[test]
    fn queries_and_responses_are_read_with_id_rcode_and_name() {
        for (text, id, name) in [
            (
                "DNS 82 Standard query 0x890c A www.example.com OPT",
                Some(0x890c),
                Some("www.example.com"),
            ),
            (
                "DNS 82 Standard query 0x0001 Unknown (65) www.example.com",
                Some(1),
                Some("www.example.com"),
            ),
            (
                "DNS Standard query A WWW.example.com",
                None,
                Some("www.example.com"),
            ),
            ("DNS 82 Standard query 0x0001 NS <Root>", Some(1), Some(".")),
            (
                "DNS C www.example.com. Internet Addr ?",
                None,
                Some("www.example.com"),
            ),
            ("UDP 75 52444 53 Len=33", None, None),
        ] {
            let TextWhat::Query(query) = what(text) else {
                panic!("{text}")
            };
            assert_eq!(
                (query.id, query.name.as_ref().map(Name::as_str)),
                (id, name),
                "{text}"
            );
            assert_eq!(query.conversation.service.port, 53, "{text}");
        }
        for (text, rcode) in [
            (
                "DNS 98 Standard query response 0x890c A www.example.com A 192.0.2.80",
                Rcode::NoError,
            ),
            (
                "DNS 98 Standard query response 0x890c No such name A www.example.com SOA x",
                Rcode::NxDomain,
            ),
            (
                "DNS 98 Standard query response 0x890c Server failure A www.example.com",
                Rcode::ServFail,
            ),
            (
                "DNS 98 Standard query response 0x890c Refused A www.example.com",
                Rcode::Refused,
            ),
        ] {
            let TextWhat::Response(response) = what(text) else {
                panic!("{text}")
            };
            assert_eq!((response.rcode, response.id), (rcode, Some(0x890c)), "{text}");
            assert_eq!(response.name, Some(Name::new("www.example.com")), "{text}");
        }
    }

    #[test]
    fn errors_are_read_with_their_code() {
        for (text, code) in [
            ("ICMP 110 Destination unreachable (Port unreachable)", Code::Port),
            ("ICMP 110 Destination unreachable (Host unreachable)", Code::Host),
            (
                "ICMP 110 Destination unreachable (Network unreachable)",
                Code::Net,
            ),
            (
                "ICMP 110 Destination unreachable (Communication administratively filtered)",
                Code::Admin,
            ),
            (
                "ICMP 110 Destination unreachable (Fragmentation needed)",
                Code::Other,
            ),
            (
                "ICMPv6 130 Destination Unreachable (no route to destination)",
                Code::Net,
            ),
            (
                "ICMP Destination unreachable (UDP port 53 unreachable)",
                Code::Port,
            ),
        ] {
            let TextWhat::Unreachable(error) = what(text) else {
                panic!("{text}")
            };
            assert_eq!((error.code, error.about), (code, About::Unsaid), "{text}");
        }
    }

    #[test]
    fn segments_and_what_is_not_dns_are_known() {
        assert!(matches!(
            what("TCP 74 52444 53 [SYN] Seq=0 Win=64240 Len=0"),
            TextWhat::Connect(_)
        ));
        assert!(matches!(
            what("TCP 60 53 52444 [RST, ACK] Seq=1"),
            TextWhat::Other { .. } | TextWhat::Reset(_)
        ));
        assert!(matches!(
            what("TCP 74 [TCP Retransmission] 52444 53 [SYN] Seq=0"),
            TextWhat::Connect(_)
        ));
        assert!(matches!(
            what("TCP 66 443 52444 [ACK] Seq=1"),
            TextWhat::Other { .. }
        ));
        assert!(matches!(
            what("ICMP 98 Echo (ping) request id=0x1"),
            TextWhat::Other { .. }
        ));
        assert!(matches!(
            what("MDNS 82 Standard query 0x0000 PTR _ipp._tcp.local"),
            TextWhat::Other { .. }
        ));
    }

    #[test]
    fn prose_and_other_records_are_no_columns() {
        for text in [
            "192.0.2.15 203.0.113.2: ICMP 203.0.113.2",
            "192.0.2.15 203.0.113.2 dns",
            "IP 192.0.2.15 203.0.113.2 DNS 82",
        ] {
            assert!(!is_record(&words::of_record(text)), "{text}");
        }
    }
}
