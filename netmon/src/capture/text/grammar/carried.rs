//! What an IP packet carries, from behind the addresses: UDP, TCP, ICMP, or what tcpdump says instead.

use netmon_common::Transport;
use netmon_common::wire::ip::{Family, Protocol};
use netmon_common::wire::{self, Unreadable};

use super::super::packet::Stream;
use super::dns::{self, Message};
use super::endpoint::{Port, read_address};
use super::header::Header;
use super::why::Why;
use super::words::{Cursor, bare, is_half_of};

/// What an IP packet carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// A UDP datagram.
    Udp(Ports, Datagram),
    /// A TCP segment.
    Tcp(Ports, Segment),
    /// ICMP or ICMPv6; its text follows.
    Icmp,
    /// Ports, and nothing behind them.
    Nothing(Ports),
    /// A fragment other than the first.
    LaterFragment,
    /// Something whose header could not be read.
    Unreadable(Unreadable),
    /// Anything else. Not sure where the word that says so may be half of one.
    Other {
        /// Whether it is.
        sure: bool,
    },
}

/// The ports; `None` if printed by a name that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// Source port.
    pub source: Option<u16>,
    /// Destination port.
    pub destination: Option<u16>,
}

/// What a datagram holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datagram {
    /// A DNS message.
    Dns(Message),
    /// Something of this length in bytes that tcpdump did not decode.
    Undecoded(Option<u32>),
    /// Too few bytes for a DNS header, or so few that the snap length cut it off.
    Unreadable(Unreadable),
    /// Another protocol.
    Other,
}

/// A segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its flags; `None` with `-q`.
    pub flags: Option<Flags>,
    /// The DNS message that it starts, or whose header the snap length cut off.
    pub message: Option<Result<Message, Unreadable>>,
    /// The length of its payload.
    pub bytes: Option<u32>,
    /// Where it stands in its stream.
    pub stream: Stream,
}

/// TCP flags, as far as they matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags {
    /// SYN.
    pub syn: bool,
    /// ACK.
    pub ack: bool,
    /// RST.
    pub rst: bool,
}

/// Reads on behind the addresses.
pub fn read(header: &Header, words: &mut Cursor<'_, '_>) -> Result<Carried, Why> {
    if header.later_fragment {
        return Ok(Carried::LaterFragment);
    }
    if header.has_ports_of_another() {
        return Err(Why::NotUnderstood);
    }
    let printed = header.source.port.zip(header.destination.port);
    let (ports, extended) = match printed {
        Some(ports) => (Some(ports), false),
        None if header.family == Family::V6 => match skip_extensions(words) {
            Extensions::LaterFragment => return Ok(Carried::LaterFragment),
            Extensions::Cut => return Ok(Carried::Unreadable(Unreadable::cut(wire::Header::Ipv6Extension))),
            Extensions::Read { any } => {
                // Where the header behind them was cut off, the addresses are printed again.
                if any {
                    skip_addresses(words);
                }
                (skip_ports(words), any)
            }
        },
        None => (None, false),
    };
    skip_checksums(words);
    let ports = ports.map(|(source, destination)| Ports {
        source: source.number(),
        destination: destination.number(),
    });
    match ports {
        Some(ports) => with_ports(header, ports, words),
        None => without_ports(header, extended, words),
    }
}

/// `[udp sum ok]`, `[bad icmp6 cksum 0x0000 -> 0x7ef4!]`.
fn skip_checksums(words: &mut Cursor<'_, '_>) {
    while words
        .peek()
        .is_some_and(|word| matches!(word, "[udp" | "[no" | "[bad" | "[icmp6"))
        && !is_bad_header(*words)
    {
        words.skip_group('[', ']');
    }
}

/// `[bad hdr length 8 - too short, < 20]`: the TCP header is wrong.
fn is_bad_header(mut words: Cursor<'_, '_>) -> bool {
    words.eat("[bad") && words.eat("hdr")
}

fn with_ports(header: &Header, ports: Ports, words: &mut Cursor<'_, '_>) -> Result<Carried, Why> {
    let udp = |datagram| Ok(Carried::Udp(ports, datagram));
    let unreadable = |unreadable| Ok(Carried::Unreadable(unreadable));
    if dns::is_next(*words) {
        return udp(Datagram::Dns(dns::read(words)?));
    }
    if is_bad_header(*words) {
        return unreadable(Unreadable::wrong(wire::Header::Tcp));
    }
    let Some(word) = words.peek_word() else {
        return Ok(Carried::Nothing(ports));
    };
    words.next();
    match bare(word.text) {
        "Flags" => Ok(Carried::Tcp(ports, read_segment(words)?)),
        // -q.
        "tcp" => {
            let bytes = words.next().and_then(|word| word.parse().ok());
            if is_bad_header(*words) {
                return unreadable(Unreadable::wrong(wire::Header::Tcp));
            }
            let segment = Segment {
                flags: None,
                message: None,
                bytes,
                stream: Stream::default(),
            };
            Ok(Carried::Tcp(ports, segment))
        }
        // By old versions with -q, and by FortiGate.
        "udp" => udp(Datagram::Undecoded(
            words.next().and_then(|word| bare(word).parse().ok()),
        )),
        "syn" | "fin" | "psh" | "rst" | "ack" => {
            Ok(Carried::Tcp(ports, read_spelled_flags(word.text, words)))
        }
        // With -q, and for ports that tcpdump knows nothing about.
        "UDP" => udp(Datagram::Undecoded(read_length(words))),
        "[|udp]" => unreadable(Unreadable::cut(wire::Header::Udp)),
        "[|tcp]" => unreadable(Unreadable::cut(wire::Header::Tcp)),
        "[|domain]" => udp(Datagram::Unreadable(Unreadable::cut(wire::Header::Dns))),
        // `domain [length 5 < 12] (invalid)`.
        "domain" => udp(Datagram::Unreadable(Unreadable::short(wire::Header::Dns))),
        "truncated-udplength" => unreadable(Unreadable::wrong(wire::Header::Udp)),
        "truncated-udp" => unreadable(Unreadable::short(wire::Header::Udp)),
        half if is_last_of_line(word.line, *words) && is_half_of(half, &["Flags", "[udp", "[bad", "[no"]) => {
            Ok(Carried::Other { sure: false })
        }
        _ if header.protocol == Some(Protocol::UDP.0) => udp(Datagram::Other),
        _ => Ok(Carried::Other { sure: true }),
    }
}

fn without_ports(header: &Header, extended: bool, words: &mut Cursor<'_, '_>) -> Result<Carried, Why> {
    let Some(word) = words.peek_word() else {
        // A first fragment, or a packet, whose next header begins where the capture ends.
        return if extended {
            Ok(Carried::Unreadable(Unreadable::cut(wire::Header::Ipv6Extension)))
        } else {
            Err(Why::NotUnderstood)
        };
    };
    words.next();
    let cut = |header| Ok(Carried::Unreadable(Unreadable::cut(header)));
    match word.text {
        "ICMP" | "ICMP6," | "icmp:" | "icmp6:" => Ok(Carried::Icmp),
        // tcpdump 3 had the length there: `icmp 36: host ...`. Alone it is a later fragment.
        "icmp" if !is_last_of_line(word.line, *words) => Ok(Carried::Icmp),
        "[|udp]" => cut(wire::Header::Udp),
        "[|tcp]" => cut(wire::Header::Tcp),
        "[|icmp]" | "[|icmp6]" => cut(wire::Header::Icmp),
        "[|hbhopt]" | "[|dstopt]" | "[|frag6]" | "[|rt6]" | "[|ah]" => cut(wire::Header::Ipv6Extension),
        "[|ip6]" if header.family == Family::V6 => cut(wire::Header::Ipv6Extension),
        // Of a later fragment without -v only the protocol is printed.
        name if header.family == Family::V4
            && is_last_of_line(word.line, *words)
            && is_protocol_alone(name) =>
        {
            Ok(Carried::LaterFragment)
        }
        // Of something that was cut off.
        cut if cut.starts_with("[|") => Ok(Carried::Other { sure: true }),
        // Nothing has but a word.
        _ if words.left() == 0 => Err(Why::NotUnderstood),
        _ => Ok(Carried::Other {
            sure: !is_last_of_line(word.line, *words),
        }),
    }
}

fn is_last_of_line(line: usize, words: Cursor<'_, '_>) -> bool {
    words.peek_word().is_none_or(|next| next.line != line)
}

/// `udp`, or with -n `ip-proto-17`.
fn is_protocol_alone(name: &str) -> bool {
    match name.strip_prefix("ip-proto-") {
        Some(number) => number.parse::<u8>().is_ok(),
        None => matches!(
            name,
            "udp" | "tcp" | "icmp" | "esp" | "ah" | "gre" | "sctp" | "ospf" | "igmp"
        ),
    }
}

/// How far the extension headers go.
enum Extensions {
    /// Behind them; whether there are any.
    Read { any: bool },
    /// They say that this is a fragment other than the first.
    LaterFragment,
    /// The snap length cut one off.
    Cut,
}

/// `HBH (padn)`, `frag (0|47)`, `RT6 (len=0, ...)`, `AH(spi=...):`.
fn skip_extensions(words: &mut Cursor<'_, '_>) -> Extensions {
    let mut any = false;
    loop {
        match words.peek() {
            Some("HBH" | "DSTOPT" | "RT6" | "srcrt") => {
                words.next();
            }
            Some("frag") => {
                words.next();
                // `(0|47)`, with -v `(0x00000007:0|47)`.
                let offset = words
                    .peek()
                    .and_then(|word| word.split_once('|'))
                    .map(|(offset, _)| offset);
                let offset = offset.map(|offset| offset.rsplit(['(', ':']).next().unwrap_or(offset));
                match offset.map(str::parse::<u32>) {
                    Some(Ok(0)) => {}
                    Some(Ok(_)) => return Extensions::LaterFragment,
                    Some(Err(_)) | None => return Extensions::Cut,
                }
            }
            Some(word) if word.starts_with("AH(") => {
                if word.contains("[|") || !word.contains(')') {
                    return Extensions::Cut;
                }
                words.next();
            }
            _ => return Extensions::Read { any },
        }
        any = true;
        while words.skip_group('(', ')') {}
    }
}

/// `2001:db8::1 > 2001:db8::2:`.
fn skip_addresses(words: &mut Cursor<'_, '_>) {
    let mut ahead = *words;
    let mut next_is_address = || ahead.next().is_some_and(|word| read_address(word).is_some());
    if next_is_address() && next_is_address() {
        *words = ahead;
    }
}

/// Behind extension headers the ports stand alone: `52444 > 53:`.
fn skip_ports(words: &mut Cursor<'_, '_>) -> Option<(Port, Port)> {
    let mut ahead = *words;
    let source = Port::read(ahead.next()?)?;
    let destination = Port::read(ahead.next()?.strip_suffix(':')?)?;
    *words = ahead;
    Some((source, destination))
}

/// Behind `Flags`: `[P.], seq 1:42, ack 1, win 502, length 41 99+ A? example.org. (39)`.
fn read_segment(words: &mut Cursor<'_, '_>) -> Result<Segment, Why> {
    let flags = words
        .next()
        .and_then(|word| bare(word).strip_prefix('[')?.strip_suffix(']'))
        .ok_or(Why::NotUnderstood)?;
    let mut segment = Segment {
        flags: Some(Flags {
            syn: flags.contains('S'),
            ack: flags.contains('.'),
            rst: flags.contains('R'),
        }),
        message: None,
        bytes: None,
        stream: Stream::default(),
    };
    // Options may hold anything, but no length outside brackets.
    while let Some(word) = words.peek() {
        if words.skip_group('[', ']') || words.skip_group('(', ')') {
            continue;
        }
        words.next();
        let number = |words: &mut Cursor<'_, '_>| words.next().and_then(|word| bare(word).parse().ok());
        match word {
            "seq" => {
                let range = words.next().map(bare).unwrap_or_default();
                let (start, end) = range.split_once(':').unwrap_or((range, range));
                if let (Ok(start), Ok(end)) = (start.parse(), end.parse()) {
                    segment.stream.sequence = (start, end);
                }
            }
            "ack" => segment.stream.acknowledgment = number(words).unwrap_or_default(),
            "length" => {
                segment.bytes = number(words);
                break;
            }
            _ => {}
        }
    }
    if dns::is_next(*words) {
        segment.message = Some(Ok(dns::read(words)?));
    } else if words.peek() == Some("[|domain]") {
        segment.message = Some(Err(Unreadable::cut(wire::Header::Dns)));
    }
    Ok(segment)
}

/// `syn 4711 ack 815`, as `FortiGate` spells flags out; each has a number.
fn read_spelled_flags(first: &str, words: &mut Cursor<'_, '_>) -> Segment {
    let mut flags = Flags {
        syn: false,
        ack: false,
        rst: false,
    };
    let mut word = Some(first);
    while let Some(flag) = word {
        match bare(flag) {
            "syn" => flags.syn = true,
            "ack" => flags.ack = true,
            "rst" => flags.rst = true,
            _ => {}
        }
        word = words.next();
    }
    Segment {
        flags: Some(flags),
        message: None,
        bytes: None,
        stream: Stream::default(),
    }
}

/// `length 39`, `bad length 100 > 47`.
fn read_length(words: &mut Cursor<'_, '_>) -> Option<u32> {
    words.eat("bad");
    if !words.eat("length") {
        return None;
    }
    words.next().and_then(|word| bare(word).parse().ok())
}

/// The transport that an IP header announces.
pub fn transport(protocol: u32) -> Option<Transport> {
    match u8::try_from(protocol).map(Protocol) {
        Ok(Protocol::UDP) => Some(Transport::Udp),
        Ok(Protocol::TCP) => Some(Transport::Tcp),
        _ => None,
    }
}
