//! Which ports are DNS ports.

use crate::limits::MAX_DNS_PORTS;

/// The DNS ports, at most [`MAX_DNS_PORTS`]; the first one fills the unused places, so that a look-up
/// needs no length. The kernel gets them as a constant at load time: the verifier then removes the
/// comparisons that repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct DnsPorts([u16; MAX_DNS_PORTS]);

impl DnsPorts {
    /// Port 53 alone (RFC 1035 section 4.2).
    pub const DEFAULT: Self = Self([53; MAX_DNS_PORTS]);

    /// These ports. `None` when there are none, more than [`MAX_DNS_PORTS`], or one of them is 0.
    pub fn new(ports: &[u16]) -> Option<Self> {
        let first = *ports.first()?;
        if ports.len() > MAX_DNS_PORTS || ports.contains(&0) {
            return None;
        }
        let mut table = [first; MAX_DNS_PORTS];
        for (place, port) in table.iter_mut().zip(ports) {
            *place = *port;
        }
        Some(Self(table))
    }

    /// From a table as [`table`](Self::table) gives it.
    #[inline(always)]
    pub const fn from_table(table: [u16; MAX_DNS_PORTS]) -> Self {
        Self(table)
    }

    /// The table, host order.
    pub const fn table(self) -> [u16; MAX_DNS_PORTS] {
        self.0
    }

    /// Whether `port` (host order) is a DNS port.
    #[inline(always)]
    #[expect(
        clippy::many_single_char_names,
        reason = "eight places of a table; a loop over them is not unrolled for the kernel"
    )]
    pub fn contains(&self, port: u16) -> bool {
        let [a, b, c, d, e, f, g, h] = self.0;
        port == a || port == b || port == c || port == d || port == e || port == f || port == g || port == h
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_given_ports_are_dns_ports() {
        let ports = DnsPorts::new(&[53, 5353]).unwrap();
        assert!(ports.contains(53) && ports.contains(5353) && !ports.contains(54) && !ports.contains(0));
    }

    #[test]
    fn no_port_nine_ports_and_port_zero_are_refused() {
        assert!(DnsPorts::new(&[]).is_none());
        assert!(DnsPorts::new(&[1, 2, 3, 4, 5, 6, 7, 8, 9]).is_none());
        assert!(DnsPorts::new(&[53, 0]).is_none());
    }
}
