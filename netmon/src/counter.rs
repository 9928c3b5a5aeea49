//! Counting packets in memory, as the kernel programs count them in their maps: the same classifier, the same
//! tallies, a bounded table in which some make room when it is full.
//!
//! Captures are counted here, and so is whatever the kernel's counts are held against.

mod destinations;

use std::collections::HashSet;

use netmon_common::classify::{Classified, Concern, Meaning, Offload, classify_payload};
use netmon_common::limits::DESTINATIONS;
use netmon_common::records::{Destination, Tally, Totals};
use netmon_common::wire::ethernet::Payload;
use netmon_common::wire::ip::AddressAt;
use netmon_common::wire::{Bytes, Captured, Unreadable};
use netmon_common::{Address, Code, DnsPorts, Transport};

use crate::counts::Counts;
use crate::model::Warning;

pub use destinations::Destinations;

/// Totals, and a bounded table of destinations.
#[derive(Clone, Debug)]
pub struct Counter {
    ports: DnsPorts,
    totals: Totals,
    destinations: Destinations,
}

impl Counter {
    /// With as many destinations as the kernel's table has by default.
    pub fn new(ports: DnsPorts) -> Self {
        Self::with_capacity(ports, DESTINATIONS as usize)
    }

    /// With at most `capacity` destinations.
    pub fn with_capacity(ports: DnsPorts, capacity: usize) -> Self {
        Self {
            ports,
            totals: Totals::default(),
            destinations: Destinations::with_capacity(capacity),
        }
    }

    /// Classifies and counts a frame; `link` is what its link header announces.
    pub fn count(
        &mut self,
        frame: &Captured<'_>,
        link: Result<Payload, Unreadable>,
        offload: Offload,
    ) -> Classified {
        let classified = self.classify(frame, link, offload);
        self.add(frame, &classified, offload);
        classified
    }

    /// What a frame is, without counting it.
    pub fn classify(
        &self,
        frame: &Captured<'_>,
        link: Result<Payload, Unreadable>,
        offload: Offload,
    ) -> Classified {
        match link {
            Ok(payload) => classify_payload(frame, payload, offload, &self.ports),
            Err(unreadable) => Classified {
                meaning: Meaning::Unreadable(unreadable),
                payload: 0,
            },
        }
    }

    /// Counts a frame that was for another host: nothing of it is judged.
    pub fn not_ours(&mut self, frame: &Captured<'_>) {
        self.totals.count(&Tally::NOT_OURS, 1, frame.wire_len() as u64);
    }

    /// Counts a frame that was classified.
    pub fn add(&mut self, frame: &Captured<'_>, classified: &Classified, offload: Offload) {
        let meaning = &classified.meaning;
        let tally = Tally::of(meaning);
        let mut packets = 1;
        let mut on_the_wire = frame.wire_len() as u64;
        if offload.segment_size != 0 {
            let payload = on_the_wire.saturating_sub(classified.payload as u64);
            let segments = payload.div_ceil(u64::from(offload.segment_size)).max(1);
            // Every segment on the wire has the headers again.
            on_the_wire += (segments - 1) * classified.payload as u64;
            if meaning.is_of_stream() {
                self.totals.count(&Tally::OTHER, segments - 1, 0);
            } else {
                packets = segments;
            }
        }
        self.totals.count(&tally, packets, on_the_wire);
        let Some(destination) = meaning.destination() else {
            return;
        };
        match self.find(frame, destination, tally.is_asked()) {
            Some(counters) => counters.count(&tally, packets),
            None => self.totals.overflow += packets,
        }
        if let Meaning::Unreachable(error) = meaning
            && error.concern == Concern::LateResponse
        {
            match self.find(frame, error.unreachable.quoted.header.source(), false) {
                Some(counters) => counters.late_responses += packets,
                None => self.totals.late_overflow += packets,
            }
        }
    }

    /// The counters of the destination whose address is there; `None` when the table is full.
    fn find(&mut self, frame: &Captured<'_>, address: AddressAt, asks: bool) -> Option<&mut Destination> {
        // The classifier has read it already.
        self.destinations.counters(address.read(frame)?, asks)
    }

    /// Makes room where the next packet may find no place. Who has lost theirs; none of those that `stay`, who are asked for only then.
    pub fn make_room(&mut self, stay: impl FnOnce() -> HashSet<Address>) -> Vec<Address> {
        if !self.destinations.is_full() {
            return Vec::new();
        }
        self.destinations.make_room(&stay(), &mut self.totals)
    }

    /// What to say of those that made room.
    pub fn warning(&self) -> Option<Warning> {
        self.destinations.warning()
    }

    /// Counts a DNS unreachable about this server, which was counted as such, as one that quotes no query that was
    /// seen and waits.
    pub fn unsolicited(&mut self, server: Address, transport: Transport, code: Code) {
        self.totals.unsolicited += 1;
        if let Some(counters) = self.destinations.get_mut(server) {
            add(&mut counters.unsolicited, transport, code);
        }
    }

    /// Counts a response of this server, which was counted as such, as one that matches no query that was seen.
    pub fn unmatched(&mut self, server: Address, transport: Transport) {
        self.totals.unmatched_responses += 1;
        if let Some(counters) = self.destinations.get_mut(server)
            && let Some(count) = counters.unmatched_responses.get_mut(transport as usize)
        {
            *count += 1;
        }
    }

    /// Decides an [undecided](Concern::Undecided) error, from `source` to `destination`: it is about a query that was
    /// seen, or else about an answer.
    pub fn decide(&mut self, quoted: [Address; 2], transport: Transport, code: Code, is_about_query: bool) {
        let [source, destination] = quoted;
        if is_about_query {
            self.totals.dns_unreachable += 1;
            if let Some(counters) = self.destinations.get_mut(destination) {
                add(&mut counters.dns_unreachable, transport, code);
            }
            return;
        }
        self.totals.late_responses += 1;
        match self.destinations.counters(source, false) {
            Some(counters) => counters.late_responses += 1,
            None => self.totals.late_overflow += 1,
        }
    }

    /// An error about this server was counted as unsolicited, and is believed all the same: there was no query to see.
    pub fn believed(&mut self, server: Address, transport: Transport, code: Code) {
        self.totals.unsolicited = self.totals.unsolicited.saturating_sub(1);
        if let Some(counters) = self.destinations.get_mut(server)
            && let Some(codes) = counters.unsolicited.get_mut(transport as usize)
            && let Some(count) = codes.get_mut(code as usize)
        {
            *count = count.saturating_sub(1);
        }
    }

    /// The DNS ports.
    pub fn ports(&self) -> &DnsPorts {
        &self.ports
    }

    /// Totals so far.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The counters of one destination; `None` when it was never counted, or found no place in the table.
    pub fn destination(&self, address: Address) -> Option<&Destination> {
        self.destinations.get(address)
    }

    /// All counts so far.
    pub fn counts(&self) -> Counts {
        Counts {
            totals: self.totals,
            destinations: self.destinations.all(),
        }
    }
}

fn add(counters: &mut [[u64; Code::ALL.len()]; Transport::ALL.len()], transport: Transport, code: Code) {
    let codes = counters.get_mut(transport as usize);
    if let Some(count) = codes.and_then(|codes| codes.get_mut(code as usize)) {
        *count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netmon_common::wire::ethernet;

    /// An Ethernet frame with a DNS message from one port to another.
    fn frame(source: [u8; 4], destination: [u8; 4], ports: [u16; 2], flags: u16, padding: usize) -> Vec<u8> {
        let dns_len = 12 + padding;
        let mut frame = [&[0; 12][..], &[8, 0, 0x45, 0]].concat();
        frame.extend(u16::try_from(28 + dns_len).unwrap().to_be_bytes());
        frame.extend([0, 0, 0, 0, 64, 17, 0, 0]);
        frame.extend(source);
        frame.extend(destination);
        frame.extend(ports.map(u16::to_be_bytes).concat());
        frame.extend(u16::try_from(8 + dns_len).unwrap().to_be_bytes());
        frame.extend([0, 0, 0, 7]);
        frame.extend(flags.to_be_bytes());
        frame.resize(14 + 28 + dns_len, 0);
        frame
    }

    fn query(server: u8) -> Vec<u8> {
        frame([10, 0, 0, 1], [192, 0, 2, server], [4_000, 53], 0, 0)
    }

    /// A port unreachable from the client about an answer of the server.
    fn late_response(server: u8) -> Vec<u8> {
        let answer = frame([192, 0, 2, server], [10, 0, 0, 1], [53, 4_000], 0x8000, 0);
        let mut error = answer.clone();
        error[14 + 2..14 + 4].copy_from_slice(&[0, 20 + 8 + 28]);
        error[14 + 9] = 1;
        error.truncate(14 + 20);
        error.extend([3, 3, 0, 0, 0, 0, 0, 0]);
        error.extend(&answer[14..14 + 28]);
        error
    }

    fn count(counter: &mut Counter, bytes: &[u8], offload: Offload) {
        let frame = Captured::whole(bytes);
        counter.count(&frame, ethernet::parse(&frame, offload.tags_removed), offload);
    }

    fn server(server: u8) -> Address {
        Address::v4([192, 0, 2, server])
    }

    #[test]
    fn a_full_table_counts_known_destinations_and_the_rest_as_overflow() {
        let mut counter = Counter::with_capacity(DnsPorts::DEFAULT, 2);
        for number in [1, 2, 3, 4, 1, 3] {
            count(&mut counter, &query(number), Offload::default());
        }
        // Counted for 10.0.0.1, to whom the answer went; late for the servers 1 and 9.
        count(&mut counter, &late_response(1), Offload::default());
        count(&mut counter, &late_response(9), Offload::default());
        let counts = counter.counts();
        assert_eq!(counts.destinations.len(), 2);
        assert_eq!(counts.destinations[&server(1)].dns_queries, 2);
        assert_eq!(counts.destinations[&server(1)].late_responses, 1);
        assert_eq!(
            counts.totals.overflow,
            3 + 2,
            "three queries, and the errors about 10.0.0.1"
        );
        assert_eq!(
            (counts.totals.late_responses, counts.totals.late_overflow),
            (2, 1)
        );
        assert!(counts.add_up());
    }

    #[test]
    fn a_super_packet_counts_as_the_packets_that_are_on_the_wire() {
        // 3 datagrams of 42 bytes of headers and 100 of payload.
        let bytes = frame([10, 0, 0, 1], [192, 0, 2, 1], [4_000, 53], 0, 288);
        let offload = Offload {
            tags_removed: 0,
            segment_size: 100,
        };
        let mut counter = Counter::new(DnsPorts::DEFAULT);
        count(&mut counter, &bytes, offload);
        let counts = counter.counts();
        assert_eq!(counts.totals.frames, 3);
        assert_eq!(counts.totals.bytes, (42 + 300) + 2 * 42);
        assert_eq!(counts.destinations[&server(1)].dns_queries, 3);
        assert!(counts.add_up());
    }

    #[test]
    fn a_link_header_that_cannot_be_read_is_counted_as_what_it_is() {
        let mut counter = Counter::new(DnsPorts::DEFAULT);
        count(&mut counter, &[0; 13], Offload::default());
        count(&mut counter, &[0; 14], Offload::default());
        let counts = counter.counts();
        assert_eq!(counts.totals.outcome(netmon_common::Outcome::Malformed), 1);
        assert_eq!(counts.totals.outcome(netmon_common::Outcome::NotIp), 1);
        assert_eq!(counts.totals.bytes, 27);
        assert!(counts.add_up());
    }
}
