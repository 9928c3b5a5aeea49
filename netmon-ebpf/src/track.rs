//! Follows exchanges: leaves a trace of each query, finds it again for an answer or an error, measures
//! latency, and tells user space what counts cannot tell.

use core::mem::offset_of;

use aya_ebpf::helpers::bpf_ktime_get_boot_ns;
use netmon_common::Transport;
use netmon_common::limits;
use netmon_common::outcome::Rcode;
use netmon_common::records::{Destination, EventKind, PerCpuCache, RECURSION_KNOWN, Totals};
use netmon_common::trace::{Asked, Flow, FlowHash};

use crate::destinations::PerCpuEntry;
use crate::events::{self, Known};
use crate::exchange::{Exchange, Kind, recursion};
use crate::finding::Finding;
use crate::latency;
use crate::packet::Packet;
use crate::servers::{self, Limited};
use crate::settings::tracking;
use crate::totals;
use crate::traces;

/// The loopback interface's index, in every network namespace.
const LOOPBACK: u32 = 1;

/// Follows the packet whose finding and exchange are noted; `entry` is this CPU's of its server, if it is known, and
/// `entered_ns` is when the query entered that this CPU saw last.
#[inline(always)]
pub fn track<P: Packet>(
    packet: P,
    finding: &Finding,
    exchange: &Exchange,
    entry: Option<PerCpuEntry>,
    entered_ns: &mut u64,
) {
    // SAFETY: reads a clock.
    let now_ns = unsafe { bpf_ktime_get_boot_ns() };
    if !tracking() {
        untracked_failure(packet, exchange, now_ns);
        return;
    }
    let flow = Flow {
        client: exchange.client,
        server: exchange.server,
        client_port: exchange.client_port,
        server_port: exchange.server_port,
        transport: exchange.transport,
    };
    let flow = flow.hash(&traces::Configured);
    match finding.kind {
        Kind::Query | Kind::Connect => {
            let asked = asked(finding.kind, exchange);
            if finding.is_counted_before() {
                leaves_again(flow, asked, *entered_ns, now_ns);
            } else {
                *entered_ns = now_ns;
                record(flow, asked, now_ns);
                query(packet, exchange, entry, now_ns);
            }
        }
        Kind::Answer => answer(packet, exchange, entry, flow, now_ns),
        Kind::Failure => failure(packet, exchange, entry, flow, now_ns),
        Kind::None | Kind::Late => {}
    }
}

#[inline(always)]
fn asked(kind: Kind, exchange: &Exchange) -> Asked {
    if kind == Kind::Connect {
        Asked::Connect
    } else {
        Asked::Query {
            id: exchange.id,
            recursion_desired: exchange.flags == recursion(true),
        }
    }
}

#[inline(always)]
fn record(flow: FlowHash, asked: Asked, at_ns: u64) {
    if traces::table().record(flow, asked, at_ns) {
        totals::add(offset_of!(Totals, traces_overwritten), 1);
    }
}

/// A query leaves this host that was told of where it entered. It only leaves a trace, unless it has one: an
/// error may quote an address that was translated in between.
#[inline(always)]
fn leaves_again(flow: FlowHash, asked: Asked, entered_ns: u64, now_ns: u64) {
    let id = match asked {
        Asked::Query { id, .. } => Some(id),
        Asked::Connect => None,
    };
    // Nearly always it is the one that this CPU saw last. One that waited for its neighbour is not.
    let is_same = now_ns.wrapping_sub(entered_ns) < limits::FORWARDING_NS;
    let entered_ns = if is_same { entered_ns } else { now_ns };
    let known = traces::table().find(flow, id);
    if known.is_none_or(|known| known.time_ns() < entered_ns) {
        record(flow, asked, entered_ns);
    }
}

/// Tells of a query that may be one that fails.
#[inline(always)]
fn query<P: Packet>(packet: P, exchange: &Exchange, entry: Option<PerCpuEntry>, now_ns: u64) {
    let answered = last_answered(entry, exchange.transport);
    if PerCpuCache::tick(now_ns).wrapping_sub(answered) <= PerCpuCache::tick(limits::QUIET_NS) {
        return;
    }
    // Perhaps it answers on other CPUs.
    let Some(server) = servers::find_or_insert(&exchange.server) else {
        return;
    };
    if !server.may_fail(exchange.transport, now_ns) {
        if let (true, Some(entry)) = (answered != PerCpuCache::LOOK, entry) {
            let last_answer = PerCpuCache::tick(server.last_answer_ns(exchange.transport));
            entry.set_answered(exchange.transport, last_answer);
        }
        return;
    }
    if server.may_send(Limited::Queries, now_ns) && servers::may_send_sample(now_ns) {
        let known = Known {
            now_ns,
            query_ns: now_ns,
            last_answer_ns: server.last_answer_ns(exchange.transport),
            flags: exchange.flags,
        };
        note_lost(events::send(packet, EventKind::Query, exchange, &known));
    }
}

#[inline(always)]
fn answer<P: Packet>(
    packet: P,
    exchange: &Exchange,
    entry: Option<PerCpuEntry>,
    flow: FlowHash,
    now_ns: u64,
) {
    let asked = traces::table().answer(flow, exchange.id);
    let mut query_ns = 0;
    if let Some(asked) = asked {
        query_ns = asked.time_ns();
        if let (false, Some(entry)) = (asked.is_answered(), entry) {
            latency::count(entry, &exchange.server, now_ns.wrapping_sub(query_ns));
        }
    }
    let failed = exchange.detail == Rcode::ServFail as u8 || exchange.detail == Rcode::Refused as u8;
    // All CPUs share what is remembered of a server; there it is noted now and then only.
    let since = PerCpuCache::tick(now_ns).wrapping_sub(last_answered(entry, exchange.transport));
    if !failed && since < PerCpuCache::tick(limits::ANSWERED_PRECISION_NS) {
        return;
    }
    let Some(server) = servers::find(&exchange.server) else {
        return;
    };
    server.note_answer(exchange.transport, now_ns);
    if failed {
        server.note_fault(now_ns);
    }
    let is_awaited = !failed && server.has_failed() && servers::is_on_watchlist(&exchange.server);
    if let Some(entry) = entry {
        let tick = if is_awaited || server.has_failed_answers(now_ns) {
            PerCpuCache::LOOK
        } else {
            PerCpuCache::tick(now_ns)
        };
        entry.set_answered(exchange.transport, tick);
    }
    let is_wanted = if failed {
        server.may_send(Limited::FailedAnswers, now_ns)
    } else {
        is_awaited && server.may_send(server.limited_as(exchange.client), now_ns)
    };
    if is_wanted && servers::may_send_sample(now_ns) {
        let known = Known {
            now_ns,
            query_ns,
            last_answer_ns: now_ns,
            flags: exchange.flags,
        };
        note_lost(events::send(packet, EventKind::Answer, exchange, &known));
    }
}

#[inline(always)]
fn failure<P: Packet>(
    packet: P,
    exchange: &Exchange,
    entry: Option<PerCpuEntry>,
    flow: FlowHash,
    now_ns: u64,
) {
    let is_id_known = exchange.flags & RECURSION_KNOWN != 0;
    let asked = traces::table().find(flow, is_id_known.then_some(exchange.id));
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
    // A query that this host itself refuses, by its firewall or for want of a neighbour, never left, and its
    // server may be one that was never asked: that it answers later must be told all the same.
    let server = if is_ours {
        servers::find_or_insert(&exchange.server)
    } else {
        servers::find(&exchange.server)
    };
    let mut last_answer_ns = 0;
    let is_wanted = if query_ns == 0 && !is_ours {
        unsolicited(entry);
        servers::may_send_unverified(now_ns)
    } else if let Some(server) = server {
        server.note_failure(exchange.client, now_ns);
        last_answer_ns = server.last_answer_ns(exchange.transport);
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
        note_lost(events::send(packet, EventKind::Failure, exchange, &known));
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
        note_lost(events::send(packet, EventKind::Failure, exchange, &known));
    }
}

/// Counts an error that quotes no query that was seen.
#[inline(always)]
fn unsolicited(entry: Option<PerCpuEntry>) {
    totals::add(offset_of!(Totals, unsolicited), 1);
    if let Some(entry) = entry {
        entry.add(offset_of!(Destination, unsolicited), 1);
    }
}

/// When this CPU last learned of an answer. Where it cannot remember, it always looks at what all of them know.
#[inline(always)]
fn last_answered(entry: Option<PerCpuEntry>, transport: Transport) -> u32 {
    match entry {
        Some(entry) => entry.answered(transport),
        None => PerCpuCache::LOOK,
    }
}

#[inline(always)]
fn note_lost(sent: bool) {
    if !sent {
        totals::add(offset_of!(Totals, events_lost), 1);
    }
}
