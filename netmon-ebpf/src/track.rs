//! Follows exchanges: leaves a trace of each query, finds it again for an answer or an error, counts what became of it,
//! measures latency, and tells user space what counts cannot tell.

use core::hint::black_box;
use core::mem::offset_of;

use aya_ebpf::helpers::bpf_ktime_get_boot_ns;
use netmon_common::limits;
use netmon_common::records::{
    AGAIN, Destination, EventKind, Hook, NOT_IN_SECONDS, PerCpuCache, RECURSION_DESIRED, RECURSION_KNOWN,
    Totals,
};
use netmon_common::trace::{Asked, Flow, FlowHash, Key, Trace};
use netmon_common::{Code, Transport};

use crate::budget::{self, Limited};
use crate::destinations::{self, PerCpuEntry};
use crate::events::{self, Known};
use crate::exchange::{Exchange, Kind, recursion};
use crate::exchanges::{self, Place};
use crate::finding::Finding;
use crate::latency;
use crate::packet::Packet;
use crate::packet_scratch::Sight;
use crate::services::{self, Missing};
use crate::settings::{is_local, tracking};
use crate::totals;
use crate::traces::{self, TABLE};

/// The loopback interface's index, in every network namespace.
const LOOPBACK: u32 = 1;

/// A packet of an exchange, and what is known of it.
struct Seen<'a, P> {
    packet: P,
    exchange: &'a Exchange,
    /// This CPU's of its server, if it is known, and the packet is counted here.
    entry: Option<PerCpuEntry>,
    flow: FlowHash,
    now_ns: u64,
    /// The interface. Read once: where the compiler reads it twice it may keep its address, which the verifier refuses.
    ifindex: u32,
    /// Whether it was counted where it entered.
    is_leaving: bool,
}

/// Follows the packet whose finding and exchange are noted; `entry` is this CPU's of its server, if it is known, and `told`
/// what this CPU told of last.
#[inline(always)]
pub fn track<P: Packet>(
    packet: P,
    finding: &Finding,
    exchange: &Exchange,
    entry: Option<PerCpuEntry>,
    told: &mut Sight,
) {
    // SAFETY: reads a clock.
    let now_ns = unsafe { bpf_ktime_get_boot_ns() };
    let ifindex = packet.ifindex();
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
        Kind::Answer | Kind::Data => seen.answer(finding.kind, told),
        Kind::Accepted => seen.accepted(),
        Kind::Failure | Kind::Undecided => seen.failure(finding.kind, told),
        Kind::None | Kind::Late => {}
    }
}

/// An answer to a query that was seen.
struct Answer {
    /// The place of its service.
    number: u32,
    /// When the query was sent.
    query_ns: u64,
    /// The flags of its event.
    flags: u8,
    /// Whether it says that the server could not do what it was asked.
    is_fault: bool,
}

impl<P: Packet> Seen<'_, P> {
    #[inline(always)]
    fn place(&self, entry: Option<PerCpuEntry>, is_iterative: bool, missing: Missing) -> u32 {
        services::place(self.exchange, entry, self.ifindex, is_iterative, missing)
    }

    /// A query enters this host, or leaves it.
    #[inline(always)]
    fn query(&self, kind: Kind) {
        if self.is_leaving {
            self.leaves(kind);
        } else {
            if let Some(entry) = self.entry {
                entry.note_entered(PerCpuCache::tick(self.now_ns));
            }
            self.begin(asked(kind, self.exchange));
        }
    }

    /// A query leaves this host that entered it. Apart, as is all that few packets need: what is inlined twice the verifier
    /// looks at twice.
    #[inline(never)]
    fn leaves(&self, kind: Kind) {
        let asked = asked(kind, self.exchange);
        let is_second_sight = match TABLE.find(self.flow, asked.key(), self.now_ns) {
            // As it entered, with the same addresses and ports.
            Some(known) if !known.is_lent() && !known.is_answered() && !known.has_failed() => return,
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
        if is_second_sight {
            lend(self.flow, asked, self.now_ns);
        } else {
            self.begin(asked);
        }
    }

    /// An exchange begins.
    #[inline(always)]
    fn begin(&self, asked: Asked) {
        note_overwritten(TABLE.record(self.flow, asked, self.now_ns));
        let is_iterative = self.exchange.flags == recursion(false);
        let number = self.place(self.entry, is_iterative, Missing::Insert);
        let Some(place) = Place::at(number) else {
            if !is_iterative {
                totals::add(offset_of!(Totals, exchanges_overflow), 1);
            }
            return;
        };
        place.asked(self.now_ns);
        self.sample_query(number);
    }

    /// Tells of a query that may be one that fails.
    #[inline(always)]
    fn sample_query(&self, place: u32) {
        let answered = self.last_answered();
        if PerCpuCache::tick(self.now_ns).wrapping_sub(answered) <= PerCpuCache::tick(limits::QUIET_NS) {
            return;
        }
        // Perhaps it answers on other CPUs.
        let Some(service) = services::at(place) else {
            return;
        };
        if !service.may_fail(self.now_ns) {
            if answered != PerCpuCache::LOOK {
                self.set_answered(PerCpuCache::tick(service.last_answer_ns()));
            }
            return;
        }
        if service.may_send(Limited::Queries, self.now_ns) && budget::may_send_sample(self.now_ns) {
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
        };
        self.send(EventKind::Query, &known);
    }

    /// The server takes a connection. Whether it answers is seen of the queries that come now.
    #[inline(never)]
    fn accepted(&self) {
        let Some(trace) = TABLE.answer(self.flow, Key::CONNECT, 0, self.now_ns) else {
            return;
        };
        // Of one that an error was about that is what became of it.
        if trace.is_answered() || trace.is_lent() || trace.has_failed() {
            return;
        }
        let entry = destinations::find(&self.exchange.server);
        let number = self.place(entry, false, Missing::Ignore);
        let Some(place) = Place::at(number) else {
            return;
        };
        place.connected(trace.time_ns(), self.now_ns);
        if trace.was_asked_before() {
            self.settle_earlier(number, Key::CONNECT);
        }
    }

    #[inline(always)]
    fn settle_earlier(&self, place: u32, key: Key) {
        let answer = u32::from(self.exchange.question_mark()) << QUESTION_BITS
            | u32::from(self.exchange.is_fault()) << FAULT_BIT
            | u32::from(self.exchange.detail);
        netmon_settle_earlier(place, self.flow.number(), key.number(), self.now_ns, answer);
    }

    /// An answer, or what over TCP may be one.
    #[inline(always)]
    fn answer(&self, kind: Kind, told: &mut Sight) {
        let Some(trace) = self.answered_query(kind) else {
            if kind == Kind::Answer && !self.is_leaving {
                self.unmatched();
            }
            return;
        };
        if trace.is_answered() {
            return;
        }
        let entry = match kind {
            Kind::Data if !self.is_leaving => destinations::find(&self.exchange.server),
            _ => self.entry,
        };
        let query_ns = trace.time_ns();
        if let Some(entry) = entry {
            latency::count(entry, &self.exchange.server, self.now_ns.wrapping_sub(query_ns));
        }
        let is_iterative = trace.recursion_desired() == Some(false);
        let number = self.place(entry, is_iterative, Missing::Ignore);
        if number == services::NO_PLACE {
            return;
        }
        let is_counted = trace.is_lent() || self.settle(number, &trace);
        let is_fault = self.exchange.is_fault();
        // All CPUs share what is remembered of a service; there it is noted now and then only.
        let since = PerCpuCache::tick(self.now_ns).wrapping_sub(last_answered(entry, self.exchange));
        if is_fault || !is_counted || since >= PerCpuCache::tick(limits::ANSWERED_PRECISION_NS) {
            let flags = self.exchange.flags | not_in_seconds(is_counted);
            let answer = Answer {
                number,
                query_ns,
                flags,
                is_fault,
            };
            self.note_answer(entry, &answer, told);
        }
    }

    /// The trace of the query that is answered, as it was.
    #[inline(always)]
    fn answered_query(&self, kind: Kind) -> Option<Trace> {
        if kind == Kind::Answer {
            let key = Key::query(self.exchange.id);
            let trace = TABLE.answer(self.flow, key, self.exchange.question_mark(), self.now_ns);
            if trace.is_some() || matches!(self.exchange.transport, Transport::Udp) {
                return trace;
            }
        }
        TABLE.acknowledge(self.flow, self.exchange.acknowledgment, self.now_ns)
    }

    /// Counts the answer for each time that the query was sent. Returns whether all of them still count.
    #[inline(always)]
    fn settle(&self, number: u32, trace: &Trace) -> bool {
        let Some(place) = Place::at(number) else {
            return true;
        };
        let answer = exchanges::Answer {
            rcode: self.exchange.detail,
            is_fault: self.exchange.is_fault(),
        };
        let is_counted = place.answered(trace.time_ns(), self.now_ns, answer, trace.has_failed());
        if trace.was_asked_before() {
            self.settle_earlier(number, trace.key());
        }
        is_counted
    }

    /// Notes that the service answers, and tells of the answer if user space is to know.
    #[inline(never)]
    fn note_answer(&self, entry: Option<PerCpuEntry>, answer: &Answer, told: &mut Sight) {
        let now_ns = self.now_ns;
        let Some(service) = services::at(answer.number) else {
            return;
        };
        service.note_answer(now_ns);
        if answer.is_fault {
            service.note_fault(now_ns);
        }
        let is_awaited = !answer.is_fault
            && (service.failed_lately(now_ns) || services::is_on_watchlist(&self.exchange.server));
        if let Some(entry) = entry {
            let tick = if is_awaited || service.has_failed_answers(now_ns) {
                PerCpuCache::LOOK
            } else {
                PerCpuCache::tick(now_ns)
            };
            entry.set_answered(self.exchange.transport, self.exchange.server_port, tick);
        }
        if self.is_leaving && told.entered_ns(now_ns).is_some() && told.is_of(self.exchange) {
            return;
        }
        told.note(self.exchange, now_ns);
        let limited = if answer.is_fault {
            Limited::FailedAnswers
        } else if is_awaited {
            service.limited_as(self.exchange.client)
        } else if service.has_reported(self.exchange.client, now_ns) {
            Limited::AnswersAlways
        } else {
            Limited::Answers
        };
        let is_wanted = service.may_send(limited, now_ns) && budget::may_send_sample(now_ns);
        if is_wanted {
            service.note_reported(self.exchange.client);
        }
        if is_wanted || answer.flags & NOT_IN_SECONDS != 0 {
            let known = Known {
                now_ns,
                query_ns: answer.query_ns,
                last_answer_ns: now_ns,
                ifindex: self.ifindex,
                flags: answer.flags,
            };
            self.send(EventKind::Answer, &known);
        }
    }

    /// Counts a response that matches no query that was seen. It has no other effect: anybody can forge one.
    #[inline(always)]
    fn unmatched(&self) {
        totals::add(offset_of!(Totals, unmatched_responses), 1);
        if let Some(entry) = self.entry {
            let transport = hidden(self.exchange.transport as usize * size_of::<u64>());
            entry.add(offset_of!(Destination, unmatched_responses) + transport, 1);
        }
    }

    /// An error about a query.
    #[inline(never)]
    fn failure(&self, kind: Kind, told: &mut Sight) {
        let is_id_known = self.exchange.flags & RECURSION_KNOWN != 0;
        let key = Key::query(self.exchange.id);
        let trace = TABLE.fail(self.flow, key, is_id_known, self.now_ns);
        if kind == Kind::Undecided && !self.is_leaving && !self.decide(trace.is_some()) {
            return;
        }
        match trace {
            Some(trace) if trace.has_failed() && !trace.is_answered() => self.failed_again(&trace),
            Some(trace) if !trace.is_answered() => self.verified(&trace, told),
            _ if self.is_leaving => {}
            _ => self.unverified(),
        }
    }

    /// Counts an error of which the quote alone does not say whether it is about a query. Returns whether it is.
    #[inline(always)]
    fn decide(&self, is_about_query: bool) -> bool {
        if is_about_query {
            totals::add(offset_of!(Totals, dns_unreachable), 1);
            if let Some(entry) = self.entry {
                let counter = by_code(self.exchange);
                entry.add(offset_of!(Destination, dns_unreachable) + counter, 1);
            }
        } else {
            late_response(&self.exchange.client);
        }
        is_about_query
    }

    /// The flags of an error about a query that was seen.
    #[inline(always)]
    fn failure_flags(&self, trace: &Trace) -> u8 {
        match (self.exchange.flags & RECURSION_KNOWN, trace.recursion_desired()) {
            (0, Some(desired)) => recursion(desired),
            _ => self.exchange.flags,
        }
    }

    /// One more error about a query of which a verified one came. Anybody who saw that can forge it.
    #[inline(always)]
    fn failed_again(&self, trace: &Trace) {
        if !self.is_leaving && budget::may_send_unverified(self.now_ns) {
            self.send_failure(trace.time_ns(), 0, self.failure_flags(trace) | AGAIN);
        }
    }

    /// The first error about a query that was seen.
    #[inline(always)]
    fn verified(&self, trace: &Trace, told: &mut Sight) {
        let flags = self.failure_flags(trace);
        let is_iterative = trace.recursion_desired() == Some(false);
        let number = self.place(self.entry, is_iterative, Missing::Ignore);
        let mut is_counted = true;
        if let (false, Some(place)) = (trace.is_lent(), Place::at(number)) {
            is_counted = place.failed(trace.time_ns(), self.now_ns, self.exchange.detail);
        }
        if self.is_leaving && told.entered_ns(self.now_ns).is_some() && told.is_of(self.exchange) {
            return;
        }
        told.note(self.exchange, self.now_ns);
        self.tell_failure(number, trace.time_ns(), flags | not_in_seconds(is_counted));
    }

    /// An error about a query that was not seen, or that was answered.
    #[inline(always)]
    fn unverified(&self) {
        // What is seen on the loopback interface only this host can have sent; user space looks closer.
        if self.ifindex != LOOPBACK {
            totals::add(offset_of!(Totals, unsolicited), 1);
            if let Some(entry) = self.entry {
                entry.add(offset_of!(Destination, unsolicited) + by_code(self.exchange), 1);
            }
            if budget::may_send_unverified(self.now_ns) {
                self.send_failure(0, 0, self.exchange.flags);
            }
            return;
        }
        // A query that this host itself refuses, by its firewall or for want of a neighbour, never left, and its
        // service may be one that was never asked. It is an exchange by itself.
        let is_iterative = self.exchange.flags == recursion(false);
        let number = self.place(self.entry, is_iterative, Missing::Insert);
        if is_local(&self.exchange.reporter)
            && is_local(&self.exchange.client)
            && let Some(place) = Place::at(number)
        {
            place.asked(self.now_ns);
            place.failed(self.now_ns, self.now_ns, self.exchange.detail);
        }
        self.tell_failure(number, 0, self.exchange.flags);
    }

    #[inline(always)]
    fn tell_failure(&self, number: u32, query_ns: u64, flags: u8) {
        let Some(service) = services::at(number) else {
            if budget::may_send_unverified(self.now_ns) {
                self.send_failure(query_ns, 0, flags);
            }
            return;
        };
        service.note_failure(self.exchange.client, self.now_ns);
        // Each answer matters now.
        self.set_answered(PerCpuCache::LOOK);
        if service.may_send(Limited::Failures, self.now_ns) || flags & NOT_IN_SECONDS != 0 {
            self.send_failure(query_ns, service.last_answer_ns(), flags);
        }
    }

    #[inline(always)]
    fn send_failure(&self, query_ns: u64, last_answer_ns: u64, flags: u8) {
        let known = Known {
            now_ns: self.now_ns,
            query_ns,
            last_answer_ns,
            ifindex: self.ifindex,
            flags,
        };
        self.send(EventKind::Failure, &known);
    }

    #[inline(always)]
    fn send(&self, kind: EventKind, known: &Known) {
        note_lost(events::send(self.packet, kind, known));
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

/// Where the last argument of [`netmon_settle_earlier`] has what, above the rcode.
const FAULT_BIT: u32 = 8;
const QUESTION_BITS: u32 = 16;

/// The same query was sent before, and what was sent then is answered too. Apart: few are. A function that the verifier
/// looks at once (`traces.rs`).
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn netmon_settle_earlier(place: u32, flow: u64, key: u64, now_ns: u64, answer: u32) -> u32 {
    let Some(place) = Place::at(place) else { return 0 };
    let (flow, key) = (FlowHash::from_number(flow), Key::from_number(key));
    let question = (answer >> QUESTION_BITS) as u16;
    let answer = exchanges::Answer {
        rcode: answer as u8,
        is_fault: answer >> FAULT_BIT & 1 != 0,
    };
    TABLE.answer_earlier(flow, key, question, now_ns, |earlier| {
        if earlier.is_connect() {
            place.connected(earlier.time_ns(), now_ns);
        } else if !earlier.is_lent() {
            place.answered(earlier.time_ns(), now_ns, answer, false);
        }
    });
    0
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

/// How far the counter of an error is from the first one of its kind, in bytes: they are by transport and code.
#[inline(always)]
fn by_code(exchange: &Exchange) -> usize {
    let code = usize::from(exchange.detail & 7);
    hidden((exchange.transport as usize * Code::ALL.len() + code) * size_of::<u64>())
}

/// The number itself. The compiler knows that it is small and would drop the check that the verifier, who does not know,
/// insists on.
#[inline(always)]
fn hidden(offset: usize) -> usize {
    black_box(offset)
}

/// Counts a response that came too late, for its server.
#[inline(always)]
fn late_response(server: &netmon_common::Address) {
    totals::add(offset_of!(Totals, late_responses), 1);
    match destinations::destination(server) {
        Some(server) => server.add(offset_of!(Destination, late_responses), 1),
        None => totals::add(offset_of!(Totals, late_overflow), 1),
    }
}

/// An error where nothing is tracked: it goes out as it is, at most as many as a CPU may send.
#[inline(always)]
fn untracked_failure<P: Packet>(
    packet: P,
    finding: &Finding,
    exchange: &Exchange,
    ifindex: u32,
    now_ns: u64,
) {
    if finding.kind == Kind::Undecided {
        late_response(&exchange.client);
        return;
    }
    if budget::may_send_unverified(now_ns) {
        let known = Known {
            now_ns,
            query_ns: 0,
            last_answer_ns: 0,
            ifindex,
            flags: 0,
        };
        note_lost(events::send(packet, EventKind::Failure, &known));
    }
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
