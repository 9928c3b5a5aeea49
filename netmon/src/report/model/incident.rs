//! One incident, as it is told: all times are wall time.

use jiff::Timestamp;
use netmon_common::Address;
use serde::{Serialize, Serializer};

use super::super::words::Shown;
use super::counts::ByCode;
use crate::time::rfc3339;

/// A wall time that is serialised as the contract says: RFC 3339, UTC, microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wall(pub Timestamp);

impl Serialize for Wall {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&rfc3339(self.0))
    }
}

/// An incident; the contract's section 3 explains each field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the contract's words; see section 3 there")]
pub struct Incident {
    /// `<opened>-<kind>-<server>-<port>-<transport>`.
    pub id: String,
    pub server: Shown<Address>,
    pub port: u16,
    pub transport: &'static str,
    pub kind: &'static str,
    /// `open` or `closed`.
    pub state: &'static str,
    /// `down` or `degraded`.
    pub severity: &'static str,
    pub began: Wall,
    pub opened: Wall,
    pub last_seen: Wall,
    pub closed: Option<Wall>,
    /// `answered`, `recovered`, `idle` or `superseded`.
    pub closed_because: Option<&'static str>,
    pub reopened: u64,
    pub queries: u64,
    pub answers: u64,
    pub errors: ByCode,
    pub verified: u64,
    pub reporters: Vec<Shown<Address>>,
    pub clients: Vec<Shown<Address>>,
    pub clients_more: u64,
    pub names: Vec<String>,
    pub names_more: u64,
    pub causes: Vec<Cause>,
}

/// A cause, the most likely first in its incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the contract's words; see section 2 there")]
pub struct Cause {
    pub cause: &'static str,
    /// `likely` or `possible`.
    pub likelihood: &'static str,
    /// A sentence that cites numbers.
    pub evidence: String,
}
