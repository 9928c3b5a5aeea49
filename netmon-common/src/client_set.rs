//! A set of clients in eight bytes: whose answers user space is waiting for.

use crate::address::Address;

/// A set that may say that it has an address which it has not: one in 64 for each other that it has. It never
/// says the contrary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct ClientSet(u64);

impl ClientSet {
    /// No client.
    pub const EMPTY: Self = Self(0);

    /// Takes a client in.
    #[inline(always)]
    pub fn insert(&mut self, client: Address) {
        self.0 |= bit(client);
    }

    /// Whether the client is in, or another one that looks alike.
    #[inline(always)]
    pub fn may_have(self, client: Address) -> bool {
        self.0 & bit(client) != 0
    }
}

#[inline(always)]
fn bit(client: Address) -> u64 {
    1 << (client.spread() >> 58)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(number: u8) -> Address {
        Address::v4([192, 0, 2, number])
    }

    #[test]
    fn a_client_that_was_taken_in_is_in_and_few_others_seem_to_be() {
        let mut set = ClientSet::EMPTY;
        assert!((0..=255).all(|number| !set.may_have(client(number))));
        set.insert(client(7));
        assert!(set.may_have(client(7)));
        let alike = (0..=255).filter(|&number| set.may_have(client(number))).count();
        assert!(alike <= 12, "{alike} of 256 for one in 64");
    }

    #[test]
    fn clients_of_one_ipv6_network_spread_as_well() {
        let bits = (0..64_u8).fold(0, |bits, number| {
            bits | bit(Address::v6([
                [0x20, 1, 0xd, 0xb8],
                [0; 4],
                [0; 4],
                [0, 0, 0, number],
            ]))
        });
        assert!(bits.count_ones() > 32, "{bits:064b}");
    }
}
