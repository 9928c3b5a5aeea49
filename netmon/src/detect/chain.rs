//! Whom the stubs and forwarders of this host ask: one of them waits for an answer that it owes a client, and this host asks
//! another server for the same name and type.
//!
//! Whoever asks all servers at once does so from one socket, and whoever asks one after the other has given up the first: neither
//! makes a chain.

use std::hash::BuildHasher as _;
use std::time::Duration;

use foldhash::fast::RandomState;

use super::limits::{CHAIN_QUESTIONS, STUBS, UPSTREAMS};
use super::lookups::Question;
use crate::bounded::Bounded;
use crate::observation::Service;
use crate::time::Time;

/// How soon a stub passes a question on.
const AT_ONCE: Duration = Duration::from_millis(500);

/// What stubs wait for, and whom they ask.
#[derive(Debug)]
pub(super) struct Chain {
    waiting: Bounded<u64, Waiting>,
    upstreams: Bounded<Service, Vec<Upstream>>,
    hasher: RandomState,
}

/// A question that a stub owes an answer to.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    stub: Service,
    since: Time,
    client_port: Option<u16>,
}

#[derive(Clone, Copy, Debug)]
struct Upstream {
    service: Service,
    last: Time,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            waiting: Bounded::new(CHAIN_QUESTIONS),
            upstreams: Bounded::new(STUBS),
            hasher: RandomState::default(),
        }
    }
}

impl Chain {
    fn key(&self, question: Question<'_>) -> u64 {
        self.hasher.hash_one((question.name, question.query_type))
    }

    /// A service of this host was asked.
    pub fn stub_asked(&mut self, stub: Service, at: Time, question: Question<'_>) {
        let waiting = Waiting {
            stub,
            since: at,
            client_port: question.client_port,
        };
        self.waiting.insert(self.key(question), waiting);
    }

    /// It owes no answer any more.
    pub fn stub_settled(&mut self, stub: Service, question: Question<'_>) {
        let key = self.key(question);
        if self.waiting.get(&key).is_some_and(|waiting| waiting.stub == stub) {
            self.waiting.remove(&key);
        }
    }

    /// This host asks a server.
    pub fn asks(&mut self, service: Service, at: Time, question: Question<'_>) {
        let Some(waiting) = self.waiting.get(&self.key(question)) else {
            return;
        };
        let stub = waiting.stub;
        let is_one_socket = waiting.client_port == question.client_port;
        if is_one_socket || stub.server == service.server || at.since(waiting.since) > AT_ONCE {
            return;
        }
        let upstreams = self.upstreams.renew(stub);
        upstreams.retain(|one| one.service != service);
        if upstreams.len() == UPSTREAMS {
            upstreams.remove(0);
        }
        upstreams.push(Upstream { service, last: at });
    }

    /// Whom a stub has asked since then.
    pub fn upstreams(&self, stub: Service, since: Time) -> impl Iterator<Item = Service> {
        let upstreams = self.upstreams.get(&stub).into_iter().flatten();
        upstreams
            .filter(move |one| one.last >= since)
            .map(|one| one.service)
    }
}
