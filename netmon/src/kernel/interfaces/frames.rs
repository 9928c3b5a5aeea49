//! Which frames that arrive at the watched interfaces are this host's: by hardware address.

use std::collections::{BTreeMap, BTreeSet};

use netmon_common::limits::INTERFACE_PLACES;
use netmon_common::records;
use netmon_common::records::MacAt;

use super::{Interface, Inventory, Kind, Link, Mac};

/// What the kernel programs are told of the watched interfaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frames {
    /// By their places in the programs' array.
    pub interfaces: BTreeMap<u32, records::Interface>,
    /// The hardware addresses of what is stacked on them.
    pub stacked: BTreeSet<MacAt>,
}

/// Whose frames arrive at an interface.
enum Owner {
    /// Anybody's, to be handed on.
    Anybody,
    /// Those for these hardware addresses.
    These(BTreeSet<Mac>),
}

impl Inventory {
    /// What the programs are to know, when these interfaces are watched, and those with these names are mirror ports.
    pub fn frames(&self, watched: &BTreeSet<u32>, mirrors: &BTreeSet<String>) -> Frames {
        let mut frames = Frames::default();
        let links = self.links(watched);
        let known = watched.iter().filter_map(|index| self.interfaces.get(index));
        for interface in known {
            let Some((own, owner)) = self.whose(interface) else {
                continue;
            };
            let is_mirror = mirrors.contains(&interface.name);
            let flags = match owner {
                _ if is_mirror => records::Interface::MIRROR | records::Interface::ANY,
                Owner::Anybody => records::Interface::ANY,
                Owner::These(_) => 0,
            };
            let related = if self.is_related(interface, watched) {
                records::Interface::RELATED
            } else {
                0
            };
            let entry = frames.interfaces.entry(interface.index % INTERFACE_PLACES);
            entry.or_insert(records::Interface {
                ifindex: interface.index,
                flags: flags | related,
                link: links.get(&interface.index).copied().unwrap_or(interface.index),
                reserved: 0,
                mac: padded(own),
            });
            if let Owner::These(macs) = owner {
                frames.stacked.extend(macs.into_iter().map(|mac| MacAt {
                    ifindex: interface.index,
                    mac: padded(mac),
                }));
            }
        }
        frames
    }

    /// An interface's own hardware address, and whose frames arrive there; `None` where only this host's can arrive.
    fn whose(&self, interface: &Interface) -> Option<(Mac, Owner)> {
        match (interface.kind, interface.link) {
            (Kind::Loopback, _) | (_, Link::Other) => None,
            (_, Link::Ethernet) => interface.mac.map(|own| (own, self.owner(interface))),
            (_, Link::Ip) => Some((Mac::default(), Owner::Anybody)),
        }
    }

    /// Whether another one that is watched may see the same packets on the same way: a port of the same bridge, or what is
    /// stacked on this one, or below it.
    fn is_related(&self, interface: &Interface, watched: &BTreeSet<u32>) -> bool {
        let mut found = BTreeSet::from([interface.index]);
        let mut next = vec![interface];
        while let Some(one) = next.pop() {
            let neighbours = self.interfaces.values().filter(|other| {
                let is_above = other.lower == Some(one.index) || one.master == Some(other.index);
                let is_below = one.lower == Some(other.index) || other.master == Some(one.index);
                is_above || is_below
            });
            next.extend(neighbours.filter(|other| found.insert(other.index)));
        }
        found.len() > 1 && found.intersection(watched).count() > 1
    }

    /// Whose frames arrive at an interface. What is stacked on it may lie in another namespace: the addresses that the
    /// kernel lets through for it are known all the same.
    fn owner(&self, interface: &Interface) -> Owner {
        let mut macs: BTreeSet<Mac> = self
            .listens_to
            .iter()
            .filter(|(index, _)| *index == interface.index)
            .map(|(_, mac)| *mac)
            .collect();
        let mut storeys = vec![interface];
        let mut seen = BTreeSet::new();
        while let Some(below) = storeys.pop() {
            if !seen.insert(below.index) {
                continue;
            }
            macs.extend(below.mac);
            if let Some(master) = below.master.and_then(|master| self.interfaces.get(&master)) {
                match master.kind {
                    Kind::Stacked("bond" | "team") => storeys.push(master),
                    Kind::Stacked("VRF") => {}
                    // A bridge, or what does the same under another name.
                    _ => return Owner::Anybody,
                }
            }
            let above = self.interfaces.values();
            storeys.extend(
                above.filter(|above| {
                    above.lower == Some(below.index) && matches!(above.kind, Kind::Stacked(_))
                }),
            );
        }
        Owner::These(macs)
    }
}

fn padded(mac: Mac) -> [u8; 8] {
    let mut padded = [0; 8];
    for (to, from) in padded.iter_mut().zip(mac) {
        *to = from;
    }
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn mac(last: u8) -> Mac {
        [2, 0, 0, 0, 0, last]
    }

    fn interface(index: u32, kind: Kind, master: Option<u32>, lower: Option<u32>) -> Interface {
        Interface {
            mac: u8::try_from(index).ok().map(mac),
            master,
            lower,
            ..Interface::example(index, &format!("if{index}"), kind)
        }
    }

    /// A card with a macvlan device; two cards in a bridge; two in a bond with a VLAN on it; a VLAN that is a port.
    fn inventory() -> Inventory {
        let interfaces = [
            interface(1, Kind::Loopback, None, None),
            interface(2, Kind::Lowest, None, None),
            interface(3, Kind::Stacked("macvlan device"), None, Some(2)),
            interface(4, Kind::Lowest, Some(5), None),
            interface(5, Kind::Stacked("bridge"), None, None),
            interface(6, Kind::Lowest, Some(7), None),
            interface(7, Kind::Stacked("bond"), None, None),
            interface(8, Kind::Stacked("VLAN device"), None, Some(7)),
            interface(9, Kind::Lowest, None, None),
            interface(10, Kind::Stacked("VLAN device"), Some(5), Some(9)),
        ];
        Inventory {
            interfaces: interfaces.into_iter().map(|one| (one.index, one)).collect(),
            listens_to: [(2, mac(77))].into(),
            ..Inventory::default()
        }
    }

    #[test]
    fn frames_are_this_hosts_for_its_own_address_and_for_what_is_stacked_on_it() {
        let frames = inventory().frames(&[1, 2, 4, 6, 9].into(), &BTreeSet::new());
        let flags = |index: u32| frames.interfaces.get(&index).map(|interface| interface.flags);
        let stacked = |index: u32| -> Vec<u8> {
            let at = frames.stacked.iter().filter(|at| at.ifindex == index);
            at.map(|at| at.mac[5]).collect()
        };
        assert_eq!(flags(1), None, "the loopback interface has no others");
        assert_eq!(
            (flags(2), stacked(2)),
            (Some(0), vec![2, 3, 77]),
            "in another namespace too"
        );
        let is_any = |index| flags(index).map(|flags| flags & records::Interface::ANY);
        assert_eq!(is_any(4), Some(records::Interface::ANY), "the port of a bridge");
        assert_eq!((flags(6), stacked(6)), (Some(0), vec![6, 7, 8]), "in a bond");
        assert_eq!(
            is_any(9),
            Some(records::Interface::ANY),
            "below the port of a bridge"
        );
    }

    #[test]
    fn related_are_the_ports_of_one_bridge_and_what_is_stacked() {
        let related = |watched: &[u32]| -> Vec<u32> {
            let watched = watched.iter().copied().collect();
            let frames = inventory().frames(&watched, &BTreeSet::new());
            let interfaces = frames.interfaces.into_values();
            let related = interfaces.filter(|one| one.flags & records::Interface::RELATED != 0);
            related.map(|one| one.ifindex).collect()
        };
        assert_eq!(related(&[1, 2, 4, 6]), Vec::<u32>::new(), "each on its own");
        assert_eq!(related(&[2, 3, 6]), [2, 3], "a macvlan device and its card");
        assert_eq!(
            related(&[4, 6, 9]),
            [4, 9],
            "a port, and the card below another one"
        );
        assert_eq!(related(&[6, 7, 8]), [6, 7, 8]);
    }

    #[test]
    fn a_device_without_ethernet_headers_has_packets_for_anybody_and_is_known_so_that_own_sources_are_refused()
     {
        let mut inventory = inventory();
        let tunnel = Interface {
            mac: None,
            link: Link::Ip,
            ..interface(11, Kind::Tunnel, None, None)
        };
        inventory.interfaces.insert(11, tunnel);
        let frames = inventory.frames(&[2, 11].into(), &BTreeSet::new());
        let known = frames.interfaces[&11];
        assert_eq!((known.flags, known.mac), (records::Interface::ANY, [0; 8]));
        assert!(frames.stacked.iter().all(|at| at.ifindex != 11));
    }

    #[test]
    fn the_programs_know_the_link_of_each_interface() {
        let frames = inventory().frames(&[2, 3, 4, 6, 9].into(), &BTreeSet::new());
        let interfaces = frames.interfaces.into_values();
        let links: Vec<(u32, u32)> = interfaces.map(|one| (one.ifindex, one.link)).collect();
        assert_eq!(links, [(2, 2), (3, 2), (4, 5), (6, 7), (9, 9)]);
    }

    #[test]
    fn at_a_mirror_port_all_frames_are_judged() {
        let frames = inventory().frames(&[2].into(), &["if2".to_owned()].into());
        let flags = frames.interfaces[&2].flags;
        assert_eq!(flags, records::Interface::ANY | records::Interface::MIRROR);
    }

    #[test]
    fn of_two_interfaces_with_one_place_the_first_one_is_known() {
        let mut inventory = inventory();
        let other = 2 + INTERFACE_PLACES;
        inventory.interfaces.insert(
            other,
            Interface {
                mac: Some(mac(9)),
                ..interface(other, Kind::Lowest, None, None)
            },
        );
        let frames = inventory.frames(&[2, other].into(), &BTreeSet::new());
        assert_eq!(frames.interfaces[&2].ifindex, 2);
        assert_eq!(frames.interfaces.len(), 1);
    }
}
