//! From printed packets to counts and observations, as the other doors make them of frames.
//!
//! An error's proof is the query that it is about: "from text, an error is matched on server and client"
//! (docs/contract.md, section 5), and on port and id too where `-v` printed the quoted packet.

mod matters;
mod sights;
mod stream;

use std::collections::HashSet;

use matters::Matter;
use netmon_common::{Address, DnsPorts, Transport};

use super::count::{Counted, believed, count, not_ours, unmatched, unsolicited};
use super::packet::{About, Query, Response, TextPacket, TextWhat, Unreachable};
use super::traces::Traces;
use crate::capture::addresses::{Addresses, LocalAddresses};
use crate::capture::connections::{Carried, Connections, Taken};
use crate::capture::exchanges::{self, Answer, Exchanges, Question, Sent};
use crate::capture::link::Loopback;
use crate::capture::pairing::Settled;
use crate::capture::translations::{Shown, Translations};
use crate::counts::Counts;
use crate::model::Warning;
use crate::observation::{Details, Observation, Service, What};
use crate::time::Time;

/// The door for tcpdump's text: printed packets in, counts kept, observations out.
///
/// Every exchange gives its observations, so that nothing is sampled.
#[derive(Debug)]
pub struct TextDoor {
    ports: DnsPorts,
    counts: Counted,
    traces: Traces,
    connections: Connections,
    exchanges: Exchanges,
    addresses: Addresses,
    translations: Translations,
    local: LocalAddresses,
    first: Option<Time>,
    last: Time,
}

impl TextDoor {
    /// With these DNS ports.
    pub fn new(ports: DnsPorts) -> Self {
        Self {
            ports,
            counts: Counted::default(),
            traces: Traces::new(),
            connections: Connections::new(),
            exchanges: Exchanges::default(),
            addresses: Addresses::default(),
            translations: Translations::new(),
            local: LocalAddresses::default(),
            first: None,
            last: Time::default(),
        }
    }

    /// Learns the addresses of the host where the text was made.
    pub fn set_local(&mut self, local: impl IntoIterator<Item = Address>) {
        self.local = LocalAddresses::new(local);
    }

    /// Takes the next packet, and tells `observe` what it means, if that is anything to the decider.
    ///
    /// Time never goes back: a packet with an earlier time counts as of the latest time that was seen.
    pub fn take(&mut self, packet: &TextPacket, observe: &mut impl FnMut(Observation)) {
        self.last = self.last.max(packet.time);
        self.first.get_or_insert(self.last);
        if packet.sight.as_ref().is_some_and(|sight| sight.for_another_host) {
            not_ours(&mut self.counts, packet);
            return;
        }
        if let Some(ends) = packet.ends {
            self.addresses.insert(ends.destination);
        }
        let matter = match &packet.what {
            TextWhat::Unreachable(unreachable) => self.matter(unreachable),
            _ => Matter::Other,
        };
        // A host counts a packet once that it forwards.
        let shown = self.shown(packet, &matter);
        self.translations.leave_out(shown);
        if shown == Shown::Masqueraded {
            return;
        }
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
        let is_counted = shown == Shown::First;
        if is_counted {
            count(&mut self.counts, packet, matter.concerns());
        }
        match &packet.what {
            TextWhat::Query(query) => self.asked(packet, query, observe),
            TextWhat::Connect(conversation) => self.connect(packet, conversation, observe),
            TextWhat::Accepted(conversation) => self.accepted(conversation, observe),
            TextWhat::Segment(conversation) => {
                self.segment(packet, conversation, None, observe);
            }
            TextWhat::Response(response) => {
                let is_matched = self.answer(packet, response, observe);
                if !is_matched && is_counted {
                    unmatched(&mut self.counts, response.conversation.service);
                }
            }
            TextWhat::Unreachable(unreachable) => {
                let unsolicited_of = self.failure(packet, unreachable, matter, observe);
                if let Some(service) = unsolicited_of
                    && is_counted
                {
                    unsolicited(&mut self.counts, service, unreachable.code);
                }
            }
            TextWhat::Other { .. } => {
                if let Some(ends) = packet.ends {
                    self.traces.sends_else(ends.source, ends.destination);
                }
            }
            TextWhat::Reset(_) | TextWhat::Fragment | TextWhat::Unreadable(_) | TextWhat::NotIp => {}
        }
    }

    fn asked(&mut self, packet: &TextPacket, query: &Query, observe: &mut impl FnMut(Observation)) {
        let conversation = &query.conversation;
        let service = conversation.service;
        let sent = Sent {
            at: self.last,
            iterative: self
                .exchanges
                .is_iterative(service, self.last, query.recursion_desired),
        };
        let asked = Question {
            client: conversation.client,
            name: query.name.clone(),
            is_syn: false,
            details: Details {
                client_port: conversation.client_port,
                id: query.id,
                query_type: query.query_type,
            },
        };
        let name = query.name.as_ref();
        match service.transport {
            Transport::Udp => {
                let question = (name, query.query_type);
                let hides_interface = packet.hides_interface();
                if !self
                    .traces
                    .query(conversation, query.id, question, sent, hides_interface)
                {
                    return;
                }
            }
            Transport::Tcp => {
                let flow = conversation.flow();
                // Whoever asks on a connection has it, whether or not the text shows that the server took it.
                let syns = self.connections.accepts(&flow, self.last);
                self.exchanges
                    .connected(service, flow.client, self.last, &syns, observe);
                let carried = Carried {
                    sequence: packet.stream.sequence,
                    id: query.id.unwrap_or_default(),
                    name: query.name.clone(),
                };
                let taken = self
                    .connections
                    .asks(flow, sent, carried, packet.hides_interface());
                if taken == Taken::Again {
                    return;
                }
                self.traces.segment(conversation, query.id, name, self.last);
            }
        }
        self.exchanges.asked(service, sent, asked, observe);
    }

    /// Takes a response. Whether it is to a query that was seen.
    fn answer(
        &mut self,
        packet: &TextPacket,
        response: &Response,
        observe: &mut impl FnMut(Observation),
    ) -> bool {
        let conversation = &response.conversation;
        if conversation.service.transport == Transport::Tcp {
            return self.segment(packet, conversation, Some(response), observe);
        }
        let (settled, query) =
            self.traces
                .answer(conversation, response.id, response.name.as_ref(), self.last);
        let queries = match settled {
            Settled::Queries(queries) => queries,
            Settled::Again => return true,
            Settled::Nothing => return false,
        };
        let (client, client_port) = query
            .as_ref()
            .map_or((conversation.client, conversation.client_port), |query| {
                (query.client, query.client_port)
            });
        let answer = Answer {
            is_new: true,
            client,
            rcode: Some(response.rcode),
            standard: response.standard,
            name: response
                .name
                .clone()
                .or_else(|| query.and_then(|query| query.name)),
            details: Details {
                client_port,
                id: response.id,
                query_type: None,
            },
        };
        self.exchanges
            .answered(conversation.service, self.last, &queries, answer, observe);
        true
    }

    /// Takes an error. The service that it is about, if it quotes no query of it that was seen and waits.
    fn failure(
        &mut self,
        packet: &TextPacket,
        error: &Unreachable,
        matter: Matter,
        observe: &mut impl FnMut(Observation),
    ) -> Option<Service> {
        let Matter::Asked {
            service,
            client,
            trace,
        } = matter
        else {
            return None;
        };
        let quoted = error.quoted.as_ref();
        let message = quoted.and_then(|quoted| quoted.message.as_ref());
        // Two that do not even say the port may well be two.
        let hides_interface = packet.hides_interface() && quoted.is_some();
        let of_trace = match &trace {
            Some(trace) if service.transport == Transport::Tcp => {
                self.connection_failed(error, trace, hides_interface)
            }
            Some(trace) => {
                let known = matters::known(error, service.transport);
                self.traces
                    .failed(error.client(), trace, known, hides_interface, self.last)
            }
            None => Some((exchanges::About::Nothing, None)),
        };
        let (about, asked_for) = of_trace?;
        let name = message.and_then(|message| message.name.clone());
        let recursion_desired = message.and_then(|message| message.recursion_desired);
        let loopback = (packet.sight.as_ref()).map_or(Loopback::No, |sight| sight.loopback);
        let addresses = [error.reporter, client, service.server];
        let about = if self.local.show_own_error(loopback, addresses) {
            self.exchanges
                .refused(service, self.last, about, recursion_desired)
        } else {
            about
        };
        let failed = exchanges::Error {
            client,
            reporter: error.reporter,
            code: error.code,
            name: name.or(asked_for),
            recursion_desired,
            details: Details {
                client_port: quoted.and_then(|quoted| quoted.source_port),
                id: message.map(|message| message.id),
                query_type: None,
            },
        };
        let is_unsolicited = self.exchanges.failed(service, self.last, failed, about, observe);
        is_unsolicited.then_some(service)
    }

    /// What is to be believed now that the text has ended: it holds no query at all.
    pub fn unseen(&mut self) -> Vec<Observation> {
        let unseen = self.exchanges.unseen();
        for error in &unseen {
            if let What::Failed(failed) = &error.what {
                believed(&mut self.counts, error.service, failed.code);
            }
        }
        unseen
    }

    /// Makes room in the table of destinations where it is full: not those who `stay`, who are asked for only then.
    pub fn make_room(&mut self, stay: impl FnOnce() -> HashSet<Address>) {
        self.counts.make_room(stay);
    }

    /// All counts so far.
    pub fn counts(&self) -> Counts {
        Counts {
            totals: self.counts.totals,
            destinations: self.counts.destinations.all(),
        }
    }

    /// Whether any IP packet to this address is known to have been printed.
    pub fn heard(&self, address: Address) -> bool {
        self.addresses.heard(address)
    }

    /// What could not be remembered, as warnings.
    pub fn warnings(&self) -> Vec<Warning> {
        let warnings = [self.addresses.warning(), self.counts.destinations.warning()];
        let translations = self.translations.warnings();
        warnings.into_iter().flatten().chain(translations).collect()
    }

    /// Queries that were forgotten before their answer or error could come.
    pub fn traces_overwritten(&self) -> u64 {
        self.traces.overwritten() + self.connections.overwritten()
    }

    /// The times of the first and the last packet, of any kind.
    pub fn span(&self) -> Option<(Time, Time)> {
        self.first.map(|first| (first, self.last))
    }
}
