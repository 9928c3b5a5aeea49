//! Which ports are DNS ports.

use crate::limits::MAX_DNS_PORTS;

/// A port as it stands in a header, in network order.
pub type RawPort = [u8; 2];

/// Tells DNS ports from others. A trait, because the kernel's side has them elsewhere.
pub trait Ports {
    /// Whether it is a DNS port.
    fn contains(&self, port: RawPort) -> bool;

    /// Whether one of them is.
    fn contains_one(&self, source: RawPort, destination: RawPort) -> bool;
}

/// The DNS ports, at most [`MAX_DNS_PORTS`]; the first one fills the unused places, so that a look-up
/// needs no length. Four to a word, so that a look-up compares four at once. The kernel gets them as a
/// constant at load time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct DnsPorts([u64; MAX_DNS_PORTS / PORTS_PER_WORD]);

const PORTS_PER_WORD: usize = size_of::<u64>() / size_of::<u16>();

impl DnsPorts {
    /// Port 53 alone (RFC 1035 section 4.2).
    pub const DEFAULT: Self = Self([53 * LOWEST_BITS; MAX_DNS_PORTS / PORTS_PER_WORD]);

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
        Some(Self(table))
    }

    /// From words as [`words`](Self::words) gives them.
    #[inline(always)]
    pub const fn from_words(words: [u64; 2]) -> Self {
        Self(words)
    }

    /// The words, as the kernel programs are given them.
    pub const fn words(self) -> [u64; 2] {
        self.0
    }

    /// The port, if it is only one.
    pub const fn only(self) -> Option<u16> {
        let [low, high] = self.0;
        #[expect(clippy::cast_possible_truncation, reason = "the lowest lane")]
        let port = low as u16;
        let filled = port as u64 * LOWEST_BITS;
        if low == filled && high == filled {
            Some(port)
        } else {
            None
        }
    }

    /// The ports, host order, the first one again in unused places.
    pub fn table(self) -> [u16; MAX_DNS_PORTS] {
        let mut table = [0; MAX_DNS_PORTS];
        let lanes = self
            .0
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
    #[inline(always)]
    pub const fn contains(&self, port: u16) -> bool {
        // All places at once, and without branches, each of which the verifier would follow: a lane of
        // `differences` is zero where the table has the port. The borrow of a lane sets its highest bit
        // only if it was zero, or if one below it was.
        let lanes = port as u64 * LOWEST_BITS;
        let [low, high] = self.0;
        let differences = [low ^ lanes, high ^ lanes];
        has_zero_lane(differences[0]) | has_zero_lane(differences[1]) != 0
    }
}

impl Ports for DnsPorts {
    #[inline(always)]
    fn contains(&self, port: RawPort) -> bool {
        Self::contains(self, u16::from_be_bytes(port))
    }

    #[inline(always)]
    fn contains_one(&self, source: RawPort, destination: RawPort) -> bool {
        Ports::contains(self, source) | Ports::contains(self, destination)
    }
}

/// The lowest bit of each 16-bit lane.
const LOWEST_BITS: u64 = 0x0001_0001_0001_0001;

/// Not 0 if one of the four 16-bit lanes is 0.
#[inline(always)]
const fn has_zero_lane(lanes: u64) -> u64 {
    lanes.wrapping_sub(LOWEST_BITS) & !lanes & (LOWEST_BITS << 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_given_ports_are_dns_ports() {
        let ports = DnsPorts::new(&[53, 5353]).unwrap();
        for port in 0..=u16::MAX {
            assert_eq!(ports.contains(port), port == 53 || port == 5353, "{port}");
        }
        assert_eq!(ports.table(), [53, 5353, 53, 53, 53, 53, 53, 53]);
        let eight = [1, 2, 0x8000, 0x7fff, 0xffff, 0x100, 0x101, 0xff];
        let ports = DnsPorts::new(&eight).unwrap();
        for port in 0..=u16::MAX {
            assert_eq!(ports.contains(port), eight.contains(&port), "{port}");
        }
    }

    #[test]
    fn a_single_port_is_known_as_such() {
        for port in [1, 53, 0x100, 0x3500, u16::MAX] {
            assert_eq!(DnsPorts::new(&[port]).unwrap().only(), Some(port));
        }
        assert_eq!(DnsPorts::new(&[53, 53]).unwrap().only(), Some(53));
        assert_eq!(DnsPorts::new(&[53, 5353]).unwrap().only(), None);
    }

    #[test]
    fn no_port_nine_ports_and_port_zero_are_refused() {
        assert!(DnsPorts::new(&[]).is_none());
        assert!(DnsPorts::new(&[1, 2, 3, 4, 5, 6, 7, 8, 9]).is_none());
        assert!(DnsPorts::new(&[53, 0]).is_none());
    }
}
