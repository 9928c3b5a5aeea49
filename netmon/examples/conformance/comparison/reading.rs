//! What a witness says of one frame, field by field, in the contract's words.

use std::collections::BTreeMap;
use std::fmt::Display;

use netmon::counts::Counts;
use netmon_common::records::{Destination, Totals};
use netmon_common::wire::{Fault, Header};
use netmon_common::{Address, Code, Outcome, Rcode};

/// One thing that witnesses say of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// What it is counted as.
    Outcome,
    /// Of a packet that cannot be read: which header, and what is the matter with it.
    Reason,
    /// Whom it is counted for.
    Destination,
    /// The server whose answer came too late.
    LateResponse,
    /// The DNS message's id.
    Id,
    /// Its opcode.
    Opcode,
    /// Its response code.
    Rcode,
    /// What an unreachable says is unreachable.
    Code,
    /// The same, of an unreachable that is about DNS.
    DnsUnreachable,
    /// Between whom the packet that an unreachable quotes was on its way.
    Quoted,
}

impl Field {
    /// Its name in reports and in the list of known disagreements.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::Reason => "reason",
            Self::Destination => "destination",
            Self::LateResponse => "late_response",
            Self::Id => "id",
            Self::Opcode => "opcode",
            Self::Rcode => "rcode",
            Self::Code => "code",
            Self::DnsUnreachable => "dns_unreachable",
            Self::Quoted => "quoted",
        }
    }
}

/// What a witness says of a frame. A field that is not there is a thing that the frame does not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading(BTreeMap<Field, String>);

/// A field of which two witnesses say different things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub field: Field,
    /// What user space says; empty where it says nothing.
    pub netmon: String,
    /// What the other one says.
    pub other: String,
}

impl Reading {
    /// A frame that is counted as this, and has nothing else to it.
    pub fn of(outcome: Outcome) -> Self {
        Self::default().with(Field::Outcome, outcome_name(outcome))
    }

    /// The same, with one more field.
    pub fn with(mut self, field: Field, value: impl Display) -> Self {
        self.0.insert(field, format!("{value}"));
        self
    }

    /// What it says of a field; empty where it says nothing.
    pub fn get(&self, field: Field) -> &str {
        self.0.get(&field).map_or("", String::as_str)
    }

    /// Where `other` says something else about one of these fields.
    pub fn differences(&self, other: &Self, fields: &[Field]) -> Vec<Difference> {
        let differs = |field: &&Field| self.get(**field) != other.get(**field);
        let difference = |field: &Field| Difference {
            field: *field,
            netmon: self.get(*field).to_owned(),
            other: other.get(*field).to_owned(),
        };
        fields.iter().filter(differs).map(difference).collect()
    }

    /// What the counters say of the one frame that was counted between `before` and `after`.
    pub fn counted(before: &Counts, after: &Counts) -> Self {
        let mut reading = Self::default();
        reading.add_totals(&before.totals, &after.totals);
        for (address, now) in &after.destinations {
            let known = before.destinations.get(address).copied().unwrap_or_default();
            if *now != known {
                reading.add_destination(*address, &known, now);
            }
        }
        reading
    }

    fn add_totals(&mut self, before: &Totals, after: &Totals) {
        for outcome in Outcome::ALL {
            if after.outcome(outcome) != before.outcome(outcome) {
                self.add(Field::Outcome, outcome_name(outcome));
            }
        }
        for header in Header::ALL {
            for fault in Fault::ALL {
                if after.unreadable(header, fault) != before.unreadable(header, fault) {
                    self.add(Field::Reason, &format!("{} {}", header.name(), fault.name()));
                }
            }
        }
    }

    fn add_destination(&mut self, address: Address, before: &Destination, after: &Destination) {
        if after.counted() != before.counted() {
            self.add(Field::Destination, &address.to_string());
        }
        if after.late_responses != before.late_responses {
            self.add(Field::LateResponse, &address.to_string());
        }
        for rcode in Rcode::ALL {
            if after.rcode(rcode) != before.rcode(rcode) {
                self.add(Field::Rcode, rcode_name(rcode));
            }
        }
        for code in Code::ALL {
            if after.icmp_unreachable(code) != before.icmp_unreachable(code) {
                self.add(Field::Code, code.name());
            }
            if after.dns_unreachable(code) != before.dns_unreachable(code) {
                self.add(Field::DnsUnreachable, code.name());
            }
        }
    }

    /// Says so of a field. Counters that say two things of one frame disagree with every witness.
    fn add(&mut self, field: Field, value: &str) {
        let known = self.0.entry(field).or_default();
        if !known.is_empty() {
            known.push_str(" and ");
        }
        known.push_str(value);
    }
}

/// The outcome in the contract's words.
const fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::DnsQuery => "dns_queries",
        Outcome::DnsResponse => "dns_responses",
        Outcome::TcpDnsQuery => "tcp.dns_queries",
        Outcome::TcpDnsResponse => "tcp.dns_responses",
        Outcome::TcpConnect => "tcp.tcp_connects",
        Outcome::TcpReset => "tcp.tcp_resets",
        Outcome::IcmpUnreachable => "icmp_unreachable",
        Outcome::Fragment => "fragments",
        Outcome::Malformed => "malformed",
        Outcome::Truncated => "truncated",
        Outcome::NotIp => "not_ip",
        Outcome::NotOurs => "not_ours",
        Outcome::Other => "other",
    }
}

/// The response code in the contract's words.
const fn rcode_name(rcode: Rcode) -> &'static str {
    match rcode {
        Rcode::NoError => "noerror",
        Rcode::ServFail => "servfail",
        Rcode::NxDomain => "nxdomain",
        Rcode::Refused => "refused",
        Rcode::FormErr | Rcode::NotImp | Rcode::Other => "other",
    }
}
