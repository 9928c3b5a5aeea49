//! Which ports are DNS ports.

use crate::limits::MAX_DNS_PORTS;

/// Tells which ports are DNS ports.
///
/// A trait, because the kernel's side reads what user space told it only when it is asked: most packets ask the
/// first question only.
pub trait Ports {
    /// Whether one of them (host order) may be a DNS port. `false` is certain, and comes cheaply; so it does for
    /// 63 of 64 ports of no service.
    fn may_contain(&self, one: u16, other: u16) -> bool;

    /// Whether it (host order) is a DNS port.
    fn contains(&self, port: u16) -> bool;
}

/// The DNS ports, at most [`MAX_DNS_PORTS`]. The kernel gets them as constants at load time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DnsPorts {
    /// Four to a word, so that a look-up compares four at once; the first one fills the unused places, so that it
    /// needs no length.
    table: [u64; MAX_DNS_PORTS / PORTS_PER_WORD],
    /// A bit for the lowest six bits of each: most packets are found to be no DNS by these alone.
    sieve: u64,
}

const PORTS_PER_WORD: usize = size_of::<u64>() / size_of::<u16>();

impl DnsPorts {
    /// Port 53 alone (RFC 1035 section 4.2).
    pub const DEFAULT: Self = Self {
        table: [53 * LOWEST_BITS; MAX_DNS_PORTS / PORTS_PER_WORD],
        sieve: 1 << sieved(53),
    };

    /// These ports. `None` when there are none, more than [`MAX_DNS_PORTS`], or one of them is 0.
    pub fn new(ports: &[u16]) -> Option<Self> {
        let first = *ports.first()?;
        if ports.len() > MAX_DNS_PORTS || ports.contains(&0) {
            return None;
        }
        let mut table = [u64::from(first) * LOWEST_BITS; MAX_DNS_PORTS / PORTS_PER_WORD];
        let lanes = table.iter_mut().zip(ports.chunks(PORTS_PER_WORD));
        for (word, ports) in lanes {
            for (lane, port) in ports.iter().enumerate() {
                let shift = lane * 16;
                *word = *word & !(0xffff << shift) | u64::from(*port) << shift;
            }
        }
        let sieve = ports.iter().fold(0, |sieve, port| sieve | 1 << sieved(*port));
        Some(Self { table, sieve })
    }

    /// The table and the sieve, as the kernel programs are given them.
    pub const fn words(self) -> ([u64; 2], u64) {
        (self.table, self.sieve)
    }

    /// The ports, host order, the first one again in unused places.
    pub fn table(self) -> [u16; MAX_DNS_PORTS] {
        let mut table = [0; MAX_DNS_PORTS];
        let lanes = self
            .table
            .into_iter()
            .flat_map(|word| [word, word >> 16, word >> 32, word >> 48]);
        for (place, lane) in table.iter_mut().zip(lanes) {
            #[expect(clippy::cast_possible_truncation, reason = "the lowest lane")]
            let port = lane as u16;
            *place = port;
        }
        table
    }

    /// Whether `port` (host order) is a DNS port.
    pub const fn contains(&self, port: u16) -> bool {
        is_in(self.table, port)
    }
}

impl Ports for DnsPorts {
    #[inline(always)]
    fn may_contain(&self, one: u16, other: u16) -> bool {
        passes(self.sieve, one, other)
    }

    #[inline(always)]
    fn contains(&self, port: u16) -> bool {
        is_in(self.table, port)
    }
}

/// [`Ports::may_contain`] for the sieve of [`DnsPorts::words`].
#[inline(always)]
pub const fn passes(sieve: u64, one: u16, other: u16) -> bool {
    (sieve >> sieved(one) | sieve >> sieved(other)) & 1 != 0
}

/// [`Ports::contains`] for the table of [`DnsPorts::words`].
#[inline(always)]
pub const fn is_in(table: [u64; 2], port: u16) -> bool {
    // All places at once, and without branches, each of which the verifier would follow: a lane of
    // `differences` is zero where the table has the port. The borrow of a lane sets its highest bit
    // only if it was zero, or if one below it was.
    let lanes = port as u64 * LOWEST_BITS;
    let [low, high] = table;
    let differences = [low ^ lanes, high ^ lanes];
    has_zero_lane(differences[0]) | has_zero_lane(differences[1]) != 0
}

/// The lowest bit of each 16-bit lane.
const LOWEST_BITS: u64 = 0x0001_0001_0001_0001;

/// Not 0 if one of the four 16-bit lanes is 0.
#[inline(always)]
const fn has_zero_lane(lanes: u64) -> u64 {
    lanes.wrapping_sub(LOWEST_BITS) & !lanes & (LOWEST_BITS << 15)
}

/// The bit of the sieve for a port.
#[inline(always)]
const fn sieved(port: u16) -> u32 {
    port as u32 % u64::BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_given_ports_are_dns_ports_and_the_sieve_lets_them_through() {
        let ports = DnsPorts::new(&[53, 5353]).unwrap();
        for port in 0..=u16::MAX {
            assert_eq!(ports.contains(port), port == 53 || port == 5353, "{port}");
            assert!(ports.may_contain(port, 0) || !ports.contains(port), "{port}");
            assert!(ports.may_contain(0, port) || !ports.contains(port), "{port}");
        }
        assert_eq!(ports.table(), [53, 5353, 53, 53, 53, 53, 53, 53]);
        assert!(!ports.may_contain(443, 40_000));
        assert!(!ports.may_contain(80, 22));
        let eight = [1, 2, 0x8000, 0x7fff, 0xffff, 0x100, 0x101, 0xff];
        let ports = DnsPorts::new(&eight).unwrap();
        for port in 0..=u16::MAX {
            assert_eq!(ports.contains(port), eight.contains(&port), "{port}");
        }
    }

    #[test]
    fn no_port_nine_ports_and_port_zero_are_refused() {
        assert!(DnsPorts::new(&[]).is_none());
        assert!(DnsPorts::new(&[1, 2, 3, 4, 5, 6, 7, 8, 9]).is_none());
        assert!(DnsPorts::new(&[53, 0]).is_none());
    }
}
