//! Clients whose queries fail at many services that never answered anybody: they scan, or have lost their network. Neither
//! says anything about those services.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use netmon_common::Address;

use super::limits::{SUSPECT_SERVICES, SUSPECTS};
use super::thresholds::Thresholds;
use crate::bounded::Thinner;
use crate::observation::Service;
use crate::time::Time;

/// Who fails where.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    of: HashMap<Address, Suspect, RandomState>,
    thinner: Thinner,
}

/// One client.
#[derive(Debug, Default)]
struct Suspect {
    /// Where it failed lately, newest last; so many that it is clear.
    services: Vec<(Service, Time)>,
    /// How many services there were, those forgotten included.
    count: u64,
    /// Since it is known to fail at too many.
    known: bool,
    /// Whether that was said; it is said once, until it fails nowhere for the whole window.
    said: bool,
}

impl Suspect {
    /// Forgets those services, and if no more are left than a client with a network may fail at, what it was taken for.
    fn forget(&mut self, thresholds: &Thresholds, is_over: impl Fn(Service, Time) -> bool) {
        self.services
            .retain(|(service, newest)| !is_over(*service, *newest));
        if self.services.len() <= thresholds.scan_services {
            self.known = false;
            self.count = self.services.len() as u64;
        }
    }
}

/// What is known of a client after one more failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Suspicion {
    /// It may be the service that fails.
    None,
    /// It fails at so many services that the failures are its own; these are the others, if that was not known before.
    Scans {
        /// The other services, the first time.
        services: Vec<Service>,
        /// How many services there were, if that is to be said.
        say: Option<u64>,
    },
}

impl Suspects {
    /// The client's query to a service that never answered anybody failed, or was silent.
    pub fn note(
        &mut self,
        client: Address,
        service: Service,
        at: Time,
        thresholds: &Thresholds,
    ) -> Suspicion {
        let client = one_host(client);
        let stays = |suspect: &Suspect| {
            let newest = suspect.services.last();
            newest.is_some_and(|(_, newest)| at.since(*newest) <= thresholds.scan_window)
        };
        let has_room = self
            .thinner
            .has_room(&mut self.of, SUSPECTS, &client, at.second(), stays);
        if !has_room {
            return Suspicion::None;
        }
        let suspect = self.of.entry(client).or_default();
        suspect.forget(thresholds, |_, newest| at.since(newest) > thresholds.scan_window);
        suspect.said &= !suspect.services.is_empty();
        suspect.services.retain(|(known, _)| *known != service);
        suspect.services.push((service, at));
        suspect.count = suspect.count.max(suspect.services.len() as u64);
        if suspect.services.len() > SUSPECT_SERVICES {
            suspect.services.remove(0);
            suspect.count += 1;
        }
        if suspect.services.len() <= thresholds.scan_services {
            return Suspicion::None;
        }
        let first = !std::mem::replace(&mut suspect.known, true);
        let services = suspect.services.iter().filter(|_| first);
        Suspicion::Scans {
            services: services
                .map(|(known, _)| *known)
                .filter(|known| *known != service)
                .collect(),
            say: (!std::mem::replace(&mut suspect.said, true)).then_some(suspect.count),
        }
    }

    /// The service has answered somebody: whoever failed there did not fail at one that never answers.
    pub fn answered(&mut self, service: Service, thresholds: &Thresholds) {
        for suspect in self.of.values_mut() {
            suspect.forget(thresholds, |known, _| known == service);
        }
    }

    /// Whether the client is known to fail at too many services.
    pub fn scans(&self, client: Address, at: Time, thresholds: &Thresholds) -> bool {
        self.of.get(&one_host(client)).is_some_and(|suspect| {
            let lately = suspect.services.iter();
            let lately = lately.filter(|(_, newest)| at.since(*newest) <= thresholds.scan_window);
            suspect.known && lately.count() > thresholds.scan_services
        })
    }

    /// Whether it was said that the client does, and it still fails at some.
    pub fn goes_on(&self, client: Address, at: Time, thresholds: &Thresholds) -> bool {
        self.of.get(&one_host(client)).is_some_and(|suspect| {
            let newest = suspect.services.last();
            suspect.said && newest.is_some_and(|(_, newest)| at.since(*newest) <= thresholds.scan_window)
        })
    }
}

/// All loopback addresses are one client, this host: a process that has no rights can ask from any of them.
fn one_host(client: Address) -> Address {
    if client.ip().is_loopback() {
        Address::v4([127, 0, 0, 1])
    } else {
        client
    }
}
