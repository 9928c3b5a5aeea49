//! Between which ports of which hosts a query goes, hashed with a secret.

use crate::address::Address;
use crate::outcome::Transport;

use crate::limits::TRACE_BUCKETS;

/// The secret of one table.
///
/// Without it, anybody could find two flows with one fingerprint, and have an error about one of them pass
/// for verified by a query of the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Secret([u64; 2]);

impl Secret {
    /// From 16 random bytes, or any others where nobody can be deceived.
    pub const fn new(words: [u64; 2]) -> Self {
        Self(words)
    }
}

/// A client's port, a server's port, and what runs between them: what an error's quote always tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// How many bytes are hashed: two addresses, two ports, the transport.
    const LEN: u64 = 16 + 16 + 2 + 2 + 1;

    /// SipHash-1-3 (J.-P. Aumasson, D. J. Bernstein, 2012; what the standard library hashes with) of the flow.
    #[inline(always)]
    pub fn hash(&self, secret: Secret) -> FlowHash {
        let Secret([k0, k1]) = secret;
        let [client_high, client_low] = self.client.words();
        let [server_high, server_low] = self.server.words();
        let tail = u64::from(self.client_port)
            | u64::from(self.server_port) << 16
            | (self.transport as u64) << 32
            | Self::LEN << 56;
        let mut state = State([
            k0 ^ 0x736f_6d65_7073_6575,
            k1 ^ 0x646f_7261_6e64_6f6d,
            k0 ^ 0x6c79_6765_6e65_7261,
            k1 ^ 0x7465_6462_7974_6573,
        ]);
        state.absorb(client_high);
        state.absorb(client_low);
        state.absorb(server_high);
        state.absorb(server_low);
        state.absorb(tail);
        FlowHash(state.finish())
    }
}

/// A flow's hash: the lower bits choose its bucket, the upper ones are its fingerprint there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowHash(u64);

/// The bits of a hash that are a flow's fingerprint in its bucket: 44. Those that choose the bucket are others.
pub(super) const FINGERPRINT: u64 = !0 << 20;
const _: () = assert!(TRACE_BUCKETS.is_power_of_two() && TRACE_BUCKETS as u64 & FINGERPRINT == 0);

impl FlowHash {
    /// The bucket where the flow's newest query is.
    #[inline(always)]
    pub const fn home(self) -> u32 {
        bucket(self.0)
    }

    /// The bucket where the flow's query with this id is when a newer one of the flow took its place.
    #[inline(always)]
    pub const fn away(self, id: u16) -> u32 {
        // Two rounds of multiplying and folding: ids are often drawn in a row.
        let mixed = (self.0 ^ id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ mixed >> 32).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bucket(mixed >> 32)
    }

    #[inline(always)]
    pub(super) const fn fingerprint(self) -> u64 {
        self.0 & FINGERPRINT
    }
}

#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "masked")]
const fn bucket(hash: u64) -> u32 {
    hash as u32 & (TRACE_BUCKETS - 1)
}

/// The state of the hash.
struct State([u64; 4]);

impl State {
    #[inline(always)]
    fn absorb(&mut self, word: u64) {
        let [a, b, c, d] = self.0;
        self.0 = [a, b, c, d ^ word];
        self.round();
        let [a, b, c, d] = self.0;
        self.0 = [a ^ word, b, c, d];
    }

    #[inline(always)]
    fn finish(mut self) -> u64 {
        let [a, b, c, d] = self.0;
        self.0 = [a, b, c ^ 0xff, d];
        self.round();
        self.round();
        self.round();
        let [a, b, c, d] = self.0;
        a ^ b ^ c ^ d
    }

    #[inline(always)]
    fn round(&mut self) {
        let [mut a, mut b, mut c, mut d] = self.0;
        a = a.wrapping_add(b);
        c = c.wrapping_add(d);
        b = b.rotate_left(13) ^ a;
        d = d.rotate_left(16) ^ c;
        a = a.rotate_left(32).wrapping_add(d);
        c = c.wrapping_add(b);
        b = b.rotate_left(17) ^ c;
        d = d.rotate_left(21) ^ a;
        c = c.rotate_left(32);
        self.0 = [a, b, c, d];
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::hash::{DefaultHasher, Hasher};
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
    fn the_hash_is_siphash_1_3() {
        // The standard library's default hasher is SipHash-1-3 with the key 0.
        for port in [0, 1, 53, 1_024, 65_535] {
            let flow = flow(7, port);
            let mut bytes = Vec::new();
            bytes.extend(flow.client.octets());
            bytes.extend(flow.server.octets());
            bytes.extend(flow.client_port.to_le_bytes());
            bytes.extend(flow.server_port.to_le_bytes());
            bytes.push(flow.transport as u8);
            let mut hasher = DefaultHasher::new();
            hasher.write(&bytes);
            assert_eq!(flow.hash(Secret::default()).0, hasher.finish(), "port {port}");
        }
    }

    #[test]
    fn another_secret_gives_other_buckets() {
        let flow = flow(7, 5_353);
        let hashes = [[0, 0], [1, 0], [0, 1]].map(|secret| flow.hash(Secret::new(secret)));
        assert_ne!(hashes[0].home(), hashes[1].home());
        assert_ne!(hashes[0].home(), hashes[2].home());
    }

    #[test]
    fn the_queries_of_one_flow_go_to_buckets_all_over_the_table() {
        let hash = flow(7, 5_353).hash(Secret::new([1, 2]));
        let mut buckets: Vec<u32> = (0..=u16::MAX).map(|id| hash.away(id)).collect();
        buckets.sort_unstable();
        buckets.dedup();
        // 65,536 balls in 131,072 boxes fill 51,600 of them when thrown at random.
        assert!(buckets.len() > 51_000, "{}", buckets.len());
    }
}
