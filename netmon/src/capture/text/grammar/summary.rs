//! One packet a line in columns, as tshark prints it and Wireshark copies it: source, destination, protocol, length, and
//! what the protocol has to say. Solaris' snoop has the same without the length.
//!
//! The columns have no ports where DNS is, and of an error not even the packet that it quotes.

use netmon_common::wire::ip::Family;
use netmon_common::{Address, Code, DnsPorts, Rcode, Transport};

use super::super::packet::{About, Conversation, Ends, Query, Response, TextWhat, Unreachable};
use super::endpoint::{may_be_host, read_address};
use super::read::Read;
use super::words::{Cursor, Word, bare};
use crate::observation::{Name, Service};

/// Whether these words, from the source on, are such columns.
pub fn is_next(words: &[&str]) -> bool {
    // An arrow that a character set did not have.
    let ([source, "?", destination, protocol, more @ ..] | [source, destination, protocol, more @ ..]) =
        words
    else {
        return false;
    };
    let are_addresses = is_column_address(source) && is_column_address(destination);
    // Names say less: the protocol is one of those that are read, and its length follows.
    let may_be_names = is_column_host(source)
        && is_column_host(destination)
        && matches!(*protocol, "DNS" | "ICMP" | "ICMPv6" | "UDP" | "TCP")
        && more.first().is_some_and(|length| length.parse::<u32>().is_ok());
    (are_addresses && is_protocol(protocol)) || may_be_names
}

/// The same of a record's words.
pub fn is_record(words: &[Word<'_>]) -> bool {
    let mut texts = [""; 5];
    for (text, word) in texts.iter_mut().zip(words) {
        *text = word.text;
    }
    is_next(&texts)
}

fn is_column_address(word: &str) -> bool {
    read_address(word).is_some() && (!word.ends_with([':', ',']) || word.ends_with("::"))
}

fn is_column_host(word: &str) -> bool {
    is_column_address(word) || (may_be_host(word) && !word.ends_with(':'))
}

fn is_protocol(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_uppercase())
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-./_".contains(c))
}

/// The host in a column, and whether it is a name.
fn host(word: &str, words: &Cursor<'_, '_>) -> Option<(Address, bool)> {
    match read_address(word) {
        Some(address) => Some((address, false)),
        None => Some((words.hosts?.address(word, Family::V4)?, true)),
    }
}

/// Reads the columns.
pub fn read(words: &mut Cursor<'_, '_>, ports: &DnsPorts) -> Option<Read> {
    let source = words.next()?;
    words.eat("?");
    let destination = words.next()?;
    let ((source, source_named), (destination, destination_named)) =
        (host(source, words)?, host(destination, words)?);
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
    Some(Read {
        named: source_named || destination_named,
        ..Read::summary(what, bytes, ends)
    })
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
            interface: 0,
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
    (&["Format", "error"], Rcode::FormErr),
    (&["Not", "implemented"], Rcode::NotImp),
    (&["Unknown", "error"], Rcode::Other),
];

/// `Standard query response 0x890c No such name A www.example.com`, `C www.example.com. Internet Addr ?`.
fn message(ends: Ends, words: &mut Cursor<'_, '_>, ports: &DnsPorts) -> Option<TextWhat> {
    let port = ports.table().into_iter().find(|port| *port != 0)?;
    let (mut response, mut id, mut rcode) = (false, None, Rcode::NoError);
    let mut snoop = true;
    let mut standard = true;
    match words.next()? {
        "C" => {}
        "R" => response = true,
        // Else `Dynamic update`, `Zone change notification`.
        word => (snoop, standard) = (false, word == "Standard"),
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
            standard,
            name,
        })
    } else {
        TextWhat::Query(Query {
            conversation,
            id,
            recursion_desired: None,
            name,
            query_type: None,
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
        ("TCP", _, true) if flags == "[SYN" => Some(TextWhat::Accepted(conversation(
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
            query_type: None,
        })),
        ("UDP", false, true) => Some(TextWhat::Response(Response {
            conversation: conversation(ends, true, source, Some(destination), Transport::Udp),
            id: None,
            rcode: Rcode::Other,
            standard: true,
            name: None,
        })),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
