//! Which servers have metrics of their own.
//!
//! A server that is listed stays listed, so that its counters never fall and never have gaps. Only where all
//! places are taken does one that has been silent for an hour give way, to one that is active: the one that
//! leaves has nothing left to count, and the one that comes starts where it is. One that never answered gives way at once to one
//! that answers: else whoever asks one address after the other would fill the list.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::iter::Peekable;
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
    /// Whether it has answered a query that was seen.
    pub answers: bool,
}

impl Active {
    /// Those first that answer, and of these the most active ones.
    pub fn rank(&self) -> impl Ord + use<> {
        (!self.answers, Reverse(self.packets), self.server)
    }
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
    answers: bool,
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
                Some(seat) => {
                    seat.answers |= active.answers;
                    if active.grew {
                        seat.active = now;
                    }
                }
                None => waiting.push(*active),
            }
        }
        let mut moves = Moves::default();
        if waiting.is_empty() {
            return moves;
        }
        waiting.sort_unstable_by_key(Active::rank);
        let free = self.places.saturating_sub(self.seats.len()).min(waiting.len());
        let rest = waiting.split_off(free);
        for active in waiting {
            self.seat(active, now, &mut moves);
        }
        let rest = rest.into_iter().filter(|active| active.grew).peekable();
        self.replace(rest, now, &mut moves);
        moves
    }

    /// Lists these in place of others that may give way to them.
    fn replace(&mut self, mut waiting: Peekable<impl Iterator<Item = Active>>, now: Time, moves: &mut Moves) {
        if waiting.peek().is_none() {
            return;
        }
        for (gone, is_silent) in self.least(now) {
            // Those that answer come first.
            let Some(active) = waiting.next_if(|active| active.answers || is_silent) else {
                return;
            };
            self.seats.remove(&gone);
            moves.left.push(gone);
            self.seat(active, now, moves);
        }
    }

    fn seat(&mut self, active: Active, now: Time, moves: &mut Moves) {
        let Active { server, answers, .. } = active;
        let seat = Seat {
            name: server.to_string().into(),
            active: now,
            answers,
        };
        self.seats.insert(server, seat);
        moves.came.push(server);
    }

    /// Those that may give way, those first that were silent for long, and the longest silent of them first; and whether each was.
    fn least(&self, now: Time) -> Vec<(Address, bool)> {
        let is_silent = |seat: &Seat| now.since(seat.active) >= SILENT;
        let seats = self.seats.iter();
        let least = seats.filter(|(_, seat)| is_silent(seat) || !seat.answers);
        let mut least: Vec<_> = least
            .map(|(server, seat)| (!is_silent(seat), seat.active, *server))
            .collect();
        least.sort_unstable();
        let least = least.into_iter();
        least.map(|(recent, _, server)| (server, !recent)).collect()
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
            answers: true,
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

    #[test]
    fn one_that_never_answered_gives_way_at_once_to_one_that_answers_and_to_no_other() {
        let scanned = |number| Active {
            answers: false,
            ..reading(&[(number, 1, true)])[0]
        };
        let mut roster = Roster::new(2);
        roster.update(Time::at_second(1), &[scanned(1), scanned(2), scanned(3)]);
        let now = Time::at_second(2);
        assert_eq!(roster.update(now, &[scanned(4)]), Moves::default());
        let answers = reading(&[(5, 3, true), (6, 9, true), (7, 1, true)]);
        let moves = roster.update(now, &answers);
        assert_eq!(moves.came, [server(6), server(5)]);
        assert_eq!(moves.left, [server(1), server(2)]);
    }
}
