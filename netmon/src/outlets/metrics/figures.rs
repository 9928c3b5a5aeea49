//! The counters of one server, or of several together.

use netmon_common::records::{Counters as _, Destination};

use super::histogram::Histogram;

/// Everything that is counted of a server. All of it only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// As the kernel keeps them.
    pub counters: Destination,
    /// How long its answers took.
    pub latency: Histogram,
}

impl Figures {
    /// Adds what was counted since the last reading, but for the latency.
    pub fn grow(&mut self, more: &Destination) {
        for (count, more) in self.counters.words_mut().iter_mut().zip(more.words()) {
            *count = count.wrapping_add(*more);
        }
    }

    /// All packets: how active it is.
    pub fn activity(&self) -> u64 {
        self.counters.counted()
    }

    /// Whether it was ever spoken to or heard as a DNS server.
    pub fn is_server(&self) -> bool {
        let counters = &self.counters;
        let messages = counters.counted() - counters.unreachables();
        messages + counters.dns_unreachables() + counters.late_responses > 0
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
        // Destructured, so that what is new must choose.
        let Self {
            counters,
            latency: Histogram { counts, sum_us },
        } = self;
        counters.words_mut().iter_mut().chain(counts).chain([sum_us])
    }
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
