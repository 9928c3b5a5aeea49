//! Totals and destinations.

use netmon_common::records;
use netmon_common::{Address, Code, Outcome, Rcode};
use serde::{Deserialize, Serialize};

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

/// Responses by rcode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the contract's words; see `Rcode`")]
pub struct ByRcode {
    pub noerror: u64,
    pub servfail: u64,
    pub nxdomain: u64,
    pub refused: u64,
    pub other: u64,
}

/// DNS over TCP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the contract's words; see `Outcome`")]
pub struct Tcp {
    pub dns_queries: u64,
    pub dns_responses: u64,
    pub tcp_connects: u64,
    pub tcp_resets: u64,
}

/// Everything that passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the words of docs/contract.md, section 1 and `Outcome`"
)]
pub struct Totals {
    pub frames: u64,
    pub bytes: u64,
    pub dns_queries: u64,
    pub dns_responses: u64,
    pub tcp: Tcp,
    pub icmp_unreachable: u64,
    pub dns_unreachable: u64,
    pub unsolicited: u64,
    pub late_responses: u64,
    pub not_served: u64,
    pub fragments: u64,
    pub malformed: u64,
    pub truncated: u64,
    pub not_ip: u64,
    pub other: u64,
    pub overflow: u64,
    pub events_lost: u64,
    pub traces_overwritten: u64,
}

impl Totals {
    /// From the counters, and what only the decider knows: DNS unreachables about a port of this host where
    /// nothing ever answered.
    pub fn new(totals: &records::Totals, not_served: u64) -> Self {
        Self {
            frames: totals.frames,
            bytes: totals.bytes,
            dns_queries: totals.outcome(Outcome::DnsQuery),
            dns_responses: totals.outcome(Outcome::DnsResponse),
            tcp: Tcp {
                dns_queries: totals.outcome(Outcome::TcpDnsQuery),
                dns_responses: totals.outcome(Outcome::TcpDnsResponse),
                tcp_connects: totals.outcome(Outcome::TcpConnect),
                tcp_resets: totals.outcome(Outcome::TcpReset),
            },
            icmp_unreachable: totals.outcome(Outcome::IcmpUnreachable),
            dns_unreachable: totals.dns_unreachable,
            unsolicited: totals.unsolicited,
            late_responses: totals.late_responses,
            not_served,
            fragments: totals.outcome(Outcome::Fragment),
            malformed: totals.outcome(Outcome::Malformed),
            truncated: totals.outcome(Outcome::Truncated),
            not_ip: totals.outcome(Outcome::NotIp),
            other: totals.outcome(Outcome::Other),
            overflow: totals.overflow,
            events_lost: totals.events_lost,
            traces_overwritten: totals.traces_overwritten,
        }
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the words of docs/contract.md, section 1")]
pub struct DestinationCounts {
    pub address: Address,
    pub dns_queries: u64,
    pub dns_responses: u64,
    pub tcp: Tcp,
    pub rcodes: ByRcode,
    pub icmp_unreachable: ByCode,
    pub dns_unreachable: ByCode,
    pub late_responses: u64,
    pub unsolicited: u64,
    pub latency_us: Latency,
}

impl DestinationCounts {
    /// From its counters, and how long its answers took.
    pub fn new(address: Address, counters: &records::Destination, latency_us: Latency) -> Self {
        Self {
            address,
            dns_queries: counters.dns_queries,
            dns_responses: counters.dns_responses,
            tcp: Tcp {
                dns_queries: counters.tcp_dns_queries,
                dns_responses: counters.tcp_dns_responses,
                tcp_connects: counters.tcp_connects,
                tcp_resets: counters.tcp_resets,
            },
            rcodes: ByRcode {
                noerror: counters.rcode(Rcode::NoError),
                servfail: counters.rcode(Rcode::ServFail),
                nxdomain: counters.rcode(Rcode::NxDomain),
                refused: counters.rcode(Rcode::Refused),
                other: counters.rcode(Rcode::Other),
            },
            icmp_unreachable: ByCode::new(|code| counters.icmp_unreachable(code)),
            dns_unreachable: ByCode::new(|code| counters.dns_unreachable(code)),
            late_responses: counters.late_responses,
            unsolicited: counters.unsolicited,
            latency_us,
        }
    }
}
