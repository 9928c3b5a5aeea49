//! Which servers have metrics of their own.
//!
//! A server that is listed stays listed, so that its counters never fall and never have gaps. Only where all
//! places are taken does one that has been silent for an hour give way, to one that is active: the one that
//! leaves has nothing left to count, and the one that comes starts where it is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use netmon_common::Address;

use crate::time::Time;

/// A listed server that was silent for this long gives way to an active one.
const SILENT: Duration = Duration::from_hours(1);

/// What a server did up to a reading.
#[derive(Clone, Copy, Debug)]
pub struct Active {
    /// Which.
    pub server: Address,
    /// Packets so far.
    pub packets: u64,
    /// Whether there were more than at the reading before.
    pub grew: bool,
}

/// The listed servers.
#[derive(Debug)]
pub struct Roster {
    places: usize,
    seats: BTreeMap<Address, Seat>,
}

#[derive(Debug)]
struct Seat {
    name: Arc<str>,
    /// When it was last seen to be active.
    active: Time,
}

/// Who came and who went at a reading.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// Listed from now on.
    pub came: Vec<Address>,
    /// Listed no longer.
    pub left: Vec<Address>,
}

impl Roster {
    /// With so many places.
    pub const fn new(places: usize) -> Self {
        Self {
            places,
            seats: BTreeMap::new(),
        }
    }

    /// The name of a server, if it is listed.
    pub fn name(&self, server: Address) -> Option<&Arc<str>> {
        self.seats.get(&server).map(|seat| &seat.name)
    }

    /// Takes a reading of all servers, and lists those that there is room for, the most active first.
    pub fn update(&mut self, now: Time, servers: &[Active]) -> Moves {
        let mut waiting = Vec::new();
        for active in servers {
            match self.seats.get_mut(&active.server) {
                Some(seat) if active.grew => seat.active = now,
                Some(_) => {}
                None => waiting.push(*active),
            }
        }
        let mut moves = Moves::default();
        if waiting.is_empty() {
            return moves;
        }
        waiting.sort_by_key(|active| (std::cmp::Reverse(active.packets), active.server));
        let free = self.places.saturating_sub(self.seats.len()).min(waiting.len());
        let rest = waiting.split_off(free);
        for active in waiting {
            self.seat(active.server, now, &mut moves);
        }
        let mut silent = self
            .silent(now, rest.iter().any(|active| active.grew))
            .into_iter();
        for active in rest.into_iter().filter(|active| active.grew) {
            let Some(gone) = silent.next() else { break };
            self.seats.remove(&gone);
            moves.left.push(gone);
            self.seat(active.server, now, &mut moves);
        }
        moves
    }

    fn seat(&mut self, server: Address, now: Time, moves: &mut Moves) {
        let seat = Seat {
            name: server.to_string().into(),
            active: now,
        };
        self.seats.insert(server, seat);
        moves.came.push(server);
    }

    /// Those that may give way, the longest silent first.
    fn silent(&self, now: Time, wanted: bool) -> Vec<Address> {
        if !wanted {
            return Vec::new();
        }
        let silent = self
            .seats
            .iter()
            .filter(|(_, seat)| now.since(seat.active) >= SILENT);
        let mut silent: Vec<(Time, Address)> = silent.map(|(server, seat)| (seat.active, *server)).collect();
        silent.sort_unstable();
        silent.into_iter().map(|(_, server)| server).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(number: u8) -> Address {
        Address::v4([10, 0, 0, number])
    }

    fn reading(servers: &[(u8, u64, bool)]) -> Vec<Active> {
        let reading = servers.iter().map(|&(number, packets, grew)| Active {
            server: server(number),
            packets,
            grew,
        });
        reading.collect()
    }

    #[test]
    fn the_most_active_are_listed_and_stay_when_others_become_more_active() {
        let mut roster = Roster::new(2);
        let moves = roster.update(
            Time::at_second(1),
            &reading(&[(1, 5, true), (2, 7, true), (3, 9, true)]),
        );
        assert_eq!(moves.came, [server(3), server(2)]);
        let later = Time::at_second(3_000);
        let moves = roster.update(later, &reading(&[(1, 500, true), (2, 7, false), (3, 9, false)]));
        assert_eq!(moves, Moves::default());
        assert!(roster.name(server(1)).is_none());
        assert_eq!(roster.name(server(2)).map(|name| &**name), Some("10.0.0.2"));
    }

    #[test]
    fn one_that_was_silent_for_an_hour_gives_way_to_an_active_one_only() {
        let mut roster = Roster::new(2);
        roster.update(Time::at_second(1), &reading(&[(1, 5, true), (2, 7, true)]));
        roster.update(Time::at_second(2), &reading(&[(1, 6, true), (2, 7, false)]));
        let later = Time::at_second(3_601);
        let idle = reading(&[(1, 6, false), (2, 7, false), (3, 900, false)]);
        assert_eq!(roster.update(later, &idle), Moves::default());
        let active = reading(&[(1, 6, false), (2, 7, false), (3, 901, true), (4, 1, true)]);
        let moves = roster.update(later, &active);
        assert_eq!((moves.came, moves.left), (vec![server(3)], vec![server(2)]));
    }
}
