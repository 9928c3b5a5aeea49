//! Counting printed packets: by the same tally as packets are counted, so that all doors count alike.

use std::collections::HashSet;

use netmon_common::classify::{Concern, Conversation, Error, Meaning, Message};
use netmon_common::limits::DESTINATIONS;
use netmon_common::records::{Tally, Totals};
use netmon_common::wire::dns::MessageHeader;
use netmon_common::wire::icmp::{Quoted, Unreachable};
use netmon_common::wire::ip::{AddressAt, HeaderAt};
use netmon_common::{Address, Code, Rcode, Transport};

use super::packet::{About, TextPacket, TextWhat};
use crate::counter::Destinations;
use crate::observation::Service;

/// What an ICMP error means for DNS, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concerns {
    /// The server cannot be reached.
    Dns,
    /// An answer of this server came when its client no longer listened.
    LateAnswerOf(Address),
    /// Nothing.
    Nothing,
}

/// What was counted, and the table of destinations.
#[derive(Clone, Debug)]
pub struct Counted {
    /// Of everything.
    pub totals: Totals,
    /// By destination: as many as the kernel's table holds.
    pub destinations: Destinations,
}

impl Default for Counted {
    fn default() -> Self {
        Self {
            totals: Totals::default(),
            destinations: Destinations::with_capacity(DESTINATIONS as usize),
        }
    }
}

impl Counted {
    /// Makes room where the next packet may find no place.
    pub fn make_room(&mut self, stay: impl FnOnce() -> HashSet<Address>) {
        if self.destinations.is_full() {
            self.destinations.make_room(&stay(), &mut self.totals);
        }
    }
}

/// Counts a packet; `concerns` is of one that is an ICMP error.
pub fn count(counts: &mut Counted, packet: &TextPacket, concerns: Concerns) {
    let tally = Tally::of(&meaning(&packet.what, concerns));
    let bytes = packet.bytes.map_or(0, u64::from);
    counts.totals.count(&tally, 1, bytes);
    let Some(address) = packet.what.destination() else {
        return;
    };
    let asks = matches!(packet.what, TextWhat::Query(_) | TextWhat::Connect(_));
    match counts.destinations.counters(address, asks) {
        Some(destination) => destination.count(&tally, 1),
        None => counts.totals.overflow += 1,
    }
    if let Concerns::LateAnswerOf(server) = concerns {
        match counts.destinations.counters(server, false) {
            Some(destination) => destination.late_responses += 1,
            None => counts.totals.late_overflow += 1,
        }
    }
}

/// Counts a packet that is not this host's.
pub fn not_ours(counts: &mut Counted, packet: &TextPacket) {
    let bytes = packet.bytes.map_or(0, u64::from);
    counts.totals.count(&Tally::NOT_OURS, 1, bytes);
}

/// Counts an error about this service, which was counted as one of DNS, as one that is about no query that was seen.
pub fn unsolicited(counts: &mut Counted, service: Service, code: Code) {
    counts.totals.unsolicited += 1;
    if let Some(count) = unsolicited_of(counts, service, code) {
        *count += 1;
    }
}

/// An error was counted as unsolicited, and is believed all the same: there was no query to see.
pub fn believed(counts: &mut Counted, service: Service, code: Code) {
    counts.totals.unsolicited = counts.totals.unsolicited.saturating_sub(1);
    if let Some(count) = unsolicited_of(counts, service, code) {
        *count = count.saturating_sub(1);
    }
}

fn unsolicited_of(counts: &mut Counted, service: Service, code: Code) -> Option<&mut u64> {
    let destination = counts.destinations.get_mut(service.server)?;
    let codes = destination.unsolicited.get_mut(service.transport as usize)?;
    codes.get_mut(code as usize)
}

/// Counts a response of this service, which was counted as such, as one that matches no query that was seen.
pub fn unmatched(counts: &mut Counted, service: Service) {
    counts.totals.unmatched_responses += 1;
    let destination = counts.destinations.get_mut(service.server);
    if let Some(destination) = destination
        && let Some(count) = destination
            .unmatched_responses
            .get_mut(service.transport as usize)
    {
        *count += 1;
    }
}

/// The packet as the tally knows packets. Tallies ask neither for addresses nor for places in a frame, of
/// which there is none.
fn meaning(what: &TextWhat, concerns: Concerns) -> Meaning {
    match what {
        TextWhat::Query(query) => Meaning::Query(message(query.conversation.service.transport, QUERY)),
        TextWhat::Response(response) => {
            let flags = RESPONSE | flags_of(response.rcode);
            Meaning::Response(message(response.conversation.service.transport, flags))
        }
        TextWhat::Connect(_) => Meaning::Connect(NOBODY),
        TextWhat::Reset(_) => Meaning::Reset(NOBODY),
        TextWhat::Unreachable(unreachable) => {
            let transport = match unreachable.about {
                About::Port(transport, _) | About::Transport(transport) => transport,
                // Not told: nearly all are asked over UDP.
                About::Anything | About::NoPort | About::Unsaid => Transport::Udp,
            };
            Meaning::Unreachable(error(unreachable.code, concerns, transport))
        }
        TextWhat::Fragment => Meaning::Fragment,
        TextWhat::Unreadable(unreadable) => Meaning::Unreadable(*unreadable),
        TextWhat::NotIp => Meaning::NotIp,
        TextWhat::Accepted(_) | TextWhat::Segment(_) | TextWhat::Other { .. } => Meaning::Other,
    }
}

const NOBODY: Conversation = Conversation {
    server: AddressAt::NOWHERE,
    client: AddressAt::NOWHERE,
    server_port: 0,
    client_port: 0,
};

/// The flags of a DNS header (RFC 1035 section 4.1.1).
const QUERY: u16 = 0;
const RESPONSE: u16 = 0x8000;

/// The rcode's bits; any that netmon does not tell apart for `Other`.
fn flags_of(rcode: Rcode) -> u16 {
    match rcode {
        Rcode::NoError => 0,
        Rcode::FormErr => 1,
        Rcode::ServFail => 2,
        Rcode::NxDomain => 3,
        Rcode::NotImp => 4,
        Rcode::Refused => 5,
        Rcode::Other => 6,
    }
}

fn message(transport: Transport, flags: u16) -> Message {
    Message {
        transport,
        conversation: NOBODY,
        header: MessageHeader::new(0, flags),
        offset: 0,
        end: 0,
        acknowledgment: 0,
    }
}

fn error(code: Code, concerns: Concerns, transport: Transport) -> Error {
    Error {
        header: HeaderAt::NOWHERE,
        unreachable: Unreachable {
            code,
            quoted: Quoted {
                header: HeaderAt::NOWHERE,
                end: 0,
                ports: None,
            },
        },
        concern: match concerns {
            Concerns::Dns => Concern::DnsUnreachable(transport),
            Concerns::LateAnswerOf(_) => Concern::LateResponse,
            Concerns::Nothing => Concern::None,
        },
    }
}
