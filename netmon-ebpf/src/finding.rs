//! What a packet means. Most packets mean nothing for DNS: they are counted as soon as that is known, and only
//! the others go on.

use netmon_common::classify::{Classified, Concern, Meaning, Sink};
use netmon_common::records::{Tally, Totals};
use netmon_common::wire::ethernet::TAG_LEN;
use netmon_common::{Address, Transport};

use crate::exchange::{Kind, address};
use crate::notepad::Notepad;
use crate::packet::{Packet, Reader};

/// What is left to be done for a packet.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Rest {
    /// Nothing.
    Nothing,
    /// To count it as the finding says, and to follow the exchange that it is part of.
    Count,
    /// To read it again, by the reader that can read everything: this one cannot.
    Read,
}

/// What a packet means, where it is not counted at once. It is noted in the notepad.
#[repr(C)]
pub struct Finding {
    /// Which counters it adds to.
    pub tally: Tally,
    /// Whom it is counted for, if the tally names a counter of a destination.
    pub destination: Address,
    /// Bytes on the wire.
    pub len: usize,
    /// Where the payload of UDP or TCP starts.
    pub payload: usize,
    /// What of an exchange it is.
    pub kind: Kind,
    /// Of a super-packet only the first segment means it: TCP, whose segments are one stream. A super-packet of
    /// UDP is as many datagrams.
    pub only_first_segment: bool,
}

/// Takes what the classifier finds.
pub struct Sieve<'a, P, B> {
    packet: P,
    bytes: &'a B,
    totals: &'a mut Totals,
    counted_before: bool,
    /// What is left to be done.
    pub rest: Rest,
}

impl<'a, P: Packet, B: Reader> Sieve<'a, P, B> {
    /// For a packet, which may have been counted where it entered.
    #[inline(always)]
    pub fn new(packet: P, bytes: &'a B, totals: &'a mut Totals, counted_before: bool) -> Self {
        Self {
            packet,
            bytes,
            totals,
            counted_before,
            rest: Rest::Nothing,
        }
    }
}

impl<P: Packet, B: Reader> Sink for Sieve<'_, P, B> {
    #[inline(always)]
    fn take(&mut self, classified: &Classified, end: usize) {
        let meaning = &classified.meaning;
        // Only the other one can tell whether it is malformed.
        if !B::DEEP && matches!(meaning, Meaning::Unreadable(_)) {
            self.rest = Rest::Read;
            return;
        }
        // One query or SYN is as many as there are hooks that see it: behind masquerading it is another one.
        if self.counted_before && !matches!(meaning, Meaning::Query(_) | Meaning::Connect(_)) {
            return;
        }
        let tally = Tally::of(meaning);
        let offload = self.packet.offload();
        let mut len = self.bytes.frame_len(end);
        // A tag that was taken off the frame was on the wire, and will be again.
        if offload.tags_removed != 0 {
            len += usize::from(offload.tags_removed) * TAG_LEN;
        }
        let destination = meaning.destination();
        if destination.is_none() && offload.segment_size == 0 {
            self.totals.count(&tally, 1, len as u64);
            return;
        }
        let Some(notepad) = Notepad::take() else { return };
        self.rest = Rest::Count;
        let Notepad { finding, exchange, .. } = notepad;
        finding.tally = tally;
        finding.len = len;
        finding.payload = classified.payload;
        finding.only_first_segment = false;
        if let Some(destination) = destination {
            finding.destination = address(destination, self.bytes);
        }
        finding.kind = match meaning {
            Meaning::Query(message) => {
                finding.only_first_segment = matches!(message.transport, Transport::Tcp);
                exchange.message(Kind::Query, message, self.bytes)
            }
            Meaning::Response(message) => {
                finding.only_first_segment = matches!(message.transport, Transport::Tcp);
                exchange.message(Kind::Answer, message, self.bytes)
            }
            Meaning::Connect(conversation) => exchange.connect(conversation, self.bytes),
            Meaning::Unreachable(error) => match error.concern {
                Concern::DnsUnreachable => exchange.failure(error, self.bytes),
                Concern::LateResponse => exchange.late(error, self.bytes),
                Concern::None => Kind::None,
            },
            Meaning::Reset(_)
            | Meaning::Fragment
            | Meaning::Unreadable(_)
            | Meaning::NotIp
            | Meaning::Other => Kind::None,
        };
    }
}
