//! What limits the decisions, each warning when it comes up.

use std::collections::HashMap;
use std::time::Duration;

use foldhash::fast::RandomState;
use netmon_common::Address;

use super::limits::WARNED_SERVERS;
use crate::model::{Warning, WarningKind};
use crate::observation::Service;
use crate::time::Time;

/// How long the warning about one server is not repeated.
const PAUSE: Duration = Duration::from_mins(1);

/// Warnings that nobody has taken yet, in the order in which they came up.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    new: Vec<Warning>,
    /// The interfaces by which packets can come unseen, live.
    unwatched: Vec<String>,
    /// Kinds that are reported once.
    reported: Vec<WarningKind>,
    /// Of which servers unverified errors were reported, and when last.
    unverified: HashMap<Address, Time, RandomState>,
}

impl Warnings {
    /// Queries to a server have no answers, but an answer would not be seen either.
    pub fn one_direction(&mut self, service: Service) {
        let unwatched = self.unwatched.join(", ");
        self.once(WarningKind::OneDirection, || {
            let why = if unwatched.is_empty() {
                "no packet toward its clients was ever seen here".to_owned()
            } else {
                format!("netmon does not watch {unwatched}, and has seen no answer to its clients")
            };
            format!(
                "answers of {} may come by a way that is not watched: {why}, so that unanswered queries open no incident for \
                 such clients",
                name(service)
            )
        });
    }

    /// An incident opened on an error whose query could not be seen.
    pub fn queries_unseen(&mut self, service: Service) {
        self.once(WarningKind::QueriesUnseen, || {
            format!(
                "queries to {} are not seen, so its errors cannot be verified against them: they are believed, \
                 although anybody could have forged them",
                name(service)
            )
        });
    }

    /// An error about a server came where its query cannot be seen.
    pub fn unverified_error(&mut self, service: Service, at: Time) {
        let server = service.server;
        if self.unverified.len() >= WARNED_SERVERS {
            self.unverified.retain(|_, reported| at.since(*reported) < PAUSE);
        }
        let lately = self
            .unverified
            .get(&server)
            .is_some_and(|reported| at.since(*reported) < PAUSE);
        if lately || self.unverified.len() >= WARNED_SERVERS {
            return;
        }
        self.unverified.insert(server, at);
        self.new.push(Warning::new(
            WarningKind::UnverifiedError,
            format!(
                "an ICMP error says that {} cannot be reached, but queries to it are not seen here, so that anybody could \
                 have forged it: it opens no incident",
                name(service)
            ),
        ));
    }

    /// A client fails at many services that never answered anybody.
    pub fn many_servers(&mut self, client: Address, services: u64) {
        self.new.push(Warning::new(
            WarningKind::ManyServers,
            format!(
                "queries of {client} failed at {services} servers within 10 min, none of which has answered anybody in 24 h: \
                 it scans, or has lost its network, and its failures there open no incidents"
            ),
        ));
    }

    /// The names of the interfaces by which packets can come unseen.
    pub fn set_unwatched(&mut self, names: Vec<String>) {
        self.unwatched = names;
    }

    fn once(&mut self, kind: WarningKind, message: impl FnOnce() -> String) {
        if !self.reported.contains(&kind) {
            self.reported.push(kind);
            self.new.push(Warning::new(kind, message()));
        }
    }

    /// Those that came up since the last call.
    pub fn take(&mut self) -> Vec<Warning> {
        std::mem::take(&mut self.new)
    }
}

/// A server as people say it: `203.0.113.2 udp port 53`.
fn name(service: Service) -> String {
    let Service {
        server,
        port,
        transport,
        interface: _,
    } = service;
    format!("{server} {} port {port}", transport.name())
}
