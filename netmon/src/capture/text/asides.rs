//! What a line is besides a packet's text: what a program that captures says, a prompt; and where its packet was seen.

use std::hash::BuildHasher;

use foldhash::quality::FixedState;

use super::begins;
use super::packet::Sight;
use super::record::RECORD_LEN;
use crate::capture::masquerade::Hop;

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
        [interface, direction, packet @ ..] if begins::is_direction(direction) => {
            (format!("{interface} {direction}"), packet)
        }
        [direction, packet @ ..] if begins::is_direction(direction) => ((*direction).to_owned(), packet),
        packet => (String::new(), packet),
    };
    // What the link layer has differs from interface to interface; so does what a router counts down.
    let ip = packet
        .iter()
        .position(|word| matches!(*word, "IP" | "IP6" | "IPv4" | "IPv6"))
        .unwrap_or(0);
    let mut previous = "";
    let kept = packet.get(ip..)?.iter().filter(|word| {
        let counted = matches!(
            std::mem::replace(&mut previous, word),
            "ttl" | "hlim" | "(ttl" | "(hlim"
        );
        !counted
    });
    let text = kept.copied().collect::<Vec<_>>().join(" ");
    let hop = hop(&at, packet);
    let start = after(packet, &["seq"])
        .and_then(|range| range.split(':').next())
        .and_then(|start| start.parse().ok());
    Some(Sight { at, text, hop, start })
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
    let (interface, direction) = at.split_once(' ')?;
    Some(Hop::Told {
        interface: FixedState::with_seed(0).hash_one(interface),
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
