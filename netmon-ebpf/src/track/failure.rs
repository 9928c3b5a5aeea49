//! ICMP errors about queries.

use core::mem::offset_of;

use netmon_common::records::{
    AGAIN, Destination, EventKind, Interface, NOT_IN_SECONDS, PerCpuCache, RECURSION_KNOWN, Totals,
};
use netmon_common::trace::{Key, Quoted, Trace};
use netmon_common::{Address, Code};

use super::{Seen, behind, hidden, not_in_seconds, note_lost};
use crate::budget::{self, Limited};
use crate::destinations::{self, Because};
use crate::events;
use crate::exchange::{Exchange, Kind, recursion};
use crate::exchanges::Place;
use crate::finding::Finding;
use crate::known::Known;
use crate::packet::Packet;
use crate::packet_scratch::Sight;
use crate::services::{self, Missing};
use crate::settings::is_local;
use crate::totals;
use crate::traces::TABLE;

impl<P: Packet> Seen<'_, P> {
    /// An error about a query.
    #[inline(never)]
    pub(super) fn failure(&self, kind: Kind, told: &mut Sight) {
        let quoted = Quoted {
            key: Key::query(self.exchange.id),
            is_known: self.exchange.is_id_known,
            question: 0,
        };
        let found = TABLE.fail(self.flow, quoted, self.now_ns);
        // No option: the compiler would copy what is undefined of it.
        let (is_seen, trace) = (found.is_some(), found.unwrap_or(Trace::NONE));
        if kind == Kind::Undecided && !self.is_leaving && !self.decide(is_seen) {
            return;
        }
        if !is_seen || trace.is_answered() {
            if !self.is_leaving {
                self.unverified();
            }
        } else if trace.has_failed() {
            self.failed_again(&trace);
        } else {
            self.verified(&trace, told);
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
        let flags = self.failure_flags(trace) | behind(trace);
        let number = self.place_at_end(self.entry_at_end(), trace);
        let mut is_counted = true;
        if let (false, Some(place)) = (trace.is_lent(), Place::at(number)) {
            is_counted = place.failed(trace.time_ns(), self.now_ns);
        }
        if self.is_leaving && told.entered_ns(self.now_ns).is_some() && told.is_of(self.exchange) {
            return;
        }
        told.note(self.exchange, self.now_ns);
        if !self.tell_failure(number, trace.time_ns(), flags | not_in_seconds(is_counted)) {
            self.untold(number);
        }
    }

    /// No event reports a verified error about the service.
    #[inline(always)]
    fn untold(&self, number: u32) {
        if let Some(place) = Place::at(number) {
            place.untold(self.exchange.detail);
        }
    }

    /// An error about a query that was not seen, or that was answered.
    #[inline(always)]
    fn unverified(&self) {
        // What is seen on the loopback interface only this host can have sent; user space looks closer.
        if self.ifindex != Interface::LOOPBACK {
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
        let number = self.place(self.entry_at_end(), is_iterative, Missing::Sure).place;
        let is_ours = is_local(&self.exchange.reporter, Interface::LOOPBACK)
            && is_local(&self.exchange.client, Interface::LOOPBACK);
        if let (true, Some(place)) = (is_ours, Place::at(number)) {
            place.asked(self.now_ns);
            place.failed(self.now_ns, self.now_ns);
        }
        if !self.tell_failure(number, 0, self.exchange.flags) && is_ours {
            self.untold(number);
        }
    }

    /// Returns whether an event reports it.
    #[inline(always)]
    fn tell_failure(&self, number: u32, query_ns: u64, flags: u8) -> bool {
        let Some(service) = services::at(number) else {
            return budget::may_send_unverified(self.now_ns) && self.send_failure(query_ns, 0, flags);
        };
        service.note_failure(self.exchange.client, self.now_ns);
        // Each answer matters now.
        self.set_answered(PerCpuCache::LOOK);
        let may_send = service.may_send(Limited::Failures, self.now_ns) || flags & NOT_IN_SECONDS != 0;
        may_send && self.send_failure(query_ns, service.last_answer_ns(), flags)
    }

    /// Returns whether there was room.
    #[inline(always)]
    fn send_failure(&self, query_ns: u64, last_answer_ns: u64, flags: u8) -> bool {
        let known = Known {
            now_ns: self.now_ns,
            query_ns,
            last_answer_ns,
            ifindex: self.ifindex,
            flags,
            asker: self.asker(query_ns),
        };
        self.send(EventKind::Failure, &known)
    }
}

/// How far the counter of an error is from the first one of its kind, in bytes: they are by transport and code.
#[inline(always)]
fn by_code(exchange: &Exchange) -> usize {
    let code = usize::from(exchange.detail & 7);
    hidden((exchange.transport as usize * Code::ALL.len() + code) * size_of::<u64>())
}

/// Counts a response that came too late, for its server.
#[inline(always)]
fn late_response(server: &Address) {
    totals::add(offset_of!(Totals, late_responses), 1);
    match destinations::destination(server, Because::Named) {
        Some(server) => server.add(offset_of!(Destination, late_responses), 1),
        None => totals::add(offset_of!(Totals, late_overflow), 1),
    }
}

/// An error where nothing is tracked: it goes out as it is, at most as many as a CPU may send.
#[inline(always)]
pub(super) fn untracked_failure<P: Packet>(
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
            asker: 0,
        };
        note_lost(events::send(packet, EventKind::Failure, &known));
    }
}
