//! Responses by transport and rcode at once.
//!
//! The kernel counts a server's responses by transport, and by rcode for both transports together. Where all
//! responses between two readings came over one transport, that tells both at once. Where both were used, the
//! rcodes are shared out in proportion: the sums over the rcodes and over the transports stay exact, and no
//! counter ever falls; only which rcodes TCP had is then an estimate.

use netmon_common::records::Destination;
use netmon_common::{Rcode, Transport};

/// Responses of one transport, by [`Rcode`].
pub type ByRcode = [u64; Rcode::ALL.len()];

/// Responses by [`Transport`] and [`Rcode`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Responses(pub [ByRcode; 2]);

impl Responses {
    /// Of one transport.
    pub const fn of(&self, transport: Transport) -> &ByRcode {
        let [udp, tcp] = &self.0;
        match transport {
            Transport::Udp => udp,
            Transport::Tcp => tcp,
        }
    }

    /// Goes on to what a later reading says.
    pub fn grow(&mut self, now: &Destination) {
        let [udp, tcp] = &mut self.0;
        let mut more = Rcode::ALL.map(|rcode| now.rcode(rcode));
        for (more, known) in more.iter_mut().zip(udp.iter().zip(tcp.iter())) {
            *more = more.saturating_sub(known.0 + known.1);
        }
        // By what TCP still lacks, not by how much it grew: a packet that was counted between the readings of
        // two counters is then made up for by the next one.
        let over_tcp = now.tcp_dns_responses.saturating_sub(tcp.iter().sum());
        for (((udp, tcp), more), over_tcp) in udp.iter_mut().zip(tcp).zip(more).zip(share(more, over_tcp)) {
            *tcp += over_tcp;
            *udp += more - over_tcp;
        }
    }
}

/// Takes so many of all together, of each in proportion, and of none more than there are.
fn share(mut from: ByRcode, take: u64) -> ByRcode {
    let mut left: u64 = from.iter().sum();
    let mut take = take.min(left);
    for count in &mut from {
        let there = *count;
        // What is left to take, of what is left: rounding evens out, and the last takes what remains.
        *count = match left {
            0 => 0,
            left => u64::try_from(u128::from(there) * u128::from(take) / u128::from(left)).unwrap_or(there),
        };
        left -= there;
        // Never more than the others still have.
        *count = (*count).max(take.saturating_sub(left));
        take -= *count;
    }
    from
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(udp: u64, tcp: u64, rcodes: ByRcode) -> Destination {
        Destination {
            dns_responses: udp,
            tcp_dns_responses: tcp,
            rcodes,
            ..Destination::ZERO
        }
    }

    #[test]
    fn what_came_over_one_transport_is_known_exactly() {
        let mut responses = Responses::default();
        responses.grow(&reading(10, 0, [7, 2, 1, 0, 0]));
        responses.grow(&reading(10, 4, [8, 2, 1, 3, 0]));
        responses.grow(&reading(11, 4, [8, 2, 1, 3, 1]));
        assert_eq!(responses.0, [[7, 2, 1, 0, 1], [1, 0, 0, 3, 0]]);
    }

    #[test]
    fn what_came_over_both_is_shared_and_all_sums_are_exact() {
        let cases: [(&str, u64, u64, ByRcode); 5] = [
            ("even", 10, 10, [10, 10, 0, 0, 0]),
            ("mostly UDP", 997, 3, [900, 50, 49, 1, 0]),
            ("mostly TCP", 1, 999, [500, 1, 499, 0, 0]),
            ("one of each", 1, 1, [0, 0, 0, 1, 1]),
            ("many", 6_000_000_000, 5_000_000_000, [1, 10_999_999_998, 0, 0, 1]),
        ];
        for (case, udp, tcp, rcodes) in cases {
            let mut responses = Responses::default();
            responses.grow(&reading(udp, tcp, rcodes));
            let sum = |transport| responses.of(transport).iter().sum::<u64>();
            assert_eq!((sum(Transport::Udp), sum(Transport::Tcp)), (udp, tcp), "{case}");
            for (place, count) in rcodes.into_iter().enumerate() {
                assert_eq!(
                    responses.0[0][place] + responses.0[1][place],
                    count,
                    "{case}, rcode {place}"
                );
            }
        }
    }

    #[test]
    fn a_packet_between_two_counters_is_made_up_for_and_nothing_falls() {
        let mut responses = Responses::default();
        // The transport was counted, the rcode not yet; and the other way round.
        for (udp, tcp, noerror) in [(5, 1, 5), (5, 2, 7), (6, 2, 9), (7, 2, 9)] {
            let before = responses;
            responses.grow(&reading(udp, tcp, [noerror, 0, 0, 0, 0]));
            for transport in [Transport::Udp, Transport::Tcp] {
                assert!(responses.of(transport)[0] >= before.of(transport)[0]);
            }
        }
        assert_eq!(responses.0, [[7, 0, 0, 0, 0], [2, 0, 0, 0, 0]]);
    }
}
