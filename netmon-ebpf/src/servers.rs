//! What the programs remember of each server, so that they tell user space enough, and not too much.

use aya_ebpf::bindings::BPF_NOEXIST;
use aya_ebpf::btf_maps::{HashMap, PerCpuArray};
use aya_ebpf::macros::btf_map;
use netmon_common::limits;
use netmon_common::{Address, ClientSet, Shared, Transport};

/// A server. All CPUs share it, without a lock, word by word: of two that write one word at once the last one wins. That
/// costs at most one event more or less for each CPU and second, or one client of `failed_clients`, which its next error
/// takes in again.
#[repr(C)]
pub struct Server {
    /// When it last answered anybody over UDP, by the boot clock; 0 for never.
    last_udp_answer_ns: Shared<u64>,
    /// The same over TCP: where one is rejected, the answers over the other tell nothing.
    last_tcp_answer_ns: Shared<u64>,
    /// When it was last the subject of a verified error.
    last_failure_ns: Shared<u64>,
    /// When it last answered SERVFAIL or REFUSED.
    last_fault_ns: Shared<u64>,
    /// Whom verified errors were about: that they get answers again ends an incident.
    failed_clients: Shared<ClientSet>,
    /// Events sent in the present second, by kind.
    budget: Budget,
}

/// What may be sent in a second.
#[repr(C)]
struct Budget {
    second: Shared<u32>,
    /// By [`Limited`]; the last ones are not used.
    used: [Shared<u16>; KINDS],
}

const KINDS: usize = 6;

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
    AnswersToFailedClients = 3,
    /// Other answers.
    Answers = 4,
}

/// What a new server starts with. Not on the stack, which is small.
static NEW: Constant<Server> = Constant(Server {
    last_udp_answer_ns: Shared::new(0),
    last_tcp_answer_ns: Shared::new(0),
    last_failure_ns: Shared::new(0),
    last_fault_ns: Shared::new(0),
    failed_clients: Shared::new(ClientSet::EMPTY),
    budget: Budget {
        second: Shared::new(0),
        used: [const { Shared::new(0) }; KINDS],
    },
});

/// What is copied from and never written to.
struct Constant<T>(T);

// SAFETY: it is never written to.
unsafe impl<T> Sync for Constant<T> {}

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
pub fn find(address: &Address) -> Option<&'static Server> {
    // SAFETY: entries are never removed, any bytes are a server, and all that is written to it are shared words.
    unsafe { SERVERS.get(address) }
}

/// The server, which is being asked; `None` when the table is full.
#[inline(always)]
pub fn find_or_insert(address: &Address) -> Option<&'static Server> {
    if let Some(known) = find(address) {
        return Some(known);
    }
    // An error is either that another CPU was first, or that the table is full.
    let _found_or_full = SERVERS.insert(address, &NEW.0, u64::from(BPF_NOEXIST));
    find(address)
}

/// Whether user space wants to know of the server's answers.
#[inline(always)]
pub fn is_on_watchlist(address: &Address) -> bool {
    WATCHLIST.get_ptr(address).is_some()
}

impl Server {
    #[inline(always)]
    fn last_answer(&self, transport: Transport) -> &Shared<u64> {
        match transport {
            Transport::Udp => &self.last_udp_answer_ns,
            Transport::Tcp => &self.last_tcp_answer_ns,
        }
    }

    /// When it last answered anybody, by the boot clock; 0 for never.
    #[inline(always)]
    pub fn last_answer_ns(&self, transport: Transport) -> u64 {
        self.last_answer(transport).get()
    }

    /// Takes an answer.
    #[inline(always)]
    pub fn note_answer(&self, transport: Transport, now_ns: u64) {
        self.last_answer(transport).set(now_ns);
    }

    /// Takes an answer that says that the server failed.
    #[inline(always)]
    pub fn note_fault(&self, now_ns: u64) {
        self.last_fault_ns.set(now_ns);
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
        now_ns.wrapping_sub(self.last_fault_ns.get()) < limits::QUIET_NS
    }

    /// Takes a verified error about a query of that client.
    #[inline(always)]
    pub fn note_failure(&self, client: Address, now_ns: u64) {
        let mut clients = self.failed_clients.get();
        if now_ns.wrapping_sub(self.last_failure_ns.get()) > limits::FAILED_CLIENTS_NS {
            clients = ClientSet::EMPTY;
        }
        clients.insert(client);
        self.failed_clients.set(clients);
        self.last_failure_ns.set(now_ns);
    }

    /// Whether there is anything to tell of the server's good answers.
    #[inline(always)]
    pub fn has_failed(&self) -> bool {
        self.last_failure_ns.get() != 0
    }

    /// What a good answer to that client is limited as: it must not be crowded out by those to others.
    #[inline(always)]
    pub fn limited_as(&self, client: Address) -> Limited {
        if self.failed_clients.get().may_have(client) {
            Limited::AnswersToFailedClients
        } else {
            Limited::Answers
        }
    }

    /// Takes one event of the present second's; `false` when they are used up.
    #[inline(always)]
    pub fn may_send(&self, what: Limited, now_ns: u64) -> bool {
        self.budget.take(what as usize, limits::EVENTS_PER_SERVER, now_ns)
    }
}

impl Budget {
    #[inline(always)]
    fn take(&self, place: usize, most: u16, now_ns: u64) -> bool {
        // A power of two near a second: divisions are slow.
        let second = (now_ns >> 30) as u32;
        if self.second.get() != second {
            self.second.set(second);
            self.used.iter().for_each(|used| used.set(0));
        }
        let Some(used) = self.used.get(place) else {
            return false;
        };
        let sent = used.get();
        if sent >= most {
            return false;
        }
        used.set(sent + 1);
        true
    }
}

/// Takes one of the errors that nothing verifies.
#[inline(always)]
pub fn may_send_unverified(now_ns: u64) -> bool {
    take(UNVERIFIED.get(0), limits::UNVERIFIED_PER_CPU, now_ns)
}

/// Takes one of this CPU's samples.
#[inline(always)]
pub fn may_send_sample(now_ns: u64) -> bool {
    take(SAMPLES.get(0), limits::SAMPLES_PER_CPU, now_ns)
}

#[inline(always)]
fn take(budget: Option<&Budget>, most: u16, now_ns: u64) -> bool {
    budget.is_some_and(|budget| budget.take(0, most, now_ns))
}
