//! From printed packets to counts and observations, as the other doors make them of frames.
//!
//! An error's proof is the query that it is about: "from text, an error is matched on server and client"
//! (docs/contract.md, section 5), and on port and id too where `-v` printed the quoted packet.

use netmon_common::{Address, DnsPorts, Transport};

use super::super::addresses::{Addresses, Part};
use super::count::{Concerns, count, unsolicited};
use super::packet::{About, Conversation, Query, Response, TextPacket, TextWhat, Unreachable};
use super::traces::{Known, Trace, Traces};
use crate::counts::Counts;
use crate::model::Warning;
use crate::observation::{self, Answer, Failure, Observation, Proof, Service, What};
use crate::time::Time;

/// The door for tcpdump's text: printed packets in, counts kept, observations out.
///
/// Every packet of DNS gives an observation, so that nothing is sampled: `counted_here` is always set.
#[derive(Debug)]
pub struct TextDoor {
    ports: DnsPorts,
    counts: Counts,
    traces: Traces,
    addresses: Addresses,
    first: Option<Time>,
    last: Time,
}

/// What an error is about.
#[derive(Debug)]
enum Matter {
    /// A DNS query, or a SYN to a DNS port.
    Asked {
        service: Service,
        client: Address,
        trace: Option<Trace>,
    },
    /// An answer of this server.
    LateAnswer(Address),
    /// Nothing of DNS, or not known to be.
    Other,
}

impl TextDoor {
    /// With these DNS ports.
    pub fn new(ports: DnsPorts) -> Self {
        Self {
            ports,
            counts: Counts::default(),
            traces: Traces::new(),
            addresses: Addresses::default(),
            first: None,
            last: Time::default(),
        }
    }

    /// Takes the next packet, and tells `observe` what it means, if that is anything to the decider.
    ///
    /// Time never goes back: a packet with an earlier time counts as of the latest time that was seen.
    pub fn take(&mut self, packet: &TextPacket, observe: &mut impl FnMut(Observation)) {
        self.last = self.last.max(packet.time);
        self.first.get_or_insert(self.last);
        if let Some(ends) = packet.ends {
            self.addresses.insert(Part::Heard, ends.destination);
        }
        let matter = match &packet.what {
            TextWhat::Unreachable(unreachable) => self.matter(unreachable),
            _ => Matter::Other,
        };
        let told;
        let packet = match (&packet.what, &matter) {
            (TextWhat::Unreachable(error), Matter::Asked { service, .. }) if error.about == About::Unsaid => {
                let what = TextWhat::Unreachable(Unreachable {
                    destination: service.server,
                    ..error.clone()
                });
                told = TextPacket {
                    what,
                    ..packet.clone()
                };
                &told
            }
            _ => packet,
        };
        count(&mut self.counts, packet, matter.concerns());
        let observation = match &packet.what {
            TextWhat::Query(query) => Some(self.query(query)),
            TextWhat::Connect(conversation) => Some(self.asked(conversation, None, None, None)),
            TextWhat::Response(response) => Some(self.answer(response)),
            TextWhat::Unreachable(unreachable) => self.failure(unreachable, matter),
            TextWhat::Reset(_)
            | TextWhat::Fragment
            | TextWhat::Unreadable(_)
            | TextWhat::NotIp
            | TextWhat::Other { .. } => None,
        };
        if let Some((service, what)) = observation {
            observe(Observation {
                time: self.last,
                service,
                what,
            });
        }
    }

    fn query(&mut self, query: &Query) -> (Service, What) {
        self.asked(
            &query.conversation,
            query.id,
            query.name.clone(),
            query.recursion_desired,
        )
    }

    fn asked(
        &mut self,
        conversation: &Conversation,
        id: Option<u16>,
        name: Option<observation::Name>,
        recursion_desired: Option<bool>,
    ) -> (Service, What) {
        let Conversation { service, client, .. } = *conversation;
        self.addresses.insert(Part::Asker, client);
        self.addresses.insert(Part::Asked, service.server);
        let trace = Trace {
            time: self.last,
            service,
            name: name.clone(),
            recursion_desired,
        };
        self.traces.query(conversation, id, &trace);
        let query = observation::Query {
            client,
            name,
            recursion_desired,
            counted_here: true,
        };
        (service, What::Query(query))
    }

    fn answer(&mut self, response: &Response) -> (Service, What) {
        let trace = self.traces.answer(&response.conversation, response.id);
        let answer = Answer {
            client: response.conversation.client,
            rcode: response.rcode,
            query_time: trace.map(|trace| trace.time),
            name: response
                .name
                .clone()
                .or_else(|| trace.and_then(|trace| trace.name.clone())),
            // tcpdump does not print RD of a response.
            recursion_desired: None,
            counted_here: true,
        };
        (response.conversation.service, What::Answer(answer))
    }

    fn failure(&mut self, error: &Unreachable, matter: Matter) -> Option<(Service, What)> {
        let Matter::Asked {
            service,
            client,
            trace,
        } = matter
        else {
            return None;
        };
        let quoted = error.quoted.as_ref().and_then(|quoted| quoted.message.as_ref());
        let proof = match &trace {
            Some(trace) => Proof::QuerySeen(trace.time),
            None => self.unseen(service.server, client),
        };
        if proof == Proof::None {
            unsolicited(&mut self.counts, service.server);
        }
        let (name, recursion_desired) =
            trace.map_or((None, None), |trace| (trace.name, trace.recursion_desired));
        let failure = Failure {
            client,
            reporter: error.reporter,
            code: error.code,
            proof,
            name: quoted.and_then(|message| message.name.clone()).or(name),
            recursion_desired: quoted
                .and_then(|message| message.recursion_desired)
                .or(recursion_desired),
            // Every answer is told.
            last_answer: None,
        };
        Some((service, What::Failure(failure)))
    }

    /// What an error proves that is about no query in the text.
    ///
    /// A text does not say in which direction it looks. Where it shows no query from this client to anybody,
    /// and none to this server from anybody, up to now, it is taken to look away from them.
    fn unseen(&self, server: Address, client: Address) -> Proof {
        if self.addresses.queries_unseen(client, server) {
            Proof::QueriesUnseen
        } else {
            Proof::None
        }
    }

    fn matter(&self, error: &Unreachable) -> Matter {
        let client = error
            .quoted
            .as_ref()
            .map_or(error.receiver, |quoted| quoted.source);
        let portless = |transport| {
            let trace = self
                .traces
                .find_portless(error.destination, client, transport, self.last);
            trace.map_or(Matter::Other, |trace| Matter::Asked {
                service: trace.service,
                client,
                trace: Some(trace.clone()),
            })
        };
        match error.about {
            About::Port(transport, port) if self.ports.contains(port) => {
                let service = Service {
                    server: error.destination,
                    port,
                    transport,
                };
                let trace = self.traces.find(service, client, known(error, transport));
                Matter::Asked {
                    service,
                    client,
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

    /// What an error is about of which nothing is said: the last query between the two, else the client's last.
    fn unsaid(&self, error: &Unreachable) -> Matter {
        let client = error.receiver;
        let trace = self
            .traces
            .find_portless(error.reporter, client, None, self.last)
            .or_else(|| self.traces.find_last(client, self.last));
        match trace {
            Some(trace) => Matter::Asked {
                service: trace.service,
                client,
                trace: Some(trace.clone()),
            },
            // An error that is about nothing seen might be about anything.
            None => Matter::Other,
        }
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
            };
            self.traces.has_answered(service, error.destination, port)
        })
    }

    /// All counts so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Whether any IP packet to this address is known to have been printed.
    pub fn heard(&self, address: Address) -> bool {
        self.addresses.heard(address)
    }

    /// What could not be remembered, as warnings.
    pub fn warnings(&self) -> Vec<Warning> {
        self.addresses.warning().into_iter().collect()
    }

    /// Queries that were forgotten before their answer or error could come.
    pub fn traces_overwritten(&self) -> u64 {
        self.traces.overwritten()
    }

    /// The times of the first and the last packet, of any kind.
    pub fn span(&self) -> Option<(Time, Time)> {
        self.first.map(|first| (first, self.last))
    }
}

impl Matter {
    fn concerns(&self) -> Concerns {
        match self {
            Self::Asked { .. } => Concerns::Dns,
            Self::LateAnswer(server) => Concerns::LateAnswerOf(*server),
            Self::Other => Concerns::Nothing,
        }
    }
}

/// What an error tells of the query that it is about, besides server and client.
fn known(error: &Unreachable, transport: Transport) -> Known {
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
