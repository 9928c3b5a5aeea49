//! Which query an answer or an error over TCP belongs to, in a capture.
//!
//! A connection's SYN and its first query are one exchange; each further query is one more. Any segment with payload of the
//! server answers the queries that it acknowledges: some servers send the length of a message in a segment of its own.
//! Streams are not reassembled.

use netmon_common::trace::Flow;

use super::exchanges::{About, Sent};
use super::limits::{CONNECTION_QUERIES, CONNECTIONS, SAME_PACKET};
use super::pairing::LIFETIME;
use crate::bounded::Bounded;
use crate::observation::Name;
use crate::time::Time;

/// The connections that the capture shows.
#[derive(Debug)]
pub(super) struct Connections {
    of: Bounded<Flow, Connection>,
}

/// One connection.
#[derive(Clone, Debug, Default)]
struct Connection {
    queries: Vec<Query>,
}

/// A query, or a SYN that opened the connection for one.
#[derive(Clone, Debug)]
struct Query {
    /// When it was sent, each time; the newest last.
    sent: Vec<(Sent, bool)>,
    /// Where it starts in the stream, and where it ends. Of a SYN only the start is known.
    sequence: Option<(u32, u32)>,
    id: Option<u16>,
    name: Option<Name>,
    answered: bool,
    error: Option<Time>,
}

/// A segment that carries a query.
#[derive(Clone, Debug)]
pub(super) struct Carried {
    /// Where it starts in the stream, and where it ends.
    pub sequence: (u32, u32),
    /// The id of the message.
    pub id: u16,
    /// What is asked for.
    pub name: Option<Name>,
}

/// What a query over TCP is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// One more query, or one that is sent again.
    Query,
    /// The first one of its connection, whose SYN was this query.
    OfSyn(Sent),
    /// A packet that the capture shows several times.
    Again,
}

/// What a segment of the server settles.
pub(super) struct SettledSegment {
    /// The queries, the newest first, and which of them an error was about.
    pub queries: Vec<(Sent, bool)>,
    /// What they asked for.
    pub name: Option<Name>,
}

impl Connections {
    /// None yet.
    pub fn new() -> Self {
        Self {
            of: Bounded::new(CONNECTIONS),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// A SYN. Whether it is a packet of its own.
    pub fn opens(&mut self, flow: Flow, sent: Sent) -> bool {
        if let Some(connection) = self.of.get_mut(&flow)
            && let [query] = connection.queries.as_mut_slice()
            && query.sequence.is_none()
            && !query.answered
        {
            return query.send_again(sent);
        }
        let query = Query::new(sent, None);
        self.of.insert(flow, Connection { queries: vec![query] });
        true
    }

    /// A segment with a query.
    pub fn asks(&mut self, flow: Flow, sent: Sent, carried: Carried) -> Taken {
        let Some(connection) = self.of.get_mut(&flow) else {
            let queries = vec![Query::new(sent, Some(carried))];
            self.of.insert(flow, Connection { queries });
            return Taken::Query;
        };
        if let [query] = connection.queries.as_mut_slice()
            && query.sequence.is_none()
        {
            query.sequence = Some(carried.sequence);
            query.id = Some(carried.id);
            query.name = carried.name;
            return query
                .sent
                .last_mut()
                .map_or(Taken::Query, |(syn, _)| Taken::OfSyn(*syn));
        }
        let same = connection
            .queries
            .iter_mut()
            .find(|query| query.sequence == Some(carried.sequence));
        if let Some(query) = same.filter(|query| !query.answered) {
            return if query.send_again(sent) {
                Taken::Query
            } else {
                Taken::Again
            };
        }
        if connection.queries.len() == CONNECTION_QUERIES {
            connection.queries.remove(0);
        }
        connection.queries.push(Query::new(sent, Some(carried)));
        Taken::Query
    }

    /// The SYN's query is iterative, or is not, unlike what was presumed.
    pub fn is_iterative(&mut self, flow: &Flow, iterative: bool) {
        let first = self
            .of
            .get_mut(flow)
            .and_then(|connection| connection.queries.first_mut());
        for (sent, _) in first.into_iter().flat_map(|query| query.sent.iter_mut()) {
            sent.iterative = iterative;
        }
    }

    /// A segment with payload of the server, which acknowledges what the client sent up to there, or starts a message with
    /// this id. Each query that it answers.
    pub fn answers(
        &mut self,
        flow: &Flow,
        acknowledged: u32,
        id: Option<u16>,
        now: Time,
    ) -> Vec<SettledSegment> {
        let Some(connection) = self.of.get_mut(flow) else {
            return Vec::new();
        };
        let mut settled = Vec::new();
        for query in connection.queries.iter_mut().filter(|query| !query.answered) {
            let Some((_, end)) = query.sequence else { continue };
            // RFC 9293 section 3.4: sequence numbers are compared around their wrap.
            let is_acknowledged = acknowledged.wrapping_sub(end) < 1 << 31;
            let waits = query
                .sent
                .last()
                .is_some_and(|(sent, _)| now.since(sent.at) < LIFETIME);
            let is_answer = id.is_some() && id == query.id;
            if !(is_acknowledged || is_answer) || !waits {
                continue;
            }
            query.answered = true;
            let newest = query.sent.last().copied();
            let earlier = query
                .sent
                .iter()
                .rev()
                .skip(1)
                .filter(|(_, failed)| !failed)
                .copied();
            settled.push(SettledSegment {
                queries: newest.into_iter().chain(earlier).collect(),
                name: query.name.clone(),
            });
        }
        settled
    }

    /// An error that quotes the connection. `None` where it is one that the capture shows several times.
    pub fn failed(&mut self, flow: &Flow, now: Time) -> Option<(About, Option<Name>)> {
        let mut about = (About::Nothing, None);
        let Some(connection) = self.of.get_mut(flow) else {
            return Some(about);
        };
        for query in connection.queries.iter_mut().filter(|query| !query.answered) {
            let waiting = query
                .sent
                .iter_mut()
                .find(|(sent, failed)| !failed && now.since(sent.at) < LIFETIME);
            let is_same = query.error.is_some_and(|error| now.since(error) < SAME_PACKET);
            if let Some((sent, failed)) = waiting {
                *failed = true;
                query.error = Some(now);
                return Some((About::Waiting(*sent), query.name.clone()));
            }
            if is_same {
                return None;
            }
            about = (About::Failed, query.name.clone());
        }
        Some(about)
    }
}

impl Query {
    fn new(sent: Sent, carried: Option<Carried>) -> Self {
        let sequence = carried.as_ref().map(|carried| carried.sequence);
        let id = carried.as_ref().map(|carried| carried.id);
        let name = carried.and_then(|carried| carried.name);
        Self {
            sent: vec![(sent, false)],
            sequence,
            id,
            name,
            answered: false,
            error: None,
        }
    }

    /// It is sent again. Whether it is a packet of its own.
    fn send_again(&mut self, sent: Sent) -> bool {
        if self
            .sent
            .last()
            .is_some_and(|(last, _)| sent.at.since(last.at) < SAME_PACKET)
        {
            return false;
        }
        if self.sent.len() < super::limits::RESENT {
            self.sent.push((sent, false));
        }
        true
    }
}
