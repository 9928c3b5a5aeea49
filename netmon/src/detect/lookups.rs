//! Lookups as clients make them: a name and a type that a client asks one server for, and then another one, because the first
//! has failed it.
//!
//! It has failed it if an error came, or an answer that says that the server fails, or nothing in a second: no stub
//! resolver waits for less, and whoever asks several servers at once does not wait at all. An address that is
//! translated on the way makes two exchanges of each query; so a server counts as another one only when it is asked for
//! the first time in the lookup, and only servers that were not asked at that same time have failed.

use std::hash::BuildHasher as _;
use std::time::Duration;

use foldhash::fast::RandomState;
use netmon_common::Address;

use super::failover::Moved;
use super::limits::{LOOKUP_SERVERS, LOOKUPS};
use crate::bounded::Bounded;
use crate::observation::{Name, Service};
use crate::time::Time;

/// Within how long of its first query elsewhere a query belongs to the same lookup.
const LOOKUP: Duration = Duration::from_secs(30);

/// How long a client waits at least before it gives up a server that sends nothing: stub resolvers wait for a second or longer,
/// give or take what their timers do.
const PATIENCE: Duration = Duration::from_millis(900);

/// Who asks for what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    pub client: Address,
    pub name: &'a Name,
    /// `None` where a packet does not show it.
    pub query_type: Option<u16>,
    pub client_port: Option<u16>,
}

/// A lookup that moves away from a service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    /// From there.
    pub service: Service,
    /// When it was asked there, and how long that was ago.
    pub moved: Moved,
    /// When the query was sent that nothing is known to have come to, if no failure was seen.
    pub silent: Option<Time>,
}

/// The lookups of the last queries that were looked at, by who asks and for which name.
#[derive(Debug)]
pub(super) struct Lookups {
    of: Bounded<u64, Vec<Attempt>>,
    hasher: RandomState,
}

/// What one service was asked in a lookup.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    service: Service,
    query_type: Option<u16>,
    first: Time,
    last: Time,
    /// The last query failed.
    failed: bool,
    /// The lookup has moved away.
    moved: bool,
    /// The lookup is over: some server answered it well.
    over: bool,
}

impl Default for Lookups {
    fn default() -> Self {
        Self {
            of: Bounded::new(LOOKUPS),
            hasher: RandomState::default(),
        }
    }
}

impl Lookups {
    fn key(&self, question: Question<'_>) -> u64 {
        self.hasher.hash_one((question.client, question.name))
    }

    /// A query was sent. From where its lookup moves away.
    pub fn asked(&mut self, service: Service, sent: Time, question: Question<'_>) -> Vec<Move> {
        self.note(self.key(question), service, sent, question.query_type)
    }

    /// The same, where the key is known.
    fn note(&mut self, key: u64, service: Service, sent: Time, query_type: Option<u16>) -> Vec<Move> {
        let new = Attempt {
            service,
            query_type,
            first: sent,
            last: sent,
            failed: false,
            moved: false,
            over: false,
        };
        let Some(attempts) = self.of.get_mut(&key) else {
            self.of.insert(key, vec![new]);
            return Vec::new();
        };
        attempts.retain(|one| sent.since(one.first) <= LOOKUP && !(one.over && one.query_type == query_type));
        let mut same_type = attempts.iter_mut().filter(|one| one.query_type == query_type);
        if let Some(known) = same_type.find(|one| one.service == service) {
            known.last = known.last.max(sent);
            known.failed = false;
            return Vec::new();
        }
        let mut moves = Vec::new();
        let same_type = || attempts.iter().filter(|one| one.query_type == query_type);
        if same_type().all(|one| one.service.server != service.server) {
            for one in attempts.iter_mut().filter(|one| one.query_type == query_type) {
                if !one.moved && (one.failed || sent.since(one.last) >= PATIENCE) {
                    one.moved = true;
                    moves.push(Move {
                        service: one.service,
                        moved: Moved {
                            sent: one.first,
                            waited: sent.since(one.first),
                        },
                        silent: (!one.failed).then_some(one.last),
                    });
                }
            }
        }
        if attempts.len() < LOOKUP_SERVERS {
            attempts.push(new);
        }
        moves
    }

    /// An error came about the query that was sent then, or an answer that says that the server fails. From where its lookup
    /// has moved away, if that was not known.
    pub fn failed(&mut self, service: Service, sent: Time, question: Question<'_>) -> Vec<Move> {
        let (key, query_type) = (self.key(question), question.query_type);
        if let Some(known) = self.find(key, service, sent, query_type) {
            known.failed |= sent >= known.last;
            return Vec::new();
        }
        if query_type.is_none() {
            return Vec::new();
        }
        // A door that samples has not told of the query.
        let moves = self.note(key, service, sent, query_type);
        if let Some(known) = self.find(key, service, sent, query_type) {
            known.failed = true;
        }
        moves
    }

    /// The query that was sent then was answered well. From where its lookup has moved away, if that was not known.
    pub fn answered(&mut self, service: Service, sent: Time, question: Question<'_>) -> Vec<Move> {
        let key = self.key(question);
        if self.of.get(&key).is_none() {
            return Vec::new();
        }
        let mut moves = Vec::new();
        let known = self.find(key, service, sent, question.query_type);
        let mut query_type = known.map(|known| known.query_type);
        if query_type.is_none() && question.query_type.is_some() {
            moves = self.note(key, service, sent, question.query_type);
            query_type = Some(question.query_type);
        }
        let attempts = self.of.get_mut(&key).into_iter().flatten();
        for one in attempts.filter(|one| Some(one.query_type) == query_type) {
            one.over = true;
        }
        moves
    }

    /// What the service was asked: of that type, or then where the type is not known.
    fn find(
        &mut self,
        key: u64,
        service: Service,
        sent: Time,
        query_type: Option<u16>,
    ) -> Option<&mut Attempt> {
        let mut attempts = self.of.get_mut(&key)?.iter_mut();
        attempts.find(|one| {
            one.service == service
                && match query_type {
                    Some(_) => one.query_type == query_type,
                    None => one.last == sent,
                }
        })
    }
}
