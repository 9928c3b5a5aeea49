//! What limits the decisions, each warning when it comes up; live, also when it is over. A capture is judged as a whole, and
//! its warnings just say what was so.

use std::collections::HashMap;
use std::time::Duration;

use foldhash::fast::RandomState;
use netmon_common::Address;

use super::limits::{INCIDENTS, STRANGERS, WARNED_SERVERS};
use crate::model::{Warning, WarningKind, WarningState};
use crate::observation::Service;
use crate::ongoing::Ongoing;
use crate::time::Time;

/// How long the warning about one server is not repeated.
const PAUSE: Duration = Duration::from_mins(1);

/// Warnings that nobody has taken yet, in the order in which they came up.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    new: Vec<Warning>,
    /// The interfaces by which packets can come unseen; `None` in a capture.
    unwatched: Option<Vec<String>>,
    /// Live, the services whose silence cannot be judged.
    unjudged: Ongoing<Service>,
    /// Live, the clients that fail at so many services.
    scanners: Ongoing<Address>,
    /// Kinds that are reported once.
    reported: Vec<WarningKind>,
    /// Of which servers unverified errors were reported, and when last.
    unverified: HashMap<Address, Time, RandomState>,
}

impl Warnings {
    /// Whether it is a capture that is judged. There nobody knows by which way a client's packets come: that others were answered
    /// says nothing of them.
    pub const fn are_of_a_capture(&self) -> bool {
        self.unwatched.is_none()
    }

    /// Queries to a server have no answers, but an answer would not be seen either.
    pub fn one_direction(&mut self, service: Service, at: Time) {
        let Some(unwatched) = &self.unwatched else {
            let why = "no packet toward its clients was ever seen here";
            self.once(WarningKind::OneDirection, || one_direction(service, why));
            return;
        };
        let is_first = self.unjudged.is_empty();
        if !self.unjudged.seen(service, at) || !is_first {
            return;
        }
        let unwatched = unwatched.join(", ");
        let message = one_direction(
            service,
            &format!("netmon does not watch {unwatched}, and has seen no answer to its clients"),
        );
        self.say(WarningKind::OneDirection, message, WarningState::Started);
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
    pub fn many_servers(&mut self, client: Address, services: u64, at: Time) {
        let message = format!(
            "queries of {client} failed at {services} services within 10 min, none of which has answered anybody in 24 h: it \
             scans, or has lost its network, and its failures there open no incidents"
        );
        if self.unwatched.is_none() {
            self.new.push(Warning::new(WarningKind::ManyServers, message));
        } else if self.scanners.seen(client, at) {
            self.say(WarningKind::ManyServers, message, WarningState::Started);
        }
    }

    /// Ends what is over: `is_unjudged` says whether an answer of a service would still not be seen, and `scans` whether a client
    /// still fails at so many.
    pub fn review(&mut self, is_unjudged: impl Fn(Service) -> bool, scans: impl Fn(Address) -> bool) {
        let ended = self.unjudged.end(|service, _| !is_unjudged(service));
        if !ended.is_empty() && self.unjudged.is_empty() {
            let message =
                "answers are seen again, or nobody waits for one: no unanswered query goes unjudged any more";
            self.say(WarningKind::OneDirection, message.to_owned(), WarningState::Over);
        }
        for client in self.scanners.end(|client, _| !scans(client)) {
            let message = format!("{client} does not fail at so many servers any more");
            self.say(WarningKind::ManyServers, message, WarningState::Over);
        }
    }

    /// An incident found no room, because so many others are open.
    pub fn many_incidents(&mut self) {
        let message = format!(
            "more servers fail than are reported one by one: of those that have answered nobody in 24 h {STRANGERS} at once, and \
             {INCIDENTS} in all; servers named with `--server` and this host's resolvers are always reported"
        );
        self.say(WarningKind::ManyIncidents, message, WarningState::Started);
    }

    /// No incident has found no room for a while.
    pub fn many_incidents_over(&mut self) {
        let message = "each server that fails is reported again".to_owned();
        self.say(WarningKind::ManyIncidents, message, WarningState::Over);
    }

    /// The names of the interfaces by which packets can come unseen, live.
    pub fn set_unwatched(&mut self, names: Vec<String>) {
        self.unwatched = Some(names);
    }

    /// Whether there is an interface by which packets can come unseen.
    pub fn is_anything_unwatched(&self) -> bool {
        self.unwatched.as_ref().is_some_and(|names| !names.is_empty())
    }

    fn say(&mut self, kind: WarningKind, message: String, state: WarningState) {
        self.new.push(Warning::new(kind, message).in_state(state));
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

/// Why the silence of a server is not judged.
fn one_direction(service: Service, why: &str) -> String {
    format!(
        "answers of {} may come by a way that is not watched: {why}, so that unanswered queries open no incident for such \
         clients",
        name(service)
    )
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
