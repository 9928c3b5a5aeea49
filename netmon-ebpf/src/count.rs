//! Counts what a packet means for its destination; and super-packets.

use core::mem::offset_of;

use netmon_common::records::{Destination, NO_COUNTER, Tally, Totals};
use netmon_common::wire::ethernet::TAG_LEN;

use crate::destinations::{Because, PerCpuEntry, destination};
use crate::exchange::{Exchange, Kind};
use crate::finding::Finding;
use crate::packet::Packet;
use crate::totals::{self, OwnTotals};

/// Counts what [`ClassifySink`](crate::classify_sink::ClassifySink) did not, unless the packet was counted where it entered; gives
/// back this CPU's entry of its destination.
#[inline(always)]
pub fn count<P: Packet>(packet: P, finding: &mut Finding, exchange: &Exchange) -> Option<PerCpuEntry> {
    if finding.is_counted_before() {
        return None;
    }
    if packet.segment_size() != 0 {
        count_super_packet(packet, finding);
    }
    if finding.tally.destination == NO_COUNTER {
        return None;
    }
    let packets = finding.packets;
    let because = if finding.tally.is_asked() {
        Because::Asked
    } else {
        Because::Named
    };
    let entry = destination(&finding.destination, because);
    match entry {
        Some(entry) => entry.count(&finding.tally, packets),
        None => totals::add(offset_of!(Totals, overflow), packets),
    }
    if finding.kind == Kind::Late {
        match destination(&exchange.server, Because::Named) {
            Some(server) => server.add(offset_of!(Destination, late_responses), packets),
            None => totals::add(offset_of!(Totals, late_overflow), packets),
        }
    }
    entry
}

/// Counts a super-packet in the totals, and finds out as how many packets it is counted for its destination.
#[inline(always)]
fn count_super_packet<P: Packet>(packet: P, finding: &mut Finding) {
    let segments = u64::from(packet.segments(finding.payload));
    let tags = usize::from(packet.tags_removed()) * TAG_LEN;
    // Every segment on the wire has the headers again.
    let on_the_wire = (packet.len() + tags) as u64 + (segments - 1) * (finding.payload + tags) as u64;
    let Some(totals) = OwnTotals::of_this_cpu() else {
        return;
    };
    // Of a super-packet of TCP only the first segment means it: its segments are one stream. A super-packet of UDP
    // is as many datagrams.
    if finding.is_stream {
        totals.count(&Tally::OTHER, segments - 1, 0);
    } else {
        finding.packets = segments;
    }
    totals.count(&finding.tally, finding.packets, on_the_wire);
}
