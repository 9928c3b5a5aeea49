//! What became of the watched interfaces, in words.

use std::collections::{BTreeMap, BTreeSet};

use netmon_common::Address;

use super::error::KernelError;
use super::hooks::Attachment;
use crate::model::{Warning, WarningKind, WarningState};

/// By which ways packets come, as far as that decides what is seen of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// The interfaces that are watched.
    pub watched: BTreeSet<u32>,
    /// The names of those that packets can come by unseen.
    pub unwatched: Vec<String>,
    /// Those of the watched ones of which netmon may not see all that arrives.
    pub arrives_unseen: BTreeSet<u32>,
    /// Those of which it may not see all that leaves.
    pub leaves_unseen: BTreeSet<u32>,
    /// The names of all interfaces, by index.
    pub names: BTreeMap<u32, String>,
    /// The device that stands for the link of each interface, where that is another one.
    pub links: BTreeMap<u32, u32>,
}

impl Ways {
    /// The index of the interface of that name; 0, as without a name, where there is none.
    pub fn index_of(&self, name: Option<&str>) -> u32 {
        let mut known = self.names.iter();
        let index = known.find_map(|(index, known)| (Some(known.as_str()) == name).then_some(*index));
        index.unwrap_or(0)
    }

    /// The link of the interface of that name; 0, as without a name, where there is none.
    pub fn link_of(&self, name: Option<&str>) -> u32 {
        let index = self.index_of(name);
        self.links.get(&index).copied().unwrap_or(index)
    }

    /// Where queries may leave unseen: by these interfaces, and by the links that they are at, which events about link-local servers
    /// name.
    pub fn queries_unseen(&self) -> BTreeSet<u32> {
        let links = self
            .leaves_unseen
            .iter()
            .filter_map(|index| self.links.get(index));
        self.leaves_unseen.iter().chain(links).copied().collect()
    }

    /// The names of interfaces that are at the link of another one, and that one's.
    pub fn other_names(&self) -> impl Iterator<Item = (&str, &str)> {
        let links = self.links.iter();
        links.filter_map(|(index, link)| {
            Some((self.names.get(index)?.as_str(), self.names.get(link)?.as_str()))
        })
    }

    /// Whether packets that came by a watched interface may come unseen. (Whether this host's routes have changed is looked up
    /// where it matters.)
    pub fn differ_from(&self, before: &Self) -> bool {
        (&self.watched, &self.arrives_unseen, &self.leaves_unseen)
            != (&before.watched, &before.arrives_unseen, &before.leaves_unseen)
    }
}

/// One thing that has changed.
#[derive(Debug)]
pub enum Change {
    /// This host's own addresses are these from now on, as keys.
    Addresses(BTreeSet<Address>),
    /// Until now frames for a device that lies on a watched interface were taken for those of another host.
    Missed,
    /// Packets may take other ways from now on.
    Ways(Ways),
    /// An interface is watched.
    Attached {
        /// How.
        attachment: Attachment,
        /// Whether one of that name was watched until a moment ago, and was deleted.
        replaced: bool,
    },
    /// Somebody had taken away what was attached to a watched interface, and it is attached again.
    AttachedAgain {
        /// How.
        attachment: Attachment,
    },
    /// Of a watched interface netmon may not see all packets from now on; or sees all again.
    InPart {
        /// Its name.
        name: String,
        /// Why; `None` when that is over.
        why: Option<String>,
    },
    /// A watched interface is not there any more.
    Gone {
        /// Its name.
        name: String,
    },
    /// A watched interface is there, but is not among those that were chosen any more.
    Left {
        /// Its name.
        name: String,
        /// Why.
        why: String,
    },
    /// A watched interface has another name.
    Renamed {
        /// The old one.
        from: String,
        /// The new one.
        to: String,
    },
    /// An interface should be watched and cannot be.
    NotAttached {
        /// Its name.
        name: String,
        /// Why.
        error: KernelError,
    },
    /// An interface should be watched, and is of a kind that cannot be.
    LeftOut {
        /// Its name.
        name: String,
        /// What it is.
        why: String,
    },
    /// There are more than the kernel's table holds.
    TooMany {
        /// How many are not watched for that.
        count: usize,
        /// The first one's name.
        first: String,
    },
}

impl Change {
    /// What is said of it; `None` for what nobody needs to be told.
    pub fn warning(&self) -> Option<Warning> {
        let (word, sentence) = match self {
            Self::Addresses(_) | Self::Missed | Self::Ways(_) => return None,
            Self::Attached { attachment, replaced } => {
                let words = if *replaced {
                    "was deleted and is there again: netmon watches it from now on"
                } else {
                    "is watched from now on"
                };
                let sentence = format!("{}; counts and open incidents continue", by(attachment, words));
                (WarningKind::InterfaceAttached, sentence)
            }
            Self::AttachedAgain { attachment } => (
                WarningKind::InterfaceAttached,
                format!(
                    "{}: somebody had changed what is attached there; netmon did not see all packets until now, and \
                     judges nothing by silence of that time",
                    by(attachment, "is attached to again")
                ),
            ),
            Self::InPart { name, why } => {
                let (sentence, state) = match why {
                    Some(why) => (
                        format!(
                            "{name} is watched in part: {why}. netmon judges by silence only where it sees other answers to the same client"
                        ),
                        WarningState::Started,
                    ),
                    None => (
                        format!("{name} hides no packets from netmon any more"),
                        WarningState::Over,
                    ),
                };
                return Some(Warning::new(WarningKind::PacketsUnseen, sentence).in_state(state));
            }
            Self::Gone { name } => (
                WarningKind::InterfaceGone,
                format!(
                    "{name} is gone: netmon sees none of its packets until it is back; counts and open \
                     incidents stay"
                ),
            ),
            Self::Left { name, why } => (
                WarningKind::InterfaceLeft,
                format!("{name} is not watched any more: {why}"),
            ),
            Self::Renamed { from, to } => (
                WarningKind::InterfaceRenamed,
                format!("{from} has the new name {to}, and is watched as before"),
            ),
            Self::NotAttached { name, error } => (
                WarningKind::InterfaceNotAttached,
                format!("{name} is not watched: {error}"),
            ),
            Self::LeftOut { name, why } => (
                WarningKind::InterfaceLeftOut,
                format!("{name} is not watched: it {why}"),
            ),
            Self::TooMany { count, first } => (
                WarningKind::InterfacesTooMany,
                format!(
                    "{first} and {} more interfaces are not watched: the table of interfaces is full; leave \
                     some out with --exclude",
                    count.saturating_sub(1)
                ),
            ),
        };
        Some(Warning::new(word, sentence))
    }
}

/// How an interface is attached to, after what became of it.
fn by(attachment: &Attachment, became: &str) -> String {
    let Attachment {
        interface,
        ingress,
        egress,
        why,
        ..
    } = attachment;
    format!(
        "{} {became} (ingress {}, egress {}: {why})",
        interface.name,
        ingress.name(),
        egress.name()
    )
}
