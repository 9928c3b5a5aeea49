//! What the programs remember of each service, all CPUs together, so that they tell user space enough, and not too much;
//! and which place each has in the arrays that are kept by service.

use aya_ebpf::bindings::BPF_F_NO_PREALLOC;
use aya_ebpf::btf_maps::{Array, HashMap, Queue};
use aya_ebpf::macros::btf_map;
use netmon_common::records::{NO_PLACE, Owner, ServiceKey};
use netmon_common::{Address, ClientSet, Shared, limits};

use crate::budget::{Budget, Limited};
use crate::destinations::PerCpuEntry;
use crate::exchange::Exchange;
use crate::packet_scratch::PacketScratch;
use crate::places::{self, Dry, MAPPED};
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

const PLACES: usize = limits::SERVICES as usize;

/// Which place each service has.
#[btf_map]
static SERVICES: HashMap<ServiceKey, u64, PLACES> = HashMap::new();

/// The free places.
#[btf_map]
static SERVICE_FREE: Queue<u32, PLACES> = Queue::new();

/// Those for services that were seen to answer or to fail, when all others are taken.
#[btf_map]
static SERVICE_SURE: Queue<u32, PLACES> = Queue::new();

static DRY: Dry = Dry::new();
static DRY_SURE: Dry = Dry::new();

#[btf_map]
static SERVICE_OWNERS: Array<Owner<ServiceKey>, PLACES, MAPPED> = Array::new();

/// What is remembered of each service, by place.
#[btf_map]
static SERVICE_STATE: Array<Service, PLACES, MAPPED> = Array::new();

/// Servers of whose answers user space wants to know: those with an open incident.
#[btf_map]
static WATCHLIST: HashMap<
    Address,
    u32,
    { limits::WATCHED_SERVERS as usize },
    { BPF_F_NO_PREALLOC as usize },
> = HashMap::new();

/// What is to be done about a service that has no place.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Missing {
    /// Nothing.
    Ignore = 0,
    /// It is asked now, and gets one.
    Insert = 1,
    /// It was asked, and became of it what nobody can forge: it gets one, if need be of those that are kept for this.
    Sure = 2,
}

/// Set in a place that was given just now.
const NEW: u32 = 1 << 31;

/// A service's place.
#[derive(Clone, Copy)]
pub struct Given {
    /// The place, or [`NO_PLACE`].
    pub place: u32,
    /// Whether it was given just now.
    pub is_new: bool,
}

/// The place of the service that the exchange belongs to, which is the noted one; `entry` is this CPU's of its server, where the place is
/// remembered. Queries with RD = 0 have places of their own, and only where user space wants them.
#[inline(always)]
pub fn place(
    exchange: &Exchange,
    entry: Option<PerCpuEntry>,
    link: u32,
    is_iterative: bool,
    missing: Missing,
) -> Given {
    let (transport, port) = (exchange.transport, exchange.server_port);
    if is_iterative || exchange.server.is_link_local() {
        return look_up(link, is_iterative, missing);
    }
    let Some(entry) = entry else {
        return look_up(link, false, missing);
    };
    let known = entry.place(transport, port);
    if known != NO_PLACE {
        return Given {
            place: known,
            is_new: false,
        };
    }
    let given = look_up(link, false, missing);
    if given.place != NO_PLACE {
        entry.remember_place(transport, port, given.place);
    }
    given
}

#[inline(always)]
fn look_up(link: u32, is_iterative: bool, missing: Missing) -> Given {
    let place = netmon_place(link, u32::from(is_iterative), missing as u32);
    if place == NO_PLACE {
        return Given { place, is_new: false };
    }
    Given {
        place: place & !NEW,
        is_new: place & NEW != 0,
    }
}

/// Looks for the place of the service of the exchange that is noted in this CPU's scratch. A function that the verifier looks
/// at once (`traces.rs`).
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn netmon_place(link: u32, is_iterative: u32, missing: u32) -> u32 {
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
        link,
        is_iterative,
    );
    let known = places::find(&SERVICES, &key);
    let is_wanted = missing != Missing::Ignore as u32 && (!is_iterative || wants_iterative());
    if known != NO_PLACE || !is_wanted {
        return known;
    }
    let is_given = places::give(&SERVICES, &SERVICE_FREE, &DRY, &SERVICE_OWNERS, &key)
        || missing == Missing::Sure as u32
            && places::give(&SERVICES, &SERVICE_SURE, &DRY_SURE, &SERVICE_OWNERS, &key);
    let place = places::find(&SERVICES, &key);
    if is_given && place != NO_PLACE {
        place | NEW
    } else {
        place
    }
}

/// The service at a place.
#[inline(always)]
pub fn at(place: u32) -> Option<&'static Service> {
    SERVICE_STATE.get(place)
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

    /// Whether it may do well, and be asked seldom: it answered a moment ago, and nothing of late says that it fails.
    #[inline(always)]
    pub fn may_do_well(&self, now_ns: u64) -> bool {
        now_ns.wrapping_sub(self.last_answer_ns()) < limits::LONG_QUIET_NS
            && self.does_well(now_ns)
            && !self.failed_lately(now_ns)
    }

    /// Whether all of its answers have been good for as long as shares of failures are looked at.
    #[inline(always)]
    pub fn does_well(&self, now_ns: u64) -> bool {
        now_ns.wrapping_sub(self.last_fault_ns.get()) > limits::FAILED_ANSWERS_NS
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

    /// Whether a query of the present second's may be sent.
    #[inline(always)]
    pub fn has_queries(&self, now_ns: u64) -> bool {
        self.budget.has_queries(now_ns)
    }

    /// Takes one event of the present second's; `false` when they are used up.
    #[inline(always)]
    pub fn may_send(&self, what: Limited, now_ns: u64) -> bool {
        self.budget.may_send(what, now_ns)
    }
}
