//! Which services this host translates: learned from its connections while there are some, and remembered when their endpoints are
//! gone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use netmon_common::Address;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, sleep_until};

use super::Monitor;
use crate::clock;
use crate::kernel::{Translated, translated};
use crate::time::Time;

/// Between two looks. One that took long is followed by a pause of so many times as long.
const PAUSE: Duration = Duration::from_secs(10);
const TIMES: u32 = 200;

/// How long a service is remembered, and how many are.
const REMEMBERED: Duration = Duration::from_hours(24);
const SERVICES: usize = 4_096;

type Look = JoinHandle<(BTreeSet<Translated>, Duration)>;

/// Looks at connections now and then, on a thread of its own.
#[derive(Debug)]
pub(super) struct Translations {
    ports: Vec<u16>,
    next: Instant,
    look: Option<Look>,
}

impl Translations {
    /// Of services at these ports.
    pub fn of(ports: &[u16]) -> Self {
        Self {
            ports: ports.to_vec(),
            next: Instant::from_std(clock::instant()),
            look: None,
        }
    }

    /// Waits for the next look, and says what it has found.
    pub async fn next(&mut self) -> BTreeSet<Translated> {
        loop {
            if self.look.is_none() {
                sleep_until(self.next).await;
            }
            let ports = &self.ports;
            let look = self.look.get_or_insert_with(|| start(ports.clone()));
            let looked = look.await;
            self.look = None;
            let (found, took) = looked.unwrap_or_default();
            self.next = Instant::from_std(clock::instant() + PAUSE.max(took * TIMES));
            if !found.is_empty() {
                return found;
            }
        }
    }
}

fn start(ports: Vec<u16>) -> Look {
    spawn_blocking(move || {
        let began = clock::instant();
        let found = translated(&ports).unwrap_or_else(|error| {
            tracing::debug!("this host's connections cannot be looked at: {error}");
            BTreeSet::new()
        });
        (found, clock::since(began))
    })
}

/// Services, and when they were last translated.
#[derive(Debug, Default)]
pub(super) struct Services(BTreeMap<Address, Time>);

impl Services {
    /// These are translated now; those of this host itself, or to itself, are none.
    fn note(
        &mut self,
        found: &BTreeSet<Translated>,
        own: &BTreeSet<Address>,
        now: Time,
    ) -> BTreeSet<Address> {
        let is_own = |address: &Address| address.ip().is_loopback() || own.contains(address);
        self.0.retain(|_, last| now.since(*last) < REMEMBERED);
        for (service, server) in found {
            let has_room = self.0.len() < SERVICES || self.0.contains_key(service);
            if has_room && !is_own(service) && !is_own(server) {
                self.0.insert(*service, now);
            }
        }
        self.0.keys().copied().collect()
    }
}

impl Monitor<'_> {
    /// These services are translated now.
    pub(super) fn translated(&mut self, found: &BTreeSet<Translated>) {
        let services = self
            .services
            .note(found, self.observer.local(), clock::boot_now());
        self.decider.set_translated(services);
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn services_that_go_elsewhere_are_remembered_for_a_day() {
        let address = |last: u8| Address::from(IpAddr::from([10, 0, 0, last]));
        let local = Address::from(IpAddr::from([127, 0, 0, 1]));
        let own = BTreeSet::from([address(1)]);
        let at = |hour: u64| Time::at_second(hour * 3_600);
        let mut services = Services::default();
        let first = BTreeSet::from([
            (address(10), address(2)),
            (address(11), address(1)),
            (address(12), local),
            (address(1), address(2)),
        ]);
        assert_eq!(services.note(&first, &own, at(0)), BTreeSet::from([address(10)]));
        let second = BTreeSet::from([(address(13), address(2))]);
        assert_eq!(services.note(&second, &own, at(23)).len(), 2);
        assert_eq!(
            services.note(&second, &own, at(25)),
            BTreeSet::from([address(13)])
        );
    }
}
