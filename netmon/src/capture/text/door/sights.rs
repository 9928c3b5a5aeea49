//! The second sight of a packet whose client's address was translated, as in the packets' door: it is neither counted nor an
//! exchange. What tells it is what `-v` prints of its header, else that it comes in at one interface and goes out at another.

use std::hash::BuildHasher;

use foldhash::quality::FixedState;
use netmon_common::Transport;
use netmon_common::trace::Flow;

use super::super::packet::{Conversation, Query, TextPacket, TextWhat, Unreachable};
use super::TextDoor;
use super::matters::Matter;
use crate::capture::masquerade::{Hop, Mark};

impl TextDoor {
    /// Whether a packet is one.
    pub(super) fn is_second_sight(&mut self, packet: &TextPacket, matter: &Matter) -> bool {
        let Some(sight) = &packet.sight else { return false };
        let is_one = sight.hop.and_then(|hop| {
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
        is_one == Some(true)
    }

    fn query_again(&mut self, query: &Query, hop: Hop) -> Option<bool> {
        let flow = flow(&query.conversation)?;
        if flow.transport == Transport::Tcp
            && let Some(before) = self.masquerade.before(&flow)
        {
            // Its SYN was one already.
            let before = (before.client, before.client_port);
            self.traces.lend(&query.conversation, before, query.id);
            return Some(true);
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
    ) -> Option<bool> {
        let flow = flow(conversation)?;
        let is_second = self.masquerade.asked(&flow, mark, hop, self.last);
        if is_second && let Some(before) = self.masquerade.before(&flow) {
            let before = (before.client, before.client_port);
            self.traces.lend(conversation, before, id);
        }
        Some(is_second)
    }

    fn back_again(&mut self, conversation: &Conversation, mark: Mark, hop: Hop) -> Option<bool> {
        let flow = flow(conversation)?;
        Some(self.masquerade.comes_back(&flow, mark, hop, self.last))
    }

    /// An error without `-v` does not say the port: then it is about the client's query that it is taken for.
    fn error_again(&mut self, error: &Unreachable, matter: &Matter, hop: Hop) -> Option<bool> {
        let Matter::Asked {
            trace: Some(trace), ..
        } = matter
        else {
            return None;
        };
        let port = error.quoted.as_ref().map_or(Some(0), |_| trace.client_port)?;
        let before = Flow {
            client: trace.client,
            server: trace.service.server,
            client_port: port,
            server_port: trace.service.port,
            transport: trace.service.transport,
        };
        let mark = (u32::MAX, error.code as u16);
        let is_behind = error.client() != trace.client;
        let again = self.masquerade.came_back(before, is_behind, mark, hop, self.last);
        Some(again)
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
