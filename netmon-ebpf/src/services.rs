//! What the programs remember of each service, all CPUs together, so that they tell user space enough, and not too much;
//! and which place each has in the arrays that are kept by service.

use aya_ebpf::bindings::{BPF_F_NO_PREALLOC, BPF_NOEXIST};
use aya_ebpf::btf_maps::{Array, HashMap, Queue};
use aya_ebpf::macros::btf_map;
use netmon_common::records::ServiceKey;
use netmon_common::{Address, ClientSet, Shared, limits};

use crate::budget::{Budget, Limited};
use crate::destinations::PerCpuEntry;
use crate::exchange::Exchange;
use crate::packet_scratch::PacketScratch;
use crate::settings::wants_iterative;

/// A service. All CPUs share it, without a lock, word by word: of two that write one word at once the last one wins. That
/// costs at most one event more or less for each CPU and second, or one client of `failed_clients`, which its next error
/// takes in again.
#[repr(C)]
pub struct Service {
    /// When it last answered anybody, by the boot clock; 0 for never.
    last_answer_ns: Shared<u64>,
    /// When it was last the subject of a verified error.
    last_failure_ns: Shared<u64>,
    /// When it last answered that it could not do what it was asked.
    last_fault_ns: Shared<u64>,
    /// Whom verified errors were about: that they get answers again ends an incident.
    failed_clients: Shared<ClientSet>,
    /// To whom answers were reported lately: user space is to know of each client that is served.
    reported_clients: Shared<ClientSet>,
    /// Since when, in units of 2^33 ns.
    reported_since: Shared<u32>,
    /// Events sent in the present second, by kind.
    budget: Budget,
}

/// Which place each service has. A place that user space takes back is first removed here, and given back to
/// `FREE_PLACES` when no program can still use it.
#[btf_map]
static PLACES: HashMap<ServiceKey, u64, { limits::SERVICES as usize }> = HashMap::new();

/// The places that nobody has; user space fills it.
#[btf_map]
static FREE_PLACES: Queue<u32, { limits::SERVICES as usize }> = Queue::new();

/// The services, by place.
#[btf_map]
static SERVICES: Array<Service, { limits::SERVICES as usize }> = Array::new();

/// Servers of whose answers user space wants to know: those with an open incident.
#[btf_map]
static WATCHLIST: HashMap<
    Address,
    u32,
    { limits::WATCHED_SERVERS as usize },
    { BPF_F_NO_PREALLOC as usize },
> = HashMap::new();

/// In place of a place: there is none. (No option: the compiler would leave half of it undefined.)
pub const NO_PLACE: u32 = u32::MAX;

/// What is to be done about a service that has no place.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Missing {
    /// Nothing.
    Ignore = 0,
    /// It is asked now, and gets one.
    Insert = 1,
}

/// The place of the service that the exchange belongs to, which is the noted one; `entry` is this CPU's of its server, where the place is
/// remembered. Queries with RD = 0 have places of their own, and only where user space wants them.
#[inline(always)]
pub fn place(
    exchange: &Exchange,
    entry: Option<PerCpuEntry>,
    ifindex: u32,
    is_iterative: bool,
    missing: Missing,
) -> u32 {
    let (transport, port) = (exchange.transport, exchange.server_port);
    if is_iterative || exchange.server.is_link_local() {
        return look_up(ifindex, is_iterative, missing);
    }
    let Some(entry) = entry else {
        return look_up(ifindex, false, missing);
    };
    let known = entry.place(transport, port);
    if known != NO_PLACE {
        return known;
    }
    let place = look_up(ifindex, false, missing);
    if place != NO_PLACE {
        entry.remember_place(transport, port, place);
    }
    place
}

#[inline(always)]
fn look_up(ifindex: u32, is_iterative: bool, missing: Missing) -> u32 {
    netmon_place(ifindex, u32::from(is_iterative), missing as u32)
}

/// Looks for the place of the service of the exchange that is noted in this CPU's scratch. A function that the verifier looks
/// at once (`traces.rs`).
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn netmon_place(ifindex: u32, is_iterative: u32, missing: u32) -> u32 {
    let Some(scratch) = PacketScratch::of_this_cpu() else {
        return NO_PLACE;
    };
    // SAFETY: the slot is there and belongs to this program while it runs; nobody writes to this part meanwhile.
    let exchange = unsafe { &(*scratch).exchange };
    let is_iterative = is_iterative != 0;
    let key = ServiceKey::new(
        exchange.server,
        exchange.server_port,
        exchange.transport,
        ifindex,
        is_iterative,
    );
    let known = find(&key);
    let is_wanted = missing == Missing::Insert as u32 && (!is_iterative || wants_iterative());
    if known != NO_PLACE || !is_wanted {
        return known;
    }
    let Ok(Some(free)) = FREE_PLACES.pop() else {
        return NO_PLACE;
    };
    if PLACES
        .insert(&key, &u64::from(free), u64::from(BPF_NOEXIST))
        .is_err()
    {
        // Another CPU was first.
        let _there_is_room = FREE_PLACES.push(&free, 0);
    }
    find(&key)
}

#[inline(always)]
fn find(key: &ServiceKey) -> u32 {
    // SAFETY: the value is copied at once. User space removes an entry before its place is used again.
    match unsafe { PLACES.get(key) } {
        Some(place) => *place as u32,
        None => NO_PLACE,
    }
}

/// The service at a place.
#[inline(always)]
pub fn at(place: u32) -> Option<&'static Service> {
    SERVICES.get(place)
}

/// Whether user space wants to know of the server's answers.
#[inline(always)]
pub fn is_on_watchlist(address: &Address) -> bool {
    WATCHLIST.get_ptr(address).is_some()
}

impl Service {
    /// When it last answered anybody, by the boot clock; 0 for never.
    #[inline(always)]
    pub fn last_answer_ns(&self) -> u64 {
        self.last_answer_ns.get()
    }

    /// Takes an answer.
    #[inline(always)]
    pub fn note_answer(&self, now_ns: u64) {
        self.last_answer_ns.set(now_ns);
    }

    /// Takes an answer that says that the server could not do what it was asked.
    #[inline(always)]
    pub fn note_fault(&self, now_ns: u64) {
        self.last_fault_ns.set(now_ns);
    }

    /// Whether a query may be one that fails: the service has not answered for a second, or has answered within
    /// one that it failed. (Such an answer may say nothing else, not even what was asked.)
    #[inline(always)]
    pub fn may_fail(&self, now_ns: u64) -> bool {
        now_ns.wrapping_sub(self.last_answer_ns()) > limits::QUIET_NS || self.has_failed_answers(now_ns)
    }

    /// Whether it answered within a second that it failed.
    #[inline(always)]
    pub fn has_failed_answers(&self, now_ns: u64) -> bool {
        now_ns.wrapping_sub(self.last_fault_ns.get()) < limits::QUIET_NS
    }

    /// Whether a verified error came about it within a second: user space may not have put it on the watch list yet.
    #[inline(always)]
    pub fn failed_lately(&self, now_ns: u64) -> bool {
        now_ns.wrapping_sub(self.last_failure_ns.get()) < limits::QUIET_NS
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

    /// What a good answer to that client is limited as: it must not be crowded out by those to others.
    #[inline(always)]
    pub fn limited_as(&self, client: Address) -> Limited {
        if self.failed_clients.get().may_have(client) {
            Limited::AnswersToFailedClients
        } else {
            Limited::Answers
        }
    }

    /// Whether an answer to that client was reported in these eight seconds.
    #[inline(always)]
    pub fn has_reported(&self, client: Address, now_ns: u64) -> bool {
        let now = (now_ns >> 33) as u32;
        if self.reported_since.get() != now {
            self.reported_since.set(now);
            self.reported_clients.set(ClientSet::EMPTY);
        }
        self.reported_clients.get().may_have(client)
    }

    /// Notes that one is.
    #[inline(always)]
    pub fn note_reported(&self, client: Address) {
        let mut clients = self.reported_clients.get();
        clients.insert(client);
        self.reported_clients.set(clients);
    }

    /// Takes one event of the present second's; `false` when they are used up.
    #[inline(always)]
    pub fn may_send(&self, what: Limited, now_ns: u64) -> bool {
        self.budget.may_send(what, now_ns)
    }
}
