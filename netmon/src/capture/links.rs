//! At which interface a link-local server is: the same address may be another server on another link (RFC 4007, section 4).

use netmon_common::Address;
use netmon_common::trace::Flow;
use netmon_common::wire::Captured;
use netmon_common::wire::ethernet::Payload;
use netmon_common::wire::ip::{Family, HeaderAt};

use super::frame::Frame;
use super::limits::{FAILED_QUERIES, LINKS};
use super::link;
use crate::bounded::Bounded;

/// An interface, as a capture tells it from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    /// By the number that the host has for it.
    OfHost(u32),
    /// By its place among those that the file describes.
    OfFile(u32),
}

/// The interfaces at which link-local addresses were seen, and which flows are at which.
pub(super) struct Links {
    interfaces: Vec<Interface>,
    asked: Bounded<(Flow, u32), ()>,
    last: Bounded<Flow, u32>,
}

impl Links {
    /// None yet.
    pub fn new() -> Self {
        Self {
            interfaces: Vec::new(),
            asked: Bounded::new(FAILED_QUERIES),
            last: Bounded::new(FAILED_QUERIES),
        }
    }

    /// The number of the frame's interface, if a link-local address is in it; 0 where it is not known.
    pub fn number(&mut self, frame: &Frame<'_>, bytes: &Captured<'_>, payload: Payload) -> u32 {
        let Payload::Ipv6(offset) = payload else { return 0 };
        let header = HeaderAt {
            offset,
            family: Family::V6,
        };
        let is_link_local = |address: Option<Address>| address.is_some_and(Address::is_link_local);
        if !is_link_local(header.source().read(bytes)) && !is_link_local(header.destination().read(bytes)) {
            return 0;
        }
        let place = match (link::interface(frame.link, frame.bytes), frame.interface) {
            (Some(cooked), _) => Interface::OfHost(cooked),
            (None, Some(described)) => Interface::OfFile(described),
            (None, None) => return 0,
        };
        // The first is 1: 0 is for those that are not known.
        let number = match self.interfaces.iter().position(|known| *known == place) {
            Some(before) => before + 1,
            None if self.interfaces.len() < LINKS => {
                self.interfaces.push(place);
                self.interfaces.len()
            }
            None => 0,
        };
        u32::try_from(number).unwrap_or_default()
    }

    /// A query was seen at this interface.
    pub fn asked(&mut self, flow: &Flow, interface: u32) {
        if interface != 0 && flow.server.is_link_local() {
            self.asked.insert((*flow, interface), ());
            self.last.insert(*flow, interface);
        }
    }

    /// At which interface the flow's server is, of which a packet was seen at this one. A bridge shows the answer at another port
    /// than the query: it is about the query all the same.
    pub fn of(&self, flow: &Flow, interface: u32) -> u32 {
        if !flow.server.is_link_local() {
            0
        } else if self.asked.get(&(*flow, interface)).is_some() {
            interface
        } else {
            self.last.get(flow).copied().unwrap_or(interface)
        }
    }

    /// The interfaces that are known so far, in the order of their numbers, of which the first is 1.
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }
}

/// The flow as a key of its own for each interface that its link-local server is at.
pub(super) fn scoped(flow: &Flow, interface: u32) -> Flow {
    Flow {
        server: flow.server.on_link(interface),
        ..*flow
    }
}
