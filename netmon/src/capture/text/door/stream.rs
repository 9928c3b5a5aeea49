//! TCP in text: connections, and what a server's segments answer, by the same rules as in captures.

use netmon_common::trace::Flow;

use super::super::packet::{Conversation, Response, TextPacket, Unreachable};
use super::super::traces::Trace;
use super::TextDoor;
use crate::capture::exchanges::{About, Answer, Question, Sent};
use crate::observation::{Details, Name, Observation};

impl TextDoor {
    /// A client opens a connection.
    pub(super) fn connect(
        &mut self,
        packet: &TextPacket,
        conversation: &Conversation,
        observe: &mut impl FnMut(Observation),
    ) {
        let service = conversation.service;
        let sent = Sent {
            at: self.last,
            iterative: self.exchanges.syn_is_iterative(service, self.last),
        };
        let flow = conversation.flow();
        if self.connections.opens(flow, sent, None, packet.hides_interface()) {
            self.traces.segment(conversation, None, None, self.last);
            let asked = Question {
                client: conversation.client,
                name: None,
                is_syn: true,
                details: Details {
                    client_port: conversation.client_port,
                    ..Details::default()
                },
            };
            self.exchanges.connects(service, sent, asked, observe);
        }
    }

    /// The server takes a connection.
    pub(super) fn accepted(&mut self, conversation: &Conversation, observe: &mut impl FnMut(Observation)) {
        let flow = self.exchange_of(conversation);
        let syns = self.connections.accepts(&flow, self.last);
        self.exchanges
            .connected(conversation.service, flow.client, self.last, &syns, observe);
    }

    /// A segment of a server with payload: what it acknowledges is answered.
    pub(super) fn segment(
        &mut self,
        packet: &TextPacket,
        conversation: &Conversation,
        response: Option<&Response>,
        observe: &mut impl FnMut(Observation),
    ) -> bool {
        let flow = self.exchange_of(conversation);
        let id = response.and_then(|response| response.id);
        self.traces
            .answers(conversation, (flow.client, Some(flow.client_port)));
        let settled = self.connections.answers(
            &flow,
            (packet.stream.acknowledgment, false),
            id.as_slice(),
            self.last,
        );
        let is_matched = !settled.is_empty() || self.connections.is_answering(&flow, self.last);
        for one in settled {
            let said = response.filter(|_| one.message.is_some());
            let answer = Answer {
                is_new: one.is_new,
                client: flow.client,
                rcode: said.map(|response| response.rcode),
                standard: said.is_none_or(|response| response.standard),
                name: said.and_then(|response| response.name.clone()).or(one.name),
                details: Details {
                    client_port: Some(flow.client_port),
                    id: said.and(id),
                    query_type: None,
                },
            };
            self.exchanges
                .answered(conversation.service, self.last, &one.queries, answer, observe);
        }
        is_matched
    }

    /// Which query, or SYN, of this client an error over TCP is about. Where it does not say the port, that may be one of
    /// another connection. `None` as in [`Connections::failed`](crate::capture::connections::Connections::failed).
    pub(super) fn connection_failed(
        &mut self,
        error: &Unreachable,
        trace: &Trace,
        hides_interface: bool,
    ) -> Option<(About, Option<Name>)> {
        let mut about = (About::Nothing, None);
        let flows: Vec<Flow> = self.flows_of(trace, error.quoted.is_some()).collect();
        for flow in flows {
            let quoted = Flow {
                client: error.client(),
                ..flow
            };
            match self
                .connections
                .failed(&flow, (quoted, None), hides_interface, self.last)?
            {
                waiting @ (About::Waiting(_), _) => return Some(waiting),
                (About::Nothing, _) => {}
                failed => about = failed,
            }
        }
        Some(about)
    }

    /// The connection of a query or a SYN; and where that may be another one, the client's last ones to the service.
    pub(super) fn flows_of(&self, trace: &Trace, is_exact: bool) -> impl Iterator<Item = Flow> {
        let others = self.traces.recent_ports(trace).filter(move |_| !is_exact);
        let flow = |client_port| {
            Conversation {
                service: trace.service,
                client: trace.client,
                client_port,
            }
            .flow()
        };
        std::iter::once(trace.client_port).chain(others).map(flow)
    }

    /// The flow of a packet's exchange: where the client's address was translated, the one before.
    fn exchange_of(&self, conversation: &Conversation) -> Flow {
        let flow = conversation.flow();
        self.translations.before(&flow).unwrap_or(flow)
    }
}
