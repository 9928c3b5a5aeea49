//! Counts what the sieve did not: packets that are counted for a destination, and super-packets.

use netmon_common::records::{Entry, NO_COUNTER, Tally};
use netmon_common::wire::ethernet::TAG_LEN;

use crate::destinations::destination;
use crate::exchange::{Exchange, Kind};
use crate::finding::Finding;
use crate::packet::Packet;
use crate::totals::totals;

/// Counts the packet, unless it was counted where it entered; gives back this CPU's entry of its destination.
#[inline(always)]
pub fn count<P: Packet>(
    packet: P,
    finding: &Finding,
    exchange: &Exchange,
    counted_before: bool,
) -> Option<&'static mut Entry> {
    if counted_before {
        return None;
    }
    let totals = totals()?;
    let offload = packet.offload();
    let mut packets = 1;
    let mut on_the_wire = finding.len as u64;
    if offload.segment_size != 0 {
        let segments = u64::from(packet.segments(finding.payload));
        let tags = usize::from(offload.tags_removed) * TAG_LEN;
        // Every segment on the wire has the headers again.
        on_the_wire += (segments - 1) * (finding.payload + tags) as u64;
        if finding.only_first_segment {
            totals.count(&Tally::OTHER, segments - 1, 0);
        } else {
            packets = segments;
        }
    }
    totals.count(&finding.tally, packets, on_the_wire);
    if finding.tally.destination == NO_COUNTER {
        return None;
    }
    let mut entry = destination(&finding.destination);
    match &mut entry {
        Some(entry) => entry.counters.count(&finding.tally, packets),
        None => totals.overflow += packets,
    }
    if finding.kind == Kind::Late {
        match destination(&exchange.server) {
            Some(server) => server.counters.late_responses += packets,
            None => totals.late_overflow += packets,
        }
    }
    entry
}
