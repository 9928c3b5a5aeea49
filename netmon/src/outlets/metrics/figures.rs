//! The counters of one server, or of several together.

use netmon_common::records::Destination;

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
    /// Whether it was ever spoken to or heard as a DNS server.
    pub fn is_server(&self) -> bool {
        let counters = &self.counters;
        let messages = counters.counted() - counters.unreachables();
        messages + counters.dns_unreachables() + counters.late_responses > 0
    }
}
