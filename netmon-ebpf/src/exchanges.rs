//! What became of the queries of each service, by the second in which they were sent (`records/service.rs`).

use core::ptr::NonNull;

use aya_ebpf::btf_maps::Array;
use aya_ebpf::macros::btf_map;
use netmon_common::limits::SERVICES;
use netmon_common::records::{COUNTED_FOR, Exchanges, SECONDS, Second};

use crate::places::{self, MAPPED};

const SECOND_NS: u64 = 1_000_000_000;

/// Of each place one entry for each CPU.
#[btf_map]
static EXCHANGES: Array<Exchanges, { SERVICES as usize }, MAPPED> = Array::new();

/// The counters of a service on this CPU, which belong to it alone while a program runs. A pointer: there may be several
/// to one place.
#[derive(Clone, Copy)]
pub struct Place(NonNull<Exchanges>);

/// What an answer says.
#[derive(Clone, Copy)]
pub struct Answer {
    /// Its rcode, as a number.
    pub rcode: u8,
    /// Whether it says that the server could not do what it was asked.
    pub is_fault: bool,
}

impl Place {
    /// The one with this number.
    #[inline(always)]
    pub fn at(number: u32) -> Option<Self> {
        let entry = EXCHANGES.get_ptr_mut(places::of_this_cpu(number, SERVICES))?;
        NonNull::new(entry).map(Self)
    }

    #[inline(always)]
    fn second(self, sent_ns: u64) -> *mut Second {
        let second = (sent_ns / SECOND_NS) as usize & (SECONDS - 1);
        // SAFETY: it is one of the seconds.
        unsafe { (&raw mut (*self.0.as_ptr()).seconds).cast::<Second>().add(second) }
    }

    #[inline(always)]
    fn note_change(self) {
        // SAFETY: it belongs to this CPU.
        unsafe { (*self.0.as_ptr()).changes = (*self.0.as_ptr()).changes.wrapping_add(1) };
    }

    /// A query was sent now.
    #[inline(always)]
    pub fn asked(self, now_ns: u64) {
        self.note_change();
        let second = self.second(now_ns);
        // SAFETY: both belong to this CPU.
        unsafe {
            (*second).asked = (*second).asked.wrapping_add(1);
            (*self.0.as_ptr()).queries = (*self.0.as_ptr()).queries.wrapping_add(1);
        }
    }

    /// A SYN that was sent then is acknowledged: from now on its queries count.
    #[inline(always)]
    pub fn connected(self, sent_ns: u64, now_ns: u64) {
        if is_counted(sent_ns, now_ns) {
            self.note_change();
            let second = self.second(sent_ns);
            // SAFETY: as above.
            unsafe { (*second).asked = (*second).asked.wrapping_sub(1) };
        }
    }

    /// A query that was sent then is answered, perhaps after a verified error about it. Returns whether that second still
    /// counts.
    #[inline(always)]
    pub fn answered(self, sent_ns: u64, now_ns: u64, answer: Answer, has_failed: bool) -> bool {
        self.note_change();
        // SAFETY: as above; the mask keeps it inside.
        unsafe {
            let answers = (&raw mut (*self.0.as_ptr()).answers)
                .cast::<u32>()
                .add(usize::from(answer.rcode) & 7);
            *answers = (*answers).wrapping_add(1);
        }
        if !is_counted(sent_ns, now_ns) {
            return false;
        }
        let second = self.second(sent_ns);
        // SAFETY: as above.
        unsafe {
            (*second).answered = (*second).answered.wrapping_add(1);
            if answer.is_fault {
                (*second).faults = (*second).faults.wrapping_add(1);
            }
            if has_failed {
                (*second).failed = (*second).failed.wrapping_sub(1);
            }
        }
        true
    }

    /// A verified error came about a query that was sent then. Returns whether that second still counts.
    #[inline(always)]
    pub fn failed(self, sent_ns: u64, now_ns: u64) -> bool {
        self.note_change();
        if !is_counted(sent_ns, now_ns) {
            return false;
        }
        let second = self.second(sent_ns);
        // SAFETY: as above.
        unsafe { (*second).failed = (*second).failed.wrapping_add(1) };
        true
    }

    /// No event reports a verified error with this code.
    #[inline(always)]
    pub fn untold(self, code: u8) {
        self.note_change();
        // SAFETY: as above; the code is one of six, and two words more belong to the entry.
        unsafe {
            let untold = (&raw mut (*self.0.as_ptr()).untold)
                .cast::<u32>()
                .add(usize::from(code) & 7);
            *untold = (*untold).wrapping_add(1);
        }
    }
}

impl Place {
    /// A query that was sent then found no place, and what became of it has one now.
    #[inline(always)]
    pub fn was_asked(self, sent_ns: u64, now_ns: u64) {
        if is_counted(sent_ns, now_ns) {
            self.asked(sent_ns);
        }
    }
}

/// Whether the second in which a query was sent still has its counters.
#[inline(always)]
fn is_counted(sent_ns: u64, now_ns: u64) -> bool {
    now_ns.saturating_sub(sent_ns) < u64::from(COUNTED_FOR) * SECOND_NS
}
