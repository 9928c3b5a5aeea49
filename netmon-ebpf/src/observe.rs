//! What happens to each packet: read it, classify it, count it, and follow it if it is part of an exchange
//! between a client and a DNS server.

use netmon_common::Offload;
use netmon_common::classify::{classify_into, classify_payload_into};
use netmon_common::records::{Interface, Tally};
use netmon_common::wire::ethernet::payload;

use crate::classify_sink::{ClassifySink, Rest};
use crate::copies::is_copy;
use crate::count::count;
use crate::exchange::Kind;
use crate::interfaces::{interface, is_ours};
use crate::log;
use crate::packet::{Linear, Packet, Reader, Whole};
use crate::packet_scratch::PacketScratch;
use crate::settings::Configured;
use crate::totals::OwnTotals;
use crate::track::track;

/// Counts the packet, unless it was counted where it entered, and follows it.
#[inline(always)]
pub fn observe<P: Packet>(packet: P) {
    let found = if P::ETHERNET {
        find(packet, Linear::of)
    } else {
        Rest::Read
    };
    let scratch = match found {
        Rest::Nothing => return,
        Rest::Noted(scratch) => scratch,
        Rest::Read => {
            if !packet.find_in_whole() {
                return;
            }
            let Some(scratch) = PacketScratch::of_this_cpu() else {
                return;
            };
            scratch
        }
    };
    // SAFETY: the slot is there and belongs to this program while it runs. Those who noted this have given up their
    // references, and what is below makes others only of `known`, and to read of the exchange.
    let (finding, exchange, told) = unsafe {
        (
            &mut (*scratch).finding,
            &(*scratch).exchange,
            &mut (*scratch).told,
        )
    };
    let entry = count(packet, finding, exchange);
    if matches!(finding.kind, Kind::None | Kind::Late) {
        return;
    }
    track(packet, finding, exchange, entry, told);
    if finding.kind == Kind::Failure {
        log::failure(packet, exchange);
    }
}

/// Finds out what the packet means with every header copied out, wherever it lies; says whether something is noted. Apart,
/// because few packets need it: each hook has a function for it that the verifier looks at once (`traces.rs`).
#[inline(always)]
pub fn find_in_whole<P: Packet>(packet: P) -> bool {
    matches!(find(packet, Whole::of), Rest::Noted(_))
}

/// Finds out what the packet means, and counts it if that is all that is to be done.
#[inline(always)]
fn find<P: Packet, B: Reader>(packet: P, read: impl FnOnce(P) -> Option<B>) -> Rest {
    let Some(bytes) = read(packet) else {
        return Rest::Read;
    };
    // Looked up here, once, for whatever the packet means.
    let Some(totals) = OwnTotals::of_this_cpu() else {
        return Rest::Nothing;
    };
    let ifindex = packet.ifindex();
    let at = interface(ifindex);
    let mut sink = ClassifySink::new(packet, &bytes, totals, at);
    if let Some(interface) = at {
        if !is_ours(packet, &bytes, interface) {
            sink.count(&Tally::NOT_OURS, 0);
            return Rest::Nothing;
        }
        if interface.flags & Interface::RELATED != 0 && is_copy(packet, ifindex) {
            return Rest::Nothing;
        }
    }
    let offload = || Offload {
        tags_removed: packet.tags_removed(),
        segment_size: packet.segment_size(),
    };
    if P::ETHERNET {
        classify_into(&bytes, offload, &Configured, &mut sink);
    } else {
        let payload = payload(packet.ether_type(), 0);
        classify_payload_into(&bytes, payload, offload, &Configured, &mut sink);
    }
    sink.rest
}
