//! The front of a record, up to the two addresses: what `-i any`, `-e` and `-v` put there, and what tcpdump
//! says of a packet whose IP header it cannot read.

use std::net::IpAddr;

use netmon_common::wire::ip::{Family, Protocol};
use netmon_common::wire::{self, Unreadable};

use super::endpoint::{Endpoint, begins_with_addresses, is_mac, may_be_host};
use super::why::Why;
use super::words::{Cursor, Depth, bare, is_half_of};

/// The first word that tcpdump prints for what the link layer carries besides IP, a version's number left
/// out (`CDPv2` is `CDP`). Protocols that it cannot decode are told by `ethertype` instead.
const NOT_IP: &str = "\
    802.3 AARP ARCNET ARP AT AoE BATADV Broadcom CDP CFM CLNP DTP EAP EAPOL EDP ES-IS Ethertype GeoNet \
    HomePlug IEEE1905 IPX IS-IS LACP LLC LLDP LOOP Loopback MACsec MPCP MPLS MS MSNLB NSH OAM PPP PPPoE PTP RARP \
    RRCP Realtek Reverse SNAP STP Slow TIPC UDLD VTP";

/// More tags than that make a frame neither IPv4 nor IPv6 for netmon.
const VLAN_TAGS: usize = 2;

/// IP protocols that have ports; those by number: DCCP, SCTP, UDP-Lite.
const WITH_PORTS: [u8; 5] = [Protocol::TCP.0, Protocol::UDP.0, 33, 132, 136];
/// Those that have none, and whose messages quote packets that have.
const ICMP: [u8; 2] = [Protocol::ICMPV4.0, Protocol::ICMPV6.0];

/// An IP packet's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The IP version.
    pub family: Family,
    /// Who sent it.
    pub source: Endpoint,
    /// Whom it is for.
    pub destination: Endpoint,
    /// The outermost length that is printed.
    pub bytes: Option<u32>,
    /// What it carries, with `-v`; IPv6: the first header behind it.
    pub protocol: Option<u8>,
    /// Whether it is an IPv4 fragment other than the first, with `-v`.
    pub later_fragment: bool,
    /// Whether a name stands in place of one of its addresses.
    pub named: bool,
}

impl Header {
    /// Whether the addresses have ports, and what the packet carries has none: they are those of a packet that it quotes or
    /// carries, and the line in front of that is missing.
    pub fn has_ports_of_another(&self) -> bool {
        let has_ports = self.source.port.is_some() && self.destination.port.is_some();
        // A name ends with what may be a port.
        let has_none = |protocol| ICMP.contains(&protocol) || !self.named && !WITH_PORTS.contains(&protocol);
        has_ports && self.protocol.is_some_and(has_none)
    }
}

/// What a record begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front {
    /// An IP packet.
    Ip(Header),
    /// An IP packet of which the text gives no address, although its headers may be well.
    IpWithoutAddresses(Family),
    /// Something else.
    NotIp,
    /// A packet whose headers tcpdump could not read.
    Unreadable(Unreadable),
}

/// Reads the front of a record. The cursor is then behind the colon of the destination.
pub fn read(words: &mut Cursor<'_, '_>) -> Result<Front, Why> {
    skip_pflog(words);
    let mut seen = Seen::default();
    let mut depth = Depth::default();
    while let Some(word) = words.next() {
        let inside = !depth.is_outside();
        depth.pass(word, '(', ')');
        if inside || word.starts_with('(') {
            seen.detail(word);
        } else if let Some(front) = seen.pass(word, *words) {
            return front;
        }
    }
    // Of a frame that carries no IP, at least the addresses on the link are printed.
    if seen.link_addresses && seen.family.is_none() && !seen.half_ethertype {
        Ok(Front::NotIp)
    } else {
        Err(Why::NotUnderstood)
    }
}

/// Goes past what pf's log has in front of a packet: `rule 4.icmp.2/0(match): pass out on vr2:`.
fn skip_pflog(words: &mut Cursor<'_, '_>) {
    const LONGEST: usize = 12;
    let mut ahead = *words;
    if !ahead.eat("rule") {
        return;
    }
    for _ in 0..LONGEST {
        if ahead.eat("on") && ahead.next().is_some_and(|interface| interface.ends_with(':')) {
            *words = ahead;
            return;
        }
        ahead.next();
    }
}

/// What was seen on the way to the addresses.
#[derive(Debug, Default)]
struct Seen<'a> {
    family: Option<Family>,
    tags: usize,
    /// The last word outside parentheses.
    previous: &'a str,
    /// A length outside parentheses.
    outer_length: Option<u32>,
    /// The last word inside parentheses.
    previous_detail: &'a str,
    /// A length inside parentheses.
    inner_length: Option<u32>,
    protocol: Option<u8>,
    later_fragment: bool,
    link_addresses: bool,
    /// Whether `ethertype` is cut.
    half_ethertype: bool,
}

impl<'a> Seen<'a> {
    /// A word of the IP header that `-v` prints in parentheses.
    fn detail(&mut self, word: &'a str) {
        let text = word.trim_start_matches('(').trim_end_matches([',', ')']);
        match self.previous_detail {
            "offset" => self.later_fragment = text.parse().is_ok_and(|offset: u32| offset != 0),
            "length" | "length:" if self.inner_length.is_none() => self.inner_length = text.parse().ok(),
            _ => {}
        }
        // `proto UDP (17)`, `next-header UDP (17)`; not the family that BSD's loopback header has, which comes first: `AF IPv4 (2)`.
        let is_first = self.previous_detail.is_empty();
        if word.starts_with('(') && word.len() > 1 && self.protocol.is_none() && !is_first {
            self.protocol = text.parse().ok();
        }
        self.previous_detail = text;
    }

    /// A word outside parentheses, and the one behind it. Gives the front when it ends here.
    fn pass(&mut self, word: &'a str, behind: Cursor<'_, '_>) -> Option<Result<Front, Why>> {
        let next = behind.peek();
        // Of IPv6, an address may follow without a space.
        let word = word
            .strip_prefix("missing!")
            .filter(|address| !address.is_empty())
            .unwrap_or(word);
        let previous = std::mem::replace(&mut self.previous, word);
        let text = bare(word);
        if previous == "length" {
            self.outer_length = self.outer_length.or(text.parse().ok());
            return None;
        }
        if previous == "ethertype" {
            return self.ethertype(text);
        }
        if let Some(front) = give_up(previous, word, next) {
            return Some(Ok(front));
        }
        self.link_addresses |= is_mac(word);
        self.half_ethertype |= is_half_of(word, &["ethertype"]);
        match text {
            // What has no link header (`-e`). Its version shows in its addresses.
            "ip" if previous.is_empty() => {}
            "IP" => self.family = Some(Family::V4),
            "IP6" => self.family = Some(Family::V6),
            _ if self.family.is_none() && is_not_ip(text) => return Some(Ok(Front::NotIp)),
            // The colons at the end of `::` are its own.
            _ if word.ends_with(':') && word.parse::<IpAddr>().is_err() => {
                // The length of the frame, where old versions print the link's addresses.
                if self.family.is_none() && is_number(text) {
                    self.outer_length = self.outer_length.or(text.parse().ok());
                    return None;
                }
                return Some(self.addresses(previous, word, behind));
            }
            _ => {}
        }
        None
    }

    fn ethertype(&mut self, kind: &str) -> Option<Result<Front, Why>> {
        match kind {
            "IPv4" => self.family = Some(Family::V4),
            "IPv6" => self.family = Some(Family::V6),
            "802.1Q" | "802.1Q-QinQ" if self.tags < VLAN_TAGS => self.tags += 1,
            half if is_half_of(half, &["IPv4", "IPv6", "802.1Q"]) => return Some(Err(Why::NotUnderstood)),
            _ => return Some(Ok(Front::NotIp)),
        }
        None
    }

    /// The word before this one, and this one, are the addresses.
    fn addresses(&self, source: &str, destination: &str, behind: Cursor<'_, '_>) -> Result<Front, Why> {
        let header = |source: Endpoint, destination: Endpoint, named| {
            Front::Ip(Header {
                // What a name stands for is known by no version.
                family: self
                    .family
                    .unwrap_or(if named { Family::V4 } else { family_of(destination) }),
                source,
                destination,
                bytes: self.outer_length.or(self.inner_length),
                protocol: self.protocol,
                later_fragment: self.later_fragment,
                named,
            })
        };
        match (Endpoint::read(source), Endpoint::read(destination)) {
            (Some(source), Some(destination)) => Ok(header(source, destination, false)),
            (source_read, destination_read) => {
                let is_host = |word, read: Option<_>| read.is_some() || may_be_host(bare(word));
                let by_name = is_host(source, source_read) && is_host(destination, destination_read);
                // Where no protocol is named, something must show that these are a packet's addresses.
                if !by_name
                    || (self.family.is_none()
                        && !begins_with_addresses(&[source, destination, behind.peek().unwrap_or_default()]))
                {
                    return Err(Why::NotUnderstood);
                }
                // Of ICMP no ports are printed; of what has any, they are.
                let is_icmp = |word: &str| matches!(bare(&word.to_ascii_lowercase()), "icmp" | "icmp6");
                let with_ports = !behind.peek().is_some_and(is_icmp);
                let family = self.family.unwrap_or(Family::V4);
                let hosts = behind.hosts.ok_or(Why::HostNames)?;
                let host = |word: &str, read: Option<Endpoint>| match read
                    .filter(|read| read.port.is_some() == with_ports)
                {
                    Some(read) => Ok(read),
                    None => hosts.endpoint(word, family, with_ports),
                };
                Ok(header(
                    host(source, source_read)?,
                    host(destination, destination_read)?,
                    true,
                ))
            }
        }
    }
}

/// What tcpdump says when it gives up.
fn give_up(previous: &str, word: &str, next: Option<&str>) -> Option<Front> {
    let unreadable = match (previous, word, next) {
        (_, "[|ip]", _) => Unreadable::cut(wire::Header::Ipv4),
        (_, "[|ip6]", _) => Unreadable::cut(wire::Header::Ipv6),
        (_, "[|ether]" | "[|sll]" | "[|sll2]" | "[|null]", _) => Unreadable::cut(wire::Header::Link),
        (_, "[|vlan]", _) => Unreadable::cut(wire::Header::Vlan),
        (_, cut, _) if cut.starts_with("[|") => return Some(Front::NotIp),
        // The length of a packet that the network card shall cut in segments: not wrong, and not read.
        ("bad-len", "0", _) => return Some(Front::IpWithoutAddresses(Family::V4)),
        // `truncated-ip 12` gives up, `truncated-ip - 12 bytes missing! ` goes on.
        ("truncated-ip" | "truncated-ip6", _, Some("bytes")) => return None,
        ("truncated-ip", length, _) if is_number(length) => Unreadable::short(wire::Header::Ipv4),
        ("truncated-ip6", length, _) if is_number(length) => Unreadable::short(wire::Header::Ipv6),
        // Lengths that cannot be, and versions that are not the EtherType's: `IP5 (invalid)`,
        // `IP6, wrong link-layer encapsulation`, `IP6 version error: 4 != 6`.
        ("bad-hlen" | "bad-len", _, _) | (_, "IP6,", Some("wrong")) => Unreadable::wrong(wire::Header::Ipv4),
        (_, version, _)
            if version
                .strip_prefix("IP")
                .is_some_and(|v| v != "6" && is_number(v)) =>
        {
            Unreadable::wrong(wire::Header::Ipv4)
        }
        ("IP6", "version", Some("error:")) => Unreadable::wrong(wire::Header::Ipv6),
        _ => return None,
    };
    Some(Front::Unreadable(unreadable))
}

/// Whether a word stands for something besides IP: see [`NOT_IP`].
pub fn is_not_ip(word: &str) -> bool {
    let name = match word.rsplit_once('v') {
        Some((name, version)) if is_number(version) => name,
        _ => word,
    };
    NOT_IP.split_ascii_whitespace().any(|not_ip| not_ip == name)
}

fn family_of(endpoint: Endpoint) -> Family {
    if endpoint.address.ip().is_ipv4() {
        Family::V4
    } else {
        Family::V6
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
