//! Follows exchanges: leaves a trace of each query, finds it again for an answer or an error, measures
//! latency, and tells user space what counts cannot tell.

use aya_ebpf::Global;
use aya_ebpf::helpers::bpf_ktime_get_boot_ns;
use netmon_common::Transport;
use netmon_common::limits;
use netmon_common::outcome::Rcode;
use netmon_common::records::{RECURSION_DESIRED, RECURSION_KNOWN};
use netmon_common::trace::{self, Asked, Flow, FlowHash};
use netmon_common::wire::Bytes;
use netmon_common::wire::dns::DnsHeader;
use netmon_common::wire::udp;

use crate::destinations::destination;
use crate::events::{self, Known};
use crate::exchange::{Exchange, Kind};
use crate::latency;
use crate::notepad::{Notepad, Quoted};
use crate::packet::Packet;
use crate::servers::{self, Limited};
use crate::totals::totals;
use crate::traces::{Traces, secret};

/// Whether exchanges are followed (1). Without, errors cannot be verified, and there is no latency. Set before
/// loading: the verifier then removes what is never run.
#[unsafe(no_mangle)]
static TRACKING: Global<u32> = Global::new(1);

/// The loopback interface's index, in every network namespace.
const LOOPBACK: u32 = 1;

/// The id and RD of the query that an error quotes.
#[inline(always)]
pub fn quoted_header<B: Bytes>(bytes: &B, exchange: &Exchange) -> Quoted {
    const NONE: Quoted = Quoted {
        is_there: false,
        recursion_desired: false,
        id: 0,
    };
    let at = exchange.transport_at + udp::HEADER_LEN;
    if exchange.transport != Transport::Udp || at + size_of::<DnsHeader>() > exchange.end {
        return NONE;
    }
    let Some(header) = bytes.read::<DnsHeader>(bytes.forget(at)) else {
        return NONE;
    };
    let message = header.message();
    Quoted {
        is_there: true,
        recursion_desired: message.recursion_desired(),
        id: message.id,
    }
}

/// Follows the packet whose exchange and parties are noted.
#[inline(never)]
pub fn track<P: Packet>(packet: &P, notepad: *mut Notepad) {
    // SAFETY: the notepad is this CPU's, and belongs to this program while it runs.
    let (exchange, parties) = unsafe { (&(*notepad).finding.exchange, &(*notepad).parties) };
    let tracking = TRACKING.load() != 0;
    if !tracking && exchange.kind != Kind::Failure {
        return;
    }
    // SAFETY: reads a clock.
    let now_ns = unsafe { bpf_ktime_get_boot_ns() };
    if !tracking {
        untracked_failure(packet, notepad, now_ns);
        return;
    }
    let flow = Flow {
        client: parties.client,
        server: parties.server,
        client_port: exchange.client_port,
        server_port: exchange.server_port,
        transport: exchange.transport,
    };
    let flow = flow.hash(secret());
    match exchange.kind {
        Kind::Query | Kind::Connect => query(packet, notepad, flow, now_ns),
        Kind::Answer => answer(packet, notepad, flow, now_ns),
        Kind::Failure => failure(packet, notepad, flow, now_ns),
        Kind::None | Kind::Late => {}
    }
}

#[inline(always)]
fn query<P: Packet>(packet: &P, notepad: *mut Notepad, flow: FlowHash, now_ns: u64) {
    // SAFETY: as above.
    let (exchange, parties) = unsafe { (&(*notepad).finding.exchange, &(*notepad).parties) };
    let asked = if exchange.kind == Kind::Connect {
        Asked::Connect
    } else {
        Asked::Query {
            id: exchange.id,
            recursion_desired: exchange.recursion_desired,
        }
    };
    if parties.counted_before {
        leaves_again(notepad, flow, asked, now_ns);
        return;
    }
    // SAFETY: as above.
    unsafe { (*notepad).entered_ns = now_ns };
    record(flow, asked, now_ns);
    let Some(server) = servers::find_or_insert(&parties.server) else {
        return;
    };
    if server.may_fail(exchange.transport, now_ns)
        && server.may_send(Limited::Queries, now_ns)
        && servers::may_send_sample(now_ns)
    {
        let flags = recursion((exchange.kind == Kind::Query).then_some(exchange.recursion_desired));
        let known = Known {
            now_ns,
            query_ns: now_ns,
            last_answer_ns: server.last_answer_ns(exchange.transport),
            flags,
        };
        note_lost(events::send_sample(packet, notepad, &known));
    }
}

/// A query leaves this host that was told of where it entered. It only leaves a trace, unless it has one: an
/// error may quote an address that was translated in between.
#[inline(always)]
fn leaves_again(notepad: *mut Notepad, flow: FlowHash, asked: Asked, now_ns: u64) {
    let id = match asked {
        Asked::Query { id, .. } => Some(id),
        Asked::Connect => None,
    };
    // Nearly always it is the one that this CPU saw last. One that waited for its neighbour is not.
    // SAFETY: as above.
    let entered_ns = unsafe { (*notepad).entered_ns };
    let is_same = now_ns.wrapping_sub(entered_ns) < limits::FORWARDING_NS;
    let entered_ns = if is_same { entered_ns } else { now_ns };
    let known = trace::find(&mut Traces, flow, id);
    if known.is_none_or(|known| known.time_ns() < entered_ns) {
        record(flow, asked, entered_ns);
    }
}

#[inline(always)]
fn record(flow: FlowHash, asked: Asked, at_ns: u64) {
    if trace::record(&mut Traces, flow, asked, at_ns)
        && let Some(totals) = totals()
    {
        totals.traces_overwritten += 1;
    }
}

#[inline(always)]
fn answer<P: Packet>(packet: &P, notepad: *mut Notepad, flow: FlowHash, now_ns: u64) {
    // SAFETY: as above.
    let (exchange, parties) = unsafe { (&(*notepad).finding.exchange, &(*notepad).parties) };
    let asked = trace::answer(&mut Traces, flow, exchange.id);
    let mut query_ns = 0;
    if let Some(asked) = asked {
        query_ns = asked.time_ns();
        if !asked.is_answered() {
            latency::count(&parties.server, now_ns.wrapping_sub(query_ns));
        }
    }
    let Some(server) = servers::find(&parties.server) else {
        return;
    };
    server.note_answer(exchange.transport, now_ns);
    let failed = exchange.detail == Rcode::ServFail as u8 || exchange.detail == Rcode::Refused as u8;
    let is_wanted = if failed {
        server.last_fault_ns = now_ns;
        server.may_send(Limited::FailedAnswers, now_ns)
    } else {
        server.has_failed()
            && servers::is_on_watchlist(&parties.server)
            && server.may_send(server.limited_as(parties.client), now_ns)
    };
    if is_wanted && servers::may_send_sample(now_ns) {
        let known = Known {
            now_ns,
            query_ns,
            last_answer_ns: now_ns,
            flags: recursion(Some(exchange.recursion_desired)),
        };
        note_lost(events::send_sample(packet, notepad, &known));
    }
}

#[inline(always)]
fn failure<P: Packet>(packet: &P, notepad: *mut Notepad, flow: FlowHash, now_ns: u64) {
    // SAFETY: as above.
    let (exchange, parties) = unsafe { (&(*notepad).finding.exchange, &(*notepad).parties) };
    let quoted = &parties.quoted;
    let asked = if quoted.is_there {
        trace::find(&mut Traces, flow, Some(quoted.id))
    } else {
        trace::find(&mut Traces, flow, None)
    };
    let mut query_ns = 0;
    if let Some(asked) = asked {
        query_ns = asked.time_ns();
    }
    // What is seen on the loopback interface only this host can have sent; user space looks closer.
    let is_ours = packet.ifindex() == LOOPBACK;
    // A query that this host itself refuses, by its firewall or for want of a neighbour, never left, and its
    // server may be one that was never asked: that it answers later must be told all the same.
    let server = if is_ours {
        servers::find_or_insert(&parties.server)
    } else {
        servers::find(&parties.server)
    };
    let mut last_answer_ns = 0;
    let is_wanted = if query_ns == 0 && !is_ours {
        unsolicited(notepad);
        servers::may_send_unverified(now_ns)
    } else if let Some(server) = server {
        server.note_failure(parties.client, now_ns);
        last_answer_ns = server.last_answer_ns(exchange.transport);
        server.may_send(Limited::Failures, now_ns)
    } else {
        servers::may_send_unverified(now_ns)
    };
    if is_wanted {
        let mut flags = recursion(asked.and_then(|asked| asked.recursion_desired()));
        if quoted.is_there {
            flags = recursion(Some(quoted.recursion_desired));
        }
        let known = Known {
            now_ns,
            query_ns,
            last_answer_ns,
            flags,
        };
        note_lost(events::send_failure(packet, notepad, &known));
    }
}

/// An error where nothing is tracked: it goes out as it is, at most as many as a CPU may send.
#[inline(always)]
fn untracked_failure<P: Packet>(packet: &P, notepad: *mut Notepad, now_ns: u64) {
    if servers::may_send_unverified(now_ns) {
        let known = Known {
            now_ns,
            query_ns: 0,
            last_answer_ns: 0,
            flags: 0,
        };
        note_lost(events::send_failure(packet, notepad, &known));
    }
}

/// Counts an error that quotes no query that was seen.
#[inline(always)]
fn unsolicited(notepad: *mut Notepad) {
    // SAFETY: as above.
    let parties = unsafe { &(*notepad).parties };
    if let Some(totals) = totals() {
        totals.unsolicited += 1;
    }
    if let Some(counters) = destination(&parties.server) {
        counters.unsolicited += 1;
    }
}

#[inline(always)]
fn recursion(desired: Option<bool>) -> u8 {
    match desired {
        Some(true) => RECURSION_KNOWN | RECURSION_DESIRED,
        Some(false) => RECURSION_KNOWN,
        None => 0,
    }
}

#[inline(always)]
fn note_lost(sent: bool) {
    if !sent && let Some(totals) = totals() {
        totals.events_lost += 1;
    }
}
