//! Errors of DNS that a text has, and that were not read.

use netmon_common::DnsPorts;

use super::Places;

/// Lines that have the sentence in them that netmon exists for, and were not read as a packet.
#[derive(Clone, Debug, Default)]
pub struct Errors(Places);

impl Errors {
    /// Looks for errors of DNS in a text of which so many were read.
    pub fn add_unread(&mut self, line: u64, text: &str, read: usize, ports: &DnsPorts) {
        if text.len() < SHORTEST || errors_in(text, ports) <= read {
            return;
        }
        self.0.add(line, text.trim_end());
    }

    /// Where they are.
    pub(super) fn places(&self) -> &Places {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.count == 0
    }
}

/// `port 53 unreachable`, less than which no error is.
const SHORTEST: usize = 19;

/// How often a text says that a DNS port is unreachable: `udp port 53 unreachable`, or of IPv6 `unreachable port, 2001:db8::2 udp port
/// 53`, however it is written.
fn errors_in(text: &str, ports: &DnsPorts) -> usize {
    let word = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        bare.to_ascii_lowercase()
    };
    let is_dns = |port: &str| port == "domain" || port.parse().is_ok_and(|port| ports.contains(port));
    let mut last: [String; 8] = Default::default();
    let mut count = 0;
    for next in text.split_whitespace() {
        last.rotate_left(1);
        if let Some(place) = last.last_mut() {
            *place = word(next);
        }
        count += usize::from(match last.each_ref().map(String::as_str) {
            [.., "port", port, "unreachable"] => is_dns(port),
            // Between them stands the address, in one piece or more.
            [before @ .., "udp" | "tcp", "port", port] => {
                is_dns(port) && before.windows(2).any(|words| words == ["unreachable", "port"])
            }
            _ => false,
        });
    }
    count + usize::from(ends_within_an_error(last.each_ref().map(String::as_str), ports))
}

/// Whether a text that ends with these words was cut within an error of DNS: `icmp 203.0.113.2 udp port dom`.
fn ends_within_an_error(last: [&str; 8], ports: &DnsPorts) -> bool {
    let is_half = |half: &str, whole: &str| !half.is_empty() && whole.starts_with(half);
    let may_be_dns = |port: &str| {
        let numbers = ports.table().into_iter().filter(|number| *number != 0);
        is_half(port, "domain")
            || numbers
                .into_iter()
                .any(|number| is_half(port, &number.to_string()))
    };
    match last {
        [.., "icmp", _, "udp" | "tcp", half] | [.., "unreachable", "port", _, "udp" | "tcp", half] => {
            is_half(half, "port")
        }
        [.., "icmp", _, "udp" | "tcp", "port", half] => may_be_dns(half),
        // Whole, it was counted.
        [.., "unreachable", "port", _, "udp" | "tcp", "port", half] => {
            may_be_dns(half) && half != "domain" && !half.parse().is_ok_and(|port| ports.contains(port))
        }
        [.., "icmp", _, "udp" | "tcp", "port", port, half] => {
            may_be_dns(port) && is_half(half, "unreachable") && half != "unreachable"
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_dns_is_found_however_it_is_written() {
        for (text, errors) in [
            ("ICMP 203.0.113.2 udp port 53 unreachable, length 69", 1),
            ("icmp: 203.0.113.2 UDP port domain Unreachable", 1),
            ("(tcp port 53 unreachable)", 1),
            ("udp port 53 unreachable; udp port 53 unreachable", 2),
            ("udp port 5353 unreachable", 0),
            ("port 53 is unreachable", 0),
            ("icmp: 203.0.113.2 UDP port domain Un", 1),
            ("ICMP 203.0.113.2 udp port dom", 1),
            ("ICMP 203.0.113.2 udp port 5", 1),
            ("ICMP 203.0.113.2 udp port 33", 0),
            ("ICMP 203.0.113.2 udp po", 1),
            (
                "ICMP6, destination unreachable, unreachable port, 2001:db8::2 udp port do",
                1,
            ),
            (
                "ICMP6, destination unreachable, unreachable port, 2001:db8::2 udp port domain",
                1,
            ),
            (
                "ICMP6, destination unreachable, unreachable port, 2001:db8::2 udp",
                0,
            ),
        ] {
            assert_eq!(errors_in(text, &DnsPorts::DEFAULT), errors, "{text}");
        }
    }
}
