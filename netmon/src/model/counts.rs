//! Totals and destinations. [`super::counters`] has their JSON.

use netmon_common::records::{self, Counters};
use netmon_common::{Address, Code, Outcome};
use serde::{Deserialize, Serialize};

use super::server::{ServerInfo, title};

/// Counts by ICMP code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the contract's words; see `Code`")]
pub struct ByCode {
    pub net: u64,
    pub host: u64,
    pub protocol: u64,
    pub port: u64,
    pub admin: u64,
    pub other: u64,
}

impl ByCode {
    /// Of all codes together.
    pub const fn sum(self) -> u64 {
        self.net + self.host + self.protocol + self.port + self.admin + self.other
    }

    /// Each code, and its count.
    pub const fn each(self) -> [(Code, u64); 6] {
        [
            (Code::Net, self.net),
            (Code::Host, self.host),
            (Code::Protocol, self.protocol),
            (Code::Port, self.port),
            (Code::Admin, self.admin),
            (Code::Other, self.other),
        ]
    }

    /// From what `count` says of each code.
    pub fn new(count: impl Fn(Code) -> u64) -> Self {
        Self {
            net: count(Code::Net),
            host: count(Code::Host),
            protocol: count(Code::Protocol),
            port: count(Code::Port),
            admin: count(Code::Admin),
            other: count(Code::Other),
        }
    }
}

/// Everything that passed: what the kernel or a capture has counted, and what only user space knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// The counters as the kernel keeps them.
    pub counters: records::Totals,
    /// DNS unreachables about a port of this host where nothing ever answered.
    pub not_served: u64,
}

// SAFETY: `repr(C)`, and `u64`s only: the record is nothing else.
unsafe impl Counters for Totals {}

impl Totals {
    /// Packets with this outcome.
    pub fn outcome(&self, outcome: Outcome) -> u64 {
        self.counters.outcome(outcome)
    }

    /// DNS queries over both transports.
    pub fn queries(&self) -> u64 {
        self.outcome(Outcome::DnsQuery) + self.outcome(Outcome::TcpDnsQuery)
    }

    /// DNS responses over both transports.
    pub fn responses(&self) -> u64 {
        self.outcome(Outcome::DnsResponse) + self.outcome(Outcome::TcpDnsResponse)
    }
}

/// Time from a query to its answer, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the contract's words")]
pub struct Latency {
    pub count: u64,
    pub p50: Option<u64>,
    pub p90: Option<u64>,
    pub p99: Option<u64>,
    pub max: Option<u64>,
}

/// One destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationCounts {
    /// Its address.
    pub address: Address,
    /// The counters as the kernel keeps them.
    pub counters: records::Destination,
    /// Of its DNS unreachables, those about an address of this host where nothing has served their client.
    pub not_served: u64,
    /// How long its answers took.
    pub latency_us: Latency,
    /// What the configuration says of the server.
    pub server_info: Option<Box<ServerInfo>>,
}

impl DestinationCounts {
    /// Its address, with what people call it: `203.0.113.2 (ns1)`.
    pub fn title(&self) -> String {
        title(self.address, self.server_info.as_deref())
    }
}
