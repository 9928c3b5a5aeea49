//! What became of the queries of each service, by the second in which they were sent (`records/service.rs`).

use core::ptr::NonNull;

use aya_ebpf::btf_maps::PerCpuArray;
use aya_ebpf::macros::btf_map;
use netmon_common::limits::SERVICES;
use netmon_common::records::{COUNTED_FOR, Exchanges, SECONDS, Second};

const SECOND_NS: u64 = 1_000_000_000;

#[btf_map]
static EXCHANGES: PerCpuArray<Exchanges, { SERVICES as usize }> = PerCpuArray::new();

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
        NonNull::new(EXCHANGES.get_ptr_mut(number)?).map(Self)
    }

    #[inline(always)]
    fn second(self, sent_ns: u64) -> *mut Second {
        let second = (sent_ns / SECOND_NS) as usize & (SECONDS - 1);
        // SAFETY: it is one of the seconds.
        unsafe { (&raw mut (*self.0.as_ptr()).seconds).cast::<Second>().add(second) }
    }

    /// A query was sent now.
    #[inline(always)]
    pub fn asked(self, now_ns: u64) {
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
            let second = self.second(sent_ns);
            // SAFETY: as above.
            unsafe { (*second).asked = (*second).asked.wrapping_sub(1) };
        }
    }

    /// A query that was sent then is answered, perhaps after a verified error about it. Returns whether that second still
    /// counts.
    #[inline(always)]
    pub fn answered(self, sent_ns: u64, now_ns: u64, answer: Answer, has_failed: bool) -> bool {
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
    pub fn failed(self, sent_ns: u64, now_ns: u64, code: u8) -> bool {
        // SAFETY: as above; the code is one of six.
        unsafe {
            let errors = (&raw mut (*self.0.as_ptr()).errors)
                .cast::<u32>()
                .add(usize::from(code) & 7);
            *errors = (*errors).wrapping_add(1);
        }
        if !is_counted(sent_ns, now_ns) {
            return false;
        }
        let second = self.second(sent_ns);
        // SAFETY: as above.
        unsafe { (*second).failed = (*second).failed.wrapping_add(1) };
        true
    }
}

/// Whether the second in which a query was sent still has its counters.
#[inline(always)]
fn is_counted(sent_ns: u64, now_ns: u64) -> bool {
    now_ns.saturating_sub(sent_ns) < u64::from(COUNTED_FOR) * SECOND_NS
}
