//! The second sight of a packet whose address was translated: of a query behind the translation, of what comes back before it. It is
//! not counted, and an exchange only where it is of another service.

use netmon_common::Transport;
use netmon_common::classify::{Concern, Conversation, Meaning, Message};
use netmon_common::trace::Flow;
use netmon_common::wire::Unreadable;
use netmon_common::wire::ethernet::Payload;

use super::{Door, Packet};
use crate::capture::translations::{Hop, Mark, Shown};

impl Door {
    /// Whether a packet is one. What is not looked at counts as seen for the first time.
    pub(super) fn shown(
        &mut self,
        packet: &Packet<'_>,
        payload: Result<Payload, Unreadable>,
        meaning: &Meaning,
    ) -> Shown {
        let shown = self.look(packet, payload, meaning);
        shown.unwrap_or(Shown::First)
    }

    fn look(
        &mut self,
        packet: &Packet<'_>,
        payload: Result<Payload, Unreadable>,
        meaning: &Meaning,
    ) -> Option<Shown> {
        let hop = Hop::of(payload.ok()?, packet.bytes.bytes())?;
        let (time, translations) = (packet.time, &mut self.pairing.translations);
        Some(match meaning {
            Meaning::Query(message) => {
                let flow = packet.flow(&message.conversation, message.transport)?;
                let mark = packet.mark(payload, message)?;
                // Over TCP, either its SYN was one already, or the capture does not show that.
                let behind = match message.transport {
                    Transport::Tcp => translations.behind(&flow),
                    Transport::Udp => None,
                };
                behind.unwrap_or_else(|| translations.asked(&flow, mark, hop, time))
            }
            Meaning::Connect(conversation) => {
                let flow = packet.flow(conversation, Transport::Tcp)?;
                let start = packet.stream(payload)?.sequence.0;
                translations.asked(&flow, (start, 0), hop, time)
            }
            Meaning::Response(message) => {
                let flow = packet.flow(&message.conversation, message.transport)?;
                let mark = packet.mark(payload, message)?;
                translations.comes_back(&flow, mark, hop, time)
            }
            Meaning::Reset(conversation) => self.segment_again(packet, payload, conversation, hop)?,
            Meaning::Segment(segment) => self.segment_again(packet, payload, &segment.conversation, hop)?,
            Meaning::Unreachable(error) => {
                let flow = packet.quoted_flow(error)?;
                // No message and no place in a stream is like it.
                let mark = (u32::MAX, error.unreachable.code as u16);
                if error.concern == Concern::LateResponse {
                    translations.sent(&turned(flow), mark, hop, time)
                } else {
                    translations.comes_back(&flow, mark, hop, time)
                }
            }
            Meaning::Fragment | Meaning::Unreadable(_) | Meaning::NotIp | Meaning::Other => return None,
        })
    }

    fn segment_again(
        &mut self,
        packet: &Packet<'_>,
        payload: Result<Payload, Unreadable>,
        conversation: &Conversation,
        hop: Hop,
    ) -> Option<Shown> {
        let flow = packet.flow(conversation, Transport::Tcp)?;
        let mark = (packet.stream(payload)?.sequence.0, 0);
        Some(
            self.pairing
                .translations
                .comes_back(&flow, mark, hop, packet.time),
        )
    }
}

/// The flow of an exchange, by what its server sends.
const fn turned(flow: Flow) -> Flow {
    Flow {
        client: flow.server,
        server: flow.client,
        client_port: flow.server_port,
        server_port: flow.client_port,
        transport: flow.transport,
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
