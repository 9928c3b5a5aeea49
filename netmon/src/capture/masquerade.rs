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
pub(super) struct Masquerade {
    recent: VecDeque<Query>,
    /// What came back lately, behind the translation.
    back: VecDeque<Query>,
    /// Flows behind the translation, each with the one before it.
    behind: Bounded<Flow, Flow>,
}

/// A query, or what comes back, as it was seen first.
struct Query {
    flow: Flow,
    mark: Mark,
    hop: Hop,
    at: Time,
}

/// What is the same of a query wherever it is seen: over UDP its id and the mark of its question, over TCP where it stands in
/// the stream.
pub(super) type Mark = (u32, u16);

/// What a packet has of its way: the identification of IPv4, and how many hops are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hop {
    identification: [u8; 2],
    left: u8,
}

impl Hop {
    /// Of a packet that its link header announces like this (RFC 791, section 3.1; RFC 8200, section 3).
    pub fn of(payload: Payload, bytes: &[u8]) -> Option<Self> {
        match payload {
            Payload::Ipv4(offset) => match bytes.get(offset..)? {
                [_, _, _, _, first, second, _, _, left, ..] => Some(Self {
                    identification: [*first, *second],
                    left: *left,
                }),
                _ => None,
            },
            Payload::Ipv6(offset) => bytes.get(offset + 7).map(|left| Self {
                identification: [0; 2],
                left: *left,
            }),
            Payload::NotIp => None,
        }
    }

    /// Whether it may be this packet one hop later: who translates forwards, and whoever forwards takes one off.
    fn is_next_of(self, before: Self) -> bool {
        self.identification == before.identification && Some(self.left) == before.left.checked_sub(1)
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
        let back = Query {
            flow: self.before(flow).unwrap_or(*flow),
            mark,
            hop,
            at: now,
        };
        if back.flow != *flow {
            remember(&mut self.back, back);
            return false;
        }
        self.back.iter().any(|first| {
            first.mark == mark
                && first.flow == *flow
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
