//! The counters of one server, or of several together.

use netmon_common::Code;

use super::histogram::Histogram;
use super::responses::Responses;
use crate::model::{ByCode, DestinationCounts};

/// By [`Code`].
pub type Codes = [u64; Code::ALL.len()];

/// Everything that is told of a server. All of it only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Queries over UDP and over TCP.
    pub queries: [u64; 2],
    /// Responses over UDP and over TCP, by rcode.
    pub responses: Responses,
    /// SYNs to its DNS ports.
    pub tcp_connects: u64,
    /// RSTs from its DNS ports.
    pub tcp_resets: u64,
    /// Unreachables about it.
    pub icmp_unreachable: Codes,
    /// Of these, those that quote a packet to a DNS port.
    pub dns_unreachable: Codes,
    /// Of these, those that quote no query that was seen.
    pub unsolicited: u64,
    /// Unreachables that quote an answer of it that came too late.
    pub late_responses: u64,
    /// How long its answers took.
    pub latency: Histogram,
}

impl Figures {
    /// Goes on to what a later reading says, but for the latency.
    pub fn grow(&mut self, now: &DestinationCounts) {
        self.queries = [now.dns_queries, now.tcp.dns_queries];
        self.responses.grow(now);
        self.tcp_connects = now.tcp.tcp_connects;
        self.tcp_resets = now.tcp.tcp_resets;
        self.icmp_unreachable = codes(&now.icmp_unreachable);
        self.dns_unreachable = codes(&now.dns_unreachable);
        self.unsolicited = now.unsolicited;
        self.late_responses = now.late_responses;
    }

    /// All packets: how active it is.
    pub fn activity(&self) -> u64 {
        let Self {
            queries,
            responses: Responses(responses),
            tcp_connects,
            tcp_resets,
            icmp_unreachable,
            ..
        } = self;
        let counts = queries
            .iter()
            .chain(responses.as_flattened())
            .chain(icmp_unreachable);
        counts.sum::<u64>() + tcp_connects + tcp_resets
    }

    /// Whether it was ever spoken to or heard as a DNS server.
    pub fn is_server(&self) -> bool {
        let counts = self.queries.iter().chain(self.responses.0.as_flattened());
        counts.chain(&self.dns_unreachable).any(|count| *count > 0)
            || self.tcp_connects + self.tcp_resets + self.late_responses > 0
    }

    /// Adds the counters of another.
    pub fn add(&mut self, other: &Self) {
        self.combine(other, u64::wrapping_add);
    }

    /// Takes the counters of another away. The result may stand below zero, wrapped around, until others are added.
    pub fn take(&mut self, other: &Self) {
        self.combine(other, u64::wrapping_sub);
    }

    fn combine(&mut self, other: &Self, with: impl Fn(u64, u64) -> u64) {
        let mut other = *other;
        for (own, others) in self.each().zip(other.each()) {
            *own = with(*own, *others);
        }
    }

    fn each(&mut self) -> impl Iterator<Item = &mut u64> {
        // Destructured, so that a new counter must choose.
        let Self {
            queries,
            responses: Responses(responses),
            tcp_connects,
            tcp_resets,
            icmp_unreachable,
            dns_unreachable,
            unsolicited,
            late_responses,
            latency: Histogram { counts, sum_us },
        } = self;
        let single = [tcp_connects, tcp_resets, unsolicited, late_responses, sum_us];
        queries
            .iter_mut()
            .chain(responses.as_flattened_mut())
            .chain(icmp_unreachable)
            .chain(dns_unreachable)
            .chain(counts)
            .chain(single)
    }
}

/// In the order of [`Code`].
fn codes(counts: &ByCode) -> Codes {
    Code::ALL.map(|code| match code {
        Code::Net => counts.net,
        Code::Host => counts.host,
        Code::Protocol => counts.protocol,
        Code::Port => counts.port,
        Code::Admin => counts.admin,
        Code::Other => counts.other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_can_be_taken_away_again() {
        let mut one = Figures::default();
        let mut other = Figures::default();
        for (number, count) in (1..).zip(one.each()) {
            *count = number;
        }
        for (number, count) in (1_000..).zip(other.each()) {
            *count = number;
        }
        let mut sum = one;
        sum.take(&other);
        sum.add(&other);
        assert_eq!(sum, one);
        sum.add(&other);
        assert!(sum.each().all(|count| *count > 1_000), "{sum:?}");
    }
}
