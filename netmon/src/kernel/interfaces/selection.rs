//! Which interfaces are watched: at the start, and again whenever the network has changed.

use std::collections::{BTreeMap, BTreeSet};

use glob::Pattern;
use netmon_common::limits;

use super::super::error::KernelError;
use super::{Interface, Inventory, Kind, Link};

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

/// Whether packets that begin with this can be read.
pub type CanRead<'a> = &'a dyn Fn(Link) -> bool;

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
    /// Chooses what to watch, of what `can_read` says that it can be read. `held` are the indexes of those that are watched
    /// already: an interface that was named is followed when its name changes, and one that had a default route until
    /// another interface that can be watched has one.
    pub fn choose(&self, selection: &Selection, held: &BTreeSet<u32>, can_read: CanRead<'_>) -> Choice {
        let mut choice = match selection {
            Selection::DefaultRoutes => self.choose_default(held, can_read),
            Selection::Named(names) => self.choose_named(names, held, can_read),
            Selection::All { exclude } => self.choose_all(exclude, can_read),
        };
        choice.entered_by = self.entered_by(choice.watched.iter().map(|interface| interface.index).collect());
        choice
    }

    /// The same for the start, when everything must be there.
    pub fn choose_first(&self, selection: &Selection) -> Result<Choice, KernelError> {
        let choice = self.choose(selection, &BTreeSet::new(), &Link::is_known);
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
                    "there is no interface that can be read, lies on no other and is not excluded"
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

    fn choose_default(&self, held: &BTreeSet<u32>, can_read: CanRead<'_>) -> Choice {
        let mut choice = Choice::default();
        let with_default_route = || {
            let all = self.default_routes.iter();
            all.filter_map(|index| self.interfaces.get(index))
        };
        // A link that goes down takes its routes with it.
        let nobody_else = !with_default_route().any(|one| one.kind != Kind::Loopback && can_read(one.link));
        for interface in self.interfaces.values() {
            let is_default = self.default_routes.contains(&interface.index);
            if interface.kind == Kind::Loopback
                || is_default
                || nobody_else && held.contains(&interface.index)
            {
                choice.take(interface, can_read);
            }
        }
        let unnamed = self.unnamed.intersection(&self.default_routes);
        choice.left_out.extend(unnamed.copied().map(no_name));
        choice
    }

    fn choose_named(&self, names: &[String], held: &BTreeSet<u32>, can_read: CanRead<'_>) -> Choice {
        let mut choice = Choice::default();
        let by_name: BTreeMap<&str, &Interface> = self
            .interfaces
            .values()
            .map(|interface| (interface.name.as_str(), interface))
            .collect();
        for name in names {
            match by_name.get(name.as_str()).copied() {
                None => choice.missing.push(name.clone()),
                Some(interface) => choice.take(interface, can_read),
            }
        }
        let renamed = held.iter().filter_map(|index| self.interfaces.get(index));
        for interface in renamed {
            choice.take(interface, can_read);
        }
        choice
    }

    fn choose_all(&self, exclude: &[Pattern], can_read: CanRead<'_>) -> Choice {
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
                (Kind::Loopback | Kind::Veth | Kind::Lowest, None) => choice.take(interface, can_read),
                (Kind::Stacked(word), None) => choice.left_out.push((
                    name.clone(),
                    format!(
                        "is a {word}: its packets are counted where they enter or leave the devices below"
                    ),
                )),
                (Kind::Tunnel, None) => choice.left_out.push((
                    name.clone(),
                    "is a tunnel: the devices below see its packets inside other packets only; --interface watches it"
                        .to_owned(),
                )),
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
    /// Takes an interface, once, if its packets can be read.
    fn take(&mut self, interface: &Interface, can_read: CanRead<'_>) {
        if !can_read(interface.link) {
            let why = why_unreadable(interface.link).to_owned();
            self.left_out.push((interface.name.clone(), why));
        } else if !self.watched.contains(interface) {
            self.watched.push(interface.clone());
        }
    }

    /// Whether it is more than the kernel's table of watched interfaces holds.
    pub fn is_too_much(&self) -> bool {
        self.entered_by.len() > limits::INTERFACES as usize
    }
}

/// An interface that nobody can name, and why it is left out.
fn no_name(index: u32) -> (String, String) {
    let why = "has a name that is not UTF-8, which netmon cannot use: `ip link set` renames it";
    (format!("interface {index}"), why.to_owned())
}

/// Why packets that begin with this are not read.
pub const fn why_unreadable(link: Link) -> &'static str {
    match link {
        Link::Ethernet => {
            "has Ethernet headers, and no such interface was there when netmon started: restart netmon"
        }
        Link::Ip => {
            "has no Ethernet headers, and no such interface was there when netmon started: restart netmon"
        }
        Link::Other => {
            "has packets that begin with neither an Ethernet nor an IP header, which netmon cannot read live"
        }
    }
}

#[cfg(test)]
mod tests;
