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
    /// Adds what was counted, but for the latency.
    pub fn grow(&mut self, more: &Destination) {
        self.combine(more, u64::wrapping_add);
    }

    /// Takes it away. The result may stand below zero, wrapped around, until more is added.
    pub fn shrink(&mut self, less: &Destination) {
        self.combine(less, u64::wrapping_sub);
    }

    fn combine(&mut self, other: &Destination, with: impl Fn(u64, u64) -> u64) {
        for (count, other) in self.counters.words_mut().iter_mut().zip(other.words()) {
            *count = with(*count, *other);
        }
    }

    /// Whether it was ever spoken to or heard as a DNS server.
    pub fn is_server(&self) -> bool {
        let counters = &self.counters;
        let messages = counters.counted() - counters.unreachables();
        messages + counters.dns_unreachables() + counters.late_responses > 0
    }
}
