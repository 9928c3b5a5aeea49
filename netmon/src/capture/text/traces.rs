//! What is remembered of queries and answers, so that answers and errors find them. Bounded.
//!
//! An answer finds its query by addresses, ports and id. Of an error the text tells at least the server and
//! the client: it finds the last query between them that fits what else it tells.

use std::collections::VecDeque;
use std::time::Duration;

use netmon_common::{Address, Transport};

use super::packet::Conversation;
use crate::bounded::Bounded;
use crate::capture::exchange::{About, Sent, Transmissions};
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
    /// Its number.
    number: u64,
    /// When it was sent last.
    time: Time,
    /// Whether it is a SYN alone.
    is_syn: bool,
}

/// A query by its number: each time that it was sent, and what came of it.
#[derive(Clone, Debug)]
struct Exchange {
    sent: Transmissions,
    answered: bool,
    /// When the newest error about it came, and which client that quotes.
    error: Option<(Time, Address)>,
}

impl Exchange {
    fn new(sent: Sent) -> Self {
        Self {
            sent: Transmissions::new(sent),
            answered: false,
            error: None,
        }
    }

    fn waits(&self, now: Time) -> bool {
        !self.answered && self.sent.waits(now)
    }

    /// The connection that it opens is there. Each time that it was sent that waited for that.
    fn accepted(&mut self, now: Time) -> Vec<Sent> {
        if std::mem::replace(&mut self.answered, true) {
            return Vec::new();
        }
        self.sent.waiting(now)
    }
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
    recent: Bounded<(Service, Address), VecDeque<u64>>,
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

    /// Queries that were forgotten to make room.
    pub fn overwritten(&self) -> u64 {
        self.overwritten
    }

    /// Remembers a query. If it is the first one of a connection whose SYN was seen, when that was sent: the server has taken
    /// the connection, or there would be none, and the query takes the SYN's place. And each time that the SYN was sent that
    /// counts no more.
    pub fn query(
        &mut self,
        conversation: &Conversation,
        id: Option<u16>,
        name: Option<&Name>,
        sent: Sent,
        is_syn: bool,
    ) -> (Option<Sent>, Vec<Sent>) {
        let Conversation {
            service,
            client,
            client_port,
        } = *conversation;
        let of_syn = self.of_syn(conversation, sent, is_syn);
        let known = Known::PortAndId(client_port, id);
        let before = self.queries.get(&(service, client, known));
        let same = before.map(|trace| trace.number).filter(|number| {
            let exchange = self.exchanges.get(number);
            exchange.is_some_and(|exchange| exchange.waits(sent.at))
        });
        let number = match (&of_syn, same) {
            (Some((number, ..)), _) => *number,
            (None, Some(number)) => {
                if let Some(exchange) = self.exchanges.get_mut(&number) {
                    exchange.sent.add(sent);
                }
                number
            }
            (None, None) => {
                self.number += 1;
                self.exchanges.insert(self.number, Exchange::new(sent));
                self.remember_recent(service, client, self.number);
                self.number
            }
        };
        let trace = Trace {
            service,
            client,
            client_port,
            name: name.cloned(),
            number,
            time: sent.at,
            is_syn,
        };
        self.remember(conversation, id, &trace);
        of_syn.map_or((None, Vec::new()), |(_, syn, syns)| (Some(syn), syns))
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
            if let Some(((_, _, Known::PortAndId(..)), _)) =
                self.queries.insert((service, client, known), trace.clone())
            {
                self.overwritten += 1;
            }
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

    /// The server takes the connection. Each time that the SYN was sent that waited until now, without an error about it.
    pub fn accepts(&mut self, conversation: &Conversation, now: Time) -> Vec<Sent> {
        let known = Known::Port(conversation.client_port);
        let trace = self
            .queries
            .get(&(conversation.service, conversation.client, known));
        let syn = trace.filter(|trace| trace.is_syn).map(|trace| trace.number);
        let Some(exchange) = syn.and_then(|number| self.exchanges.get_mut(&number)) else {
            return Vec::new();
        };
        exchange.accepted(now)
    }

    /// The SYN of a connection that has had no query yet.
    fn of_syn(
        &mut self,
        conversation: &Conversation,
        sent: Sent,
        is_syn: bool,
    ) -> Option<(u64, Sent, Vec<Sent>)> {
        let Conversation {
            service,
            client,
            client_port,
        } = *conversation;
        if is_syn || service.transport != Transport::Tcp {
            return None;
        }
        let known = (service, client, Known::Port(client_port));
        let trace = self.queries.get(&known).filter(|trace| trace.is_syn)?;
        let number = trace.number;
        let exchange = self.exchanges.get_mut(&number)?;
        if !exchange.answered && !exchange.waits(sent.at) {
            return None;
        }
        let syn = exchange.sent.newest()?;
        let syns = exchange.accepted(sent.at);
        *exchange = Exchange::new(sent);
        Some((number, syn, syns))
    }

    fn remember_recent(&mut self, service: Service, client: Address, number: u64) {
        let key = (service, client);
        if let Some(numbers) = self.recent.get_mut(&key) {
            if numbers.len() == RECENT {
                numbers.pop_front();
            }
            numbers.push_back(number);
        } else {
            self.recent.insert(key, VecDeque::from([number]));
        }
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
        self.answers.insert((service, client, client_port), ());
        let known = Known::PortAndId(client_port, id);
        let Some(trace) = self.queries.get(&(service, client, known)).cloned() else {
            return (Settled::Nothing, None);
        };
        // An error about a late answer may come from before the translation.
        self.answers
            .insert((service, trace.client, trace.client_port), ());
        if (trace.name.as_ref())
            .zip(question)
            .is_some_and(|(asked, named)| asked != named)
        {
            return (Settled::Nothing, None);
        }
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
        (Settled::Queries(exchange.sent.answered()), Some(trace))
    }

    /// The last query to a service of which this is known.
    pub fn find(&self, service: Service, client: Address, known: Known) -> Option<&Trace> {
        self.queries.get(&(service, client, known))
    }

    /// Which query an error of now is about, where this is the last one that it may be about. Where it does not say the
    /// port, it may as well be about one before. `None` where it is one that the text shows before and after the translation of
    /// its address: `quoted` is the client that it quotes.
    pub fn failed(&mut self, quoted: Address, trace: &Trace, is_exact: bool, now: Time) -> Option<About> {
        let recent = self
            .recent
            .get(&(trace.service, trace.client))
            .filter(|_| !is_exact);
        let before = recent.into_iter().flatten().rev().copied();
        let numbers: Vec<u64> = std::iter::once(trace.number).chain(before).collect();
        let mut about = About::Nothing;
        for number in numbers {
            let Some(exchange) = self
                .exchanges
                .get_mut(&number)
                .filter(|exchange| exchange.waits(now))
            else {
                continue;
            };
            let is_same = |(at, client): (Time, Address)| client != quoted && now.since(at) < SAME_PACKET;
            if exchange.error.is_some_and(is_same) {
                return None;
            }
            if let Some(sent) = exchange.sent.failed(now) {
                exchange.error = Some((now, quoted));
                return Some(About::Waiting(sent));
            }
            about = About::Failed;
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
