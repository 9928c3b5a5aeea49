//! What a server sends: answers, and over TCP what says that one is on its way.

use core::mem::offset_of;

use netmon_common::Transport;
use netmon_common::limits;
use netmon_common::records::{
    BEFORE, BEHIND, Destination, EventKind, NO_PLACE, NOT_IN_SECONDS, PerCpuCache, Totals,
};
use netmon_common::trace::{FlowHash, Key, Trace};

use super::{Seen, behind, hidden, last_answered, not_in_seconds};
use crate::budget::{self, Limited};
use crate::destinations::{self, PerCpuEntry};
use crate::exchange::Kind;
use crate::exchanges::{self, Place};
use crate::known::Known;
use crate::latency;
use crate::packet::Packet;
use crate::services::{self, Missing};
use crate::totals;
use crate::traces::TABLE;

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
    /// The server takes a connection. Whether it answers is seen of the queries that come now.
    #[inline(never)]
    pub(super) fn accepted(&self) {
        let Some(trace) = TABLE.answer(self.flow, Key::CONNECT, 0, self.now_ns) else {
            return;
        };
        // Of one that an error was about that is what became of it.
        if trace.is_answered() || trace.is_lent() || trace.has_failed() {
            return;
        }
        let entry = destinations::find(&self.exchange.server);
        let number = self.place(entry, false, Missing::Ignore).place;
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
    pub(super) fn answer(&self, kind: Kind) {
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
            _ => self.entry_at_end(),
        };
        let query_ns = trace.time_ns();
        if let Some(entry) = entry {
            latency::count(entry, &self.exchange.server, self.now_ns.wrapping_sub(query_ns));
        }
        let number = self.place_at_end(entry, &trace);
        if number == NO_PLACE {
            return;
        }
        let is_counted = trace.is_lent() || self.settle(number, &trace);
        let is_fault = self.exchange.is_fault();
        // All CPUs share what is remembered of a service; there it is noted now and then only, and of each client once.
        let since = PerCpuCache::tick(self.now_ns).wrapping_sub(last_answered(entry, self.exchange));
        let is_known =
            since < PerCpuCache::tick(limits::ANSWERED_PRECISION_NS) && self.is_known_to_be_served(number);
        if is_fault || !is_counted || !is_known {
            let flags = self.exchange.flags | not_in_seconds(is_counted) | self.side(&trace);
            let answer = Answer {
                number,
                query_ns,
                flags,
                is_fault,
            };
            self.note_answer(entry, &answer);
        }
    }

    /// On which side of a translation of the client's address the answer is seen, as a flag of its event. User space is told of both:
    /// errors name the client before it where this host raised them, and the one behind it where they came from outside.
    #[inline(always)]
    fn side(&self, trace: &Trace) -> u8 {
        let behind = behind(trace);
        if behind == 0 && self.is_leaving {
            BEFORE
        } else {
            behind
        }
    }

    /// Whether nothing failed lately, and an answer to this client was reported. Two clients that ask at the same time would else be
    /// taken for one: of answers that come one right after the other only the first is looked at. And on which side of a
    /// failure an answer lies is said by its own time alone.
    #[inline(always)]
    fn is_known_to_be_served(&self, number: u32) -> bool {
        match services::at(number) {
            Some(service) => {
                !service.failed_lately(self.now_ns) && service.has_reported(self.exchange.client, self.now_ns)
            }
            None => true,
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
    fn note_answer(&self, entry: Option<PerCpuEntry>, answer: &Answer) {
        let now_ns = self.now_ns;
        let Some(service) = services::at(answer.number) else {
            return;
        };
        service.note_answer(now_ns);
        if answer.is_fault {
            service.note_fault(now_ns);
        }
        // What an answer says counts where it is seen before a translation. Behind it only matters whom it reaches.
        let is_fault = answer.is_fault && answer.flags & BEHIND == 0;
        let is_awaited =
            !is_fault && (service.failed_lately(now_ns) || services::is_on_watchlist(&self.exchange.server));
        if let Some(entry) = entry {
            let tick = if is_awaited || service.has_failed_answers(now_ns) {
                PerCpuCache::LOOK
            } else {
                PerCpuCache::tick(now_ns)
            };
            entry.set_answered(self.exchange.transport, self.exchange.server_port, tick);
        }
        let limited = if is_fault {
            Limited::FailedAnswers
        } else if is_awaited {
            service.limited_as(self.exchange.client)
        } else if service.has_reported(self.exchange.client, now_ns) {
            Limited::AnswersAlways
        } else {
            Limited::Answers
        };
        let does_well = matches!(limited, Limited::AnswersAlways) && service.does_well(now_ns);
        let is_wanted = service.may_send(limited, now_ns) && budget::may_send_answer(does_well, now_ns);
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
                asker: self.asker(answer.query_ns),
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
