//! Which query an answer or an error over TCP belongs to, in a capture.
//!
//! A SYN is an exchange until the server takes the connection; from then on its queries are, each in its own second. Any
//! segment with payload of the server answers the queries that it acknowledges: some servers send the length of a message in
//! a segment of its own. What the server says to each of them is in the message with its id, which may come later. Streams are
//! not reassembled.

use netmon_common::trace::Flow;

use super::exchange::{About, Sent, Transmissions};
use super::limits::{CONNECTION_QUERIES, CONNECTIONS, SAME_PACKET};
use crate::bounded::Bounded;
use crate::observation::Name;
use crate::time::Time;

/// The connections that the capture shows.
#[derive(Debug)]
pub(super) struct Connections {
    of: Bounded<Flow, Connection>,
    overwritten: u64,
}

/// One connection.
#[derive(Clone, Debug, Default)]
struct Connection {
    queries: Vec<Query>,
}

/// A query, or the SYN that opens the connection.
#[derive(Clone, Debug)]
struct Query {
    sent: Transmissions,
    /// Where it starts in the stream, where that is known, and for a query also where it ends.
    start: Option<u32>,
    end: Option<u32>,
    id: Option<u16>,
    name: Option<Name>,
    /// Whether it is answered, or the connection that it opens is there.
    answered: bool,
    /// What was settled when it was answered, until the message came that says how.
    untold: Vec<(Sent, bool)>,
    /// When the newest error about it came, and which flow that quotes.
    error: Option<(Time, Flow)>,
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
    /// A packet that the capture shows several times.
    Again,
}

/// What a segment of the server says of a query.
pub(super) struct SettledSegment {
    /// Each time that it was sent, the newest first, and about which of them an error was.
    pub queries: Vec<(Sent, bool)>,
    /// What it asks for.
    pub name: Option<Name>,
    /// Whether the segment answers it. Else one before did.
    pub is_new: bool,
    /// Which message of the segment is the answer; `None` where that is still to come.
    pub message: Option<usize>,
}

impl Connections {
    /// None yet.
    pub fn new() -> Self {
        Self {
            of: Bounded::new(CONNECTIONS),
            overwritten: 0,
        }
    }

    /// Remembers a connection, in place of the one that was opened longest ago if there are too many.
    fn open(&mut self, flow: Flow, query: Query, now: Time) {
        let queries = vec![query];
        if let Some((_, forgotten)) = self.of.insert(flow, Connection { queries }) {
            let waiting = forgotten.queries.iter().filter(|query| query.waits(now));
            self.overwritten += waiting.count() as u64;
        }
    }

    /// How many queries and SYNs were forgotten while they waited.
    pub const fn overwritten(&self) -> u64 {
        self.overwritten
    }

    /// A SYN, with its number where that is known. Whether it is a packet of its own; `hides_interface` as in
    /// [`link`](super::link).
    pub fn opens(&mut self, flow: Flow, sent: Sent, number: Option<u32>, hides_interface: bool) -> bool {
        if let Some(connection) = self.of.get_mut(&flow)
            && let [query] = connection.queries.as_mut_slice()
            && query.is_syn()
            && !query.answered
            && query.sent.waits(sent.at)
        {
            query.start = number;
            return query.send_again(sent, hides_interface, &mut self.overwritten);
        }
        self.open(flow, Query::syn(sent, number), sent.at);
        true
    }

    /// The server takes the connection. Each time that the SYN was sent that waited until now, without an error about it.
    pub fn accepts(&mut self, flow: &Flow, now: Time) -> Vec<Sent> {
        let syn = self.of.get_mut(flow).and_then(Connection::syn);
        let Some(syn) = syn.filter(|syn| !syn.answered) else {
            return Vec::new();
        };
        syn.answered = true;
        syn.sent.waiting(now)
    }

    /// A segment with a query.
    pub fn asks(&mut self, flow: Flow, sent: Sent, carried: Carried, hides_interface: bool) -> Taken {
        let Some(connection) = self.of.get_mut(&flow) else {
            self.open(flow, Query::new(sent, carried), sent.at);
            return Taken::Query;
        };
        let (start, end) = carried.sequence;
        let same = connection
            .queries
            .iter_mut()
            .find(|query| (query.start, query.end) == (Some(start), Some(end)));
        if let Some(query) = same.filter(|query| !query.answered) {
            return if query.send_again(sent, hides_interface, &mut self.overwritten) {
                Taken::Query
            } else {
                Taken::Again
            };
        }
        if connection.queries.len() == CONNECTION_QUERIES {
            // One that waits for nothing, if there is any.
            let settled = connection.queries.iter().position(|query| !query.waits(sent.at));
            let forgotten = connection.queries.remove(settled.unwrap_or_default());
            self.overwritten += u64::from(forgotten.waits(sent.at));
        }
        connection.queries.push(Query::new(sent, carried));
        Taken::Query
    }

    /// A segment with payload of the server, which acknowledges what the client sent up to there, and holds the beginnings of
    /// messages with these ids. Each query that it answers, and those that were answered before and of which it now says how. Where
    /// numbers are not `exact`, an id answers its query as well: tcpdump counts from the first packet that it has seen of a
    /// connection, and prints the numbers of that one as they are.
    pub fn answers(
        &mut self,
        flow: &Flow,
        (acknowledged, exact): (u32, bool),
        ids: &[u16],
        now: Time,
    ) -> Vec<SettledSegment> {
        let Some(connection) = self.of.get_mut(flow) else {
            return Vec::new();
        };
        let mut messages: Vec<(usize, u16)> = ids.iter().copied().enumerate().collect();
        let mut settled = Vec::new();
        // The newest first: a client may use an id again.
        for query in connection.queries.iter_mut().rev() {
            let Some(end) = query.end else { continue };
            // RFC 9293 section 3.4: sequence numbers are compared around their wrap.
            let is_acknowledged = acknowledged.wrapping_sub(end) < 1 << 31;
            let is_named = !exact && query.id.is_some_and(|id| ids.contains(&id));
            let waits = query.sent.waits(now);
            let is_new = !query.answered && (is_acknowledged || is_named) && waits;
            if is_new {
                query.answered = true;
                query.untold = query.sent.answered(now);
            }
            if query.untold.is_empty() || !waits {
                continue;
            }
            let message = messages.iter().position(|(_, id)| query.id == Some(*id));
            let message = message.map(|at| messages.remove(at).0);
            if is_new || message.is_some() {
                let queries = query.untold.clone();
                if message.is_some() {
                    query.untold = Vec::new();
                }
                settled.push(SettledSegment {
                    queries,
                    name: query.name.clone(),
                    is_new,
                    message,
                });
            }
        }
        settled
    }

    /// Whether a query, or the SYN, of the connection waits.
    pub fn waits(&self, flow: &Flow, now: Time) -> bool {
        let queries = self.of.get(flow).map(|connection| &connection.queries);
        let mut queries = queries.into_iter().flatten();
        queries.any(|query| !query.answered && query.sent.waits(now))
    }

    /// Whether a query of the connection was answered so lately that more segments may belong to its answer.
    pub fn is_answering(&self, flow: &Flow, now: Time) -> bool {
        let queries = self.of.get(flow).map(|connection| &connection.queries);
        let mut answered = queries.into_iter().flatten().filter(|query| query.answered);
        answered.any(|query| !query.is_syn() && query.sent.waits(now))
    }

    /// An error about the connection, which quotes this flow, and the number of a segment where that is known: then it is about what
    /// that segment carried. `None` where it is one that the capture shows before and after the translation of its address, or
    /// several times without saying where.
    pub fn failed(
        &mut self,
        flow: &Flow,
        (quoted, number): (Flow, Option<u32>),
        hides_interface: bool,
        now: Time,
    ) -> Option<(About, Option<Name>)> {
        let mut about = (About::Nothing, None);
        let Some(connection) = self.of.get_mut(flow) else {
            return Some(about);
        };
        let is_same = |(at, as_quoted): (Time, Flow)| {
            (hides_interface || as_quoted != quoted) && now.since(at) < SAME_PACKET
        };
        // The newest first, as in the kernel.
        for query in connection
            .queries
            .iter_mut()
            .rev()
            .filter(|query| !query.answered && number.is_none_or(|number| query.holds(number)))
        {
            if query.error.is_some_and(is_same) {
                return None;
            }
            if let Some(sent) = query.sent.failed(now) {
                query.error = Some((now, quoted));
                return Some((About::Waiting(sent), query.name.clone()));
            }
            about = (About::Failed, query.name.clone());
        }
        Some(about)
    }
}

impl Connection {
    /// The SYN, while it is known.
    fn syn(&mut self) -> Option<&mut Query> {
        self.queries.first_mut().filter(|query| query.is_syn())
    }
}

impl Query {
    fn syn(sent: Sent, number: Option<u32>) -> Self {
        Self {
            sent: Transmissions::new(sent),
            start: number,
            end: None,
            id: None,
            name: None,
            answered: false,
            untold: Vec::new(),
            error: None,
        }
    }

    fn new(sent: Sent, carried: Carried) -> Self {
        let Carried {
            sequence: (start, end),
            id,
            name,
        } = carried;
        Self {
            end: Some(end),
            id: Some(id),
            name,
            ..Self::syn(sent, Some(start))
        }
    }

    const fn is_syn(&self) -> bool {
        self.end.is_none()
    }

    /// Whether a segment with this number carried it, or a part of it.
    fn holds(&self, number: u32) -> bool {
        match (self.start, self.end) {
            (Some(start), Some(end)) => number.wrapping_sub(start) < end.wrapping_sub(start),
            (Some(start), None) => number == start,
            (None, _) => true,
        }
    }

    /// Whether it would be missed.
    fn waits(&self, now: Time) -> bool {
        !self.answered && !self.sent.waiting(now).is_empty()
    }

    /// It is sent again. Whether it is a packet of its own.
    fn send_again(&mut self, sent: Sent, hides_interface: bool, overwritten: &mut u64) -> bool {
        let newest = self.sent.newest();
        if hides_interface && newest.is_some_and(|newest| sent.at.since(newest.at) < SAME_PACKET) {
            return false;
        }
        *overwritten += u64::from(self.sent.add(sent));
        true
    }
}

#[cfg(test)]
mod tests {
    use netmon_common::{Address, Transport};

    use super::*;

    fn flow(client: usize) -> Flow {
        Flow {
            client: Address::v4(u32::try_from(client).unwrap().to_be_bytes()),
            server: Address::v4([192, 0, 2, 53]),
            client_port: 40_000,
            server_port: 53,
            transport: Transport::Tcp,
        }
    }

    fn sent(second: u64) -> Sent {
        Sent {
            at: Time::at_second(second),
            iterative: false,
        }
    }

    fn carried(number: usize) -> Carried {
        let start = u32::try_from(number).unwrap() * 10;
        Carried {
            sequence: (start, start + 10),
            id: 7,
            name: None,
        }
    }

    #[test]
    fn a_query_that_is_forgotten_while_it_waits_is_counted() {
        let mut connections = Connections::new();
        for number in 0..=CONNECTION_QUERIES {
            connections.asks(flow(1), sent(1), carried(number), false);
        }
        assert_eq!(connections.overwritten(), 1);
        // What is answered makes room first.
        connections.answers(&flow(1), (30, true), &[], Time::at_second(1));
        for number in 100..102 {
            connections.asks(flow(1), sent(1), carried(number), false);
        }
        assert_eq!(connections.overwritten(), 1);
    }

    #[test]
    fn a_connection_that_is_forgotten_is_counted_where_it_waits() {
        for (second, overwritten) in [(2, 1), (62, 0)] {
            let mut connections = Connections::new();
            // Opened again, it is no longer the oldest.
            for client in [0, 1, 0] {
                connections.open(flow(client), Query::syn(sent(1), None), Time::at_second(1));
            }
            for client in 2..=CONNECTIONS {
                connections.opens(flow(client), sent(second), None, false);
            }
            assert_eq!(connections.overwritten(), overwritten, "{second}");
            let is_there = |client: &usize| connections.of.get(&flow(*client)).is_some();
            assert_eq!((0..=CONNECTIONS).filter(is_there).count(), CONNECTIONS);
            assert!(is_there(&0) && !is_there(&1));
        }
    }
}
