//! Follows exchanges: leaves a trace of each query, finds it again for an answer or an error, counts what became of it,
//! measures latency, and tells user space what counts cannot tell.

mod answer;
mod failure;

use core::hint::black_box;
use core::mem::offset_of;

use aya_ebpf::helpers::bpf_ktime_get_boot_ns;
use netmon_common::Transport;
use netmon_common::limits;
use netmon_common::records::{
    BEHIND, EventKind, Hook, Interface, NOT_IN_SECONDS, PerCpuCache, RECURSION_DESIRED, Totals,
};
use netmon_common::trace::{Asked, Flow, FlowHash, Trace};

use crate::askers;
use crate::budget::{self, Limited};
use crate::destinations::{self, Because, PerCpuEntry};
use crate::events;
use crate::exchange::{Exchange, Kind, recursion};
use crate::exchanges::Place;
use crate::finding::Finding;
use crate::interfaces::link_of;
use crate::known::Known;
use crate::packet::Packet;
use crate::packet_scratch::Sight;
use crate::probe;
use crate::services::{self, Given, Missing};
use crate::settings::tracking;
use crate::totals;
use crate::traces::{self, TABLE};

use failure::untracked_failure;

/// A packet of an exchange, and what is known of it.
struct Seen<'a, P> {
    packet: P,
    exchange: &'a Exchange,
    /// This CPU's of its server, if it is known, and the packet is counted here.
    entry: Option<PerCpuEntry>,
    flow: FlowHash,
    now_ns: u64,
    /// The interface; of a link-local server its link. Read once: where the compiler reads it twice it may keep its address, which
    /// the verifier refuses.
    ifindex: u32,
    /// Whether it was counted where it entered.
    is_leaving: bool,
}

/// Follows the packet whose finding and exchange are noted; `entry` is this CPU's of its server, if it is known, and `told`
/// of which error this CPU told last.
#[inline(always)]
pub fn track<P: Packet>(
    packet: P,
    finding: &Finding,
    exchange: &Exchange,
    entry: Option<PerCpuEntry>,
    told: &mut Sight,
) {
    if probe::is_own(exchange) {
        return;
    }
    // SAFETY: reads a clock.
    let now_ns = unsafe { bpf_ktime_get_boot_ns() };
    let mut ifindex = packet.ifindex();
    // The ports of a bridge are one link: its server answers by another one than it was asked by.
    if exchange.server.is_link_local() {
        ifindex = link_of(ifindex);
    }
    if !tracking() {
        untracked_failure(packet, finding, exchange, ifindex, now_ns);
        return;
    }
    let seen = Seen {
        packet,
        exchange,
        entry,
        flow: flow_of(exchange),
        now_ns,
        ifindex,
        is_leaving: matches!(P::HOOK, Hook::Egress) && finding.is_counted_before(),
    };
    match finding.kind {
        Kind::Query | Kind::Connect => seen.query(finding.kind),
        Kind::Answer | Kind::Data => seen.answer(finding.kind),
        Kind::Accepted => seen.accepted(),
        Kind::Failure | Kind::Undecided => seen.failure(finding.kind, told),
        Kind::None | Kind::Late => {}
    }
}

impl<P: Packet> Seen<'_, P> {
    #[inline(always)]
    fn place(&self, entry: Option<PerCpuEntry>, is_iterative: bool, missing: Missing) -> Given {
        services::place(self.exchange, entry, self.ifindex, is_iterative, missing)
    }

    /// The place of the service of which an exchange ends, and that of its counters on this CPU. It is found out with the
    /// exchange if there was none for its query.
    #[inline(always)]
    fn place_at_end(&self, entry: Option<PerCpuEntry>, trace: &Trace) -> u32 {
        let is_iterative = trace.recursion_desired() == Some(false);
        let given = self.place(entry, is_iterative, Missing::Sure);
        if given.is_new
            && !trace.is_lent()
            && let Some(place) = Place::at(given.place)
        {
            place.was_asked(trace.time_ns(), self.now_ns);
        }
        given.place
    }

    /// This CPU's entry of the server of which an exchange ends, which gets a place if it lost it, or found none.
    #[inline(always)]
    fn entry_at_end(&self) -> Option<PerCpuEntry> {
        if self.entry.is_some() || self.is_leaving {
            return self.entry;
        }
        destinations::destination(&self.exchange.server, Because::Sure)
    }

    /// A query enters this host, or leaves it.
    #[inline(always)]
    fn query(&self, kind: Kind) {
        if matches!(P::HOOK, Hook::Egress) {
            askers::note(self.packet, self.flow, self.now_ns);
        } else if self.ifindex == Interface::LOOPBACK {
            askers::arrives_by_loopback(self.flow, self.now_ns);
        }
        if self.is_leaving {
            // From here: before Linux 6.6 each call takes a multiple of 32 bytes of the stack, and `leaves` many.
            if self.leaves(kind) {
                lend(self.flow, asked(kind, self.exchange), self.now_ns);
            }
        } else {
            if let Some(entry) = self.entry {
                entry.note_entered(PerCpuCache::tick(self.now_ns));
            }
            self.begin(asked(kind, self.exchange));
        }
    }

    /// A query leaves this host that entered it. Whether this is its second sight. Apart, as is all that few packets need: what
    /// is inlined twice the verifier looks at twice.
    #[inline(never)]
    fn leaves(&self, kind: Kind) -> bool {
        let asked = asked(kind, self.exchange);
        let is_second_sight = match TABLE.find(self.flow, asked.key(), self.now_ns) {
            // As it entered, with the same addresses and ports.
            Some(known) if !known.is_lent() && !known.is_answered() && !known.has_failed() => return false,
            // Sent again, and from another address as before.
            Some(known) if known.is_lent() => true,
            // From another address, which an error may quote; or to a service that was chosen here, which is another
            // exchange. A query to this server entered a moment ago in the first case. Where that was another one, or
            // this one waited for its neighbour, one exchange more or less is counted, and what becomes of it.
            _ => {
                let entered = destinations::find(&self.exchange.server).map_or(0, PerCpuEntry::entered);
                PerCpuCache::tick(self.now_ns).wrapping_sub(entered) <= 1
            }
        };
        if !is_second_sight {
            self.begin(asked);
        }
        is_second_sight
    }

    /// An exchange begins.
    #[inline(always)]
    fn begin(&self, asked: Asked) {
        note_overwritten(TABLE.record(self.flow, asked, self.now_ns));
        let is_iterative = self.exchange.flags == recursion(false);
        let given = self.place(self.entry, is_iterative, Missing::Insert);
        let Some(place) = Place::at(given.place) else {
            if !is_iterative {
                totals::add(offset_of!(Totals, exchanges_overflow), 1);
            }
            return;
        };
        place.asked(self.now_ns);
        self.sample_query(given);
    }

    /// Tells of a query that may be one that fails.
    #[inline(always)]
    fn sample_query(&self, given: Given) {
        let answered = self.last_answered();
        if PerCpuCache::tick(self.now_ns).wrapping_sub(answered) <= PerCpuCache::tick(limits::QUIET_NS) {
            return;
        }
        // Perhaps it answers on other CPUs.
        let Some(service) = services::at(given.place) else {
            return;
        };
        if !service.may_fail(self.now_ns) {
            if answered != PerCpuCache::LOOK {
                self.set_answered(PerCpuCache::tick(service.last_answer_ns()));
            }
            return;
        }
        // What is not sent takes nothing from the CPU's budget, nor from the service's.
        if service.may_do_well(self.now_ns)
            && !services::is_on_watchlist(&self.exchange.server)
            && !(service.has_queries(self.now_ns) && budget::may_send_seldom(self.now_ns))
        {
            return;
        }
        if service.may_send(Limited::Queries, self.now_ns)
            && budget::may_send_query(given.is_new, self.now_ns)
        {
            self.send_query(service.last_answer_ns());
        }
    }

    #[inline(always)]
    fn send_query(&self, last_answer_ns: u64) {
        let known = Known {
            now_ns: self.now_ns,
            query_ns: self.now_ns,
            last_answer_ns,
            ifindex: self.ifindex,
            flags: self.exchange.flags,
            asker: self.asker(self.now_ns),
        };
        self.send(EventKind::Query, &known);
    }

    /// The socket that a query came from which was sent then.
    #[inline(always)]
    fn asker(&self, query_ns: u64) -> u64 {
        askers::of(self.flow, query_ns)
    }

    #[inline(always)]
    fn send(&self, kind: EventKind, known: &Known) -> bool {
        let is_sent = events::send(self.packet, kind, known);
        note_lost(is_sent);
        is_sent
    }

    #[inline(always)]
    fn last_answered(&self) -> u32 {
        last_answered(self.entry, self.exchange)
    }

    #[inline(always)]
    fn set_answered(&self, tick: u32) {
        if let Some(entry) = self.entry {
            entry.set_answered(self.exchange.transport, self.exchange.server_port, tick);
        }
    }
}

/// The second sight of a query. Apart for the sake of the stack.
#[inline(never)]
fn lend(flow: FlowHash, asked: Asked, now_ns: u64) {
    note_overwritten(TABLE.lend(flow, asked, now_ns));
}

/// The flow of an exchange. Apart for the sake of the stack, which has 512 bytes for all that call each other.
#[inline(never)]
fn flow_of(exchange: &Exchange) -> FlowHash {
    let flow = Flow {
        client: exchange.client,
        server: exchange.server,
        client_port: exchange.client_port,
        server_port: exchange.server_port,
        transport: exchange.transport,
    };
    flow.hash(&traces::Configured)
}

#[inline(always)]
fn asked(kind: Kind, exchange: &Exchange) -> Asked {
    if kind == Kind::Connect {
        Asked::CONNECT
    } else {
        let recursion_desired = exchange.flags & RECURSION_DESIRED != 0;
        let known_by = match exchange.transport {
            Transport::Udp => u32::from(exchange.question_mark()),
            Transport::Tcp => exchange.acknowledgment,
        };
        Asked::query(exchange.id, recursion_desired, known_by)
    }
}

/// When this CPU last learned of an answer. Where it cannot remember, it always looks at what all of them know.
#[inline(always)]
fn last_answered(entry: Option<PerCpuEntry>, exchange: &Exchange) -> u32 {
    match entry {
        Some(entry) => entry.answered(exchange.transport, exchange.server_port),
        None => PerCpuCache::LOOK,
    }
}

#[inline(always)]
const fn not_in_seconds(is_counted: bool) -> u8 {
    if is_counted { 0 } else { NOT_IN_SECONDS }
}

/// The flag of what becomes of the second sight of a query.
#[inline(always)]
const fn behind(trace: &Trace) -> u8 {
    if trace.is_lent() { BEHIND } else { 0 }
}

/// The number itself. The compiler knows that it is small and would drop the check that the verifier, who does not know,
/// insists on.
#[inline(always)]
fn hidden(offset: usize) -> usize {
    black_box(offset)
}

#[inline(always)]
fn note_overwritten(lost: bool) {
    if lost {
        totals::add(offset_of!(Totals, traces_overwritten), 1);
    }
}

#[inline(always)]
fn note_lost(sent: bool) {
    if !sent {
        totals::add(offset_of!(Totals, events_lost), 1);
    }
}
