//! What only a packet begins with.

use super::grammar::endpoint::{Endpoint, begins_with_addresses, is_mac};
use super::grammar::header::is_not_ip;
use super::grammar::summary;
use super::grammar::words::bare;

/// The marks of a packet's way through an interface: tcpdump's, and `FortiGate`'s.
pub fn is_direction(word: &str) -> bool {
    matches!(word, "In" | "Out" | "B" | "M" | "P" | "in" | "out")
}

/// Whether the name of a protocol comes next that only a packet begins with.
pub fn begins_with_name_of_ip(words: &[&str]) -> bool {
    words
        .first()
        .is_some_and(|word| matches!(bare(word), "IP" | "IP6" | "ARP"))
}

/// Whether what stands behind a time stamp can only be a packet.
pub fn begins_packet(words: &[&str]) -> bool {
    let Some((&first, rest)) = words.split_first() else {
        return false;
    };
    let second = rest.first().copied().unwrap_or_default();
    match first {
        "IP" | "IP6" | "IP," | "IP6," | "AF" | "ethertype" => true,
        // pflog: `rule 4.icmp.2/0(match): pass out on vr2:`.
        "rule" => rest.iter().take(12).any(|word| *word == "on"),
        "arp" | "rarp" => !rest.is_empty(),
        _ if is_not_ip(bare(first)) => !rest.is_empty(),
        _ if is_mac(first) => true,
        _ if begins_with_addresses(words) => true,
        // An interface's name in front of them, as FortiGate and tcpdump 2 have it.
        _ if first.starts_with(|c: char| c.is_ascii_alphabetic()) && begins_with_addresses(rest) => {
            !first.contains(':')
        }
        _ if is_direction(first) => begins_packet(rest),
        // An interface's name.
        _ if is_direction(second) => {
            let behind = rest.get(1..).unwrap_or_default();
            behind.first().is_none_or(|word| *word == "ifindex") || begins_packet(behind)
        }
        _ => summary::is_next(words),
    }
}

/// Whether a line may be the first of a record without a time stamp (`-t`).
pub fn begins_untimed(words: &[&str]) -> bool {
    let word = |place: usize| words.get(place).copied();
    let is_direction = |place| word(place).is_some_and(is_direction);
    let Some(first) = word(0) else { return false };
    match first {
        "IP" | "IP6" => match word(1) {
            None => true,
            Some(second) => {
                second.starts_with(['(', '['])
                    || second.starts_with("truncated-ip")
                    || second.starts_with("bad-")
                    || Endpoint::read(second).is_some()
                    || word(2).is_some_and(|third| third.ends_with(':'))
            }
        },
        _ if is_not_ip(bare(first)) => words.len() > 1,
        _ if is_direction(0) => word(1).is_some_and(is_mac),
        // An interface's name.
        _ if is_direction(1) => word(2).is_none_or(|word| matches!(word, "IP" | "IP6" | "ARP," | "ifindex")),
        _ => is_mac(first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_without_a_time_is_known_by_its_first_words() {
        let cases = [
            ("IP 203.0.113.2 > 192.51.100.15: ICMP", true),
            ("IP gateway laptop: ICMP", true),
            ("IP", true),
            ("IP6 (hlim 64,", true),
            ("IP truncated-ip - 27 bytes missing!", true),
            ("ARP, Request who-has", true),
            ("eth0 In IP 203.0.113.2", true),
            ("In 02:00:00:00:00:01 ethertype", true),
            ("02:00:00:00:00:01 02:00:00:00:00:02, ethertype", true),
            ("IP addresses are numbers", false),
            ("ARP,", false),
            ("In the beginning", false),
            ("203.0.113.2.53:", false),
            ("", false),
        ];
        for (text, begins) in cases {
            let words: Vec<_> = text.split_whitespace().collect();
            assert_eq!(begins_untimed(&words), begins, "{text}");
        }
    }
}
