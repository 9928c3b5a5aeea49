//! Address translation that keeps the server's address and port: masquerading. A capture of several interfaces shows a query
//! before it and after it, with another client. That is one exchange: the second sight belongs to the first.

use std::collections::VecDeque;

use netmon_common::trace::Flow;
use netmon_common::wire::ethernet::Payload;

use super::limits::{FAILED_QUERIES, SAME_PACKET};
use crate::bounded::Bounded;
use crate::time::Time;

/// How many queries are looked at for a second sight: it comes as soon as the host has forwarded the packet.
const RECENT: usize = 32;

/// Which flows are others' second sight.
#[derive(Debug)]
pub(super) struct Masquerade {
    recent: VecDeque<Query>,
    /// What came back lately, behind the translation.
    back: VecDeque<Query>,
    /// Flows behind the translation, each with the one before it.
    behind: Bounded<Flow, Flow>,
}

/// A query, or what comes back, as it was seen first.
#[derive(Debug)]
struct Query {
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

impl Masquerade {
    /// None yet.
    pub fn new() -> Self {
        Self {
            recent: VecDeque::with_capacity(RECENT),
            back: VecDeque::with_capacity(RECENT),
            behind: Bounded::new(FAILED_QUERIES),
        }
    }

    /// Takes a query or a SYN. Whether it is the second sight of one.
    pub fn asked(&mut self, flow: &Flow, mark: Mark, hop: Hop, now: Time) -> bool {
        let first = self.recent.iter().rev().find(|first| {
            first.mark == mark
                && first.flow.transport == flow.transport
                && (first.flow.server, first.flow.server_port) == (flow.server, flow.server_port)
                && first.flow.client != flow.client
                && hop.is_next_of(first.hop)
                && now.since(first.at) < SAME_PACKET
        });
        if let Some(first) = first {
            self.behind.insert(*flow, first.flow);
            return true;
        }
        self.behind.remove(flow);
        remember(
            &mut self.recent,
            Query {
                flow: *flow,
                mark,
                hop,
                at: now,
            },
        );
        false
    }

    /// Takes an answer, or an error by what it quotes. Whether it is the second sight of one: the first was behind the translation.
    pub fn comes_back(&mut self, flow: &Flow, mark: Mark, hop: Hop, now: Time) -> bool {
        let before = self.before(flow);
        self.came_back(before.unwrap_or(*flow), before.is_some(), mark, hop, now)
    }

    /// The same of what is known to belong to the flow `before` the translation, and whether it is seen behind it.
    pub fn came_back(&mut self, before: Flow, is_behind: bool, mark: Mark, hop: Hop, now: Time) -> bool {
        if is_behind {
            let back = Query {
                flow: before,
                mark,
                hop,
                at: now,
            };
            remember(&mut self.back, back);
            return false;
        }
        self.back.iter().any(|first| {
            first.mark == mark
                && first.flow == before
                && hop.is_next_of(first.hop)
                && now.since(first.at) < SAME_PACKET
        })
    }

    /// The flow before the translation, of one behind it.
    pub fn before(&self, flow: &Flow) -> Option<Flow> {
        self.behind.get(flow).copied()
    }
}

/// Remembers the last ones.
fn remember(recent: &mut VecDeque<Query>, new: Query) {
    if recent.len() == RECENT {
        recent.pop_front();
    }
    recent.push_back(new);
}
