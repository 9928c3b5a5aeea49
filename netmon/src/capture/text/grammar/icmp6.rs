//! Destination unreachable of ICMPv6, in tcpdump's words.

use std::ops::Range;

use netmon_common::wire::ip::{Family, Protocol};
use netmon_common::wire::{self, Captured, ipv6};
use netmon_common::{Code, Transport};

use super::super::packet::About;
use super::endpoint::read_address;
use super::header::Header;
use super::why::Why;
use super::wording::{Wording, about_port, read_host};
use super::words::{Cursor, bare, in_parentheses, is_half_of};

/// What ICMPv6 words say.
pub(super) enum V6 {
    Worded(Wording),
    Cut,
    Other,
}

/// `destination unreachable, unreachable port, 2001:db8::2 udp port 53`.
pub(super) fn read(header: &Header, words: &mut Cursor<'_, '_>, dump: &[u8]) -> Result<V6, Why> {
    // KAME's, which OpenBSD still has: `icmp6: 2001:db8::2 udp port 53 unreachable`.
    if words.peek().is_some_and(|word| read_address(word).is_some()) {
        return read_v6_kame(words);
    }
    let mut next = || words.next().map(bare);
    match next().unwrap_or_default() {
        "destination" => {}
        // Cut there, or by the edge of a terminal; put together with the next word; or behind `ICMP` of `ICMP6`.
        "6" => return Err(Why::NotUnderstood),
        word if !word.is_empty() && ("destination".starts_with(word) || word.starts_with("destination")) => {
            return Err(Why::NotUnderstood);
        }
        _ => return Ok(V6::Other),
    }
    match next() {
        Some("unreachable") => {}
        Some(word) if word.starts_with("unreachable[|") => return Ok(V6::Cut),
        _ => return Err(Why::NotUnderstood),
    }
    let wording = match (next(), next()) {
        (Some("unreachable"), Some("route")) => Code::Net,
        (Some("unreachable"), Some("prohibited")) => Code::Admin,
        (Some("unreachable"), Some("address")) => Code::Host,
        (Some("beyond"), Some("scope")) => Code::Other,
        (Some("unreachable"), Some("port")) => return read_v6_port(words),
        // Codes that tcpdump has no words for: it dumps the message instead, but not with `-vv`.
        (Some("unknown"), Some("unreach")) => {
            return message_in(dump)
                .map_or_else(|| read_number(header, words), |message| Ok(read_dump(message)));
        }
        _ => return Err(Why::NotUnderstood),
    };
    let host = words.next().ok_or(Why::NotUnderstood)?;
    if host.starts_with("[|") {
        return Ok(V6::Cut);
    }
    // Without -v the length follows: where it does not, the line was cut, and perhaps the address too.
    if header.protocol.is_none() && words.left() == 0 && !host.ends_with(',') {
        return Err(Why::NotUnderstood);
    }
    if wording == Code::Other && words.eat("source") && words.eat("address") {
        words.next();
    }
    Ok(V6::Worded(Wording {
        code: wording,
        destination: read_host(host, words, Family::V6)?,
        about: About::Anything,
    }))
}

/// `2001:db8::2 udp port 53 unreachable`, `2001:db8::2 unreachable prohibited`.
fn read_v6_kame(words: &mut Cursor<'_, '_>) -> Result<V6, Why> {
    let destination = words.next().and_then(read_address).ok_or(Why::NotUnderstood)?;
    let (code, about) = match words.next().map(bare) {
        Some("unreachable") => match words.next().map(bare) {
            Some("route") => (Code::Net, About::Anything),
            Some("prohibited") => (Code::Admin, About::Anything),
            Some("address") => (Code::Host, About::Anything),
            _ => return Err(Why::NotUnderstood),
        },
        Some("beyond") => (Code::Other, About::Anything),
        Some(protocol @ ("udp" | "tcp")) if words.eat("port") => {
            let about = read_port(protocol, words)?;
            words.eat("unreachable");
            (Code::Port, about)
        }
        _ => return Ok(V6::Other),
    };
    Ok(V6::Worded(Wording {
        code,
        destination,
        about,
    }))
}

/// `2001:db8::2 udp port 53`, `2001:db8::2 protocol 132 port 53 unreachable`.
fn read_v6_port(words: &mut Cursor<'_, '_>) -> Result<V6, Why> {
    let host = words.next().ok_or(Why::NotUnderstood)?;
    if host.starts_with("[|") {
        return Ok(V6::Cut);
    }
    let about = match words.next() {
        Some(protocol @ ("udp" | "tcp")) if words.eat("port") => read_port(protocol, words)?,
        Some("protocol") => {
            for _ in 0..3 {
                words.next().ok_or(Why::NotUnderstood)?;
            }
            words.eat("unreachable");
            About::NoPort
        }
        _ => return Err(Why::NotUnderstood),
    };
    Ok(V6::Worded(Wording {
        code: Code::Port,
        destination: read_host(host, words, Family::V6)?,
        about,
    }))
}

/// The port behind `udp port`. At the end of a line that was cut, half a port is none.
fn read_port(protocol: &str, words: &mut Cursor<'_, '_>) -> Result<About, Why> {
    let transport = if protocol == "udp" {
        Transport::Udp
    } else {
        Transport::Tcp
    };
    let port = words.next().ok_or(Why::NotUnderstood)?;
    if words.left() == 0 && is_half_of(port, &["domain", "53"]) {
        return Err(Why::NotUnderstood);
    }
    about_port(transport, bare(port))
}

/// `code (5)`: nothing says what it is about.
fn read_number(header: &Header, words: &mut Cursor<'_, '_>) -> Result<V6, Why> {
    words.eat("code");
    let number = words.next().and_then(in_parentheses).ok_or(Why::NotUnderstood)?;
    Ok(V6::Worded(Wording {
        code: Code::from_icmpv6(u8::try_from(number).map_err(|_| Why::NotUnderstood)?),
        destination: header.source.address,
        about: About::Unsaid,
    }))
}

/// The ICMPv6 error in a dump: alone, as tcpdump dumps what it has no words for, or behind its IPv6 header (`-x`), or behind that of
/// Ethernet as well (`-xx`).
fn message_in(dump: &[u8]) -> Option<&[u8]> {
    const UNREACHABLE: u8 = 1;
    const ICMPV6: u8 = Protocol::ICMPV6.0;
    const ETHERTYPE: Range<usize> = 12..14;
    let packet = match dump.get(ETHERTYPE) {
        Some([0x86, 0xdd]) => dump.get(ETHERTYPE.end..)?,
        _ => dump,
    };
    let message = match packet {
        [first, _, _, _, _, _, ICMPV6, ..] if first >> 4 == 6 => packet.get(ipv6::HEADER_LEN..)?,
        _ => dump,
    };
    Some(message).filter(|message| message.first() == Some(&UNREACHABLE))
}

/// Reads an ICMPv6 message from its bytes, by the parser that reads packets.
fn read_dump(dump: &[u8]) -> V6 {
    let bytes = Captured::whole(dump);
    let wording = wire::icmp::parse_v6(&bytes, 0, dump.len())
        .ok()
        .flatten()
        .and_then(|unreachable| {
            let ports = unreachable.quoted.ports;
            Some(Wording {
                code: unreachable.code,
                destination: unreachable.quoted.header.destination().read(&bytes)?,
                about: ports.map_or(About::NoPort, |ports| {
                    About::Port(ports.transport, ports.destination)
                }),
            })
        });
    wording.map_or(V6::Cut, V6::Worded)
}
