//! From printed packets to counts and observations, as the other doors make them of frames.
//!
//! An error's proof is the query that it is about: "from text, an error is matched on server and client"
//! (docs/contract.md, section 5), and on port and id too where `-v` printed the quoted packet.

mod matters;
mod sights;

use std::collections::HashSet;

use matters::Matter;
use netmon_common::{Address, DnsPorts, Transport};

use super::count::{Counted, believed, count, unmatched, unsolicited};
use super::packet::{About, Conversation, Response, TextPacket, TextWhat, Unreachable};
use super::traces::Traces;
use crate::capture::addresses::Addresses;
use crate::capture::exchanges::{self, Answer, Exchanges, Question, Sent};
use crate::capture::masquerade::Masquerade;
use crate::capture::pairing::Settled;
use crate::counts::Counts;
use crate::model::Warning;
use crate::observation::{self, Details, Observation, Service, What};
use crate::time::Time;

/// The door for tcpdump's text: printed packets in, counts kept, observations out.
///
/// Every exchange gives its observations, so that nothing is sampled.
#[derive(Debug)]
pub struct TextDoor {
    ports: DnsPorts,
    counts: Counted,
    traces: Traces,
    exchanges: Exchanges,
    addresses: Addresses,
    masquerade: Masquerade,
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
            exchanges: Exchanges::default(),
            addresses: Addresses::default(),
            masquerade: Masquerade::new(),
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
            self.addresses.insert(ends.destination);
        }
        let matter = match &packet.what {
            TextWhat::Unreachable(unreachable) => self.matter(unreachable),
            _ => Matter::Other,
        };
        if self.is_second_sight(packet, &matter) {
            // A host counts a packet once that it forwards.
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
        count(&mut self.counts, packet, matter.concerns());
        match &packet.what {
            TextWhat::Query(query) => self.asked(
                &query.conversation,
                query.id,
                (query.name.as_ref(), query.query_type),
                query.recursion_desired,
                false,
                observe,
            ),
            TextWhat::Connect(conversation) => {
                self.asked(conversation, None, (None, None), None, true, observe);
            }
            TextWhat::Accepted(conversation) => {
                let syns = self.traces.accepts(conversation, self.last);
                self.exchanges
                    .connected(conversation.service, self.last, &syns, observe);
            }
            TextWhat::Response(response) => self.answer(response, observe),
            TextWhat::Unreachable(unreachable) => self.failure(unreachable, matter, observe),
            TextWhat::Reset(_)
            | TextWhat::Fragment
            | TextWhat::Unreadable(_)
            | TextWhat::NotIp
            | TextWhat::Other { .. } => {}
        }
    }

    fn asked(
        &mut self,
        conversation: &Conversation,
        id: Option<u16>,
        (name, query_type): (Option<&observation::Name>, Option<u16>),
        recursion_desired: Option<bool>,
        is_syn: bool,
        observe: &mut impl FnMut(Observation),
    ) {
        let Conversation {
            service,
            client,
            client_port,
        } = *conversation;
        let kin = Service {
            transport: Transport::Udp,
            ..service
        };
        let iterative = self.exchanges.is_iterative(service, self.last, recursion_desired)
            || (is_syn
                && !self.exchanges.knows(service)
                && self.exchanges.kin_is_iterative(kin, self.last) == Some(true));
        let sent = Sent {
            at: self.last,
            iterative,
        };
        let (syn, syns) = self.traces.query(conversation, id, name, sent, is_syn);
        let asked = Question {
            client,
            name: name.cloned(),
            syn: syn.map(|syn| syn.at),
            details: Details {
                client_port,
                id,
                query_type,
            },
        };
        self.exchanges.connected(service, self.last, &syns, observe);
        if is_syn {
            self.exchanges.connects(service, sent, asked, observe);
        } else {
            self.exchanges.asked(service, sent, asked, observe);
        }
    }

    fn answer(&mut self, response: &Response, observe: &mut impl FnMut(Observation)) {
        let conversation = &response.conversation;
        let (settled, query) =
            self.traces
                .answer(conversation, response.id, response.name.as_ref(), self.last);
        let queries = match settled {
            Settled::Queries(queries) => queries,
            Settled::Again => return,
            Settled::Nothing => {
                unmatched(&mut self.counts, conversation.service);
                return;
            }
        };
        let (client, client_port) = query
            .as_ref()
            .map_or((conversation.client, conversation.client_port), |query| {
                (query.client, query.client_port)
            });
        let answer = Answer {
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
    }

    fn failure(&mut self, error: &Unreachable, matter: Matter, observe: &mut impl FnMut(Observation)) {
        let Matter::Asked {
            service,
            client,
            trace,
        } = matter
        else {
            return;
        };
        let quoted = error.quoted.as_ref();
        let message = quoted.and_then(|quoted| quoted.message.as_ref());
        // Ports that are printed say which query it is.
        let is_exact = quoted.is_some();
        let about = match &trace {
            Some(trace) => {
                let about = self.traces.failed(error.client(), trace, is_exact, self.last);
                let Some(about) = about else { return };
                about
            }
            None => exchanges::About::Nothing,
        };
        let name = message.and_then(|message| message.name.clone());
        let failed = exchanges::Error {
            client,
            reporter: error.reporter,
            code: error.code,
            name: name.or_else(|| trace.and_then(|trace| trace.name)),
            recursion_desired: message.and_then(|message| message.recursion_desired),
            details: Details {
                client_port: quoted.and_then(|quoted| quoted.source_port),
                id: message.map(|message| message.id),
                query_type: None,
            },
        };
        if self.exchanges.failed(service, self.last, failed, about, observe) {
            unsolicited(&mut self.counts, service, error.code);
        }
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
        warnings.into_iter().flatten().collect()
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
