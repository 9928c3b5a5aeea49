//! Which interfaces are at one link, by which link-local addresses are told apart (RFC 4007 section 4): a packet and its answer may
//! come by several of them.

use std::collections::{BTreeMap, BTreeSet};

use netmon_common::Address;
use netmon_common::records::Interface as Record;

use super::{Interface, Inventory, Kind};

impl Inventory {
    /// The device that stands for the link of each interface, where that is another one, when these are watched: the bridge or bond
    /// that it is a port of, as this host itself would name it. What is stacked on another device is at that one's link, if its
    /// packets are seen there too: those that arrive are seen there first, whatever device they are for. So VLANs whose device below
    /// is watched are one link.
    pub fn links(&self, watched: &BTreeSet<u32>) -> BTreeMap<u32, u32> {
        let seen = self.seen_by(watched);
        let all = self.interfaces.keys();
        all.map(|index| (*index, self.link_of(*index, &seen)))
            .filter(|(index, link)| index != link)
            .collect()
    }

    /// This host's own addresses as keys ([`Address::on_link`]), when these are watched. One that is link-local is known on its link,
    /// and wherever it comes by the loopback interface, as what this host sends to itself does.
    pub fn own_addresses(&self, watched: &BTreeSet<u32>) -> BTreeSet<Address> {
        let links = self.links(watched);
        let on_links = self.addresses.iter().flat_map(|(index, ip)| {
            let link = links.get(index).unwrap_or(index);
            [*link, Record::LOOPBACK].map(|link| Address::from(*ip).on_link(link))
        });
        on_links.collect()
    }

    fn link_of(&self, index: u32, seen: &BTreeSet<u32>) -> u32 {
        let mut link = index;
        let mut known = BTreeSet::from([index]);
        while let Some(next) = self.interfaces.get(&link).and_then(|one| self.next(one, seen))
            && known.insert(next)
        {
            link = next;
        }
        link
    }

    /// The device whose link an interface is at, if that is another one.
    fn next(&self, interface: &Interface, seen: &BTreeSet<u32>) -> Option<u32> {
        let below = || {
            let lower = interface.lower.filter(|lower| seen.contains(lower));
            lower.filter(|_| matches!(interface.kind, Kind::Stacked(_)))
        };
        let next = self.port_of(interface).or_else(below)?;
        self.interfaces.contains_key(&next).then_some(next)
    }

    /// The device that an interface is a port of. A VRF only has routes of its own, and each of its interfaces is one link.
    fn port_of(&self, interface: &Interface) -> Option<u32> {
        let master = self.interfaces.get(&interface.master?)?;
        (master.kind != Kind::Stacked("VRF")).then_some(master.index)
    }

    /// Those of whose packets some are seen when these are watched: they, what they are ports of, and what lies on any of these.
    fn seen_by(&self, watched: &BTreeSet<u32>) -> BTreeSet<u32> {
        let mut seen = watched.clone();
        // Each round adds one more storey; there are few.
        loop {
            let before = seen.len();
            for interface in self.interfaces.values() {
                if seen.contains(&interface.index) {
                    seen.extend(self.port_of(interface));
                }
                let is_stacked = matches!(interface.kind, Kind::Stacked(_));
                if is_stacked && interface.lower.is_some_and(|lower| seen.contains(&lower)) {
                    seen.insert(interface.index);
                }
            }
            if seen.len() == before {
                return seen;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn interface(index: u32, kind: Kind, master: Option<u32>, lower: Option<u32>) -> Interface {
        Interface {
            master,
            lower,
            ..Interface::example(index, &format!("if{index}"), kind)
        }
    }

    fn inventory(interfaces: impl IntoIterator<Item = Interface>) -> Inventory {
        Inventory {
            interfaces: interfaces.into_iter().map(|one| (one.index, one)).collect(),
            ..Inventory::default()
        }
    }

    /// A bridge of a card and a tap; a bond of two cards, with a VLAN on it that is a port of another bridge; a card with a macvlan
    /// device and a VLAN; a card in a VRF.
    fn host() -> Inventory {
        inventory([
            interface(1, Kind::Loopback, None, None),
            interface(2, Kind::Lowest, Some(4), None),
            interface(3, Kind::Lowest, Some(4), None),
            interface(4, Kind::Stacked("bridge"), None, None),
            interface(5, Kind::Lowest, Some(7), None),
            interface(6, Kind::Lowest, Some(7), None),
            interface(7, Kind::Stacked("bond"), None, None),
            interface(8, Kind::Stacked("VLAN device"), Some(9), Some(7)),
            interface(9, Kind::Stacked("bridge"), None, None),
            interface(10, Kind::Lowest, None, None),
            interface(11, Kind::Stacked("macvlan device"), None, Some(10)),
            interface(12, Kind::Stacked("VLAN device"), None, Some(10)),
            interface(13, Kind::Lowest, Some(14), None),
            interface(14, Kind::Stacked("VRF"), None, None),
        ])
    }

    #[test]
    fn the_ports_of_a_bridge_are_one_link_and_what_lies_on_a_watched_device_is_at_its_link() {
        let host = host();
        let links = |watched: &[u32]| host.links(&watched.iter().copied().collect());
        let ports = [(2, 4), (3, 4), (5, 7), (6, 7), (8, 9)];
        let on_the_card = [(11, 10), (12, 10)];
        for (case, watched, is_with_the_card) in [
            ("nothing", &[][..], false),
            ("all of the lowest", &[2, 3, 5, 6, 10, 13], true),
            ("what lies on a card, alone", &[11, 12], false),
            ("one of them, and the card", &[10, 12], true),
            ("a card in a VRF", &[13], false),
            ("one card of the bond", &[5], false),
        ] {
            let more = on_the_card.iter().filter(|_| is_with_the_card);
            let expected: BTreeMap<u32, u32> = ports.iter().chain(more).copied().collect();
            assert_eq!(links(watched), expected, "{case}");
        }
    }

    #[test]
    fn interfaces_that_lie_on_each_other_in_a_circle_or_on_none_that_is_known_have_a_link_all_the_same() {
        let circle = inventory([
            interface(2, Kind::Stacked("VLAN device"), None, Some(3)),
            interface(3, Kind::Stacked("VLAN device"), None, Some(2)),
            interface(4, Kind::Stacked("macvlan device"), None, Some(4)),
            interface(5, Kind::Lowest, Some(99), None),
        ]);
        let links = circle.links(&[2, 3, 4, 5].into());
        assert_eq!(links, BTreeMap::from([(2, 3), (3, 2)]));
    }

    #[test]
    fn a_link_local_address_is_this_hosts_own_on_its_link_and_by_loopback_only() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let address = |text: &str| Address::from(ip(text));
        let mut host = host();
        host.addresses = [
            (1, ip("127.0.0.1")),
            (4, ip("fe80::1")),
            (3, ip("fe80::3")),
            (10, ip("192.0.2.1")),
            (10, ip("2001:db8::1")),
            (11, ip("fe80::11")),
        ]
        .into();
        let own = host.own_addresses(&[2, 3, 10].into());
        let expected = [
            address("127.0.0.1"),
            address("192.0.2.1"),
            address("2001:db8::1"),
            address("fe80::1").on_link(4),
            address("fe80::1").on_link(1),
            address("fe80::3").on_link(4),
            address("fe80::3").on_link(1),
            address("fe80::11").on_link(10),
            address("fe80::11").on_link(1),
        ];
        assert_eq!(own, BTreeSet::from(expected));
        let alone = host.own_addresses(&[11].into());
        assert!(alone.contains(&address("fe80::11").on_link(11)));
    }
}
