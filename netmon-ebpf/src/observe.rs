//! What happens to each packet: read it, classify it, count it, and follow it if it is part of an exchange
//! between a client and a DNS server.

use core::hint::black_box;

use netmon_common::Offload;
use netmon_common::classify::classify_into;
use netmon_common::records::Tally;
use netmon_common::wire::Bytes;
use netmon_common::wire::ethernet::TAG_LEN;

use crate::destinations::destination;
use crate::exchange::{Exchange, Kind};
use crate::finding::{Finding, Note};
use crate::log;
use crate::notepad::Notepad;
use crate::packet::{Linear, Packet, Whole};
use crate::settings::dns_ports;
use crate::totals::totals;
use crate::track::track;

/// Counts the packet, unless it was counted where it entered, and follows it.
#[inline(always)]
pub fn observe<P: Packet>(packet: &P, counted_before: bool) {
    let Some(notepad) = Notepad::take() else {
        return;
    };
    let bytes = Linear::of(packet, notepad);
    if !read(packet, &bytes, notepad, counted_before) {
        observe_whole(packet, notepad, counted_before);
    }
    log::noted(packet, notepad);
}

/// The same with every header copied out, wherever it lies. Apart, because few packets need it.
#[inline(never)]
fn observe_whole<P: Packet>(packet: &P, notepad: *mut Notepad, counted_before: bool) {
    let bytes = Whole::of(packet, notepad);
    read(packet, &bytes, notepad, counted_before);
}

/// Counts the packet as this reader reads it; `false` if it cannot.
#[inline(always)]
fn read<P: Packet, B: Bytes>(packet: &P, bytes: &B, notepad: *mut Notepad, counted_before: bool) -> bool {
    let offload = packet.offload();
    // SAFETY: the notepad is this CPU's, and belongs to this program while it runs.
    let finding = unsafe { &raw mut (*notepad).finding };
    classify_into(bytes, offload, &dns_ports(), &mut Note(finding));
    // The compiler must not remember what was noted, or there would again be many ways from here.
    // SAFETY: as above; the classifier has noted a finding.
    let finding = unsafe { &*black_box(finding.cast_const()) };
    if finding.unread && !B::DEEP {
        return false;
    }
    if !counted_before {
        count(packet, bytes, offload, finding);
    }
    let exchange = &finding.exchange;
    let is_followed = match exchange.kind {
        Kind::Query | Kind::Connect => true,
        // One answer and one error are one, however many hooks see them.
        Kind::Answer | Kind::Failure => !counted_before,
        Kind::None | Kind::Late => false,
    };
    if is_followed && note_addresses(bytes, exchange, notepad) {
        // SAFETY: as above.
        unsafe { (*notepad).parties.counted_before = counted_before };
        track(packet, notepad);
    }
    true
}

#[inline(always)]
fn count<P: Packet, B: Bytes>(packet: &P, bytes: &B, offload: Offload, finding: &Finding) {
    let Some(totals) = totals() else { return };
    // A tag that was taken off the frame was on the wire, and will be again.
    let tags = usize::from(offload.tags_removed) * TAG_LEN;
    let mut packets = 1;
    let mut on_the_wire = (packet.len() + tags) as u64;
    if offload.segment_size != 0 {
        let segments = u64::from(packet.segments(finding.payload));
        // Every segment on the wire has the headers again.
        on_the_wire += (segments - 1) * (finding.payload + tags) as u64;
        if finding.only_first_segment {
            totals.count(&Tally::OTHER, segments - 1, 0);
        } else {
            packets = segments;
        }
    }
    totals.count(&finding.tally, packets, on_the_wire);
    if !finding.counted {
        return;
    }
    let Some(address) = finding.destination.read(bytes) else {
        return;
    };
    match destination(&address) {
        Some(counters) => counters.count(&finding.tally, packets),
        None => totals.overflow += packets,
    }
    if finding.exchange.kind == Kind::Late {
        let server = finding.exchange.server.read(bytes);
        match server.and_then(|server| destination(&server)) {
            Some(counters) => counters.late_responses += packets,
            None => totals.late_overflow += packets,
        }
    }
}

/// Notes the addresses down, and the id that an error quotes.
#[inline(always)]
fn note_addresses<B: Bytes>(bytes: &B, exchange: &Exchange, notepad: *mut Notepad) -> bool {
    // SAFETY: the notepad is this CPU's, and belongs to this program while it runs.
    let parties = unsafe { &mut (*notepad).parties };
    let (Some(client), Some(server)) = (exchange.client.read(bytes), exchange.server.read(bytes)) else {
        return false;
    };
    parties.client = client;
    parties.server = server;
    if exchange.kind == Kind::Failure {
        let reporter = exchange.error.source().read(bytes);
        let receiver = exchange.error.destination().read(bytes);
        let (Some(reporter), Some(receiver)) = (reporter, receiver) else {
            return false;
        };
        parties.reporter = reporter;
        parties.receiver = receiver;
        parties.quoted = crate::track::quoted_header(bytes, exchange);
    }
    true
}
