//! Who retires: those that were idle for long; and where places are short, those that were asked least recently.

use std::hash::Hash;
use std::time::Duration;

use aya::Pod;
use netmon_common::Address;
use netmon_common::records::{Destination, NO_PLACE, ServiceKey};

use super::activity::Activity;
use super::error::KernelError;
use super::places::{Held, Leaving, Pool};
use super::poll::Poller;

/// How many of a kind retire at once, so that nothing waits for it long: 3 ms or so.
const AT_ONCE: usize = 1_024;

/// Places are short where fewer than one of so many are free; as many more become free as make this a part of twice the size.
const SHORT: u32 = 8;

/// How often, in seconds, it is looked for servers whose latency nobody needs. Where places are short, some are taken at once,
/// and then so often: with more servers in use than places these are lent by turns, which need not be every second.
const SECONDS: u64 = 64;
const SECONDS_IF_SHORT: u64 = 4;

/// Who may retire, and when.
pub struct Policy<'a> {
    /// The second of the boot clock.
    pub second: u64,
    /// How long one is idle before its place is another's.
    pub idle: Duration,
    /// Whether a server keeps its places.
    pub keeps: &'a dyn Fn(Address) -> bool,
    /// Whether a service keeps its place.
    pub keeps_service: &'a dyn Fn(ServiceKey) -> bool,
}

impl Poller {
    /// Who is to retire now, and whether places are short: then some retire before they are idle.
    pub fn leaving(&mut self, policy: &Policy<'_>) -> Result<(Leaving, bool), KernelError> {
        let (destinations, are_destinations_short) = choose(
            &self.places.destinations,
            |place| self.destinations.get(place as usize),
            policy,
            |address| (policy.keeps)(*address),
        );
        let (services, are_services_short) = choose(
            &self.places.services,
            |place| self.services.get(place as usize),
            policy,
            |service| (policy.keeps_service)(*service),
        );
        let latencies = self.latencies_leaving(policy)?;
        let leaving = Leaving {
            destinations,
            services,
            latencies,
        };
        Ok((leaving, are_destinations_short || are_services_short))
    }

    /// Latency is of as long as its server has counters; where places are short, of those that were asked last.
    fn latencies_leaving(&mut self, policy: &Policy<'_>) -> Result<Vec<Held<Address>>, KernelError> {
        let capacity = self.places.latencies.capacity() as usize;
        let free = capacity.saturating_sub(self.places.latencies.taken().count());
        let is_short = free < capacity / SHORT as usize;
        let (before, pause) = if is_short {
            (&mut self.latencies_taken_at, SECONDS_IF_SHORT)
        } else {
            (&mut self.latencies_looked_at, SECONDS)
        };
        if policy.second.saturating_sub(*before) < pause {
            return Ok(Vec::new());
        }
        *before = policy.second;
        let taken: Vec<_> = self.places.latencies.taken().collect();
        let (mut leaving, mut staying) = (Vec::new(), Vec::new());
        for (place, server) in taken {
            match self.places.destinations.locate(server)? {
                None => leaving.push((place, server)),
                Some(destination) => {
                    let known = self.destinations.get(destination as usize);
                    let asked_in = known.map_or(0, Activity::asked_in);
                    staying.push((asked_in, place, server));
                }
            }
        }
        if is_short {
            staying.retain(|(_asked_in, _place, server)| !(policy.keeps)(*server));
            staying.sort_unstable_by_key(|(asked_in, place, _server)| (*asked_in, *place));
            let missing = (2 * capacity / SHORT as usize).saturating_sub(free + leaving.len());
            let more = staying.into_iter().take(missing);
            leaving.extend(more.map(|(_asked_in, place, server)| (place, server)));
        }
        Ok(leaving)
    }

    /// Their places are others' from now on. The destinations, and what was counted for each by the last look.
    pub fn gone(&mut self, leaving: &Leaving) -> Vec<(Address, Destination)> {
        let destinations = forget(&mut self.destinations, &leaving.destinations);
        let places = &mut self.places;
        let destinations = destinations.inspect(|(address, _known)| places.destinations.forget(*address));
        let counted = |(address, known): (Address, Activity)| {
            let counters = known.counters.map_or(Destination::ZERO, |counters| *counters);
            (address, counters)
        };
        let gone = destinations.map(counted).collect();
        for (service, _known) in forget(&mut self.services, &leaving.services) {
            self.places.services.forget(service);
        }
        if !leaving.latencies.is_empty() {
            for place in 0..self.places.destinations.capacity() {
                if self.places.destinations.is_taken(place) {
                    self.places.forget_latency(place, NO_PLACE);
                }
            }
        }
        gone
    }
}

/// What was known of those that are gone.
fn forget<K: Copy>(known: &mut [Activity], gone: &[Held<K>]) -> impl Iterator<Item = (K, Activity)> {
    gone.iter().filter_map(move |(place, key)| {
        let known = known.get_mut(*place as usize)?;
        Some((*key, std::mem::take(known)))
    })
}

fn choose<'a, K: Pod + Eq + Hash>(
    pool: &Pool<K>,
    activity: impl Fn(u32) -> Option<&'a Activity>,
    policy: &Policy<'_>,
    keeps: impl Fn(&K) -> bool,
) -> (Vec<Held<K>>, bool) {
    let mut leaving = Vec::new();
    let is_idle = |active_in: u64| policy.second.saturating_sub(active_in) >= policy.idle.as_secs();
    // One that was not looked at yet is new.
    let active_in = |place| activity(place).and_then(Activity::active_in);
    let mut short = Vec::new();
    for part in pool.parts() {
        let share = u32::try_from(part.len()).unwrap_or(u32::MAX);
        let mut free = share;
        for place in part.clone().filter(|place| pool.is_taken(*place)) {
            free -= 1;
            if active_in(place).is_some_and(is_idle)
                && let Some(key) = pool.taker(place).filter(|key| !keeps(key))
            {
                leaving.push((place, key));
                free += 1;
            }
        }
        if free < share.div_ceil(SHORT) {
            short.push((part, (share * 2).div_ceil(SHORT) - free));
        }
    }
    let is_short = !short.is_empty();
    for (part, missing) in short {
        let asked_least = |place| {
            let known =
                activity(place).filter(|known| known.active_in().is_some_and(|last| !is_idle(last)))?;
            let key = pool.taker(place).filter(|key| !keeps(key))?;
            Some((known.asked_in(), known.active_in(), place, key))
        };
        let mut others: Vec<_> = part.filter_map(asked_least).collect();
        let missing = (missing as usize).min(others.len());
        if missing < others.len() {
            others.select_nth_unstable_by_key(missing, |(asked, active, place, _)| (*asked, *active, *place));
        }
        leaving.extend(
            others
                .into_iter()
                .take(missing)
                .map(|(_, _, place, key)| (place, key)),
        );
    }
    leaving.truncate(AT_ONCE);
    (leaving, is_short)
}
