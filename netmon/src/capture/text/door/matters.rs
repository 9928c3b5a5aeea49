//! What an ICMP error is about, by what the text tells of it and the queries that it shows.

use netmon_common::trace::Flow;
use netmon_common::{Address, Code, Transport};

use super::super::count::Concerns;
use super::super::packet::{About, Unreachable};
use super::super::traces::{Known, Trace};
use super::TextDoor;
use crate::observation::Service;

/// What an error is about.
#[derive(Debug)]
pub(super) enum Matter {
    /// A DNS query, or a SYN to a DNS port.
    Asked {
        service: Service,
        /// Where its address was translated, the one before.
        client: Address,
        trace: Option<Trace>,
    },
    /// The answer of this exchange.
    LateAnswer(Flow),
    /// Nothing of DNS, or not known to be.
    Other,
}

impl TextDoor {
    /// What it is about.
    pub(super) fn matter(&self, error: &Unreachable) -> Matter {
        let client = error.client();
        let portless = |transport| {
            let trace = self
                .traces
                .find_portless(error.destination, client, transport, self.last)
                .filter(|trace| self.waits(trace) && may_be_about(error, trace));
            trace.map_or(Matter::Other, |trace| Matter::Asked {
                service: trace.service,
                client: trace.client,
                trace: Some(trace.clone()),
            })
        };
        match error.about {
            About::Port(transport, port) => {
                let late = || self.late_answer(error, transport, port).map(Matter::LateAnswer);
                if !self.ports.contains(port) || self.is_answer(error) {
                    return late().unwrap_or(Matter::Other);
                }
                let service = Service {
                    server: error.destination,
                    port,
                    transport,
                    interface: 0,
                };
                let trace = self.traces.find(service, client, known(error, transport));
                // Where nothing tells a query from an answer, a query that was seen does.
                if trace.is_none()
                    && !quotes(error, false)
                    && let Some(late) = late()
                {
                    return late;
                }
                Matter::Asked {
                    service,
                    client: trace.map_or(client, |trace| trace.client),
                    trace: trace.cloned(),
                }
            }
            About::Transport(transport) => portless(Some(transport)),
            About::Anything => portless(None),
            About::Unsaid => self.unsaid(error),
            About::NoPort => Matter::Other,
        }
    }

    /// Whether anything that this one's client asked of its service still waits: else an error that does not say the port is about
    /// something else.
    fn waits(&self, trace: &Trace) -> bool {
        match trace.service.transport {
            Transport::Udp => self.traces.waits(trace, self.last),
            Transport::Tcp => self
                .flows_of(trace, false)
                .any(|flow| self.connections.waits(&flow, self.last)),
        }
    }

    /// What an error is about of which nothing is said: the last query between the two, else the client's last.
    fn unsaid(&self, error: &Unreachable) -> Matter {
        let client = error.receiver;
        let trace = self
            .traces
            .find_portless(error.reporter, client, None, self.last)
            .or_else(|| self.traces.find_last(client, self.last))
            .filter(|trace| self.waits(trace));
        match trace {
            Some(trace) => Matter::Asked {
                service: trace.service,
                client: trace.client,
                trace: Some(trace.clone()),
            },
            // An error that is about nothing seen might be about anything.
            None => Matter::Other,
        }
    }

    /// Whether the quoted message says that it is an answer, where both its ports are DNS ports.
    fn is_answer(&self, error: &Unreachable) -> bool {
        let port = error.quoted.as_ref().and_then(|quoted| quoted.source_port);
        port.is_some_and(|port| self.ports.contains(port)) && quotes(error, true)
    }

    /// The exchange whose answer an error is about: the quoted source port is a DNS port, or, where that is not printed, whom the
    /// error is for has answered to that port.
    fn late_answer(&self, error: &Unreachable, transport: Transport, client_port: u16) -> Option<Flow> {
        let (server, client) = (error.client(), error.destination);
        let has_answered = |port: &u16| {
            let service = Service {
                server,
                port: *port,
                transport,
                interface: 0,
            };
            self.traces.has_answered(service, client, client_port)
        };
        let server_port = match &error.quoted {
            Some(quoted) => quoted.source_port.filter(|port| self.ports.contains(*port)),
            None => self.ports.table().into_iter().find(has_answered),
        };
        Some(Flow {
            client,
            server,
            client_port,
            server_port: server_port?,
            transport,
        })
    }
}

impl Matter {
    /// What that means for DNS.
    pub(super) fn concerns(&self) -> Concerns {
        match self {
            Self::Asked { .. } => Concerns::Dns,
            Self::LateAnswer(exchange) => Concerns::LateAnswerOf(exchange.server),
            Self::Other => Concerns::Nothing,
        }
    }
}

/// Whether an error that says no port is about a query rather than about what its client sent the server since. What is said of a
/// host or its network holds for all that is sent there. (Of TCP the text has segments beside queries.)
fn may_be_about(error: &Unreachable, trace: &Trace) -> bool {
    trace.is_last || matches!(error.code, Code::Net | Code::Host) || trace.service.transport == Transport::Tcp
}

/// Whether an error quotes a message that says that it is an answer, or that it is none.
fn quotes(error: &Unreachable, answer: bool) -> bool {
    let message = error.quoted.as_ref().and_then(|quoted| quoted.message.as_ref());
    message.is_some_and(|message| message.response == Some(answer))
}

/// What an error tells of the query that it is about, besides server and client.
pub(super) fn known(error: &Unreachable, transport: Transport) -> Known {
    match (&error.quoted, transport) {
        (None, _) => Known::Nothing,
        (Some(quoted), Transport::Udp) => match &quoted.message {
            Some(message) => Known::PortAndId(quoted.source_port, Some(message.id)),
            None => Known::Port(quoted.source_port),
        },
        // Nothing in a TCP header tells which of a stream's messages the segment belongs to.
        (Some(quoted), Transport::Tcp) => Known::Port(quoted.source_port),
    }
}
