//! The second sight of a packet whose client's address was translated: of a query behind the translation, of what comes back before
//! it. It is neither counted nor an exchange.

use netmon_common::Transport;
use netmon_common::classify::{Conversation, Meaning, Message};
use netmon_common::wire::Unreadable;
use netmon_common::wire::ethernet::Payload;

use super::{Door, Packet};
use crate::capture::masquerade::{Hop, Mark};

impl Door {
    /// Whether a packet is one. `None` where nothing of it is looked at.
    pub(super) fn is_second_sight(
        &mut self,
        packet: &Packet<'_>,
        payload: Result<Payload, Unreadable>,
        meaning: &Meaning,
    ) -> Option<bool> {
        let hop = Hop::of(payload.ok()?, packet.bytes.bytes())?;
        let time = packet.time;
        match meaning {
            Meaning::Query(message) => {
                let flow = packet.flow(&message.conversation, message.transport)?;
                // Either its SYN was one already, or the capture does not show that.
                let is_behind =
                    message.transport == Transport::Tcp && self.pairing.exchange_of(&flow) != flow;
                let mark = packet.mark(payload, message)?;
                Some(is_behind || self.pairing.is_second_sight(&flow, mark, hop, time))
            }
            Meaning::Connect(conversation) => {
                let flow = packet.flow(conversation, Transport::Tcp)?;
                let start = packet.stream(payload)?.sequence.0;
                Some(self.pairing.is_second_sight(&flow, (start, 0), hop, time))
            }
            Meaning::Response(message) => {
                let flow = packet.flow(&message.conversation, message.transport)?;
                let mark = packet.mark(payload, message)?;
                Some(self.pairing.comes_back_again(&flow, mark, hop, time))
            }
            Meaning::Reset(conversation) => self.segment_again(packet, payload, conversation, hop),
            Meaning::Segment(segment) => self.segment_again(packet, payload, &segment.conversation, hop),
            Meaning::Unreachable(error) => {
                let flow = packet.quoted_flow(error)?;
                // No message and no place in a stream is like it.
                let mark = (u32::MAX, error.unreachable.code as u16);
                Some(self.pairing.comes_back_again(&flow, mark, hop, time))
            }
            Meaning::Fragment | Meaning::Unreadable(_) | Meaning::NotIp | Meaning::Other => None,
        }
    }

    fn segment_again(
        &mut self,
        packet: &Packet<'_>,
        payload: Result<Payload, Unreadable>,
        conversation: &Conversation,
        hop: Hop,
    ) -> Option<bool> {
        let flow = packet.flow(conversation, Transport::Tcp)?;
        let start = packet.stream(payload)?.sequence.0;
        let again = self.pairing.comes_back_again(&flow, (start, 0), hop, packet.time);
        Some(again)
    }
}

impl Packet<'_> {
    /// What is the same of a message wherever it is seen.
    fn mark(&self, payload: Result<Payload, Unreadable>, message: &Message) -> Option<Mark> {
        Some(match message.transport {
            Transport::Udp => (message.header.id.into(), self.question(message)),
            Transport::Tcp => (self.stream(payload)?.sequence.0, 0),
        })
    }
}
