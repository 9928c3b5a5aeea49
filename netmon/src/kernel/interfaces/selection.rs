//! Which interfaces are watched: at the start, and again whenever the network has changed.

use std::collections::{BTreeMap, BTreeSet};

use glob::Pattern;
use netmon_common::limits;

use super::super::error::KernelError;
use super::{Interface, Inventory, Kind};

/// What to watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// The interfaces of the default routes, and `lo`.
    DefaultRoutes,
    /// Those with these names.
    Named(Vec<String>),
    /// All of the lowest, except those left out for a reason.
    All {
        /// Names that are left out: shell patterns.
        exclude: Vec<Pattern>,
    },
}

/// What is watched, and what is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// To watch.
    pub watched: Vec<Interface>,
    /// Not watched, and why.
    pub left_out: Vec<(String, String)>,
    /// Named, and not there.
    pub missing: Vec<String>,
    /// Indexes by which a packet may be known to have entered through a watched interface: those of the
    /// watched ones, and of devices that lie on nothing else.
    pub entered_by: BTreeSet<u32>,
}

impl Inventory {
    /// Chooses what to watch. `held` are the indexes of those that are watched already: an interface that was
    /// named is followed when its name changes, and one that had a default route until no interface that can be
    /// watched has one.
    pub fn choose(&self, selection: &Selection, held: &BTreeSet<u32>) -> Choice {
        let mut choice = match selection {
            Selection::DefaultRoutes => self.choose_default(held),
            Selection::Named(names) => self.choose_named(names, held),
            Selection::All { exclude } => self.choose_all(exclude),
        };
        choice.entered_by = self.entered_by(choice.watched.iter().map(|interface| interface.index).collect());
        choice
    }

    /// The same for the start, when everything must be there.
    pub fn choose_first(&self, selection: &Selection) -> Result<Choice, KernelError> {
        let choice = self.choose(selection, &BTreeSet::new());
        if let Some(name) = choice.missing.first() {
            let present: Vec<&str> = self
                .interfaces
                .values()
                .map(|known| known.name.as_str())
                .collect();
            return Err(KernelError::UnknownInterface {
                name: name.clone(),
                present: present.join(", "),
            });
        }
        if let (Selection::Named(_), Some((name, why))) = (selection, choice.left_out.first()) {
            return Err(KernelError::NoInterface {
                why: format!("{name} {why}"),
            });
        }
        if choice.watched.is_empty() {
            let why = match selection {
                Selection::DefaultRoutes => "there is neither a default route nor a loopback interface",
                Selection::Named(_) => "no interface is named",
                Selection::All { .. } => {
                    "there is no interface with Ethernet frames that lies on no other and is not excluded"
                }
            };
            return Err(KernelError::NoInterface { why: why.to_owned() });
        }
        if choice.is_too_much() {
            return Err(KernelError::TooManyInterfaces {
                count: choice.entered_by.len(),
            });
        }
        Ok(choice)
    }

    fn choose_default(&self, held: &BTreeSet<u32>) -> Choice {
        let mut choice = Choice::default();
        let with_default_route = || {
            let all = self.default_routes.iter();
            all.filter_map(|index| self.interfaces.get(index))
        };
        // A link that goes down takes its routes with it, and a tunnel's packets leave by another interface.
        let nobody_else = !with_default_route().any(|interface| interface.kind.can_be_watched());
        for interface in self.interfaces.values() {
            let is_default = self.default_routes.contains(&interface.index);
            match interface.kind {
                Kind::Loopback => choice.watched.push(interface.clone()),
                Kind::NotEthernet(word) if is_default => {
                    choice.left_out.push((interface.name.clone(), no_ethernet(word)));
                }
                Kind::NotEthernet(_) => {}
                _ if is_default || nobody_else && held.contains(&interface.index) => {
                    choice.watched.push(interface.clone());
                }
                _ => {}
            }
        }
        let unnamed = self.unnamed.intersection(&self.default_routes);
        choice.left_out.extend(unnamed.copied().map(no_name));
        choice
    }

    fn choose_named(&self, names: &[String], held: &BTreeSet<u32>) -> Choice {
        let mut choice = Choice::default();
        let by_name: BTreeMap<&str, &Interface> = self
            .interfaces
            .values()
            .map(|interface| (interface.name.as_str(), interface))
            .collect();
        for name in names {
            match by_name.get(name.as_str()).copied() {
                None => choice.missing.push(name.clone()),
                Some(Interface {
                    kind: Kind::NotEthernet(word),
                    ..
                }) => choice.left_out.push((name.clone(), no_ethernet(word))),
                Some(interface) if choice.watched.contains(interface) => {}
                Some(interface) => choice.watched.push(interface.clone()),
            }
        }
        let renamed = held.iter().filter_map(|index| self.interfaces.get(index));
        for interface in renamed {
            if !choice.watched.contains(interface) {
                choice.watched.push(interface.clone());
            }
        }
        choice
    }

    fn choose_all(&self, exclude: &[Pattern]) -> Choice {
        let mut choice = Choice::default();
        for interface in self.interfaces.values() {
            let name = &interface.name;
            let excluded = exclude.iter().find(|pattern| pattern.matches(name));
            match (interface.kind, excluded) {
                (_, Some(pattern)) => {
                    choice
                        .left_out
                        .push((name.clone(), format!("is excluded by {pattern}")));
                }
                (Kind::Loopback | Kind::Veth | Kind::Lowest, None) => choice.watched.push(interface.clone()),
                (Kind::Stacked(word), None) => choice.left_out.push((
                    name.clone(),
                    format!(
                        "is a {word}: its packets are counted where they enter or leave the devices below"
                    ),
                )),
                (Kind::NotEthernet(word), None) => choice.left_out.push((name.clone(), no_ethernet(word))),
            }
        }
        choice.left_out.extend(self.unnamed.iter().copied().map(no_name));
        choice
    }

    /// The indexes of what is watched and of what lies on it: a bridge counts as watched when all of its
    /// ports are, a VLAN device when the device below is.
    pub fn entered_by(&self, watched: BTreeSet<u32>) -> BTreeSet<u32> {
        let mut ports: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for interface in self.interfaces.values() {
            if let Some(master) = interface.master {
                ports.entry(master).or_default().push(interface.index);
            }
        }
        let mut known = watched;
        // Each round adds one more storey; there are few.
        loop {
            let before = known.len();
            for interface in self.interfaces.values() {
                let on_ports = ports
                    .get(&interface.index)
                    .is_some_and(|ports| ports.iter().all(|port| known.contains(port)));
                let on_lower = matches!(interface.kind, Kind::Stacked(_))
                    && interface.lower.is_some_and(|lower| known.contains(&lower));
                if on_ports || on_lower {
                    known.insert(interface.index);
                }
            }
            if known.len() == before {
                return known;
            }
        }
    }
}

impl Inventory {
    /// The names of the interfaces that packets can come by now without being seen, when these are watched: neither `lo` nor
    /// what lies on a watched one.
    pub fn unwatched(&self, watched: BTreeSet<u32>) -> Vec<String> {
        let seen = self.entered_by(watched);
        let up = self
            .interfaces
            .values()
            .filter(|interface| interface.is_up && interface.kind != Kind::Loopback);
        up.filter(|interface| !seen.contains(&interface.index))
            .map(|interface| interface.name.clone())
            .collect()
    }
}

impl Choice {
    /// Whether it is more than the kernel's table of watched interfaces holds.
    pub fn is_too_much(&self) -> bool {
        self.entered_by.len() > limits::INTERFACES as usize
    }
}

impl Kind {
    /// Whether its packets can be read live.
    const fn can_be_watched(self) -> bool {
        !matches!(self, Self::NotEthernet(_) | Self::Loopback)
    }
}

/// An interface that nobody can name, and why it is left out.
fn no_name(index: u32) -> (String, String) {
    let why = "has a name that is not UTF-8, which netmon cannot use: `ip link set` renames it";
    (format!("interface {index}"), why.to_owned())
}

fn no_ethernet(word: &str) -> String {
    format!("is a {word} without Ethernet headers, which netmon cannot read live")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(index: u32, name: &str, kind: Kind, master: Option<u32>, lower: Option<u32>) -> Interface {
        Interface {
            index,
            name: name.to_owned(),
            kind,
            mac: None,
            master,
            lower,
            xdp: None,
            is_up: true,
        }
    }

    /// `lo`, two cards in a bridge, a VLAN on a third card, a tunnel with the default route.
    fn inventory() -> Inventory {
        let interfaces = [
            interface(1, "lo", Kind::Loopback, None, None),
            interface(2, "eth0", Kind::Lowest, Some(4), None),
            interface(3, "eth1", Kind::Lowest, Some(4), None),
            interface(4, "br0", Kind::Stacked("bridge"), None, None),
            interface(5, "eth2", Kind::Lowest, None, None),
            interface(6, "eth2.5", Kind::Stacked("VLAN device"), None, Some(5)),
            interface(7, "wg0", Kind::NotEthernet("tunnel"), None, None),
        ];
        Inventory {
            interfaces: interfaces.into_iter().map(|one| (one.index, one)).collect(),
            unnamed: BTreeSet::new(),
            default_routes: [5, 7].into(),
            addresses: BTreeSet::new(),
            listens_to: BTreeSet::new(),
        }
    }

    fn names(choice: &Choice) -> Vec<&str> {
        choice.watched.iter().map(|one| one.name.as_str()).collect()
    }

    fn left_out(choice: &Choice) -> Vec<&str> {
        choice.left_out.iter().map(|(name, _)| name.as_str()).collect()
    }

    fn all_but(patterns: &[&str]) -> Selection {
        Selection::All {
            exclude: patterns
                .iter()
                .map(|pattern| Pattern::new(pattern).unwrap())
                .collect(),
        }
    }

    #[test]
    fn an_interface_that_cannot_be_named_is_left_out_with_a_word_and_not_in_silence() {
        let mut inventory = inventory();
        inventory.unnamed.insert(9);
        let choice = inventory
            .choose_first(&Selection::All { exclude: Vec::new() })
            .unwrap();
        assert!(left_out(&choice).contains(&"interface 9"), "{choice:?}");
        inventory.default_routes.insert(9);
        let choice = inventory.choose_first(&Selection::DefaultRoutes).unwrap();
        assert!(left_out(&choice).contains(&"interface 9"), "{choice:?}");
    }

    #[test]
    fn by_default_the_default_routes_and_lo_are_watched_and_a_tunnel_is_named_as_left_out() {
        let choice = inventory().choose_first(&Selection::DefaultRoutes).unwrap();
        assert_eq!(names(&choice), ["lo", "eth2"]);
        assert_eq!(left_out(&choice), ["wg0"]);
        assert_eq!(choice.entered_by, [1, 5, 6].into());
    }

    #[test]
    fn a_default_route_that_moves_is_followed_and_one_that_vanishes_leaves_its_interface_watched() {
        let cases: [(&str, &[u32], &[&str]); 4] = [
            ("moved to eth0", &[2], &["lo", "eth0"]),
            ("gone", &[], &["lo", "eth2"]),
            ("only by the tunnel", &[7], &["lo", "eth2"]),
            ("by both", &[2, 5], &["lo", "eth0", "eth2"]),
        ];
        for (case, routes, watched) in cases {
            let mut inventory = inventory();
            inventory.default_routes = routes.iter().copied().collect();
            let choice = inventory.choose(&Selection::DefaultRoutes, &[1, 5].into());
            assert_eq!(names(&choice), watched, "{case}");
        }
    }

    #[test]
    fn all_interfaces_are_the_lowest_ones_and_a_bridge_counts_as_watched_when_its_ports_are() {
        let choice = inventory().choose_first(&all_but(&[])).unwrap();
        assert_eq!(names(&choice), ["lo", "eth0", "eth1", "eth2"]);
        assert_eq!(left_out(&choice), ["br0", "eth2.5", "wg0"]);
        assert_eq!(choice.entered_by, [1, 2, 3, 4, 5, 6].into());
    }

    #[test]
    fn excluded_names_are_left_out_and_a_bridge_with_such_a_port_does_not_count_as_watched() {
        let choice = inventory().choose_first(&all_but(&["eth[12]", "l?"])).unwrap();
        assert_eq!(names(&choice), ["eth0"]);
        assert_eq!(left_out(&choice), ["lo", "eth1", "br0", "eth2", "eth2.5", "wg0"]);
        assert_eq!(choice.left_out[0].1, "is excluded by l?");
        assert_eq!(choice.entered_by, [2].into());
        let error = inventory().choose_first(&all_but(&["*"])).unwrap_err();
        assert!(error.to_string().contains("not excluded"), "{error}");
    }

    #[test]
    fn a_bridge_of_which_one_port_is_watched_is_not() {
        let choice = inventory()
            .choose_first(&Selection::Named(vec!["eth0".to_owned()]))
            .unwrap();
        assert_eq!(choice.entered_by, [2].into());
    }

    #[test]
    fn a_name_that_is_not_there_is_refused_at_the_start_and_waited_for_later() {
        let selection = Selection::Named(vec!["eth0".to_owned(), "eth9".to_owned()]);
        let error = inventory().choose_first(&selection).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no interface eth9; there are: lo, eth0, eth1, br0, eth2, eth2.5, wg0"
        );
        let choice = inventory().choose(&selection, &BTreeSet::new());
        assert_eq!(
            (names(&choice), &choice.missing[..]),
            (vec!["eth0"], &["eth9".to_owned()][..])
        );
    }

    #[test]
    fn a_named_interface_is_followed_when_its_name_changes() {
        let selection = Selection::Named(vec!["eth0".to_owned()]);
        let mut inventory = inventory();
        inventory.interfaces.get_mut(&2).unwrap().name = "wan0".to_owned();
        assert_eq!(names(&inventory.choose(&selection, &[2].into())), ["wan0"]);
        assert!(inventory.choose(&selection, &BTreeSet::new()).watched.is_empty());
    }

    #[test]
    fn more_interfaces_than_the_table_holds_are_refused() {
        let most = limits::INTERFACES;
        for (count, fits) in [(most, true), (most + 1, false)] {
            let cards =
                (1..=count).map(|index| interface(index, &format!("eth{index}"), Kind::Lowest, None, None));
            let inventory = Inventory {
                interfaces: cards.map(|one| (one.index, one)).collect(),
                ..Inventory::default()
            };
            assert_eq!(inventory.choose_first(&all_but(&[])).is_ok(), fits, "{count}");
        }
    }
}
