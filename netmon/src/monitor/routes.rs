//! This host's routes to the servers whose answers it sees (docs/contract.md, section 3): that a server answered here before says
//! that its answers would be seen, as long as packets to it go the same way.
//!
//! A route is looked up when a server answers for the first time since anything changed in this host's routes, and when a
//! server is silent that has not answered since.

use std::collections::BTreeMap;

use netmon_common::Address;

use super::Monitor;
use crate::bounded::Bounded;
use crate::detect::limits::SERVERS;
use crate::kernel::{KernelError, Route, RouteSigns, route};
use crate::observation::{Answered, Service};
use crate::time::Time;

/// Routes that are looked up from one poll to the next at most because servers answer, about 20 microseconds each. The others
/// wait.
const AT_MOST: usize = 64;

/// What is known of the ways to servers: about 150 bytes each.
#[derive(Debug)]
pub(super) struct Routes {
    signs: RouteSigns,
    known: Bounded<Service, Known>,
    /// Services that have answered, whose routes are to be looked up: for whom, and when they did.
    wanted: BTreeMap<Service, (Address, Time)>,
    /// How many may be looked up until the next poll.
    left: usize,
}

/// The way to a server when it answered.
#[derive(Debug)]
struct Known {
    /// Whom it answered then.
    client: Address,
    /// When that was.
    answered: Time,
    route: Option<Route>,
    /// Up to which change it is known to be the same still.
    same_since: Time,
}

impl Routes {
    pub fn new() -> Result<Self, KernelError> {
        Ok(Self {
            signs: RouteSigns::listen()?,
            known: Bounded::new(SERVERS),
            wanted: BTreeMap::new(),
            left: AT_MOST,
        })
    }

    /// A server answered.
    pub fn answered(&mut self, service: Service, at: Time, answered: &Answered) {
        let changed = self.signs.changed();
        let is_known = |known: &Known| known.answered > changed || known.same_since >= changed;
        let known = self.known.get(&service);
        let is_too_late = at <= changed && known.is_none();
        // A link-local server is on its link.
        if is_too_late || service.interface != 0 || known.is_some_and(is_known) {
            return;
        }
        if self.wanted.len() < SERVERS {
            self.wanted.insert(service, (answered.client, at));
        }
    }
}

impl Monitor<'_> {
    /// Looks up the routes to servers that have just answered: a moment later they may be others.
    pub(super) fn look_up_routes(&mut self) {
        let Self { routes, observer, .. } = self;
        while let Some(left) = routes.left.checked_sub(1) {
            let Some((service, (client, answered))) = routes.wanted.pop_first() else {
                return;
            };
            routes.left = left;
            let now = route(client, service.server, observer.is_own(client));
            // Only now: what changed until the route was looked up may have changed it.
            let changed = routes.signs.look();
            let before = routes
                .known
                .get_mut(&service)
                .filter(|known| known.client == client);
            // Where something has changed since it answered, it answered by this way if it is the one of before.
            if answered <= changed && before.is_none_or(|known| known.route != now) {
                continue;
            }
            let known = Known {
                client,
                answered,
                route: now,
                same_since: changed,
            };
            routes.known.insert(service, known);
        }
    }

    /// Takes back that answers are seen of silent servers to which this host's route has changed since they answered.
    pub(super) fn look_at_routes(&mut self) {
        self.routes.left = AT_MOST;
        self.look_up_routes();
        let Self {
            routes,
            decider,
            observer,
            ..
        } = self;
        let changed = routes.signs.look();
        for service in decider.silent_since(changed) {
            let is_same = match routes.known.get_mut(&service) {
                _ if service.interface != 0 => true,
                Some(known) if known.same_since >= changed => true,
                Some(known) => {
                    let now = route(known.client, service.server, observer.is_own(known.client));
                    let is_same = now == known.route;
                    if is_same {
                        known.same_since = changed;
                    }
                    is_same
                }
                None => false,
            };
            if !is_same {
                decider.way_changed(service);
            }
        }
    }
}
