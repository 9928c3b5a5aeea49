//! What a line is besides a packet's text: what a program that captures says, a prompt; and where its packet was seen.

use std::hash::BuildHasher;

use foldhash::quality::FixedState;

use super::begins;
use super::grammar::endpoint::is_mac;
use super::packet::Sight;
use super::record::RECORD_LEN;
use crate::capture::link::Loopback;
use crate::capture::translations::Hop;

/// Where a word begins in the line that it is a part of.
pub fn offset_in(line: &str, word: &str) -> usize {
    (word.as_ptr().addr())
        .checked_sub(line.as_ptr().addr())
        .filter(|offset| *offset <= line.len())
        .unwrap_or(0)
}

/// Where a packet was seen, by the words behind its stamp; and what of it is the same wherever it is seen.
pub fn sight(text: &str) -> Option<Sight> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (at, packet) = match words.as_slice() {
        ["rule", ..] => {
            let on = words.iter().position(|word| *word == "on")?;
            let packet = words.get(on + 2..)?;
            (words.get(on - 1..on + 2)?.join(" "), packet)
        }
        // Of an interface that is not known where the text is printed, the number at most.
        ["?", direction, "ifindex", index, packet @ ..] if begins::is_direction(direction) => {
            (format!("{index} {direction}"), packet)
        }
        ["?", direction, packet @ ..] if begins::is_direction(direction) => ((*direction).to_owned(), packet),
        [interface, direction, packet @ ..] if begins::is_direction(direction) => {
            (format!("{interface} {direction}"), packet)
        }
        [direction, packet @ ..] if begins::is_direction(direction) => ((*direction).to_owned(), packet),
        packet => (String::new(), packet),
    };
    // What the link layer has differs from interface to interface.
    let ip = packet
        .iter()
        .position(|word| matches!(*word, "IP" | "IP6" | "IPv4" | "IPv6"))
        .unwrap_or(0);
    Some(Sight {
        // A capture of several interfaces prints no link addresses without a direction before them.
        hides_interface: !(at.contains(' ')
            || at.is_empty() && packet.first().is_some_and(|word| is_mac(word))),
        loopback: loopback(&at, packet),
        for_another_host: at == "P" || at.ends_with(" P"),
        text: unchanged(packet.get(ip..)?),
        hop: hop(&at, packet),
        at,
    })
}

/// Whether a place is a loopback interface by its name, or its link header may be one's.
fn loopback(at: &str, packet: &[&str]) -> Loopback {
    match (at.split(' ').next(), packet) {
        (Some("lo" | "lo0"), _) | (_, ["00:00:00:00:00:00", ..]) => Loopback::Yes,
        (_, ["AF", ..]) => Loopback::ByAddresses,
        _ => Loopback::No,
    }
}

/// What is printed of a packet, without what routers and network cards change: time to live and checksums.
fn unchanged(packet: &[&str]) -> String {
    let mut kept = String::new();
    let mut words = packet.iter().copied().peekable();
    while let Some(word) = words.next() {
        match word {
            "ttl" | "hlim" | "(ttl" | "(hlim" => {
                words.next();
            }
            // `cksum 0x1682 (correct)`, `bad cksum 0 (->b1c5)!`.
            "cksum" => {
                words.next();
                while words.next_if(|word| word.starts_with(['(', '-', '0'])).is_some() {}
            }
            // `[udp sum ok]`, `[bad udp cksum 0x1234 -> 0x5678!]`.
            "[udp" | "[bad" | "[no" => while words.next().is_some_and(|word| !word.ends_with(']')) {},
            "bad" if words.peek() == Some(&"cksum") => {}
            _ => {
                kept.push_str(word.trim_end_matches([',', ')']));
                kept.push(' ');
            }
        }
    }
    kept
}

/// What a packet's header tells of its way with `-v`, else where it was seen.
fn hop(at: &str, packet: &[&str]) -> Option<Hop> {
    // What an error quotes has such a header too.
    let header = packet.split(|word| *word == ">").next()?;
    if let Some(left) = after(header, &["ttl", "hlim", "(ttl", "(hlim"]) {
        let identification = after(header, &["id"]).map_or(Some(0_u16), |id| id.parse().ok())?;
        return Some(Hop::Counted {
            identification: identification.to_be_bytes(),
            left: left.parse().ok()?,
        });
    }
    let (interface, direction) = match at.split_once(' ') {
        Some((interface, direction)) => (Some(interface), direction),
        None => (None, at),
    };
    Some(Hop::Told {
        interface: interface.map(|interface| FixedState::with_seed(0).hash_one(interface)),
        leaves: match direction {
            "Out" | "out" => true,
            direction if begins::is_direction(direction) => false,
            _ => return None,
        },
    })
}

/// The word behind the first one of these.
fn after<'a>(words: &[&'a str], names: &[&str]) -> Option<&'a str> {
    words.windows(2).find_map(|pair| match pair {
        [name, value] if names.contains(name) => Some(value.trim_end_matches([',', ')'])),
        _ => None,
    })
}

/// As much of a line as a record can hold.
pub fn start_of(line: &str) -> &str {
    let end = (0..=RECORD_LEN.min(line.len()))
        .rev()
        .find(|&end| line.is_char_boundary(end));
    end.and_then(|end| line.get(..end)).unwrap_or(line)
}

/// Whether a line is one that tcpdump tells beside the packets.
pub fn is_chatter(words: &[&str]) -> bool {
    match words {
        ["tcpdump:" | "tshark:" | "dumpcap:", _, ..]
        | ["Capturing" | "listening", "on", ..]
        | ["Running", "as", "user", ..]
        | ["No.", "Time", ..]
        | ["reading", "from", ..]
        | ["dropped", "privs", ..]
        | ["Warning:", "interface", "names", ..]
        | ["^C"]
        // pktmon's, and script's.
        | ["Collected", "data:", ..]
        | ["Script", "started" | "done", ..] => true,
        [
            count,
            "packet" | "packets",
            "captured" | "received" | "dropped" | "shown",
            ..,
        ] => count.trim_start_matches("^C").parse::<u64>().is_ok(),
        // FortiGate's.
        [option, ..] => option.starts_with("interfaces=[") || option.starts_with("filters=["),
        _ => false,
    }
}

/// Whether a line is a shell's prompt, or a packet's number (`-#`) that was left alone.
pub fn is_prompt(words: &[&str]) -> bool {
    match words {
        ["$" | "#", ..] => true,
        [number] => number.parse::<u64>().is_ok(),
        _ => false,
    }
}
