//! Lines of programs that print nearly what tcpdump prints, as tcpdump prints them.
//!
//! Cisco's `show capture`: `1: 13:24:36.098564  802.1Q vlan#10 P0 203.0.113.2 > 192.51.100.15 icmp: ...`, without a colon behind
//! an address that has no port. Windows' `pktmon etl2txt`: each packet has a line of pktmon's own, with the time, before it, and
//! link addresses with hyphens.

use std::borrow::Cow;

/// What pktmon says of a packet begins and ends with these.
const PKTMON: [&str; 2] = ["PktGroupId ", "LoggedSize "];
/// A date, a time and the name of the provider.
const WORDS_BEFORE_PKTMON: usize = 3;

/// The line as tcpdump prints it.
pub fn as_tcpdump(line: Cow<'_, str>) -> Cow<'_, str> {
    let line = match without_pktmon(&line) {
        Some(time) => return Cow::Owned(time),
        None => line,
    };
    let line = with_colons(line);
    if line.contains(" icmp: ") {
        return Cow::Owned(like_a_colon(&line));
    }
    without_vlan(line)
}

/// Only the time of pktmon's own line; the packet follows in the next one.
fn without_pktmon(line: &str) -> Option<String> {
    let [begin, end] = PKTMON;
    let (before, about) = line.split_once(begin)?;
    let (_, behind) = about.split_once(end)?;
    let behind = behind.trim_start_matches(|c: char| c.is_ascii_digit());
    // Else these are the words of a packet, which holds what looks so.
    if before.split_whitespace().count() > WORDS_BEFORE_PKTMON {
        return None;
    }
    // In front of the time there may be the event's numbers: `[00]0000.0000::2026-03-19 13:24:32.192571900 [Microsoft-...]`.
    let before = before.rsplit("::").next().unwrap_or(before);
    let before = before.split_once(" [").map_or(before, |(time, _)| time);
    Some(format!("{} {}", before.trim_end(), behind.trim_start()))
}

/// `08-00-27-AA-BB-CC > 52-54-00-12-35-02,` with colons.
fn with_colons(line: Cow<'_, str>) -> Cow<'_, str> {
    let is_link = |word: &str| {
        let word = word.trim_end_matches(',');
        word.len() == 17
            && word.split('-').count() == 6
            && word
                .split('-')
                .all(|byte| byte.len() == 2 && byte.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    if !line.contains('-') || !line.contains("ethertype") || !line.split_whitespace().any(is_link) {
        return line;
    }
    let words = line.split(' ').map(|word| {
        if is_link(word.trim()) {
            word.replace('-', ":")
        } else {
            word.to_owned()
        }
    });
    Cow::Owned(words.collect::<Vec<_>>().join(" "))
}

/// `> 192.51.100.15 icmp: ...` with a colon behind the address.
fn like_a_colon(line: &str) -> String {
    let line = without_vlan(Cow::Borrowed(line));
    let Some((before, behind)) = line.split_once(" icmp: ") else {
        return line.into_owned();
    };
    let is_address = before
        .rsplit(' ')
        .next()
        .is_some_and(|word| word.parse::<std::net::IpAddr>().is_ok());
    let colon = if is_address { ":" } else { "" };
    format!("{before}{colon} icmp: {behind}")
}

/// Without `802.1Q vlan#10 P0`.
fn without_vlan(line: Cow<'_, str>) -> Cow<'_, str> {
    let Some((before, tag)) = line.split_once("802.1Q vlan#") else {
        return line;
    };
    let mut words = tag.splitn(3, ' ');
    let (Some(_), Some(priority), Some(packet)) = (words.next(), words.next(), words.next()) else {
        return line;
    };
    if !priority.starts_with('P') {
        return line;
    }
    Cow::Owned(format!("{before}{packet}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_other_tools_print_becomes_what_tcpdump_prints() {
        for (printed, line) in [
            (
                "  4: 13:24:36.098564       203.0.113.2 > 192.51.100.15 icmp: 203.0.113.2 udp port 53 unreachable",
                "  4: 13:24:36.098564       203.0.113.2 > 192.51.100.15: icmp: 203.0.113.2 udp port 53 unreachable",
            ),
            (
                "  3: 13:24:32.192571 802.1Q vlan#10 P0 192.51.100.15.52444 > 203.0.113.2.53:  udp 39",
                "  3: 13:24:32.192571 192.51.100.15.52444 > 203.0.113.2.53:  udp 39",
            ),
            (
                "13:24:32.192571000 PktGroupId 1, PktNumber 1, Direction Tx , Type Ethernet , OriginalSize 81, LoggedSize 81 ",
                "13:24:32.192571000 ",
            ),
            (
                "[00]0001.0002::2026-03-19 13:24:32.192571900 [Microsoft-Windows-PktMon] PktGroupId 1, LoggedSize 81 ",
                "2026-03-19 13:24:32.192571900 ",
            ),
            (
                "\t08-00-27-AA-BB-CC > 52-54-00-12-35-02, ethertype IPv4 (0x0800), length 81: a",
                "\t08:00:27:AA:BB:CC > 52:54:00:12:35:02, ethertype IPv4 (0x0800), length 81: a",
            ),
            (
                "1.1 IP 203.0.113.2.53 > 192.51.100.15.9: 1 1/0/0 TXT \"::2.2 [ PktGroupId LoggedSize IP\" (33)",
                "1.1 IP 203.0.113.2.53 > 192.51.100.15.9: 1 1/0/0 TXT \"::2.2 [ PktGroupId LoggedSize IP\" (33)",
            ),
            (
                "13:24:36.1 203.0.113.2 > 192.51.100.15: icmp: 203.0.113.2 udp port 53 unreachable",
                "13:24:36.1 203.0.113.2 > 192.51.100.15: icmp: 203.0.113.2 udp port 53 unreachable",
            ),
        ] {
            assert_eq!(as_tcpdump(Cow::Borrowed(printed)), line);
        }
    }
}
