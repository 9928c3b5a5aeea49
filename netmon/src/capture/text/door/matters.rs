//! What an ICMP error is about, by what the text tells of it and the queries that it shows.

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
    /// An answer of this server.
    LateAnswer(Address),
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
            About::Port(..) if self.is_answer(error) => Matter::LateAnswer(client),
            About::Port(transport, port) if self.ports.contains(port) => {
                let service = Service {
                    server: error.destination,
                    port,
                    transport,
                    interface: 0,
                };
                let trace = self.traces.find(service, client, known(error, transport));
                // Where nothing tells a query from an answer, a query that was seen does.
                if trace.is_none() && !quotes(error, false) && self.is_late(error, transport, port) {
                    return Matter::LateAnswer(client);
                }
                Matter::Asked {
                    service,
                    client: trace.map_or(client, |trace| trace.client),
                    trace: trace.cloned(),
                }
            }
            About::Port(transport, port) if self.is_late(error, transport, port) => {
                Matter::LateAnswer(client)
            }
            About::Transport(transport) => portless(Some(transport)),
            About::Anything => portless(None),
            About::Unsaid => self.unsaid(error),
            About::Port(..) | About::NoPort => Matter::Other,
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

    /// Whether an error is about an answer: its quoted source port is a DNS port, or, where that is not
    /// printed, whom the error is for has answered to that port.
    fn is_late(&self, error: &Unreachable, transport: Transport, port: u16) -> bool {
        if let Some(quoted) = &error.quoted {
            return quoted.source_port.is_some_and(|port| self.ports.contains(port));
        }
        self.ports.table().into_iter().any(|server_port| {
            let service = Service {
                server: error.receiver,
                port: server_port,
                transport,
                interface: 0,
            };
            self.traces.has_answered(service, error.destination, port)
        })
    }
}

impl Matter {
    /// What that means for DNS.
    pub(super) fn concerns(&self) -> Concerns {
        match self {
            Self::Asked { .. } => Concerns::Dns,
            Self::LateAnswer(server) => Concerns::LateAnswerOf(*server),
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
