//! What the programs remember of each server, so that they tell user space enough, and not too much.

use aya_ebpf::bindings::BPF_NOEXIST;
use aya_ebpf::btf_maps::{HashMap, PerCpuArray};
use aya_ebpf::macros::btf_map;
use netmon_common::limits;
use netmon_common::{Address, ClientSet, Transport};

/// A server. All CPUs share it, without a lock: what they write at once may be lost, which makes one event more
/// or less.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Server {
    /// When it last answered anybody over UDP, by the boot clock; 0 for never.
    last_udp_answer_ns: u64,
    /// The same over TCP: where one is rejected, the answers over the other tell nothing.
    last_tcp_answer_ns: u64,
    /// When it was last the subject of a verified error.
    last_failure_ns: u64,
    /// When it last answered SERVFAIL or REFUSED.
    pub last_fault_ns: u64,
    /// Whom verified errors were about: that they get answers again ends an incident.
    hit: ClientSet,
    /// Events sent in the present second, by kind.
    budget: Budget,
}

/// What may be sent in a second.
#[derive(Clone, Copy)]
#[repr(C)]
struct Budget {
    second: u32,
    /// By [`Limited`]; the last ones are not used.
    used: [u16; 6],
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
    /// Other answers to clients that errors were about.
    AnswersToHit = 3,
    /// Other answers.
    Answers = 4,
}

static NEW: Server = Server {
    last_udp_answer_ns: 0,
    last_tcp_answer_ns: 0,
    last_failure_ns: 0,
    last_fault_ns: 0,
    hit: ClientSet::EMPTY,
    budget: Budget::NEW,
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

impl Server {
    /// When it last answered anybody, by the boot clock; 0 for never.
    #[inline(always)]
    pub fn last_answer_ns(&self, transport: Transport) -> u64 {
        match transport {
            Transport::Udp => self.last_udp_answer_ns,
            Transport::Tcp => self.last_tcp_answer_ns,
        }
    }

    /// Takes an answer.
    #[inline(always)]
    pub fn note_answer(&mut self, transport: Transport, now_ns: u64) {
        match transport {
            Transport::Udp => self.last_udp_answer_ns = now_ns,
            Transport::Tcp => self.last_tcp_answer_ns = now_ns,
        }
    }

    /// Whether a query may be one that fails: the server has not answered for a second, or has answered within
    /// one that it failed. (Such an answer may say nothing else, not even what was asked.)
    #[inline(always)]
    pub fn may_fail(&self, transport: Transport, now_ns: u64) -> bool {
        now_ns.wrapping_sub(self.last_answer_ns(transport)) > limits::QUIET_NS
            || self.has_failed_answers(now_ns)
    }

    /// Whether it answered within a second that it failed.
    #[inline(always)]
    pub fn has_failed_answers(&self, now_ns: u64) -> bool {
        now_ns.wrapping_sub(self.last_fault_ns) < limits::QUIET_NS
    }

    /// Takes a verified error about a query of that client.
    #[inline(always)]
    pub fn note_failure(&mut self, client: Address, now_ns: u64) {
        if now_ns.wrapping_sub(self.last_failure_ns) > limits::HIT_NS {
            self.hit = ClientSet::EMPTY;
        }
        self.hit.insert(client);
        self.last_failure_ns = now_ns;
    }

    /// Whether there is anything to tell of the server's good answers.
    #[inline(always)]
    pub fn has_failed(&self) -> bool {
        self.last_failure_ns != 0
    }

    /// What a good answer to that client is limited as: it must not be crowded out by those to others.
    #[inline(always)]
    pub fn limited_as(&self, client: Address) -> Limited {
        if self.hit.may_have(client) {
            Limited::AnswersToHit
        } else {
            Limited::Answers
        }
    }

    /// Takes one event of the present second's; `false` when they are used up.
    #[inline(always)]
    pub fn may_send(&mut self, what: Limited, now_ns: u64) -> bool {
        self.budget.take(what as usize, limits::EVENTS_PER_SERVER, now_ns)
    }
}

impl Budget {
    const NEW: Self = Self {
        second: 0,
        used: [0; 6],
    };

    #[inline(always)]
    fn take(&mut self, place: usize, most: u16, now_ns: u64) -> bool {
        // A power of two near a second: divisions are slow.
        let second = (now_ns >> 30) as u32;
        if self.second != second {
            self.second = second;
            self.used = Self::NEW.used;
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
fn take(budget: Option<*mut Budget>, most: u16, now_ns: u64) -> bool {
    let Some(budget) = budget else { return false };
    // SAFETY: the slot belongs to this CPU alone while the program runs.
    unsafe { (*budget).take(0, most, now_ns) }
}
