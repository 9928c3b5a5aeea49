//! The destinations of a capture: a bounded table, and who makes room in it when it is full (docs/contract.md, section 1, "No table
//! only fills").
//!
//! Whoever was asked least recently makes room first, and servers that answer, or about which a verified error came, after all
//! others. What was never asked, and only named by errors and responses, which anybody can forge, has an eighth of the places: it
//! crowds out nothing else.

use std::collections::{BTreeMap, HashMap, HashSet};

use foldhash::fast::RandomState;
use netmon_common::Address;
use netmon_common::records::{Destination, Totals};

use crate::model::{Warning, WarningKind};

/// How many destinations a packet may add: the one that it is about, and the server of a late answer.
const OF_A_PACKET: usize = 2;

/// The table.
#[derive(Clone, Debug)]
pub struct Destinations {
    of: HashMap<Address, Place, RandomState>,
    capacity: usize,
    /// Rises with each packet.
    turn: u64,
    retired: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    counters: Destination,
    /// In which turn it was last named, and last asked; 0 if never.
    named: u64,
    asked: u64,
}

impl Place {
    /// Whether it has answered a query that was seen, or an error came about one.
    fn is_known(&self) -> bool {
        let counters = &self.counters;
        counters.dns_responses + counters.tcp_dns_responses > counters.unmatched_responses()
            || counters.dns_unreachable.as_flattened().iter().sum::<u64>() > counters.unsolicited()
    }
}

impl Destinations {
    /// At most so many.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            of: HashMap::default(),
            capacity,
            turn: 0,
            retired: 0,
        }
    }

    /// The counters of a destination that a packet is about, and which it `asks` or not; `None` when there is no place.
    pub fn counters(&mut self, address: Address, asks: bool) -> Option<&mut Destination> {
        self.turn += 1;
        let place = if self.of.len() >= self.capacity {
            self.of.get_mut(&address)?
        } else {
            self.of.entry(address).or_default()
        };
        place.named = self.turn;
        if asks {
            place.asked = self.turn;
        }
        Some(&mut place.counters)
    }

    /// Those of one that has a place.
    pub fn get(&self, address: Address) -> Option<&Destination> {
        self.of.get(&address).map(|place| &place.counters)
    }

    /// The same, to change them.
    pub fn get_mut(&mut self, address: Address) -> Option<&mut Destination> {
        self.of.get_mut(&address).map(|place| &mut place.counters)
    }

    /// All of them.
    pub fn all(&self) -> BTreeMap<Address, Destination> {
        let all = self.of.iter();
        all.map(|(address, place)| (*address, place.counters)).collect()
    }

    /// Whether the next packet may find no place.
    pub fn is_full(&self) -> bool {
        self.of.len() + OF_A_PACKET > self.capacity
    }

    /// Some make room, none of those that stay: their counts go into the totals. Who that is.
    pub fn make_room(&mut self, stay: &HashSet<Address>, totals: &mut Totals) -> Vec<Address> {
        let mut asked = Vec::new();
        let mut named = Vec::new();
        for (address, place) in self.of.iter().filter(|(address, _)| !stay.contains(*address)) {
            if place.asked > 0 {
                asked.push((place.is_known(), place.asked, *address));
            } else {
                named.push((false, place.named, *address));
            }
        }
        // So many at once that looking at all of them costs each newcomer little.
        let few = (self.capacity / 16).max(OF_A_PACKET);
        let is_named = named.len() > self.capacity / 8 || asked.is_empty();
        let (mut leaving, most) = if is_named {
            let most = named.len().saturating_sub(self.capacity / 16);
            (named, most.max(few))
        } else {
            (asked, few)
        };
        leaving.sort_unstable();
        leaving.truncate(most);
        let leaving: Vec<Address> = leaving.into_iter().map(|(.., address)| address).collect();
        for address in &leaving {
            if let Some(Place { counters, .. }) = self.of.remove(address) {
                totals.retired += counters.counted();
                totals.late_retired += counters.late_responses;
                self.retired += 1;
            }
        }
        leaving
    }

    /// What to say of those that made room.
    pub fn warning(&self) -> Option<Warning> {
        let retired = self.retired;
        (retired > 0).then(|| {
            let message = format!(
                "there are more than {} destinations: {retired} that were asked least recently made room for others, and their counts \
                 are in `retired`",
                self.capacity
            );
            Warning::new(WarningKind::TablePressure, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPACITY: usize = 64;

    fn address(n: u32) -> Address {
        Address::v4(n.to_be_bytes())
    }

    /// A table, and what was counted in all.
    struct Counted(Destinations, Totals, u64);

    impl Counted {
        fn new() -> Self {
            Self(Destinations::with_capacity(CAPACITY), Totals::default(), 0)
        }

        fn count(&mut self, n: u32, asks: bool, answered: bool, stay: &HashSet<Address>) {
            let Self(table, totals, all) = self;
            let counters = table.counters(address(n), asks).expect("there is always a place");
            counters.dns_queries += u64::from(asks);
            counters.dns_responses += u64::from(answered);
            counters.icmp_unreachable[0] += u64::from(!asks);
            *all += 1 + u64::from(answered);
            if table.is_full() {
                table.make_room(stay, totals);
            }
        }

        fn has(&self, n: u32) -> bool {
            self.0.get(address(n)).is_some()
        }
    }

    #[test]
    fn the_least_recently_asked_make_room_and_their_counts_are_not_lost() {
        let mut counted = Counted::new();
        for n in 0..1_000 {
            // 1 is asked all along, 2 has answered, 3 has an open incident.
            counted.count(n, true, n == 2, &HashSet::from([address(3)]));
            counted.count(1, true, false, &HashSet::from([address(3)]));
        }
        assert!(counted.has(1) && counted.has(2) && counted.has(3) && counted.has(999));
        assert!(!counted.has(4) && !counted.has(900));
        let Counted(table, totals, all) = counted;
        let there: u64 = table.all().values().map(Destination::counted).sum();
        assert_eq!(there + totals.retired, all);
        assert!(table.warning().is_some());
    }

    #[test]
    fn what_is_only_named_crowds_out_nothing_that_was_asked() {
        let mut counted = Counted::new();
        let asked = 50;
        for n in 0..asked {
            counted.count(n, true, false, &HashSet::new());
        }
        for n in 1_000..5_000 {
            counted.count(n, false, false, &HashSet::new());
        }
        assert!((0..asked).all(|n| counted.has(n)));
        // It has places of its own, too.
        let mut counted = Counted::new();
        for n in 0..6 {
            counted.count(1_000 + n, false, false, &HashSet::new());
        }
        for n in 0..1_000 {
            counted.count(n, true, false, &HashSet::new());
        }
        assert!((0..6).all(|n| counted.has(1_000 + n)));
    }
}
