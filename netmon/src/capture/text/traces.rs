//! What is remembered of queries and answers, so that answers and errors find them. Bounded.
//!
//! An answer finds its query by addresses, ports and id. Of an error the text tells at least the server and
//! the client: it finds the last query between them that fits what else it tells.

use std::collections::VecDeque;
use std::time::Duration;

use netmon_common::{Address, Transport};

use super::exchange::Exchange;
use super::packet::Conversation;
use crate::bounded::Bounded;
use crate::capture::exchange::{About, Sent};
use crate::capture::limits::SAME_PACKET;
use crate::capture::pairing::Settled;
use crate::observation::{Name, Service};
use crate::time::Time;

/// Queries that are remembered. Each costs about 1 KiB at most, its name aside.
const QUERIES: usize = 16_384;
/// Clients whose answers are remembered. Each costs about 200 bytes.
const ANSWERS: usize = 16_384;
/// Queries of one client to one service that an error without a port may be about.
const RECENT: usize = 16;

/// An error that does not say the port may be about anything between two hosts. It is about a query if
/// there was one this shortly before: hosts and routers report at once, or after they tried for seconds to
/// find the next hop (RFC 4861 section 10: 3 s).
const PORTLESS: Duration = Duration::from_mins(1);

/// An error that does not even tell the server is about the client's last query if there was one this shortly before.
const UNSAID: Duration = Duration::from_secs(5);

/// A query that was seen.
#[derive(Clone, Debug)]
pub struct Trace {
    /// To which service.
    pub service: Service,
    /// By whom: where the client's address was translated, the one before.
    pub client: Address,
    /// From which port.
    pub client_port: Option<u16>,
    /// Its name.
    pub name: Option<Name>,
    /// The type that it asks for.
    query_type: Option<u16>,
    /// Its number.
    number: u64,
    /// When it was sent last.
    time: Time,
    /// Whether its client has sent the server nothing since that is none of DNS.
    pub is_last: bool,
}

/// What is known of a query besides its server and its client. Each query is kept under all three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Known {
    /// Nothing.
    Nothing,
    /// The client's port.
    Port(Option<u16>),
    /// The client's port and the message's id.
    PortAndId(Option<u16>, Option<u16>),
}

/// The number of a query, and the port that it came from.
type Recent = (u64, Option<u16>);

/// The queries and answers that are remembered.
#[derive(Debug)]
pub struct Traces {
    queries: Bounded<(Service, Address, Known), Trace>,
    /// By server and client alone.
    last: Bounded<(Address, Address), Trace>,
    /// By client alone.
    last_of: Bounded<Address, Trace>,
    answers: Bounded<(Service, Address, Option<u16>), ()>,
    exchanges: Bounded<u64, Exchange>,
    recent: Bounded<(Service, Address), VecDeque<Recent>>,
    number: u64,
    overwritten: u64,
}

impl Traces {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            queries: Bounded::new(3 * QUERIES),
            last: Bounded::new(QUERIES),
            last_of: Bounded::new(QUERIES),
            answers: Bounded::new(ANSWERS),
            exchanges: Bounded::new(QUERIES),
            recent: Bounded::new(QUERIES),
            number: 0,
            overwritten: 0,
        }
    }

    /// Queries that waited and were forgotten to make room.
    pub fn overwritten(&self) -> u64 {
        self.overwritten
    }

    /// Remembers a query over UDP. Whether it is a packet of its own, and no other sight of one in a text that does not say where.
    pub fn query(
        &mut self,
        conversation: &Conversation,
        id: Option<u16>,
        (name, query_type): (Option<&Name>, Option<u16>),
        sent: Sent,
        hides_interface: bool,
    ) -> bool {
        let Conversation {
            service,
            client,
            client_port,
        } = *conversation;
        let before = self
            .queries
            .get(&(service, client, Known::PortAndId(client_port, id)));
        let waiting = before.and_then(|trace| {
            let exchange = self.exchanges.get_mut(&trace.number)?;
            // An id that is used again for another question is another query's.
            (exchange.waits(sent.at) && exchange.may_ask_for(name)).then_some((trace.number, exchange))
        });
        let is_same = |exchange: &Exchange| {
            hides_interface
                && exchange.error.is_none()
                && name.is_some()
                && before
                    .is_some_and(|before| before.name.as_ref() == name && before.query_type == query_type)
                && exchange
                    .sent
                    .newest()
                    .is_some_and(|newest| sent.at.since(newest.at) < SAME_PACKET)
        };
        let number = if let Some((number, exchange)) = waiting {
            if is_same(exchange) {
                return false;
            }
            self.overwritten += u64::from(exchange.sent.add(sent));
            number
        } else {
            self.number += 1;
            let exchange = Exchange::new(sent, id, name);
            let forgotten = self.exchanges.insert(self.number, exchange);
            self.overwritten += u64::from(forgotten.is_some_and(|(_, exchange)| exchange.waits(sent.at)));
            self.remember_recent(conversation);
            self.number
        };
        self.remember_new(conversation, id, (name, query_type), number, sent.at);
        true
    }

    /// Remembers a query over TCP, or a SYN: what becomes of it is known by its connection.
    pub fn segment(&mut self, conversation: &Conversation, id: Option<u16>, name: Option<&Name>, now: Time) {
        self.number += 1;
        self.remember_recent(conversation);
        self.remember_new(conversation, id, (name, None), self.number, now);
    }

    fn remember_new(
        &mut self,
        conversation: &Conversation,
        id: Option<u16>,
        (name, query_type): (Option<&Name>, Option<u16>),
        number: u64,
        time: Time,
    ) {
        let trace = Trace {
            service: conversation.service,
            client: conversation.client,
            client_port: conversation.client_port,
            name: name.cloned(),
            query_type,
            number,
            time,
            is_last: true,
        };
        self.remember(conversation, id, &trace);
    }

    /// Remembers a query as one of this conversation.
    fn remember(&mut self, conversation: &Conversation, id: Option<u16>, trace: &Trace) {
        let Conversation {
            service,
            client,
            client_port,
        } = *conversation;
        self.last.insert((service.server, client), trace.clone());
        self.last_of.insert(client, trace.clone());
        for known in [
            Known::Nothing,
            Known::Port(client_port),
            Known::PortAndId(client_port, id),
        ] {
            self.queries.insert((service, client, known), trace.clone());
        }
    }

    /// A client sends a server something that is none of DNS: an error that says no port may be about that.
    pub fn sends_else(&mut self, client: Address, server: Address) {
        if let Some(trace) = self.last.get_mut(&(server, client)) {
            trace.is_last = false;
        }
    }

    /// The second sight of a query, behind the translation of its client's address and port: what quotes or answers that is
    /// about the query.
    pub fn lend(&mut self, behind: &Conversation, (client, client_port): (Address, u16), id: Option<u16>) {
        let known = Known::PortAndId(Some(client_port), id);
        if let Some(trace) = self.queries.get(&(behind.service, client, known)).cloned() {
            self.remember(behind, id, &trace);
        }
    }

    fn remember_recent(&mut self, conversation: &Conversation) {
        let key = (conversation.service, conversation.client);
        let new = (self.number, conversation.client_port);
        if let Some(recent) = self.recent.get_mut(&key) {
            if recent.len() == RECENT {
                recent.pop_front();
            }
            recent.push_back(new);
        } else {
            self.recent.insert(key, VecDeque::from([new]));
        }
    }

    /// The last queries of this one's client to its service, the newest first.
    fn recent(&self, trace: &Trace) -> impl Iterator<Item = Recent> {
        let recent = self.recent.get(&(trace.service, trace.client));
        recent.into_iter().flatten().rev().copied()
    }

    /// From which ports they were sent.
    pub fn recent_ports(&self, trace: &Trace) -> impl Iterator<Item = Option<u16>> {
        self.recent(trace).map(|(_, port)| port)
    }

    /// Remembers that a service answers to this client's port, and to the one before the translation, from which an error about
    /// a late answer may come.
    pub fn answers(&mut self, conversation: &Conversation, (client, client_port): (Address, Option<u16>)) {
        let service = conversation.service;
        self.answers
            .insert((service, conversation.client, conversation.client_port), ());
        self.answers.insert((service, client, client_port), ());
    }

    /// Remembers that a client was answered, and what that settles; the query.
    pub fn answer(
        &mut self,
        conversation: &Conversation,
        id: Option<u16>,
        question: Option<&Name>,
        now: Time,
    ) -> (Settled, Option<Trace>) {
        let Conversation {
            service,
            client,
            client_port,
        } = *conversation;
        let known = Known::PortAndId(client_port, id);
        let Some(newest) = self.queries.get(&(service, client, known)).cloned() else {
            self.answers(conversation, (client, client_port));
            return (Settled::Nothing, None);
        };
        self.answers(conversation, (newest.client, newest.client_port));
        let Some(trace) = self.answered_by(&newest, id, question, now) else {
            return (Settled::Nothing, None);
        };
        let Some(exchange) = self.exchanges.get_mut(&trace.number) else {
            return (Settled::Nothing, Some(trace));
        };
        if exchange.answered {
            return (Settled::Again, Some(trace));
        }
        if !exchange.waits(now) {
            return (Settled::Nothing, Some(trace));
        }
        exchange.answered = true;
        (Settled::Queries(exchange.sent.answered(now)), Some(trace))
    }

    /// Of that query and those before with the same port and id, the last that asks for that name, and rather one that waits.
    fn answered_by(
        &self,
        newest: &Trace,
        id: Option<u16>,
        question: Option<&Name>,
        now: Time,
    ) -> Option<Trace> {
        let before = self
            .recent(newest)
            .filter(|(_, port)| *port == newest.client_port);
        let numbers = std::iter::once(newest.number).chain(before.map(|(number, _)| number));
        let mut asking = numbers
            .filter_map(|number| Some((number, self.exchanges.get(&number)?)))
            .filter(|(_, exchange)| exchange.id == id && exchange.may_ask_for(question))
            .peekable();
        let last = asking.peek().copied();
        let (number, exchange) = asking.find(|(_, exchange)| exchange.waits(now)).or(last)?;
        Some(Trace {
            name: exchange.name.clone(),
            number,
            ..newest.clone()
        })
    }

    /// The last query to a service of which this is known.
    pub fn find(&self, service: Service, client: Address, known: Known) -> Option<&Trace> {
        self.queries.get(&(service, client, known))
    }

    /// Whether this query, or one before of its client to its service, waits.
    pub fn waits(&self, trace: &Trace, now: Time) -> bool {
        let before = self.recent(trace).map(|(number, _)| number);
        std::iter::once(trace.number).chain(before).any(|number| {
            let exchange = self.exchanges.get(&number);
            exchange.is_some_and(|exchange| exchange.waits(now))
        })
    }

    /// Which query an error of now is about, and its name, where this is the last one of which that is `known`: where it does not say the id,
    /// it may as well be about one before. `None` where it is one that the text shows before and after the translation of
    /// its address, or several times without saying where: `quoted` is the client that it quotes.
    pub fn failed(
        &mut self,
        quoted: Address,
        trace: &Trace,
        known: Known,
        hides_interface: bool,
        now: Time,
    ) -> Option<(About, Option<Name>)> {
        let before = self.recent(trace).filter(|(_, port)| match known {
            Known::Nothing => true,
            Known::Port(_) => *port == trace.client_port,
            Known::PortAndId(..) => false,
        });
        let numbers: Vec<u64> = std::iter::once(trace.number)
            .chain(before.map(|(number, _)| number))
            .collect();
        let mut about = (About::Nothing, None);
        for number in numbers {
            let Some(exchange) = self
                .exchanges
                .get_mut(&number)
                .filter(|exchange| exchange.waits(now))
            else {
                continue;
            };
            let is_same = |(at, client): (Time, Address)| {
                (hides_interface || client != quoted) && now.since(at) < SAME_PACKET
            };
            if exchange.error.is_some_and(is_same) {
                return None;
            }
            if let Some(sent) = exchange.sent.failed(now) {
                exchange.error = Some((now, quoted));
                return Some((About::Waiting(sent), exchange.name.clone()));
            }
            about = (About::Failed, exchange.name.clone());
        }
        Some(about)
    }

    /// The last query between these two shortly before `now`, where an error tells no port, and perhaps no
    /// transport.
    pub fn find_portless(
        &self,
        server: Address,
        client: Address,
        transport: Option<Transport>,
        now: Time,
    ) -> Option<&Trace> {
        self.last.get(&(server, client)).filter(|trace| {
            now.since(trace.time) <= PORTLESS
                && transport.is_none_or(|transport| transport == trace.service.transport)
        })
    }

    /// The last query of this client shortly before `now`, where an error does not even tell to whom it was.
    pub fn find_last(&self, client: Address, now: Time) -> Option<&Trace> {
        let recent = |trace: &&Trace| now.since(trace.time) <= UNSAID;
        self.last_of.get(&client).filter(recent)
    }

    /// Whether this service has answered to this client's port.
    pub fn has_answered(&self, service: Service, client: Address, client_port: u16) -> bool {
        self.answers.get(&(service, client, Some(client_port))).is_some()
    }
}
