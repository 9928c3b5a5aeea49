//! Which addresses play which part in a capture: exact, bounded, and open about what it could not remember.

use std::collections::HashSet;

use foldhash::fast::RandomState;
use netmon_common::Address;

use super::limits::ADDRESSES;
use crate::model::{Warning, WarningKind};

/// The part that an address plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// An IP packet was sent to it.
    Heard,
    /// It sent a query.
    Asker,
    /// It was sent a query.
    Asked,
}

/// Which addresses play which part. Beyond its bound, what is not remembered is not known; whoever asks takes the
/// answer that raises no alarm.
#[derive(Debug, Default)]
pub struct Addresses {
    parts: [HashSet<Address, RandomState>; 3],
    /// The last one that was put in: most packets go where the one before them went.
    last: Option<(Part, Address)>,
    forgotten: u64,
}

impl Addresses {
    /// Remembers that the address plays this part.
    #[inline]
    pub fn insert(&mut self, part: Part, address: Address) {
        if self.last != Some((part, address)) {
            self.last = Some((part, address));
            self.remember(part, address);
        }
    }

    fn remember(&mut self, part: Part, address: Address) {
        let [heard, askers, asked] = &mut self.parts;
        let set = match part {
            Part::Heard => heard,
            Part::Asker => askers,
            Part::Asked => asked,
        };
        if set.len() < ADDRESSES {
            set.insert(address);
        } else {
            self.forgotten += u64::from(!set.contains(&address));
        }
    }

    /// Whether the address plays the part; `None` where more do than are remembered.
    pub fn plays(&self, part: Part, address: Address) -> Option<bool> {
        let [heard, askers, asked] = &self.parts;
        let set = match part {
            Part::Heard => heard,
            Part::Asker => askers,
            Part::Asked => asked,
        };
        let found = set.contains(&address);
        (found || set.len() < ADDRESSES).then_some(found)
    }

    /// Whether anything is known to have been sent to the address. Silence toward a client is judged only where answers
    /// to it would be seen: not known is no, so that nothing is judged.
    pub fn heard(&self, address: Address) -> bool {
        self.plays(Part::Heard, address) == Some(true)
    }

    /// Whether queries between these two can be taken to be out of sight: no query of this client to anybody was seen, nor
    /// one to this server from anybody. Errors are then believed without proof: not known is no, so that they are not.
    pub fn queries_unseen(&self, client: Address, server: Address) -> bool {
        self.plays(Part::Asker, client) == Some(false) && self.plays(Part::Asked, server) == Some(false)
    }

    /// What to say where an address could not be remembered.
    pub fn warning(&self) -> Option<Warning> {
        (self.forgotten > 0).then(|| {
            let message = format!(
                "more than {ADDRESSES} addresses play one part; of others it is not known whether they were sent anything or \
                 asked ({} times): their silence is not judged, and errors for them need a query that was seen",
                self.forgotten
            );
            Warning::new(WarningKind::AddressesForgotten, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: [Part; 3] = [Part::Heard, Part::Asker, Part::Asked];

    fn address(number: usize) -> Address {
        Address::v4(u32::try_from(number).unwrap().to_be_bytes())
    }

    #[test]
    fn neighbouring_addresses_and_their_parts_are_never_confused() {
        let neighbours = 0x0a00_0000..0x0a00_0100;
        for part in PARTS {
            for number in neighbours.clone() {
                let mut addresses = Addresses::default();
                addresses.insert(part, address(number));
                for other in PARTS {
                    for neighbour in neighbours.clone() {
                        let expected = part == other && number == neighbour;
                        assert_eq!(
                            addresses.plays(other, address(neighbour)),
                            Some(expected),
                            "{part:?} {number:x}, asked for {other:?} {neighbour:x}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn beyond_the_bound_nothing_is_claimed_and_each_part_has_its_own_bound() {
        let mut addresses = Addresses::default();
        for number in 0..ADDRESSES {
            addresses.insert(Part::Heard, address(number));
        }
        assert_eq!(addresses.warning(), None);
        assert!(addresses.heard(address(0)) && addresses.heard(address(ADDRESSES - 1)));
        // One more is not known, neither that it was heard nor that it was not.
        addresses.insert(Part::Heard, address(ADDRESSES));
        assert_eq!(addresses.forgotten, 1);
        assert_eq!(addresses.plays(Part::Heard, address(ADDRESSES)), None);
        assert!(!addresses.heard(address(ADDRESSES)));
        assert_eq!(addresses.plays(Part::Asker, address(0)), Some(false));
        assert!(addresses.queries_unseen(address(1), address(2)));
        for number in 0..ADDRESSES {
            addresses.insert(Part::Asker, address(number));
        }
        assert!(!addresses.queries_unseen(address(ADDRESSES), address(2)));
    }

    #[test]
    fn a_full_set_still_knows_what_it_holds_without_counting_it_again() {
        let mut addresses = Addresses::default();
        for number in 0..ADDRESSES {
            addresses.insert(Part::Asked, address(number));
        }
        for number in 0..ADDRESSES {
            addresses.insert(Part::Asked, address(number));
        }
        assert_eq!(addresses.warning(), None);
        assert!((0..ADDRESSES).all(|number| addresses.plays(Part::Asked, address(number)) == Some(true)));
    }
}
