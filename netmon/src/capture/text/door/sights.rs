//! The second sight of a packet whose address was translated, as in the packets' door: it is not counted, and an exchange only
//! where it is of another service. What tells it is what `-v` prints of its header, else that it comes in at one interface and goes
//! out at another.

use std::hash::BuildHasher;

use foldhash::quality::FixedState;
use netmon_common::Transport;
use netmon_common::trace::Flow;

use super::super::packet::{Conversation, Query, TextPacket, TextWhat, Unreachable};
use super::TextDoor;
use super::matters::Matter;
use crate::capture::link::Loopback;
use crate::capture::translations::{Hop, Mark, Shown};

impl TextDoor {
    /// Whether a packet is one. What is not looked at counts as seen for the first time.
    pub(super) fn shown(&mut self, packet: &TextPacket, matter: &Matter) -> Shown {
        // What is seen at loopback nobody forwards.
        let sight = packet.sight.as_ref();
        let sight = sight.filter(|sight| sight.loopback == Loopback::No);
        let hop = sight.and_then(|sight| sight.hop);
        let shown = hop.and_then(|hop| {
            // No message is like a place in a stream: these are told apart by their transport.
            let place = (packet.stream.sequence.0, 0);
            match &packet.what {
                TextWhat::Query(query) => self.query_again(query, hop),
                TextWhat::Connect(conversation) => self.asked_again(conversation, None, place, hop),
                TextWhat::Response(response) => {
                    let mark = (response.id?.into(), 0);
                    self.back_again(&response.conversation, mark, hop)
                }
                TextWhat::Reset(conversation)
                | TextWhat::Accepted(conversation)
                | TextWhat::Segment(conversation) => self.back_again(conversation, place, hop),
                TextWhat::Unreachable(error) => self.error_again(error, matter, hop),
                _ => None,
            }
        });
        shown.unwrap_or(Shown::First)
    }

    fn query_again(&mut self, query: &Query, hop: Hop) -> Option<Shown> {
        let flow = flow(&query.conversation)?;
        if flow.transport == Transport::Tcp
            && let Some(shown) = self.translations.behind(&flow)
        {
            // Its SYN was one already.
            self.lend(&query.conversation, &flow, query.id);
            return Some(shown);
        }
        // Without a name too little is known.
        let name = query.name.as_ref()?;
        let question = (name, query.query_type, query.recursion_desired);
        let [.., high, low] = FixedState::with_seed(0).hash_one(question).to_be_bytes();
        let mark = (query.id?.into(), u16::from_be_bytes([high, low]));
        self.asked_again(&query.conversation, query.id, mark, hop)
    }

    fn asked_again(
        &mut self,
        conversation: &Conversation,
        id: Option<u16>,
        mark: Mark,
        hop: Hop,
    ) -> Option<Shown> {
        let flow = flow(conversation)?;
        let shown = self.translations.asked(&flow, mark, hop, self.last);
        self.lend(conversation, &flow, id);
        Some(shown)
    }

    /// Of a query that is seen behind the translation of its client, the trace is the one before.
    fn lend(&mut self, conversation: &Conversation, flow: &Flow, id: Option<u16>) {
        if let Some(before) = self.translations.before(flow) {
            let before = (before.client, before.client_port);
            self.traces.lend(conversation, before, id);
        }
    }

    fn back_again(&mut self, conversation: &Conversation, mark: Mark, hop: Hop) -> Option<Shown> {
        let flow = flow(conversation)?;
        Some(self.translations.comes_back(&flow, mark, hop, self.last))
    }

    /// An error without `-v` does not say the port: then it is about the client's query that it is taken for.
    fn error_again(&mut self, error: &Unreachable, matter: &Matter, hop: Hop) -> Option<Shown> {
        // No message and no place in a stream is like it.
        let mark = (u32::MAX, error.code as u16);
        let trace = match matter {
            Matter::Asked {
                trace: Some(trace), ..
            } => trace,
            Matter::LateAnswer(exchange) => {
                return Some(self.translations.sent(exchange, mark, hop, self.last));
            }
            Matter::Asked { trace: None, .. } | Matter::Other => return None,
        };
        let asked = Flow {
            client: trace.client,
            server: trace.service.server,
            client_port: match error.quoted {
                Some(_) => trace.client_port?,
                None => trace.client_port.unwrap_or_default(),
            },
            server_port: trace.service.port,
            transport: trace.service.transport,
        };
        let (before, other_side) = match self.translations.of_other_service(&asked) {
            Some(before) => (before, Some(Shown::OfOtherService)),
            None if error.client() == trace.client => (asked, None),
            None => (asked, Some(Shown::Masqueraded)),
        };
        let before = match error.quoted {
            Some(_) => before,
            // The client may have asked from another port since.
            None => Flow {
                client_port: 0,
                ..before
            },
        };
        Some(
            self.translations
                .came_back(before, other_side, mark, hop, self.last),
        )
    }
}

fn flow(conversation: &Conversation) -> Option<Flow> {
    Some(Flow {
        client: conversation.client,
        server: conversation.service.server,
        client_port: conversation.client_port?,
        server_port: conversation.service.port,
        transport: conversation.service.transport,
    })
}
