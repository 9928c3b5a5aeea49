//! The servers that are tracked: at most [`SERVERS`].
//!
//! One look-up an observation. The hash is foldhash: as quick as the unkeyed ones, but seeded again in each
//! process, so that nobody can choose addresses that collide. Nothing that is decided depends on its order.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use foldhash::fast::RandomState;

use crate::bounded::Bounded;
use crate::observation::Service;
use crate::time::Time;

use super::limits::{
    ANSWERED_STAYS, EVICTION_CANDIDATES, EVICTION_LOOKS, EVICTION_STRIDE, KNOWN_SERVICES, SERVERS,
};
use super::scope::Standing;
use super::service::Tracked;

/// The servers that are tracked.
#[derive(Debug)]
pub(super) struct Table {
    places: HashMap<Service, usize, RandomState>,
    servers: Vec<Tracked>,
    /// When those that were forgotten last answered well.
    known: Bounded<Service, Time>,
    /// Where the search for a server to forget goes on.
    hand: usize,
    dropped: u64,
    /// Until when no service's exchanges are all accounted for.
    pub gap_until: Option<Time>,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            places: HashMap::default(),
            servers: Vec::new(),
            known: Bounded::new(KNOWN_SERVICES),
            hand: 0,
            dropped: 0,
            gap_until: None,
        }
    }
}

impl Table {
    /// The server at that place.
    pub fn at(&mut self, place: usize) -> Option<&mut Tracked> {
        self.servers.get_mut(place)
    }

    /// A server that is tracked.
    pub fn get(&self, service: Service) -> Option<&Tracked> {
        self.servers.get(*self.places.get(&service)?)
    }

    /// The same, to change.
    pub fn get_mut(&mut self, service: Service) -> Option<&mut Tracked> {
        self.servers.get_mut(*self.places.get(&service)?)
    }

    /// A server and its place; it is tracked from now on if `standing` gives it one. `None` where it gives none,
    /// and where no room is found, because those that are tracked have incidents.
    #[inline]
    pub fn track(
        &mut self,
        service: Service,
        at: Time,
        standing: impl FnOnce() -> Option<Standing>,
    ) -> Option<(usize, &mut Tracked)> {
        let place = match self.places.get(&service) {
            Some(&place) => place,
            None => self.insert(Tracked::new(service, standing()?, at))?,
        };
        let server = self.servers.get_mut(place)?;
        server.last_active = at;
        Some((place, server))
    }

    fn insert(&mut self, server: Tracked) -> Option<usize> {
        let mut server = server;
        server.facts.gap_until = self.gap_until;
        let service = server.facts.service;
        server.facts.last_good = self.known.remove(&service);
        let place = if self.servers.len() < SERVERS {
            self.servers.push(server);
            self.servers.len() - 1
        } else {
            self.dropped += 1;
            let matters = server.facts.standing.matters();
            let looks = if matters { SERVERS } else { EVICTION_LOOKS };
            let place = self.most_idle(looks)?;
            let gone = self.servers.get_mut(place)?;
            self.places.remove(&gone.facts.service);
            if let Some(good) = gone.facts.last_good {
                self.known.insert(gone.facts.service, good);
            }
            *gone = server;
            place
        };
        match self.places.entry(service) {
            Entry::Occupied(known) => Some(*known.get()),
            Entry::Vacant(new) => Some(*new.insert(place)),
        }
    }

    /// The place of the server that was idle longest, among some without an incident; `None` where all that are looked at have
    /// one.
    fn most_idle(&mut self, looks: usize) -> Option<usize> {
        let mut candidates = 0;
        let mut most_idle: Option<(Time, usize)> = None;
        for _ in 0..self.servers.len().min(looks) {
            self.hand = (self.hand + EVICTION_STRIDE) % self.servers.len();
            let Some(server) = self.servers.get(self.hand) else {
                continue;
            };
            if !server.incidents.are_none() || server.facts.standing.matters() {
                continue;
            }
            let active = match server.facts.last_answer {
                Some(_) => server.last_active.after(ANSWERED_STAYS),
                None => server.last_active,
            };
            if most_idle.is_none_or(|(most, _)| active < most) {
                most_idle = Some((active, self.hand));
            }
            candidates += 1;
            if candidates == EVICTION_CANDIDATES {
                break;
            }
        }
        most_idle.map(|(_, place)| place)
    }

    /// All servers.
    pub fn iter(&self) -> impl Iterator<Item = &Tracked> {
        self.servers.iter()
    }

    /// All servers, to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Tracked> {
        self.servers.iter_mut()
    }

    /// How many are tracked.
    pub fn len(&self) -> usize {
        self.servers.len()
    }

    /// How many were forgotten, or never taken.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }
}
