//! One trace, and the slot that it is kept in: sixteen bytes.

use super::flow::{FINGERPRINT, FlowHash};
use crate::limits::TRACE_LIFETIME_NS;
use crate::shared::Shared;

/// Set in every slot that is in use: an empty one is all zeros.
const USED: u64 = 1 << 22;
/// An answer came.
const ANSWERED: u64 = 1 << 21;
/// A verified error came.
const FAILED: u64 = 1 << 20;
/// It is the second sight of a query whose exchange belongs to the first one.
const LENT: u64 = 1 << 19;
/// The same query was sent before, and its trace waited still.
const AGAIN: u64 = 1 << 18;
/// A SYN, which has no id.
const CONNECT: u64 = 1 << 17;
/// RD was set.
const RECURSION_DESIRED: u64 = 1 << 16;
/// The id.
const ID: u64 = 0xffff;
const FLAGS: u64 = USED | ANSWERED | FAILED | LENT | AGAIN | CONNECT | RECURSION_DESIRED;
const _: () = assert!(FINGERPRINT & (FLAGS | ID) == 0 && FLAGS & ID == 0);

/// The lower bits of the second word are the number that acknowledges the query, the upper ones its time.
const ACKNOWLEDGMENT_BITS: u32 = 16;
const ACKNOWLEDGMENT: u64 = (1 << ACKNOWLEDGMENT_BITS) - 1;

/// What was asked, as far as an answer or an error can tell. Words and no enum: in an enum the compiler leaves undefined what
/// a SYN has not, and the kernel's verifier does not see that nobody reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    what: u64,
    acknowledgment: u64,
}

impl Asked {
    /// A SYN.
    pub const CONNECT: Self = Self {
        what: CONNECT,
        acknowledgment: 0,
    };

    /// A DNS query: its id, its RD flag, and over TCP the number that acknowledges it, of which the lower half is kept, over
    /// UDP the [mark](crate::wire::dns::Question::mark) of its question.
    #[inline(always)]
    pub const fn query(id: u16, recursion_desired: bool, acknowledgment: u32) -> Self {
        let recursion_desired = if recursion_desired { RECURSION_DESIRED } else { 0 };
        Self {
            what: id as u64 | recursion_desired,
            acknowledgment: acknowledgment as u64 & ACKNOWLEDGMENT,
        }
    }

    /// Which query it is.
    #[inline(always)]
    pub const fn key(self) -> Key {
        Key(self.what & (CONNECT | ID))
    }
}

/// Which query of a flow: the one with an id, or the SYN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(u64);

impl Key {
    /// The SYN.
    pub const CONNECT: Self = Self(CONNECT);

    /// The query with this id.
    #[inline(always)]
    pub const fn query(id: u16) -> Self {
        Self(id as u64)
    }

    /// The key as a number, for functions that take numbers only.
    #[inline(always)]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The key that is this [number](Self::number).
    #[inline(always)]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The id; of a SYN 0.
    #[inline(always)]
    pub(super) const fn id(self) -> u16 {
        (self.0 & ID) as u16
    }
}

/// What an error quotes of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// Which one.
    pub key: Key,
    /// Whether that is known. (No option: the kernel's programs would copy what is undefined of it.)
    pub is_known: bool,
    /// The [mark](crate::wire::dns::Question::mark) of its question; 0 where that is not known.
    pub question: u16,
}

/// What is kept of one query: the fingerprint of its flow, its id and flags, when it was seen, and what acknowledges it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    what: u64,
    time_ns: u64,
    /// 16 bits. Without padding behind them, which the compiler would copy, and the verifier refuses.
    acknowledgment: u64,
}

impl Trace {
    /// In place of one: zeros.
    pub const NONE: Self = Self::from_numbers([0; 3]);

    #[inline(always)]
    pub(super) fn new(flow: FlowHash, asked: Asked, time_ns: u64) -> Self {
        Self {
            what: flow.fingerprint() | USED | asked.what,
            time_ns,
            acknowledgment: asked.acknowledgment,
        }
    }

    /// The trace as numbers, for functions that take numbers only.
    #[inline(always)]
    pub const fn numbers(self) -> [u64; 3] {
        [self.what, self.time_ns, self.acknowledgment]
    }

    /// The trace that is these [numbers](Self::numbers).
    #[inline(always)]
    pub const fn from_numbers([what, time_ns, acknowledgment]: [u64; 3]) -> Self {
        Self {
            what,
            time_ns,
            acknowledgment,
        }
    }

    #[inline(always)]
    pub(super) const fn lent(mut self) -> Self {
        self.what |= LENT;
        self
    }

    #[inline(always)]
    pub(super) const fn again(mut self) -> Self {
        self.what |= AGAIN;
        self
    }

    /// When the query was seen.
    #[inline(always)]
    pub const fn time_ns(&self) -> u64 {
        self.time_ns
    }

    /// RD of the query; `None` for a SYN, which has none.
    #[inline(always)]
    pub const fn recursion_desired(&self) -> Option<bool> {
        if self.what & CONNECT == 0 {
            Some(self.what & RECURSION_DESIRED != 0)
        } else {
            None
        }
    }

    /// Whether an answer came.
    #[inline(always)]
    pub const fn is_answered(&self) -> bool {
        self.what & ANSWERED != 0
    }

    /// Whether a verified error came.
    #[inline(always)]
    pub const fn has_failed(&self) -> bool {
        self.what & FAILED != 0
    }

    /// Whether it is the second sight of a query, which left this host under another address: the exchange belongs to the
    /// first one.
    #[inline(always)]
    pub const fn is_lent(&self) -> bool {
        self.what & LENT != 0
    }

    /// Whether the same query was sent before, and waited still.
    #[inline(always)]
    pub const fn was_asked_before(&self) -> bool {
        self.what & AGAIN != 0
    }

    /// Whether it is a SYN.
    #[inline(always)]
    pub const fn is_connect(&self) -> bool {
        self.what & CONNECT != 0
    }

    /// Whether a segment with this acknowledgment number acknowledges the query. Numbers that differ by more than
    /// 32 KiB are taken for others: a query is shorter, and a connection has few of them under way.
    #[inline(always)]
    pub const fn is_acknowledged_by(&self, acknowledgment: u32) -> bool {
        (acknowledgment as u64).wrapping_sub(self.acknowledgment) & ACKNOWLEDGMENT < 1 << 15
    }

    /// Whether it may be the query for the question with this [mark](crate::wire::dns::Question::mark): a trace over UDP
    /// keeps the mark where one over TCP keeps what acknowledges it. 0 fits any.
    #[inline(always)]
    pub const fn may_ask(&self, question: u16) -> bool {
        question == 0 || self.acknowledgment == 0 || self.acknowledgment == question as u64
    }

    /// Which query of its flow it is.
    #[inline(always)]
    pub const fn key(&self) -> Key {
        Key(self.what & (CONNECT | ID))
    }

    /// Whether it would be missed: neither answered nor failed, and young enough for either.
    #[inline(always)]
    pub(super) const fn is_waiting(&self, now_ns: u64) -> bool {
        self.what & (USED | ANSWERED | FAILED) == USED && self.is_young(now_ns)
    }

    /// Whether an answer or an error may still belong to it.
    #[inline(always)]
    pub(super) const fn is_young(&self, now_ns: u64) -> bool {
        now_ns.wrapping_add(AHEAD_NS).wrapping_sub(self.time_ns) < TRACE_LIFETIME_NS + AHEAD_NS
    }

    /// Its flow, which has this bucket among the young.
    #[inline(always)]
    pub(super) const fn flow(&self, young: u32) -> FlowHash {
        FlowHash::of_young(self.what & FINGERPRINT, young)
    }

    /// What is overwritten first has the lowest: empty slots, then those that nobody waits for, then old ones.
    #[inline(always)]
    pub(super) const fn worth(&self) -> u64 {
        let is_unsettled = self.what & (USED | ANSWERED | FAILED) == USED;
        let is_used = self.what & USED != 0;
        (is_unsettled as u64) << 63 | (is_used as u64) << 62 | self.time_ns >> 2
    }
}

/// The first word of a trace, which tells alone whether it is one that is looked for.
#[derive(Clone, Copy)]
pub(super) struct What(u64);

impl What {
    #[inline(always)]
    pub(super) const fn is_of(self, flow: FlowHash) -> bool {
        self.0 & (FINGERPRINT | USED) == flow.fingerprint() | USED
    }

    #[inline(always)]
    pub(super) const fn is(self, flow: FlowHash, key: Key) -> bool {
        self.0 & (FINGERPRINT | USED | CONNECT | ID) == flow.fingerprint() | USED | key.0
    }
}

/// Where a trace is kept. All CPUs share it: two that write to one slot at once may leave what one of them wrote and
/// when the other one was. Such a trace fits no query, and is lost like an overwritten one; or it fits one, and gives
/// that a wrong time, which takes an answer between the two writes, nanoseconds apart.
///
/// Of the time 48 bits are kept, three days of nanoseconds: a trace that is three days old to within a minute, and was
/// never overwritten, would pass for one of this minute with the same addresses, ports and id.
#[derive(Clone, Debug)]
#[repr(C)]
pub(super) struct Slot {
    what: Shared<u64>,
    time: Shared<u64>,
}

const _: () = assert!(size_of::<Slot>() == 16);

impl Slot {
    pub(super) const fn empty() -> Self {
        Self {
            what: Shared::new(0),
            time: Shared::new(0),
        }
    }

    pub(super) const fn of_words([what, time]: [u64; 2]) -> Self {
        Self {
            what: Shared::new(what),
            time: Shared::new(time),
        }
    }

    /// The first word of the trace that is there.
    #[inline(always)]
    pub(super) fn what(&self) -> What {
        What(self.what.get())
    }

    /// The trace that is there.
    #[inline(always)]
    pub(super) fn get(&self, now_ns: u64) -> Trace {
        let time = self.time.get();
        Trace {
            what: self.what.get(),
            time_ns: near(time >> ACKNOWLEDGMENT_BITS, now_ns),
            acknowledgment: time & ACKNOWLEDGMENT,
        }
    }

    /// Puts another one there.
    #[inline(always)]
    pub(super) fn set(&self, trace: Trace) {
        self.what.set(trace.what);
        self.time
            .set(trace.time_ns << ACKNOWLEDGMENT_BITS | trace.acknowledgment);
    }

    /// Notes that an answer came to the query whose trace was found here. If another CPU has put one of another query
    /// here meanwhile, that one is overwritten.
    #[inline(always)]
    pub(super) fn mark_answered(&self, trace: Trace) {
        self.what.set(trace.what | ANSWERED);
    }

    /// The same for a verified error.
    #[inline(always)]
    pub(super) fn mark_failed(&self, trace: Trace) {
        self.what.set(trace.what | FAILED);
    }
}

/// How far a trace may be ahead of now: another CPU may have written it a moment after this one's now. A time that would be
/// further ahead is the one three days before.
const AHEAD_NS: u64 = TRACE_LIFETIME_NS;

/// The last moment that has these lower bits, up to so far ahead of now.
#[inline(always)]
const fn near(time: u64, now_ns: u64) -> u64 {
    let last = now_ns.wrapping_add(AHEAD_NS);
    let before = last.wrapping_sub(time) << ACKNOWLEDGMENT_BITS >> ACKNOWLEDGMENT_BITS;
    last.wrapping_sub(before)
}
