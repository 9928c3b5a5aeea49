//! Follows exchanges: leaves a trace of each query, finds it again for an answer or an error, measures
//! latency, and tells user space what counts cannot tell.

use aya_ebpf::helpers::bpf_ktime_get_ns;
use netmon_common::limits::ANSWERED_PRECISION_NS;
use netmon_common::outcome::Rcode;
use netmon_common::records::{Entry, EventKind, RECURSION_KNOWN};
use netmon_common::trace::{self, Asked, Flow, FlowHash};

use crate::destinations::destination;
use crate::events::{self, Known};
use crate::exchange::{Exchange, Kind, recursion};
use crate::latency;
use crate::packet::Packet;
use crate::servers::{self, Limited};
use crate::settings::tracking;
use crate::totals::totals;
use crate::traces::{Traces, secret};

/// The loopback interface's index, in every network namespace.
const LOOPBACK: u32 = 1;

/// Follows the packet whose exchange is noted; `entry` is this CPU's of its server, if it is known.
#[inline(always)]
pub fn track<P: Packet>(packet: P, kind: Kind, exchange: &Exchange, entry: Option<&'static mut Entry>) {
    // SAFETY: reads a clock. Not the boot clock: it costs a quarter more, and user space can add what it is ahead.
    let now_ns = unsafe { bpf_ktime_get_ns() };
    if !tracking() {
        untracked_failure(packet, exchange, now_ns);
        return;
    }
    let entry = match entry {
        Some(entry) => Some(entry),
        None => destination(&exchange.server),
    };
    let flow = Flow {
        client: exchange.client,
        server: exchange.server,
        client_port: exchange.client_port,
        server_port: exchange.server_port,
        transport: exchange.transport,
    };
    let flow = flow.hash(secret());
    match kind {
        Kind::Query | Kind::Connect => query(packet, kind, exchange, entry, flow, now_ns),
        Kind::Answer => answer(packet, exchange, entry, flow, now_ns),
        Kind::Failure => failure(packet, exchange, entry, flow, now_ns),
        Kind::None | Kind::Late => {}
    }
}

#[inline(always)]
fn query<P: Packet>(
    packet: P,
    kind: Kind,
    exchange: &Exchange,
    entry: Option<&mut Entry>,
    flow: FlowHash,
    now_ns: u64,
) {
    let asked = if kind == Kind::Connect {
        Asked::Connect
    } else {
        Asked::Query {
            id: exchange.id,
            recursion_desired: exchange.flags == recursion(true),
        }
    };
    if trace::record(&mut Traces, flow, asked, now_ns)
        && let Some(totals) = totals()
    {
        totals.traces_overwritten += 1;
    }
    let Some(entry) = entry else { return };
    if !servers::is_quiet(entry.answered_ns, now_ns) {
        return;
    }
    // Perhaps it answers on other CPUs.
    let Some(server) = servers::find_or_insert(&exchange.server) else {
        return;
    };
    entry.answered_ns = server.last_answer_ns;
    if servers::is_quiet(server.last_answer_ns, now_ns)
        && server.may_send(Limited::Queries, now_ns)
        && servers::may_send_sample(now_ns)
    {
        let known = Known {
            now_ns,
            query_ns: now_ns,
            last_answer_ns: server.last_answer_ns,
            flags: exchange.flags,
        };
        note_lost(events::send_sample(packet, EventKind::Query, exchange, &known));
    }
}

#[inline(always)]
fn answer<P: Packet>(
    packet: P,
    exchange: &Exchange,
    entry: Option<&mut Entry>,
    flow: FlowHash,
    now_ns: u64,
) {
    let asked = trace::answer(&mut Traces, flow, exchange.id);
    let Some(entry) = entry else { return };
    let mut query_ns = 0;
    if let Some(asked) = asked {
        query_ns = asked.time_ns();
        if !asked.is_answered() {
            latency::count(entry, &exchange.server, now_ns.wrapping_sub(query_ns));
        }
    }
    let failed = exchange.detail == Rcode::ServFail as u8 || exchange.detail == Rcode::Refused as u8;
    // All CPUs share what is remembered of a server; there it is noted now and then only.
    if !failed && now_ns.wrapping_sub(entry.answered_ns) < ANSWERED_PRECISION_NS {
        return;
    }
    let Some(server) = servers::find(&exchange.server) else {
        return;
    };
    entry.answered_ns = now_ns;
    server.last_answer_ns = now_ns;
    let is_wanted = if failed {
        server.may_send(Limited::FailedAnswers, now_ns)
    } else {
        server.last_failure_ns != 0
            && servers::is_on_watchlist(&exchange.server)
            && server.may_send(Limited::Answers, now_ns)
    };
    if is_wanted && servers::may_send_sample(now_ns) {
        let known = Known {
            now_ns,
            query_ns,
            last_answer_ns: now_ns,
            flags: exchange.flags,
        };
        note_lost(events::send_sample(packet, EventKind::Answer, exchange, &known));
    }
}

#[inline(always)]
fn failure<P: Packet>(
    packet: P,
    exchange: &Exchange,
    entry: Option<&mut Entry>,
    flow: FlowHash,
    now_ns: u64,
) {
    let is_id_known = exchange.flags & RECURSION_KNOWN != 0;
    let asked = trace::find(&mut Traces, flow, is_id_known.then_some(exchange.id));
    let mut query_ns = 0;
    let mut flags = exchange.flags;
    if let Some(asked) = asked {
        query_ns = asked.time_ns();
        if let (false, Some(desired)) = (is_id_known, asked.recursion_desired()) {
            flags = recursion(desired);
        }
    }
    // What is seen on the loopback interface only this host can have sent; user space looks closer.
    let is_ours = packet.ifindex() == LOOPBACK;
    let server = servers::find(&exchange.server);
    let mut last_answer_ns = 0;
    let is_wanted = if query_ns == 0 && !is_ours {
        unsolicited(entry);
        servers::may_send_unverified(now_ns)
    } else if let Some(server) = server {
        server.last_failure_ns = now_ns;
        last_answer_ns = server.last_answer_ns;
        server.may_send(Limited::Failures, now_ns)
    } else {
        servers::may_send_unverified(now_ns)
    };
    if is_wanted {
        let known = Known {
            now_ns,
            query_ns,
            last_answer_ns,
            flags,
        };
        note_lost(events::send_failure(packet, exchange, &known));
    }
}

/// An error where nothing is tracked: it goes out as it is, at most as many as a CPU may send.
#[inline(always)]
fn untracked_failure<P: Packet>(packet: P, exchange: &Exchange, now_ns: u64) {
    if servers::may_send_unverified(now_ns) {
        let known = Known {
            now_ns,
            query_ns: 0,
            last_answer_ns: 0,
            flags: 0,
        };
        note_lost(events::send_failure(packet, exchange, &known));
    }
}

/// Counts an error that quotes no query that was seen.
#[inline(always)]
fn unsolicited(entry: Option<&mut Entry>) {
    if let Some(totals) = totals() {
        totals.unsolicited += 1;
    }
    if let Some(entry) = entry {
        entry.counters.unsolicited += 1;
    }
}

#[inline(always)]
fn note_lost(sent: bool) {
    if !sent && let Some(totals) = totals() {
        totals.events_lost += 1;
    }
}
