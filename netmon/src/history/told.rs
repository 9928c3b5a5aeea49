//! Incidents as the history keeps them: the contract's JSON, read back.
//!
//! A word that this netmon does not know is an error, never a guess.

use std::net::IpAddr;

use jiff::Timestamp;
use netmon_common::Address;
use serde::Deserialize;

use super::error::StoreError;
use crate::report::explain;
use crate::report::model::{ByCode, Cause, Incident, Wall};
use crate::report::words::Shown;

/// The JSON of an incident.
pub(super) fn to_json(incident: &Incident) -> Result<String, StoreError> {
    serde_json::to_string(incident).map_err(|error| StoreError::Garbled(error.to_string()))
}

/// The incident of that JSON.
pub(super) fn from_json(text: &str) -> Result<Incident, StoreError> {
    let told: Told = serde_json::from_str(text).map_err(|error| StoreError::Garbled(error.to_string()))?;
    told.incident()
        .map_err(|word| StoreError::Garbled(format!("`{word}`, in an incident")))
}

#[derive(Deserialize)]
struct Told {
    id: String,
    server: IpAddr,
    port: u16,
    transport: String,
    kind: String,
    state: String,
    severity: String,
    began: String,
    opened: String,
    last_seen: String,
    closed: Option<String>,
    closed_because: Option<String>,
    reopened: u64,
    queries: u64,
    answers: u64,
    errors: Errors,
    verified: u64,
    reporters: Vec<IpAddr>,
    clients: Vec<IpAddr>,
    clients_more: u64,
    names: Vec<String>,
    names_more: u64,
    causes: Vec<ToldCause>,
}

#[derive(Deserialize)]
struct Errors {
    net: u64,
    host: u64,
    protocol: u64,
    port: u64,
    admin: u64,
    other: u64,
}

#[derive(Deserialize)]
struct ToldCause {
    cause: String,
    likelihood: String,
    evidence: String,
}

impl Told {
    fn incident(self) -> Result<Incident, String> {
        let Errors {
            net,
            host,
            protocol,
            port,
            admin,
            other,
        } = self.errors;
        let causes = self.causes.into_iter().map(|told| {
            Ok(Cause {
                cause: explain::cause(&told.cause).ok_or(told.cause)?.word,
                likelihood: word(told.likelihood, &["likely", "possible"])?,
                evidence: told.evidence,
            })
        });
        Ok(Incident {
            id: self.id,
            server: Shown(self.server.into()),
            port: self.port,
            transport: word(self.transport, &["udp", "tcp"])?,
            kind: explain::kind(&self.kind).ok_or(self.kind)?.word,
            state: word(self.state, &["open", "closed"])?,
            severity: word(self.severity, &["down", "degraded"])?,
            began: wall(self.began)?,
            opened: wall(self.opened)?,
            last_seen: wall(self.last_seen)?,
            closed: self.closed.map(wall).transpose()?,
            closed_because: self
                .closed_because
                .map(|because| word(because, &["answered", "recovered", "idle", "superseded"]))
                .transpose()?,
            reopened: self.reopened,
            queries: self.queries,
            answers: self.answers,
            errors: ByCode {
                net,
                host,
                protocol,
                port,
                admin,
                other,
            },
            verified: self.verified,
            reporters: addresses(self.reporters),
            clients: addresses(self.clients),
            clients_more: self.clients_more,
            names: self.names,
            names_more: self.names_more,
            causes: causes.collect::<Result<_, String>>()?,
        })
    }
}

fn word(text: String, known: &[&'static str]) -> Result<&'static str, String> {
    known.iter().find(|known| **known == text).copied().ok_or(text)
}

fn wall(text: String) -> Result<Wall, String> {
    text.parse::<Timestamp>().map(Wall).map_err(|_| text)
}

fn addresses(told: Vec<IpAddr>) -> Vec<Shown<Address>> {
    told.into_iter().map(|address| Shown(address.into())).collect()
}
