//! Takes what the classifier finds. Ordinary packets are counted in the totals as soon as that is known; for most that is
//! all, and only those that are counted for a destination go on, and super-packets.

use netmon_common::classify::{Classified, Concern, Meaning, Sink};
use netmon_common::records::{Hook, Interface, Tally};
use netmon_common::wire::ethernet::TAG_LEN;

use crate::exchange::{Kind, address};
use crate::interfaces::refuses_own_source;
use crate::packet::{Packet, Reader};
use crate::packet_scratch::PacketScratch;
use crate::settings::is_local;
use crate::totals::OwnTotals;

/// What is left to be done for a packet.
#[derive(Clone, Copy)]
pub enum Rest {
    /// Nothing.
    Nothing,
    /// What is noted in this CPU's scratch.
    Noted(*mut PacketScratch),
    /// To read it again, by the reader that can read everything: this one cannot.
    Read,
}

/// Takes what the classifier finds.
pub struct ClassifySink<'a, P, B> {
    packet: P,
    bytes: &'a B,
    totals: OwnTotals,
    interface: Option<&'static Interface>,
    /// What is left to be done.
    pub rest: Rest,
}

impl<'a, P: Packet, B: Reader> ClassifySink<'a, P, B> {
    /// For a packet that is at this interface.
    #[inline(always)]
    pub fn new(packet: P, bytes: &'a B, totals: OwnTotals, interface: Option<&'static Interface>) -> Self {
        Self {
            packet,
            bytes,
            totals,
            interface,
            rest: Rest::Nothing,
        }
    }

    /// Whether the packet arrives with one of this host's own addresses as its source, which only somebody else can have
    /// sent.
    #[inline(always)]
    fn has_own_source(&self, meaning: &Meaning) -> bool {
        let Some(source) = meaning.source() else {
            return false;
        };
        let Some(interface) = self.interface else {
            return false;
        };
        !matches!(P::HOOK, Hook::Egress)
            && refuses_own_source(interface)
            && is_local(&address(source, self.bytes), interface.link)
    }

    /// Counts it in the totals as one packet.
    #[inline(always)]
    pub fn count(&self, tally: &Tally, end: usize) {
        let mut len = self.bytes.frame_len(end);
        let tags = usize::from(self.packet.tags_removed());
        // A tag that was taken off the frame was on the wire, and will be again.
        if tags != 0 {
            len += tags * TAG_LEN;
        }
        self.totals.count(tally, 1, len as u64);
    }
}

impl<P: Packet, B: Reader> Sink for ClassifySink<'_, P, B> {
    #[inline(always)]
    fn take(&mut self, classified: &Classified, end: usize) {
        let meaning = &classified.meaning;
        // Only the other one can tell whether it is malformed.
        if !B::DEEP && matches!(meaning, Meaning::Unreadable(_)) {
            self.rest = Rest::Read;
            return;
        }
        let counted_before = self.packet.counted_before();
        // What is followed is followed at each hook: an address that is translated in between makes it another exchange, or
        // another sight of one.
        if counted_before && !is_followed(meaning) {
            return;
        }
        let tally = Tally::of(meaning);
        let destination = meaning.destination();
        if self.has_own_source(meaning) {
            self.count(&Tally::NOT_OURS, end);
            return;
        }
        let is_super = self.packet.segment_size() != 0;
        if !is_super {
            if !counted_before {
                self.count(&tally, end);
            }
            if destination.is_none() && !matches!(meaning, Meaning::Segment(_)) {
                return;
            }
        }
        let Some(scratch) = PacketScratch::of_this_cpu() else {
            return;
        };
        // SAFETY: the slot is there and belongs to this program while it runs. These are the only references to it, and
        // end with this function; headers are read into another map meanwhile.
        let PacketScratch {
            finding, exchange, ..
        } = unsafe { &mut *scratch };
        finding.tally = tally;
        finding.packets = u64::from(!counted_before);
        if is_super {
            finding.payload = classified.payload;
            finding.is_stream = meaning.is_of_stream();
        }
        if let Some(destination) = destination {
            finding.destination = address(destination, self.bytes);
        }
        finding.kind = match meaning {
            Meaning::Query(message) => exchange.message(Kind::Query, message, self.bytes),
            Meaning::Response(message) => exchange.message(Kind::Answer, message, self.bytes),
            Meaning::Connect(conversation) => exchange.connect(conversation, self.bytes),
            Meaning::Segment(segment) => exchange.segment(segment, self.bytes),
            Meaning::Unreachable(error) => match error.concern {
                Concern::DnsUnreachable(_) => exchange.failure(Kind::Failure, error, self.bytes),
                Concern::Undecided(_) => exchange.failure(Kind::Undecided, error, self.bytes),
                Concern::LateResponse => exchange.late(error, self.bytes),
                Concern::None => Kind::None,
            },
            Meaning::Reset(_)
            | Meaning::Fragment
            | Meaning::Unreadable(_)
            | Meaning::NotIp
            | Meaning::Other => Kind::None,
        };
        self.rest = Rest::Noted(scratch);
    }
}

/// Whether a packet that means this is followed.
#[inline(always)]
const fn is_followed(meaning: &Meaning) -> bool {
    match meaning {
        Meaning::Query(_) | Meaning::Response(_) | Meaning::Connect(_) | Meaning::Segment(_) => true,
        Meaning::Unreachable(error) => {
            matches!(error.concern, Concern::DnsUnreachable(_) | Concern::Undecided(_))
        }
        Meaning::Reset(_) | Meaning::Fragment | Meaning::Unreadable(_) | Meaning::NotIp | Meaning::Other => {
            false
        }
    }
}
