//! What became of the watched interfaces, in words.

use crate::model::WarningKind;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use netmon_common::Address;

use super::error::KernelError;
use super::hooks::Attachment;

/// By which ways packets come, as far as that decides what is seen of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// The interfaces that are watched.
    pub watched: BTreeSet<u32>,
    /// The names of those that packets can come by unseen.
    pub unwatched: Vec<String>,
    /// The names of all interfaces, by index.
    pub names: BTreeMap<u32, String>,
}

impl Ways {
    /// The index of the interface of that name; 0, as without a name, where there is none.
    pub fn index_of(&self, name: Option<&str>) -> u32 {
        let mut known = self.names.iter();
        let index = known.find_map(|(index, known)| (Some(known.as_str()) == name).then_some(*index));
        index.unwrap_or(0)
    }

    /// Whether packets that came by a watched interface may come unseen. (Whether this host's routes have changed is looked up
    /// where it matters.)
    pub fn differ_from(&self, before: &Self) -> bool {
        self.watched != before.watched
    }
}

/// One thing that has changed.
#[derive(Debug)]
pub enum Change {
    /// This host's own addresses are these from now on.
    Addresses(BTreeSet<Address>),
    /// Packets may take other ways from now on.
    Ways(Ways),
    /// An interface is watched.
    Attached {
        /// How.
        attachment: Attachment,
        /// Whether one of that name was watched until a moment ago, and was deleted.
        replaced: bool,
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
    /// The word for programs; `None` for what nobody needs to be told.
    pub const fn word(&self) -> Option<WarningKind> {
        Some(match self {
            Self::Addresses(_) | Self::Ways(_) => return None,
            Self::Attached { .. } => WarningKind::InterfaceAttached,
            Self::Gone { .. } => WarningKind::InterfaceGone,
            Self::Left { .. } => WarningKind::InterfaceLeft,
            Self::Renamed { .. } => WarningKind::InterfaceRenamed,
            Self::NotAttached { .. } => WarningKind::InterfaceNotAttached,
            Self::LeftOut { .. } => WarningKind::InterfaceLeftOut,
            Self::TooMany { .. } => WarningKind::InterfacesTooMany,
        })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Addresses(addresses) => write!(f, "this host now has {} addresses", addresses.len()),
            Self::Ways(ways) => write!(
                f,
                "packets can come by {} interfaces unseen",
                ways.unwatched.len()
            ),
            Self::Attached { attachment, replaced } => {
                let Attachment {
                    interface,
                    ingress,
                    egress,
                    why,
                } = attachment;
                let words = if *replaced {
                    "was deleted and is there again: netmon watches it from now on"
                } else {
                    "is watched from now on"
                };
                write!(
                    f,
                    "{} {words} (ingress {}, egress {}: {why}); counts and open incidents continue",
                    interface.name,
                    ingress.name(),
                    egress.name()
                )
            }
            Self::Gone { name } => write!(
                f,
                "{name} is gone: netmon sees none of its packets until it is back; counts and open incidents stay"
            ),
            Self::Left { name, why } => write!(f, "{name} is not watched any more: {why}"),
            Self::Renamed { from, to } => write!(f, "{from} has the new name {to}, and is watched as before"),
            Self::NotAttached { name, error } => write!(f, "{name} is not watched: {error}"),
            Self::LeftOut { name, why } => write!(f, "{name} is not watched: it {why}"),
            Self::TooMany { count, first } => write!(
                f,
                "{first} and {} more interfaces are not watched: the table of interfaces is full; leave some out with \
                 --exclude",
                count.saturating_sub(1)
            ),
        }
    }
}
