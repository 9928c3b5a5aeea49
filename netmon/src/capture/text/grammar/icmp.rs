//! Destination unreachable, in all the wordings that tcpdump has for it.
//!
//! The wording says which address the quoted packet was for, and for some codes which port; the client is
//! whom the error is sent to. With `-v` an ICMP error (not an ICMPv6 one) is followed by the quoted packet.

use netmon_common::wire::ip::Family;
use netmon_common::wire::{self, Unreadable as WireUnreadable};
use netmon_common::{Code, Transport};

use super::super::packet::{About, Quoted, QuotedMessage, Unreachable};
use super::carried::{self, Carried, Datagram, Ports};
use super::header::{self, Front, Header};
use super::icmp6::{self, V6};
use super::why::Why;
use super::wording::{Wording, about_port, read_host};
use super::words::{Cursor, bare, is_half_of};

/// An ICMP message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Icmp {
    /// A destination unreachable, and its length in bytes.
    Unreachable(Unreachable, Option<u32>),
    /// A message that the snap length cut off.
    Unreadable(WireUnreadable),
    /// Anything else.
    Other,
}

/// Reads an ICMP message, from behind its name. `dump` is what tcpdump printed of it in hexadecimal.
pub fn read(header: &Header, words: &mut Cursor<'_, '_>, dump: &[u8]) -> Result<Icmp, Why> {
    let wording = match header.family {
        Family::V4 => read_v4(words)?,
        Family::V6 => match icmp6::read(header, words, dump)? {
            V6::Worded(wording) => Some(wording),
            V6::Cut => return Ok(Icmp::Unreadable(WireUnreadable::cut(wire::Header::Quoted))),
            V6::Other => None,
        },
    };
    let Some(Wording {
        code,
        destination,
        about,
    }) = wording
    else {
        return Ok(Icmp::Other);
    };
    let mut unreachable = Unreachable {
        reporter: header.source.address,
        receiver: header.destination.address,
        code,
        destination,
        about,
        quoted: None,
    };
    let bytes = if words.eat("length") {
        words.next().and_then(|word| bare(word).parse().ok())
    } else {
        None
    };
    // `(wrong icmp cksum 0 (->1)!)`. The quoted packet begins with parentheses too, under -e.
    if words.peek() == Some("(wrong") {
        words.skip_group('(', ')');
    }
    if let Some((quoted, about)) = read_quoted(words) {
        unreachable.quoted = quoted;
        unreachable.about = about;
    }
    Ok(Icmp::Unreachable(unreachable, bytes))
}

/// The words between `ICMP` and `unreachable`, and the reason behind.
fn read_v4(words: &mut Cursor<'_, '_>) -> Result<Option<Wording>, Why> {
    const LONGEST: usize = 5;
    // `icmp 36: host ...`, as tcpdump 3 had it.
    if words
        .peek()
        .is_some_and(|word| word.ends_with(':') && bare(word).parse::<u32>().is_ok())
    {
        words.next();
    }
    let mut ahead = *words;
    let mut subject = Vec::with_capacity(LONGEST);
    let is_all = loop {
        let raw = ahead.next();
        match raw.map(bare) {
            // A comma follows where no reason does.
            Some(word) if word.eq_ignore_ascii_case("unreachable") => break raw != Some(word),
            // The line was cut there: `203.0.113.2 udp port 53 unreac`.
            Some(word) if ahead.left() == 0 && subject.len() == 4 && is_cut_off(word) => break true,
            Some(word) if subject.len() < LONGEST => subject.push(word),
            _ if begins_an_error(subject.first().copied()) => return Err(Why::NotUnderstood),
            _ => return Ok(None),
        }
    };
    *words = ahead;
    let subject: Vec<String> = subject.iter().map(|word| word.to_ascii_lowercase()).collect();
    let subject: Vec<&str> = subject.iter().map(String::as_str).collect();
    let (scope, host, about) = match *subject.as_slice() {
        [scope @ ("net" | "host"), host] => (Some(scope), host, About::Anything),
        [host] => (None, host, About::Anything),
        // A code without a name, as older versions have it.
        [code, host] if code.starts_with('#') => (None, host, About::Anything),
        [host, "udp", "port", port] => (Some("port"), host, about_port(Transport::Udp, port)?),
        [host, "tcp", "port", port] => (Some("port"), host, about_port(Transport::Tcp, port)?),
        [host, "protocol", _, "port", _] => (Some("port"), host, About::NoPort),
        [host, "protocol", protocol] => {
            let protocol = protocol.parse().map_err(|_| Why::NotUnderstood)?;
            let about = carried::transport(protocol).map_or(About::NoPort, About::Transport);
            (Some("protocol"), host, about)
        }
        _ => return Err(Why::NotUnderstood),
    };
    let reason = read_reason(words);
    if reason.is_none() && !is_all && words.peek().is_some_and(|word| is_half_of(word, &REASONS)) {
        return Err(Why::NotUnderstood);
    }
    let code = match (scope, reason) {
        (Some("net" | "host"), Some(Reason::Prohibited)) => Code::Admin,
        (Some("net"), None) => Code::Net,
        (Some("host"), None) => Code::Host,
        (Some("protocol"), None) => Code::Protocol,
        (Some("port"), None) => Code::Port,
        _ => Code::Other,
    };
    Ok(Some(Wording {
        code,
        destination: read_host(host, words, Family::V4)?,
        about,
    }))
}

/// Whether a word is the beginning of `unreachable`: behind a port, no other word stands.
fn is_cut_off(word: &str) -> bool {
    !word.is_empty() && "unreachable".starts_with(&word.to_ascii_lowercase())
}

/// Whether a word is the first of an error's wording, so that the rest must follow. No message without words.
fn begins_an_error(word: Option<&str>) -> bool {
    word.is_none_or(|word| {
        matches!(word, "net" | "host")
            || word.starts_with('#')
            || word.starts_with(|c: char| c.is_ascii_digit())
    })
}

/// Why something is unreachable, beyond the code that the other words imply.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// Codes 9, 10 and 13.
    Prohibited,
    /// Codes 4 to 8, 11, 12, 14 and above.
    Other,
}

/// The first words of reasons: that of those which prohibit, and those of the others.
const REASONS: [&str; 7] = [
    PROHIBITED,
    "need",
    "source",
    "unknown",
    "tos",
    "host",
    "precedence",
];
const PROHIBITED: &str = "admin";

/// `- admin prohibited filter`, `- need to frag (mtu 1400)`.
fn read_reason(words: &mut Cursor<'_, '_>) -> Option<Reason> {
    let reason = match bare(words.peek()?) {
        PROHIBITED => Reason::Prohibited,
        code if REASONS.contains(&code) || code.starts_with('#') => Reason::Other,
        _ => return None,
    };
    let mut ahead = *words;
    // No reason is longer.
    for _ in 0..6 {
        if ahead.peek().is_some_and(|word| bare(word) == "length") {
            *words = ahead;
            break;
        }
        ahead.next();
    }
    Some(reason)
}

/// Reads the quoted packet that `-v` prints, if it is there, and what it is about. Not one that tcpdump
/// could not read.
fn read_quoted(words: &mut Cursor<'_, '_>) -> Option<(Option<Quoted>, About)> {
    let mut ahead = *words;
    // OpenBSD: `... unreachable for 192.0.2.15.52444 > 203.0.113.2.53: 35084+ [|domain]`.
    let named = ahead.eat("for");
    ahead.eat("IP");
    if !named && ahead.peek() != Some("(tos") {
        return None;
    }
    let Ok(Front::Ip(header)) = header::read(&mut ahead) else {
        return None;
    };
    let carried = carried::read(&header, &mut ahead).ok()?;
    *words = ahead;
    // OpenBSD's lengths behind it: `(ttl 64, id 1234, len 61)`.
    while words.peek() == Some("(ttl") {
        words.skip_group('(', ')');
    }
    let (transport, ports, message) = match carried {
        Carried::Udp(ports, Datagram::Dns(message)) => (Transport::Udp, ports, Some(message)),
        Carried::Udp(ports, _) => (Transport::Udp, ports, None),
        Carried::Tcp(ports, _) => (Transport::Tcp, ports, None),
        // Cut behind its ports.
        Carried::Unreadable(_) => match (
            header.protocol.map(u32::from).and_then(carried::transport),
            ports_of(&header),
        ) {
            (Some(transport), Some(ports)) => (transport, ports, None),
            _ => return Some((None, About::NoPort)),
        },
        Carried::Nothing(_) | Carried::Icmp | Carried::LaterFragment | Carried::Other { .. } => {
            return Some((None, About::NoPort));
        }
    };
    let quoted = Quoted {
        source: header.source.address,
        source_port: ports.source,
        message: message.map(|message| QuotedMessage {
            id: message.id,
            response: message.response,
            recursion_desired: (message.response != Some(true)).then_some(message.recursion_desired),
            name: message.name,
        }),
    };
    let about = ports
        .destination
        .map_or(About::NoPort, |port| About::Port(transport, port));
    Some((Some(quoted), about))
}

fn ports_of(header: &Header) -> Option<Ports> {
    let (source, destination) = header.source.port.zip(header.destination.port)?;
    Some(Ports {
        source: source.number(),
        destination: destination.number(),
    })
}
