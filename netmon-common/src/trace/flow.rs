//! Between which ports of which hosts a query goes, hashed with a secret.

use crate::address::Address;
use crate::outcome::Transport;

use crate::limits::{MOVED_MARKS, OLD_BUCKETS, YOUNG_BUCKETS};

/// How many 32-bit words a flow is: two addresses, two ports together, the transport.
const WORDS: usize = 4 + 4 + 1 + 1;
/// How many pairs of these, the first ones, are upper halves of addresses.
const UPPER_PAIRS: usize = 2;
/// How many keys each half of a hash needs: one for each word, and one to start with.
const HALF: usize = WORDS + 1;
/// How many keys a hash needs.
pub const KEYS: usize = 2 * HALF;

/// The secret of one table, as many random numbers.
///
/// Without it, anybody could find two flows with one fingerprint, and have an error about one of them pass
/// for verified by a query of the other.
pub trait Keys {
    /// The number at this place, which is below [`KEYS`].
    fn at(&self, place: usize) -> u64;
}

/// A secret in memory.
#[derive(Clone, Copy, Debug)]
pub struct Secret([u64; KEYS]);

impl Secret {
    /// Numbers that follow from one (Splitmix64; G. L. Steele, D. Lea, C. H. Flood, 2014): for tables whose traces
    /// nobody can forge, such as a capture's.
    pub const fn expanded(mut seed: u64) -> Self {
        let mut keys = [0; KEYS];
        let mut place = 0;
        while place < KEYS {
            seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (seed ^ seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            #[expect(clippy::indexing_slicing, reason = "it is below")]
            {
                keys[place] = mixed ^ mixed >> 31;
            }
            place += 1;
        }
        Self(keys)
    }
}

impl Keys for Secret {
    #[inline(always)]
    fn at(&self, place: usize) -> u64 {
        self.0.get(place).copied().unwrap_or_default()
    }
}

/// A client's port, a server's port, and what runs between them: what an error's quote always tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flow {
    /// Who asks.
    pub client: Address,
    /// Who is asked.
    pub server: Address,
    /// The client's port, host order.
    pub client_port: u16,
    /// The server's port, host order.
    pub server_port: u16,
    /// UDP or TCP.
    pub transport: Transport,
}

impl Flow {
    /// The flow, hashed: two halves of 32 bits, each by a Multilinear-HM of its own (D. Lemire, O. Kaser: Strongly
    /// universal string hashing is fast, 2014). Whoever does not know the keys meets a given flow's hash with one
    /// flow in 2^51, which is what is kept of it. BPF has no rotation, which makes `SipHash` slow.
    ///
    /// The upper half of an address adds nothing where it is zero, as of IPv4: 4 of 10 multiplications are spared. A flow
    /// that has another one there differs by a product of keys of its own, as it does by any other word.
    #[inline(always)]
    pub fn hash<K: Keys>(&self, keys: &K) -> FlowHash {
        let mut halves = [keys.at(0), keys.at(HALF)];
        for (number, [one, other]) in self.words().into_iter().enumerate() {
            if number < UPPER_PAIRS && one | other == 0 {
                continue;
            }
            for (sum, first) in halves.iter_mut().zip([1, 1 + HALF]) {
                let one = keys.at(first + 2 * number).wrapping_add(u64::from(one));
                let other = keys.at(first + 2 * number + 1).wrapping_add(u64::from(other));
                *sum = sum.wrapping_add(one.wrapping_mul(other));
            }
        }
        let [high, low] = halves;
        FlowHash::new(high >> 32 << 32 | low >> 32)
    }

    /// The words in pairs, the addresses' upper halves first.
    #[inline(always)]
    fn words(&self) -> [[u32; 2]; WORDS / 2] {
        let pairs = |address: Address| {
            let [a, b, c, d] = address.parts();
            [[a, b], [c, d]]
        };
        let [client, client_end] = pairs(self.client);
        let [server, server_end] = pairs(self.server);
        let ports = u32::from(self.client_port) | u32::from(self.server_port) << 16;
        [
            client,
            server,
            client_end,
            server_end,
            [ports, self.transport as u32],
        ]
    }
}

/// A flow's hash: the lowest bits choose its bucket among the young, the upper ones are its fingerprint there. Between
/// them nothing is kept, so that a trace and the number of its young bucket tell all of the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowHash(u64);

/// The bits of a hash that are a flow's fingerprint: 41.
pub(super) const FINGERPRINT: u64 = !0 << 23;
/// The bits that choose the bucket among the young.
const YOUNG: u64 = YOUNG_BUCKETS as u64 - 1;

const _: () = assert!(YOUNG_BUCKETS.is_power_of_two() && YOUNG & FINGERPRINT == 0);
const _: () = assert!(MOVED_MARKS.is_power_of_two() && MOVED_MARKS <= OLD_BUCKETS);
const _: () = assert!(YOUNG_BUCKETS <= OLD_BUCKETS);

/// The bucket among the old that this number chooses, by its upper half (D. Lemire: Fast random integer generation in an interval,
/// 2019).
#[inline(always)]
const fn among_old(number: u64) -> u32 {
    (((number >> u32::BITS) * OLD_BUCKETS as u64) >> u32::BITS) as u32
}

impl FlowHash {
    #[inline(always)]
    const fn new(hash: u64) -> Self {
        Self(hash & (FINGERPRINT | YOUNG))
    }

    /// The hash as a number, for functions that take numbers only.
    #[inline(always)]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The hash that is this [number](Self::number).
    #[inline(always)]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The one with this fingerprint, which has this bucket among the young.
    #[inline(always)]
    pub(super) const fn of_young(fingerprint: u64, young: u32) -> Self {
        Self(fingerprint | young as u64)
    }

    /// The bucket among the young.
    #[inline(always)]
    pub const fn young(self) -> u32 {
        (self.0 & YOUNG) as u32
    }

    /// The bucket among the old where the flow's newest query there is. Ten bits that choose it are not in the fingerprint, and
    /// come first: of two flows with one home, one in 2^34 has the fingerprint of the other.
    #[inline(always)]
    pub const fn home(self) -> u32 {
        among_old(self.0 << YOUNG.leading_zeros() | self.0 >> YOUNG.count_ones())
    }

    /// The mark that says whether a query of this flow, or of one of some others, moved to the old.
    #[inline(always)]
    pub const fn mark(self) -> u32 {
        self.home() & (MOVED_MARKS - 1)
    }

    /// The bucket among the old where the flow's query with this id is when a newer one of the flow took its place.
    #[inline(always)]
    pub const fn away(self, id: u16) -> u32 {
        // Two rounds of multiplying and folding: ids are often drawn in a row.
        let mixed = (self.0 ^ id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ mixed >> 32).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        among_old(mixed)
    }

    #[inline(always)]
    pub(super) const fn fingerprint(self) -> u64 {
        self.0 & FINGERPRINT
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    fn flow(client: u8, client_port: u16) -> Flow {
        Flow {
            client: Address::v4([192, 0, 2, client]),
            server: Address::v6([[0x20, 1, 0xd, 0xb8], [0; 4], [0; 4], [0, 0, 0, 53]]),
            client_port,
            server_port: 53,
            transport: Transport::Tcp,
        }
    }

    #[test]
    fn the_hash_is_the_published_formula() {
        let flow = flow(7, 5_353);
        let secret = Secret::expanded(1);
        let (client, server) = (flow.client.octets(), flow.server.octets());
        let ([client, client_end], [server, server_end]) =
            (client.as_chunks::<8>().0, server.as_chunks::<8>().0)
        else {
            unreachable!("16 bytes")
        };
        let mut text: Vec<u128> = [client, server, client_end, server_end]
            .iter()
            .flat_map(|half| half.as_chunks::<4>().0)
            .map(|word| u128::from(u32::from_ne_bytes(*word)))
            .collect();
        text.extend([(53 << 16) + 5_353, Transport::Tcp as u128]);
        let half = |keys: &[u64]| {
            let pairs = text.chunks(2).zip(keys[1..].chunks(2));
            let sum: u128 = pairs
                // The client is an IPv4 address: its upper half is zero.
                .skip(1)
                .map(|(s, m)| {
                    let factors = [u128::from(m[0]) + s[0], u128::from(m[1]) + s[1]];
                    let [one, other] = factors.map(|factor| factor % (1 << 64));
                    one * other % (1 << 64)
                })
                .sum();
            (u128::from(keys[0]) + sum) % (1 << 64) / (1 << 32)
        };
        let (first, second) = secret.0.split_at(HALF);
        let hash = (half(first) << 32 | half(second)) & !0x7f_fc00;
        assert_eq!(u128::from(flow.hash(&secret).0), hash);
    }

    #[test]
    fn whatever_differs_in_a_flow_changes_both_halves_of_its_hash() {
        let secret = Secret::expanded(2);
        let one = flow(7, 5_353);
        let others = [
            flow(8, 5_353),
            flow(7, 5_354),
            Flow {
                server: Address::v4([192, 0, 2, 53]),
                ..one
            },
            Flow {
                server_port: 54,
                ..one
            },
            Flow {
                transport: Transport::Udp,
                ..one
            },
            Flow {
                client: one.server,
                server: one.client,
                ..one
            },
        ];
        for other in others {
            let differs = one.hash(&secret).0 ^ other.hash(&secret).0;
            assert!(differs >> 32 != 0 && differs << 32 != 0, "{other:?}");
        }
    }

    #[test]
    fn neighbouring_clients_and_ports_go_to_buckets_all_over_both_tables() {
        for seed in 0..4 {
            let secret = Secret::expanded(seed);
            let flows: [(&str, Vec<Flow>); 3] = [
                (
                    "ports in a row",
                    (0..4_096).map(|port| flow(7, 32_768 + port)).collect(),
                ),
                (
                    "clients and ports",
                    (0..64)
                        .flat_map(|client| (0..64).map(move |port| flow(client, 40_000 + port)))
                        .collect(),
                ),
                (
                    "servers in a row",
                    (0..4_096_u32)
                        .map(|server| Flow {
                            server: Address::v4((0x0a00_0000 + server).to_be_bytes()),
                            ..flow(7, 5_353)
                        })
                        .collect(),
                ),
            ];
            for (case, flows) in flows {
                let filled = |bucket: fn(FlowHash) -> u32| {
                    let buckets = flows.iter().map(|flow| bucket(flow.hash(&secret)));
                    buckets.collect::<std::collections::BTreeSet<_>>().len()
                };
                // Thrown at random, n balls fill m (1 - e^(-n/m)) of m boxes. Addresses in a row
                // step evenly through the hash, which with some keys leaves one box in five empty: that costs little.
                for (boxes, filled) in [
                    (YOUNG_BUCKETS, filled(FlowHash::young)),
                    (OLD_BUCKETS, filled(FlowHash::home)),
                ] {
                    let boxes = f64::from(boxes);
                    let chance = boxes * (1.0 - (-4_096.0 / boxes).exp());
                    let filled = f64::from(u32::try_from(filled).unwrap());
                    assert!(filled > 0.75 * chance, "{case}: {filled} buckets of {chance}");
                }
            }
        }
    }

    #[test]
    fn flows_with_one_home_among_the_old_are_told_apart_by_most_of_their_fingerprint() {
        let fingerprint = flow(7, 5_353).hash(&Secret::expanded(3)).fingerprint();
        let homes = (0..YOUNG_BUCKETS).map(|young| FlowHash::of_young(fingerprint, young).home());
        let homes: std::collections::BTreeSet<_> = homes.collect();
        // Of the fingerprint's 41 bits so few choose the home that two flows with one have 34 left to differ in.
        assert_eq!(homes.len(), YOUNG_BUCKETS as usize);
        const { assert!(OLD_BUCKETS / YOUNG_BUCKETS < 1 << (41 - 34)) };
    }

    #[test]
    fn another_secret_gives_other_buckets() {
        let flow = flow(7, 5_353);
        let [one, other] = [0, 1].map(|seed| flow.hash(&Secret::expanded(seed)));
        assert_ne!(one.home(), other.home());
    }

    #[test]
    fn the_queries_of_one_flow_go_to_buckets_all_over_the_table() {
        let hash = flow(7, 5_353).hash(&Secret::expanded(1));
        let mut buckets: Vec<u32> = (0..=u16::MAX).map(|id| hash.away(id)).collect();
        buckets.sort_unstable();
        buckets.dedup();
        // 65,536 balls in 98,304 boxes fill 47,800 of them when thrown at random.
        assert!(buckets.len() > 47_300, "{}", buckets.len());
    }
}
