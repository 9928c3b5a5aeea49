//! To which addresses a capture shows packets: exact, bounded, and open about what it could not remember. And which are those of
//! the host where it was made.

use std::collections::HashSet;

use foldhash::fast::RandomState;
use netmon_common::Address;

use super::limits::ADDRESSES;
use super::link::Loopback;
use crate::model::{Warning, WarningKind};

/// The addresses that an IP packet was sent to. Beyond its bound, what is not remembered is not known.
#[derive(Debug, Default)]
pub struct Addresses {
    heard: HashSet<Address, RandomState>,
    /// The last one that was put in: most packets go where the one before them went.
    last: Option<Address>,
    forgotten: u64,
}

impl Addresses {
    /// Remembers that something was sent to the address.
    #[inline]
    pub fn insert(&mut self, address: Address) {
        if self.last != Some(address) {
            self.last = Some(address);
            self.remember(address);
        }
    }

    fn remember(&mut self, address: Address) {
        if self.heard.len() < ADDRESSES {
            self.heard.insert(address);
        } else {
            self.forgotten += u64::from(!self.heard.contains(&address));
        }
    }

    /// Whether anything is known to have been sent to the address. Silence toward a client is judged only where answers
    /// to it would be seen: not known is no, so that nothing is judged.
    pub fn heard(&self, address: Address) -> bool {
        self.heard.contains(&address)
    }

    /// What to say where an address could not be remembered.
    pub fn warning(&self) -> Option<Warning> {
        (self.forgotten > 0).then(|| {
            let message = format!(
                "more than {ADDRESSES} addresses were sent something; of others it is not known whether they were ({} times): \
                 their silence is not judged",
                self.forgotten
            );
            Warning::new(WarningKind::AddressesForgotten, message)
        })
    }
}

/// Addresses of the host where a capture was made: those that somebody said.
#[derive(Debug, Default)]
pub struct LocalAddresses(Vec<Address>);

impl LocalAddresses {
    /// These, and all loopback addresses.
    pub fn new(local: impl IntoIterator<Item = Address>) -> Self {
        Self(local.into_iter().collect())
    }

    /// Whether an error that was seen so shows that the host itself raised it, about a query of its own: its sender and the client
    /// are the host's own addresses, as somebody said, or the same one.
    pub fn show_own_error(&self, seen: Loopback, [sender, client, server]: [Address; 3]) -> bool {
        let is_own = |address: Address| address.is_loopback() || self.0.contains(&address);
        match seen {
            Loopback::Yes => sender == client || (is_own(sender) && is_own(client)),
            Loopback::ByAddresses => [sender, client, server].into_iter().all(Address::is_loopback),
            Loopback::No => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: usize) -> Address {
        Address::v4(u32::try_from(number).unwrap().to_be_bytes())
    }

    #[test]
    fn neighbouring_addresses_are_never_confused() {
        let neighbours = 0x0a00_0000..0x0a00_0100;
        for number in neighbours.clone() {
            let mut addresses = Addresses::default();
            addresses.insert(address(number));
            for neighbour in neighbours.clone() {
                assert_eq!(addresses.heard(address(neighbour)), number == neighbour);
            }
        }
    }

    #[test]
    fn beyond_the_bound_nothing_is_claimed_and_what_is_known_is_not_counted_again() {
        let mut addresses = Addresses::default();
        for number in (0..ADDRESSES).chain(0..ADDRESSES) {
            addresses.insert(address(number));
        }
        assert_eq!(addresses.warning(), None);
        assert!((0..ADDRESSES).all(|number| addresses.heard(address(number))));
        addresses.insert(address(ADDRESSES));
        assert!(!addresses.heard(address(ADDRESSES)));
        assert!(addresses.warning().is_some());
    }
}
