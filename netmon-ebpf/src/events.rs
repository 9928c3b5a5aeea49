//! Events, sent to user space at once through a ring.

use aya_ebpf::btf_maps::RingBuf;
use aya_ebpf::check_bounds_signed;
use aya_ebpf::macros::btf_map;
use netmon_common::Address;
use netmon_common::limits::{EVENT_RING_BYTES, MESSAGE_BYTES, QUOTE_BYTES, SHORT_BYTES};
use netmon_common::records::{Event, EventHeader, EventKind};

use crate::exchange::Exchange;
use crate::known::Known;
use crate::packet::Packet;
use crate::packet_scratch::PacketScratch;

#[btf_map]
static EVENTS: RingBuf<(), EVENT_RING_BYTES> = RingBuf::new();

/// Sends an error with the packet that it quotes, or a query or an answer with its message: that of the exchange that is
/// noted; `false` when the ring is full.
#[inline(always)]
pub fn send<P: Packet>(packet: P, kind: EventKind, known: &Known) -> bool {
    let Some(scratch) = PacketScratch::of_this_cpu() else {
        return false;
    };
    // SAFETY: the slot is there, belongs to this program while it runs, and nobody has a reference to this part of it.
    unsafe {
        let noted = &raw mut (*scratch).known;
        (*noted).now_ns = known.now_ns;
        (*noted).query_ns = known.query_ns;
        (*noted).last_answer_ns = known.last_answer_ns;
        (*noted).ifindex = known.ifindex;
        (*noted).flags = known.flags;
        (*noted).asker = known.asker;
    }
    send_noted(packet, kind)
}

/// The same, with what is noted in this CPU's scratch: on the stack there is no room for it.
#[inline(never)]
fn send_noted<P: Packet>(packet: P, kind: EventKind) -> bool {
    let Some(scratch) = PacketScratch::of_this_cpu() else {
        return false;
    };
    // SAFETY: as above; while this runs nobody writes to them.
    let (exchange, known) = unsafe { (&(*scratch).exchange, &(*scratch).known) };
    if exchange.end.wrapping_sub(exchange.start) <= SHORT_BYTES {
        return send_with_room::<P, SHORT_BYTES>(packet, kind, exchange, known);
    }
    match kind {
        EventKind::Failure => send_with_room::<P, QUOTE_BYTES>(packet, kind, exchange, known),
        EventKind::Query | EventKind::Answer => {
            send_with_room::<P, MESSAGE_BYTES>(packet, kind, exchange, known)
        }
    }
}

/// The same with at most `MOST` bytes of the packet.
#[inline(always)]
fn send_with_room<P: Packet, const MOST: usize>(
    packet: P,
    kind: EventKind,
    exchange: &Exchange,
    known: &Known,
) -> bool {
    let Some(mut entry) = EVENTS.reserve_untyped::<Event<MOST>>(0) else {
        return false;
    };
    let record = entry.as_mut_ptr();
    // SAFETY: the record is this program's own until it is submitted.
    unsafe {
        let to = (&raw mut (*record).payload).cast();
        let len = copy::<P, MOST>(packet, exchange, to);
        fill::<P>(&raw mut (*record).header, kind, exchange, known, len);
    }
    entry.submit(0);
    true
}

/// Copies what the event carries, straight into the record, at most `MOST` bytes; returns how many.
///
/// # Safety
/// `to` is valid for writing `MOST` bytes.
#[inline(always)]
unsafe fn copy<P: Packet, const MOST: usize>(packet: P, exchange: &Exchange, to: *mut u8) -> u16 {
    let mut len = exchange.end.wrapping_sub(exchange.start);
    if len > MOST {
        len = MOST;
    }
    // SAFETY: the caller vouches for `to`, and `len` is at most `MOST`.
    let copied =
        check_bounds_signed(len as i64, 1, MOST as i64) && unsafe { packet.copy(exchange.start, to, len) };
    if copied { len as u16 } else { 0 }
}

/// Fills the header in place, field by field: the stack is small.
///
/// # Safety
/// `header` is valid for writing.
#[inline(always)]
unsafe fn fill<P: Packet>(
    header: *mut EventHeader,
    kind: EventKind,
    exchange: &Exchange,
    known: &Known,
    len: u16,
) {
    // SAFETY: the caller vouches for it.
    unsafe {
        let is_failure = matches!(kind, EventKind::Failure);
        (*header).time_ns = known.now_ns;
        (*header).query_time_ns = known.query_ns;
        (*header).last_answer_ns = known.last_answer_ns;
        (*header).ifindex = known.ifindex;
        (*header).payload_len = len;
        (*header).kind = kind as u8;
        (*header).hook = P::HOOK as u8;
        (*header).reporter = if is_failure {
            exchange.reporter
        } else {
            Address::UNSPECIFIED
        };
        (*header).receiver = if is_failure {
            exchange.receiver
        } else {
            Address::UNSPECIFIED
        };
        (*header).client = exchange.client;
        (*header).server = exchange.server;
        (*header).client_port = exchange.client_port;
        (*header).server_port = exchange.server_port;
        (*header).transport_offset = if is_failure {
            exchange.transport_at.wrapping_sub(exchange.start) as u16
        } else {
            0
        };
        (*header).transport = exchange.transport as u8;
        (*header).detail = exchange.detail;
        (*header).flags = known.flags;
        (*header).asker = match known.asker.to_le_bytes().first_chunk() {
            Some(bytes) => *bytes,
            None => [0; 7],
        };
    }
}
