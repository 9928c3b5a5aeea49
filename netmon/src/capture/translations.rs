//! Address translation: a capture of several interfaces shows a packet before it and after it.
//!
//! Where the server keeps its address and port (masquerading), both sights are of one exchange. Where it does not (DNAT, a service
//! address), the other side is an exchange of a second service. The packet is one all the same, and counts once.

use std::collections::VecDeque;

use netmon_common::trace::Flow;
use netmon_common::wire::ethernet::Payload;

use super::limits::{FAILED_QUERIES, SAME_PACKET};
use crate::bounded::Bounded;
use crate::model::{Warning, WarningKind};
use crate::time::Time;

/// How many packets are looked at for a second sight: it comes as soon as the host has forwarded the packet.
const RECENT: usize = 32;

/// Whether a packet is shown for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// It is.
    First,
    /// It was seen before the client's address was translated, or after it: it neither counts nor is it of another exchange.
    Masqueraded,
    /// It was seen with another server: it does not count, and it is of an exchange of that service.
    OfOtherService,
}

/// Which flows are the other sides of which.
#[derive(Debug)]
pub(super) struct Translations {
    recent: VecDeque<Packet>,
    /// What came back lately, behind a translation, and what its second sight is.
    back: VecDeque<(Packet, Shown)>,
    /// Flows behind a translation, each with the one before it.
    behind: Bounded<Flow, Flow>,
    /// Packets that were left out because they were counted for another client.
    masqueraded: u64,
    /// The same for another server.
    of_other_services: u64,
}

/// A packet, as it was seen first.
#[derive(Debug)]
struct Packet {
    flow: Flow,
    mark: Mark,
    hop: Hop,
    at: Time,
}

/// What is the same of a query wherever it is seen: over UDP its id and the mark of its question, over TCP where it stands in
/// the stream.
pub(super) type Mark = (u32, u16);

/// What is known of a packet's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    /// The identification of IPv4, and how many hops are left.
    Counted {
        /// 0 in IPv6.
        identification: [u8; 2],
        /// As the header has it.
        left: u8,
    },
    /// Where text prints neither.
    Told {
        /// At which interface it was seen, where that is told: a hash of its name.
        interface: Option<u64>,
        /// Whether it goes out there.
        leaves: bool,
    },
}

impl Hop {
    /// Of a packet that its link header announces like this (RFC 791, section 3.1; RFC 8200, section 3).
    pub fn of(payload: Payload, bytes: &[u8]) -> Option<Self> {
        match payload {
            Payload::Ipv4(offset) => match bytes.get(offset..)? {
                [_, _, _, _, first, second, _, _, left, ..] => Some(Self::Counted {
                    identification: [*first, *second],
                    left: *left,
                }),
                _ => None,
            },
            Payload::Ipv6(offset) => bytes.get(offset + 7).map(|left| Self::Counted {
                identification: [0; 2],
                left: *left,
            }),
            Payload::NotIp => None,
        }
    }

    /// Whether the header tells this packet apart from others of the same message: by an identification, which IPv6 has not, and
    /// which many hosts leave 0. A forwarder may ask another server with the id of its client.
    const fn is_told_apart(self) -> bool {
        matches!(self, Self::Counted { identification: [high, low], .. } if high != 0 || low != 0)
    }

    /// Whether it may be this packet one hop later: who translates forwards, and whoever forwards takes one off.
    fn is_next_of(self, before: Self) -> bool {
        match (before, self) {
            (
                Self::Counted {
                    identification: one,
                    left: before,
                },
                Self::Counted {
                    identification: other,
                    left,
                },
            ) => one == other && Some(left) == before.checked_sub(1),
            (
                Self::Told {
                    interface: from,
                    leaves: false,
                },
                Self::Told {
                    interface: to,
                    leaves: true,
                },
            ) => from != to || from.is_none(),
            _ => false,
        }
    }
}

impl Packet {
    /// Whether what is seen now, with that mark, may be this packet one hop later.
    fn comes_as(&self, mark: Mark, hop: Hop, now: Time) -> bool {
        self.mark == mark && hop.is_next_of(self.hop) && now.since(self.at) < SAME_PACKET
    }
}

/// The one flow that may be meant.
#[derive(Clone, Copy)]
enum Only {
    Nothing,
    One(Flow),
    Several,
}

impl Only {
    fn take(&mut self, flow: Flow) {
        *self = match *self {
            Self::Nothing => Self::One(flow),
            Self::One(before) if before == flow => *self,
            Self::One(_) | Self::Several => Self::Several,
        };
    }

    const fn one(self) -> Option<Flow> {
        match self {
            Self::One(flow) => Some(flow),
            Self::Nothing | Self::Several => None,
        }
    }
}

impl Shown {
    /// What the sight on one side of a translation is, after that on the other side.
    fn across(one: &Flow, other: &Flow) -> Self {
        if keeps_server(one, other) {
            Self::Masqueraded
        } else {
            Self::OfOtherService
        }
    }
}

fn keeps_server(one: &Flow, other: &Flow) -> bool {
    (one.server, one.server_port) == (other.server, other.server_port)
}

fn keeps_client(one: &Flow, other: &Flow) -> bool {
    (one.client, one.client_port) == (other.client, other.client_port)
}

impl Translations {
    /// None yet.
    pub fn new() -> Self {
        Self {
            recent: VecDeque::with_capacity(RECENT),
            back: VecDeque::with_capacity(RECENT),
            behind: Bounded::new(FAILED_QUERIES),
            masqueraded: 0,
            of_other_services: 0,
        }
    }

    /// Takes a query or a SYN.
    pub fn asked(&mut self, flow: &Flow, mark: Mark, hop: Hop, now: Time) -> Shown {
        if let Some(before) = self.first_sight(flow, mark, hop, now) {
            self.behind.insert(*flow, before);
            return Shown::across(&before, flow);
        }
        self.behind.remove(flow);
        self.remember(*flow, mark, hop, now);
        Shown::First
    }

    /// The flow of the packet that this one is on the other side of a translation. One that was seen with the same addresses is
    /// forwarded as it is. A client that asks several servers at once with one message, as musl does, may leave it open which of
    /// them was translated: then none was.
    fn first_sight(&self, flow: &Flow, mark: Mark, hop: Hop, now: Time) -> Option<Flow> {
        let (mut of_server, mut of_client, mut of_neither) = (None, Only::Nothing, Only::Nothing);
        let is_same = |one: &&Packet| one.flow.transport == flow.transport && one.comes_as(mark, hop, now);
        for Packet { flow: first, .. } in self.recent.iter().rev().filter(is_same) {
            if first == flow {
                return None;
            } else if keeps_server(first, flow) {
                if first.client != flow.client {
                    of_server = of_server.or(Some(*first));
                }
            } else if keeps_client(first, flow) {
                of_client.take(*first);
            } else if hop.is_told_apart() {
                of_neither.take(*first);
            }
        }
        of_server.or(of_client.one()).or(of_neither.one())
    }

    /// Takes what a client sends besides: it is of the flow of its query.
    pub fn sent(&mut self, flow: &Flow, mark: Mark, hop: Hop, now: Time) -> Shown {
        let Some(before) = self.behind.get(flow) else {
            self.remember(*flow, mark, hop, now);
            return Shown::First;
        };
        let is_again = |first: &Packet| first.flow == *before && first.comes_as(mark, hop, now);
        if self.recent.iter().any(is_again) {
            Shown::across(before, flow)
        } else {
            Shown::First
        }
    }

    /// Takes an answer, or an error by what it quotes: the first sight of it is behind the translation.
    pub fn comes_back(&mut self, flow: &Flow, mark: Mark, hop: Hop, now: Time) -> Shown {
        match self.behind.get(flow).copied() {
            Some(before) => {
                let other_side = Shown::across(&before, flow);
                self.came_back(before, Some(other_side), mark, hop, now)
            }
            None => self.came_back(*flow, None, mark, hop, now),
        }
    }

    /// The same of what is known to belong to the flow `before` the translation; where it is seen behind that, with what the sight
    /// on the `other_side` will be.
    pub fn came_back(
        &mut self,
        before: Flow,
        other_side: Option<Shown>,
        mark: Mark,
        hop: Hop,
        now: Time,
    ) -> Shown {
        if let Some(other_side) = other_side {
            let first = Packet {
                flow: before,
                mark,
                hop,
                at: now,
            };
            push(&mut self.back, (first, other_side));
            return Shown::First;
        }
        let mut back = self.back.iter();
        let first = back.find(|(first, _)| first.flow == before && first.comes_as(mark, hop, now));
        first.map_or(Shown::First, |(_, other_side)| *other_side)
    }

    /// What each packet of the flow is that a client sends, if the flow is known to be behind a translation.
    pub fn behind(&self, flow: &Flow) -> Option<Shown> {
        self.behind.get(flow).map(|before| Shown::across(before, flow))
    }

    /// The flow before the translation of its client, of one behind it.
    pub fn before(&self, flow: &Flow) -> Option<Flow> {
        self.behind
            .get(flow)
            .filter(|before| keeps_server(before, flow))
            .copied()
    }

    /// The flow before the translation of its server, of one behind it.
    pub fn of_other_service(&self, flow: &Flow) -> Option<Flow> {
        self.behind
            .get(flow)
            .filter(|before| !keeps_server(before, flow))
            .copied()
    }

    /// A packet is left out of the counts because it is shown once more.
    pub fn leave_out(&mut self, shown: Shown) {
        match shown {
            Shown::First => {}
            Shown::Masqueraded => self.masqueraded += 1,
            Shown::OfOtherService => self.of_other_services += 1,
        }
    }

    /// What to say of those that were left out.
    pub fn warnings(&self) -> impl Iterator<Item = Warning> {
        let masqueraded = (
            self.masqueraded,
            "client, before or behind a translation: each is counted once, for the client that it shows first",
        );
        let of_other_services = (
            self.of_other_services,
            "server, before or behind a translation: each is counted once, for the server that it shows first; both servers have the \
             exchange",
        );
        let seen = [masqueraded, of_other_services].into_iter();
        seen.filter(|(packets, _)| *packets > 0).map(|(packets, whose)| {
            let packets = match packets {
                1 => "1 packet was".to_owned(),
                packets => format!("{packets} packets were"),
            };
            let message = format!("{packets} seen again with the address of another {whose}");
            Warning::new(WarningKind::Duplicates, message)
        })
    }

    fn remember(&mut self, flow: Flow, mark: Mark, hop: Hop, at: Time) {
        push(&mut self.recent, Packet { flow, mark, hop, at });
    }
}

/// Remembers the last ones.
fn push<T>(recent: &mut VecDeque<T>, new: T) {
    if recent.len() == RECENT {
        recent.pop_front();
    }
    recent.push_back(new);
}
