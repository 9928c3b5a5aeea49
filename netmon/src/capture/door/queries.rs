//! Queries: which are exchanges of their own.

use netmon_common::Transport;
use netmon_common::classify::Message;
use netmon_common::wire::Unreadable;
use netmon_common::wire::ethernet::Payload;

use super::{Door, Packet, details};
use crate::capture::connections::{Carried, Taken};
use crate::capture::exchanges::{Question, Sent};
use crate::capture::links::scoped;
use crate::observation::Observation;

impl Door {
    /// A query over UDP, or a segment that carries one.
    pub(super) fn query(
        &mut self,
        packet: &Packet<'_>,
        payload: Result<Payload, Unreadable>,
        message: &Message,
        observe: &mut impl FnMut(Observation),
    ) -> Option<()> {
        let flow = packet.flow(&message.conversation, message.transport)?;
        self.links.asked(&flow, packet.interface);
        let service = self.service(&flow, packet);
        let (key, recursion_desired) = (
            scoped(&flow, service.interface),
            message.header.recursion_desired(),
        );
        let iterative = self
            .exchanges
            .is_iterative(service, packet.time, Some(recursion_desired));
        let sent = Sent {
            at: packet.time,
            iterative,
        };
        let bytes = packet.slice(message.offset, message.end);
        let asked = Question {
            client: flow.client,
            name: self.names.of_question(bytes),
            is_syn: false,
            details: details(&flow, message, bytes),
        };
        match message.transport {
            Transport::Udp => {
                let id = message.header.id;
                let question = packet.question(message);
                if packet.hides_interface && self.pairing.is_shown_again(&key, id, question, packet.time) {
                    return None;
                }
                self.pairing
                    .asked(&key, id, recursion_desired, question, packet.time);
                if let Some(name) = &asked.name {
                    self.asked.note(packet.time, flow.client, name);
                }
            }
            Transport::Tcp => {
                let sequence = packet.stream(payload)?.sequence;
                let carried = Carried {
                    sequence,
                    id: message.header.id,
                    name: asked.name.clone(),
                };
                // Whoever asks on a connection has it, whether or not the capture shows that the server took it.
                let syns = self.connections.accepts(&key, packet.time);
                self.exchanges
                    .connected(service, flow.client, packet.time, &syns, observe);
                let taken = self.connections.asks(key, sent, carried, packet.hides_interface);
                if taken == Taken::Again {
                    return None;
                }
            }
        }
        self.exchanges.asked(service, sent, asked, observe);
        None
    }
}
