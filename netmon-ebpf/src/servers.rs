//! What the programs remember of each server, so that they tell user space enough, and not too much.

use aya_ebpf::bindings::BPF_NOEXIST;
use aya_ebpf::btf_maps::{HashMap, PerCpuArray};
use aya_ebpf::macros::btf_map;
use netmon_common::Address;
use netmon_common::limits;

/// A server. All CPUs share it, without a lock: what they write at once may be lost, which makes one event more
/// or less.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Server {
    /// When it last answered anybody, by the monotonic clock; 0 for never.
    pub last_answer_ns: u64,
    /// When it was last the subject of a verified error.
    pub last_failure_ns: u64,
    /// Events sent in the present second, by kind.
    budget: Budget,
}

/// What may be sent in a second.
#[derive(Clone, Copy)]
#[repr(C)]
struct Budget {
    second: u64,
    used: [u32; 4],
}

/// Kinds of events that are limited apart, so that none crowds out another.
#[derive(Clone, Copy)]
#[repr(u8)]
pub enum Limited {
    /// Errors.
    Failures = 0,
    /// Queries.
    Queries = 1,
    /// Answers that say that the server failed.
    FailedAnswers = 2,
    /// Other answers.
    Answers = 3,
}

static NEW: Server = Server {
    last_answer_ns: 0,
    last_failure_ns: 0,
    budget: Budget {
        second: 0,
        used: [0; 4],
    },
};

#[btf_map]
static SERVERS: HashMap<Address, Server, { limits::DESTINATIONS as usize }> = HashMap::new();

/// Servers of whose answers user space wants to know: those with an open incident.
#[btf_map]
static WATCHLIST: HashMap<Address, u32, { limits::WATCHED_SERVERS as usize }> = HashMap::new();

/// What a CPU may send of errors that nothing verifies: anybody can forge those.
#[btf_map]
static UNVERIFIED: PerCpuArray<Budget, 1> = PerCpuArray::new();

/// What a CPU may send of samples, for all servers together.
#[btf_map]
static SAMPLES: PerCpuArray<Budget, 1> = PerCpuArray::new();

/// The server, if it was ever asked.
#[inline(always)]
pub fn find(address: &Address) -> Option<&'static mut Server> {
    let server = SERVERS.get_ptr_mut(address)?;
    // SAFETY: entries are never removed, and any bytes are a server.
    Some(unsafe { &mut *server })
}

/// The server, which is being asked; `None` when the table is full.
#[inline(always)]
pub fn find_or_insert(address: &Address) -> Option<&'static mut Server> {
    if let Some(known) = find(address) {
        return Some(known);
    }
    // An error is either that another CPU was first, or that the table is full.
    let _found_or_full = SERVERS.insert(address, &NEW, u64::from(BPF_NOEXIST));
    find(address)
}

/// Whether user space wants to know of the server's answers.
#[inline(always)]
pub fn is_on_watchlist(address: &Address) -> bool {
    WATCHLIST.get_ptr(address).is_some()
}

/// Whether a server that answered last at `last_answer_ns` (0: never) has not for a second: a query may be one that
/// fails.
#[inline(always)]
pub fn is_quiet(last_answer_ns: u64, now_ns: u64) -> bool {
    now_ns.wrapping_sub(last_answer_ns) > limits::QUIET_NS
}

impl Server {
    /// Takes one event of the present second's; `false` when they are used up.
    #[inline(always)]
    pub fn may_send(&mut self, what: Limited, now_ns: u64) -> bool {
        self.budget.take(what as usize, limits::EVENTS_PER_SERVER, now_ns)
    }
}

impl Budget {
    #[inline(always)]
    fn take(&mut self, place: usize, most: u32, now_ns: u64) -> bool {
        // A power of two near a second: divisions are slow.
        let second = now_ns >> 30;
        if self.second != second {
            self.second = second;
            self.used = [0; 4];
        }
        let Some(used) = self.used.get_mut(place) else {
            return false;
        };
        if *used >= most {
            return false;
        }
        *used += 1;
        true
    }
}

/// Takes one of the errors that nothing verifies.
#[inline(always)]
pub fn may_send_unverified(now_ns: u64) -> bool {
    take(UNVERIFIED.get_ptr_mut(0), limits::UNVERIFIED_PER_CPU, now_ns)
}

/// Takes one of this CPU's samples.
#[inline(always)]
pub fn may_send_sample(now_ns: u64) -> bool {
    take(SAMPLES.get_ptr_mut(0), limits::SAMPLES_PER_CPU, now_ns)
}

#[inline(always)]
fn take(budget: Option<*mut Budget>, most: u32, now_ns: u64) -> bool {
    let Some(budget) = budget else { return false };
    // SAFETY: the slot belongs to this CPU alone while the program runs.
    unsafe { (*budget).take(0, most, now_ns) }
}
