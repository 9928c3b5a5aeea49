//! Whose failures count (docs/contract.md, section 3).
//!
//! - A server that is asked on a DNS port, unless nobody can answer from its address.
//! - One of this host's own addresses only once it has answered something, or is named: else a scanner that
//!   probes port 53 of a host without DNS would raise an alarm.
//! - Iterative queries (RD = 0), what a resolver sends to the many half-dead servers of this world, only for
//!   servers that are named, or on demand.

use std::collections::BTreeSet;

use netmon_common::Address;

/// What the operator wants to be told about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Servers whose failures always count (`--server`).
    pub servers: BTreeSet<Address>,
    /// Whether failures of iterative queries open incidents too (`--iterative`).
    pub iterative: bool,
}

/// The scope, and what is known of this host's own addresses.
#[derive(Debug, Default)]
pub(super) struct Judged {
    scope: Scope,
    own: BTreeSet<Address>,
    /// Of this host's own addresses, those that have answered something.
    served: BTreeSet<Address>,
}

/// How a server stands to the scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// It is one of this host's own addresses.
    pub own: bool,
    /// Its failures may open incidents.
    pub counts: bool,
    /// Those of iterative queries too.
    pub iterative_too: bool,
}

impl Judged {
    pub fn new(scope: Scope) -> Self {
        Self {
            scope,
            ..Self::default()
        }
    }

    /// This is the scope from now on.
    pub fn set_scope(&mut self, scope: Scope) {
        self.scope = scope;
    }

    /// How that server stands.
    pub fn standing(&self, server: Address) -> Standing {
        let own = self.own.contains(&server);
        let named = self.scope.servers.contains(&server);
        Standing {
            own,
            counts: !own || named || self.served.contains(&server),
            iterative_too: named || self.scope.iterative,
        }
    }

    /// These, and no others, are this host's own addresses.
    pub fn set_own(&mut self, addresses: impl IntoIterator<Item = Address>) {
        self.own = addresses.into_iter().collect();
    }

    /// The address has answered something. Whether its standing changed by it.
    pub fn has_answered(&mut self, address: Address) -> bool {
        self.own.contains(&address) && self.served.insert(address)
    }

    /// The addresses answered something at an earlier time, according to the history.
    pub fn had_answered(&mut self, addresses: impl IntoIterator<Item = Address>) {
        self.served.extend(addresses);
    }

    /// This host's own addresses that have answered something.
    pub fn served(&self) -> impl Iterator<Item = Address> {
        self.served.iter().copied()
    }
}

/// Whether a server is asked to recurse (RD = 1), by iterating resolvers, or both.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Recursion {
    desired: Option<u64>,
    not_desired: Option<u64>,
}

/// How long a query tells about others of which RD is not known, in seconds.
const TELLS_FOR: u64 = 30;

impl Recursion {
    /// Takes RD of a message of that second.
    pub fn note(&mut self, second: u64, desired: bool) {
        let seen = if desired {
            &mut self.desired
        } else {
            &mut self.not_desired
        };
        *seen = Some(second);
    }

    /// What a message whose RD is not known (a SYN, or one that was only counted) is taken for: iterative only
    /// where all others are that were seen in the last [`TELLS_FOR`] seconds. `None` when none was ever seen.
    pub fn presumed(self, second: u64) -> Option<bool> {
        match (self.desired, self.not_desired) {
            (None, None) => None,
            (Some(_), None) => Some(true),
            (None, Some(_)) => Some(false),
            (Some(desired), Some(not_desired)) => {
                Some(desired.saturating_add(TELLS_FOR) >= second || desired >= not_desired)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_rd_is_what_the_last_seconds_say() {
        let mut recursion = Recursion::default();
        assert_eq!(recursion.presumed(0), None);
        recursion.note(0, false);
        assert_eq!(recursion.presumed(0), Some(false));
        recursion.note(10, true);
        recursion.note(11, false);
        assert_eq!(recursion.presumed(40), Some(true));
        assert_eq!(recursion.presumed(41), Some(false));
    }
}
