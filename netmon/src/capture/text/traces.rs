//! What is remembered of queries and answers, so that answers and errors find them. Bounded.
//!
//! An answer finds its query by addresses, ports and id. Of an error the text tells at least the server and
//! the client: it finds the last query between them that fits what else it tells.

use std::time::Duration;

use netmon_common::{Address, Transport};

use super::bounded::Bounded;
use super::packet::Conversation;
use crate::observation::{Name, Service};
use crate::time::Time;

/// Queries that are remembered. Each costs about 1 KiB at most, its name aside.
const QUERIES: usize = 16_384;
/// Clients whose answers are remembered. Each costs about 200 bytes.
const ANSWERS: usize = 16_384;

/// An error that does not tell the port may be about anything between two hosts. It is about a query if
/// there was one this shortly before: hosts and routers report at once, or after they tried for seconds to
/// find the next hop (RFC 4861 section 10: 3 s).
const PORTLESS: Duration = Duration::from_mins(1);

/// An error that does not even tell the server is about the client's last query if there was one this shortly before.
const UNSAID: Duration = Duration::from_secs(5);

/// A query that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// When.
    pub time: Time,
    /// To which service.
    pub service: Service,
    /// Its name.
    pub name: Option<Name>,
    /// RD.
    pub recursion_desired: Option<bool>,
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
            overwritten: 0,
        }
    }

    /// Queries that were forgotten to make room.
    pub fn overwritten(&self) -> u64 {
        self.overwritten
    }

    /// Remembers a query.
    pub fn query(&mut self, conversation: &Conversation, id: Option<u16>, trace: &Trace) {
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
            if let Some((_, _, Known::PortAndId(..))) =
                self.queries.insert((service, client, known), trace.clone())
            {
                self.overwritten += 1;
            }
        }
    }

    /// Remembers that a client was answered, and finds the query.
    pub fn answer(&mut self, conversation: &Conversation, id: Option<u16>) -> Option<&Trace> {
        let Conversation {
            service,
            client,
            client_port,
        } = *conversation;
        self.answers.insert((service, client, client_port), ());
        self.find(service, client, Known::PortAndId(client_port, id))
    }

    /// The last query to a service of which this is known.
    pub fn find(&self, service: Service, client: Address, known: Known) -> Option<&Trace> {
        self.queries.get(&(service, client, known))
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
