//! Addresses and ports as tcpdump prints them: `203.0.113.2.domain`, `2001:db8::2.53`.

use std::net::IpAddr;

use netmon_common::Address;

/// A port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// Printed as a number, or by a name that means a DNS port.
    Number(u16),
    /// Printed by another name: which number it has depends on the `/etc/services` of who captured it.
    Named,
}

impl Port {
    /// Reads what stands behind an address, or alone.
    pub fn read(text: &str) -> Option<Self> {
        match text {
            // RFC 6335's names of the ports that carry DNS messages.
            "domain" => Some(Self::Number(53)),
            "domain-s" => Some(Self::Number(853)),
            "mdns" => Some(Self::Number(5353)),
            _ if text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(is_letter) => {
                text.parse().ok().map(Self::Number)
            }
            _ if is_host_name(text) && !text.contains('.') => Some(Self::Named),
            _ => None,
        }
    }

    /// The number, where it is known.
    pub fn number(self) -> Option<u16> {
        match self {
            Self::Number(number) => Some(number),
            Self::Named => None,
        }
    }
}

/// One end of a packet's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The address.
    pub address: Address,
    /// The port, if one is printed.
    pub port: Option<Port>,
}

impl Endpoint {
    /// Reads an address with or without a port; a comma or colon behind it is not part of it.
    pub fn read(word: &str) -> Option<Self> {
        if let Some(address) = read_address(word) {
            return Some(Self { address, port: None });
        }
        let text = bare(word);
        // IPv4 has a fixed number of labels; an IPv6 address may end with an IPv4 one, which has dots too.
        let (address, port) = if text.contains(':') {
            text.rsplit_once('.')?
        } else {
            let (end, _) = text.match_indices('.').nth(3)?;
            (text.get(..end)?, text.get(end + 1..)?)
        };
        Some(Self {
            address: address.parse::<IpAddr>().ok()?.into(),
            port: Some(Port::read(port)?),
        })
    }
}

/// Reads an address without a port; a comma or colon behind it is not part of it.
pub fn read_address(word: &str) -> Option<Address> {
    // First as it stands: `2001:db8::` ends with colons of its own.
    let ip: IpAddr = word.parse().or_else(|_| bare(word).parse()).ok()?;
    Some(ip.into())
}

/// Whether a word may be a host's name (with or without a port): letters, digits and what goes between.
pub fn is_host_name(word: &str) -> bool {
    let text = bare(word);
    text.contains(is_letter)
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
}

/// Whether a word may stand for a host in place of its address: a name, or an address that somebody made unreadable
/// (`192.0.2.xx`, `*.*.*.*`, `[redacted]`). Pieces of addresses are neither.
pub fn may_be_host(word: &str) -> bool {
    const HIDDEN: &str = "*#?<>[]";
    let is_port_list = word.starts_with("[|");
    !word.is_empty()
        && !is_port_list
        && word.contains(|c: char| c.is_ascii_alphabetic() || HIDDEN.contains(c) || !c.is_ascii())
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-._:%".contains(c) || HIDDEN.contains(c) || !c.is_ascii())
        && !word.starts_with(['.', ':', '-'])
        && !word.ends_with(['.', '-'])
        && !is_half_address(word)
        && !is_mac(word)
}

/// Whether a word is digits of an IPv6 address between colons, and no address: `2001:db8`.
fn is_half_address(word: &str) -> bool {
    word.contains(':')
        && word.chars().all(|c| c.is_ascii_hexdigit() || c == ':')
        && read_address(word).is_none()
}

/// Whether a word is an address of the link layer: `02:00:00:00:00:01`.
pub fn is_mac(word: &str) -> bool {
    let word = bare(word);
    word.len() == 17
        && word.split(':').count() == 6
        && word
            .split(':')
            .all(|byte| byte.len() == 2 && byte.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic()
}

/// Whether a packet's addresses come next: `192.0.2.15.52444 203.0.113.2.domain:`, perhaps behind `IP`.
pub fn begins_with_addresses(words: &[&str]) -> bool {
    let words = match words.split_first() {
        Some((first, rest)) if matches!(*first, "IP" | "IP6") => rest,
        _ => words,
    };
    let [source, destination, behind @ ..] = words else {
        return false;
    };
    if !destination.ends_with(':') {
        return false;
    }
    match (Endpoint::read(source), Endpoint::read(destination)) {
        (Some(_), Some(_)) => true,
        // A name, or an address that somebody made unreadable, beside something that only a packet of DNS has.
        (source_read, destination_read) => {
            let host = |word: &str, read: Option<Endpoint>| read.is_some() || may_be_host(bare(word));
            let of_dns = |word: &str| bare(word).ends_with(".53") || bare(word).ends_with(".domain");
            let icmp = behind.first().is_some_and(|word| {
                bare(word).eq_ignore_ascii_case("icmp") || bare(word).eq_ignore_ascii_case("icmp6")
            });
            host(source, source_read)
                && host(destination, destination_read)
                && (icmp || of_dns(source) || of_dns(destination))
        }
    }
}

/// A word without the comma or colon that ends it. Only one is taken off: an address may end with colons.
pub fn bare(word: &str) -> &str {
    word.strip_suffix([',', ':']).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_read_with_and_without_ports() {
        let cases = [
            ("203.0.113.2.53", "203.0.113.2", Some(Port::Number(53))),
            ("203.0.113.2.domain:", "203.0.113.2", Some(Port::Number(53))),
            ("203.0.113.2:", "203.0.113.2", None),
            ("192.51.100.15.x11", "192.51.100.15", Some(Port::Named)),
            ("2001:db8::2.53:", "2001:db8::2", Some(Port::Number(53))),
            ("2001:db8::2,", "2001:db8::2", None),
            ("::1.domain:", "::1", Some(Port::Number(53))),
            ("::ffff:192.0.2.1", "192.0.2.1", None),
            ("::ffff:192.0.2.1.5353:", "192.0.2.1", Some(Port::Number(5353))),
            ("::.53", "::", Some(Port::Number(53))),
            (":::", "::", None),
            ("::,", "::", None),
            ("2001:db8:::", "2001:db8::", None),
            ("2001:db8::", "2001:db8::", None),
        ];
        for (word, address, port) in cases {
            let endpoint = Endpoint::read(word).unwrap_or_else(|| panic!("{word}"));
            assert_eq!(
                (endpoint.address.to_string().as_str(), endpoint.port),
                (address, port),
                "{word}"
            );
        }
    }

    #[test]
    fn names_pieces_and_nonsense_are_no_endpoints() {
        for word in [
            "",
            ".",
            "dns.google.domain",
            "203.0.113",
            "203.0.113.2.",
            "203.0.113.2.70000",
            "203.0.113.256.53",
            "203.0.113.2.5.3",
            "02:00:00:00:00:01",
            "2001:db8::2.",
            "1.2.3.4.-",
            "length",
        ] {
            assert_eq!(Endpoint::read(word), None, "{word}");
        }
    }

    #[test]
    fn host_names_are_told_from_pieces_of_addresses() {
        for (word, is) in [
            ("dns.google.domain:", true),
            ("gateway", true),
            ("203.0.1", false),
            ("[S],", false),
        ] {
            assert_eq!(is_host_name(word), is, "{word}");
        }
    }
}
