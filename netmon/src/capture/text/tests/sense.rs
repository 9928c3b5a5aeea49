//! What matters of a packet, be it known from its bytes or from text.

use netmon_common::classify::{Classified, Meaning, Offload, classify};
use netmon_common::wire::Captured;
use netmon_common::wire::ip::AddressAt;
use netmon_common::{Address, Code, DnsPorts, Outcome, Rcode};

use super::super::packet::TextWhat;

/// What matters of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sense {
    pub outcome: Outcome,
    pub destination: Option<Address>,
    client: Option<(Address, u16)>,
    server_port: Option<u16>,
    id: Option<u16>,
    recursion_desired: Option<bool>,
    rcode: Option<Rcode>,
    code: Option<Code>,
}

impl Sense {
    /// Of a packet of which no more matters.
    pub fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            destination: None,
            client: None,
            server_port: None,
            id: None,
            recursion_desired: None,
            rcode: None,
            code: None,
        }
    }

    /// Of a frame of which these bytes were captured.
    pub fn of_bytes(frame: &[u8], wire_len: usize) -> Self {
        let bytes = Captured::new(frame, wire_len);
        let Classified { meaning, .. } = classify(&bytes, Offload::default(), &DnsPorts::DEFAULT);
        let read = |at: AddressAt| at.read(&bytes);
        let mut sense = Self::of(meaning.outcome());
        sense.destination = meaning.destination().and_then(read);
        match &meaning {
            Meaning::Query(message) | Meaning::Response(message) => {
                let response = matches!(meaning, Meaning::Response(_));
                sense.id = Some(message.header.id);
                sense.recursion_desired = (!response).then(|| message.header.recursion_desired());
                sense.rcode = response.then(|| message.header.rcode());
                sense.client = read(message.conversation.client)
                    .map(|client| (client, message.conversation.client_port));
                sense.server_port = Some(message.conversation.server_port);
            }
            Meaning::Connect(conversation) | Meaning::Reset(conversation) => {
                sense.client = read(conversation.client).map(|client| (client, conversation.client_port));
                sense.server_port = Some(conversation.server_port);
            }
            Meaning::Unreachable(error) => sense.code = Some(error.unreachable.code),
            Meaning::Segment(_)
            | Meaning::Fragment
            | Meaning::Unreadable(_)
            | Meaning::NotIp
            | Meaning::Other => {}
        }
        sense
    }

    /// Of a printed packet.
    pub fn of_text(what: &TextWhat) -> Self {
        let mut sense = Self::of(what.outcome());
        sense.destination = what.destination();
        let conversation = match what {
            TextWhat::Query(query) => {
                sense.id = query.id;
                sense.recursion_desired = query.recursion_desired;
                Some(query.conversation)
            }
            TextWhat::Response(response) => {
                sense.id = response.id;
                sense.rcode = Some(response.rcode);
                Some(response.conversation)
            }
            TextWhat::Connect(conversation) | TextWhat::Reset(conversation) => Some(*conversation),
            TextWhat::Unreachable(unreachable) => {
                sense.code = Some(unreachable.code);
                None
            }
            TextWhat::Accepted(_)
            | TextWhat::Segment(_)
            | TextWhat::Fragment
            | TextWhat::Unreadable(_)
            | TextWhat::NotIp
            | TextWhat::Other { .. } => None,
        };
        if let Some(conversation) = conversation {
            sense.client = conversation.client_port.map(|port| (conversation.client, port));
            sense.server_port = Some(conversation.service.port);
        }
        sense
    }
}
