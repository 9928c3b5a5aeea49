//! Places in arrays: which destination, service or server has which, and how a new one gets one.
//!
//! An index finds the place of a key. A CPU may remember it beside its counters, so that it need not look again. User space
//! takes a place back in steps (`netmon/src/kernel/places`): it removes the key from the index, waits until no program runs any
//! more that has found it there, sets back what CPUs remember, and waits again. Only then does it read the counters, set them to
//! zero, and put the place among the free ones. So no count is lost, and none is another's.

use aya_ebpf::Global;
use aya_ebpf::bindings::{BPF_F_MMAPABLE, BPF_NOEXIST};
use aya_ebpf::btf_maps::{Array, HashMap, Queue};
use aya_ebpf::helpers::{bpf_get_smp_processor_id, bpf_jiffies64};
use aya_ebpf::macros::btf_map;
use netmon_common::Shared;
use netmon_common::records::{NO_PLACE, Owner, Retired};

/// User space reads these arrays as memory, without a system call.
pub const MAPPED: usize = BPF_F_MMAPABLE as usize;

/// Whether some places are kept for some (1). Set before loading.
#[unsafe(no_mangle)]
static APART: Global<u32> = Global::new(1);

/// What was counted for those that have lost their places. User space writes it; here it is so that it is found.
#[btf_map]
static RETIRED: Array<Retired, 2, MAPPED> = Array::new();

/// Whether what is only named has places of its own.
#[inline(always)]
pub fn are_apart() -> bool {
    APART.load() != 0
}

/// Where this CPU's entry of a place is, in an array that has so many `places` for each CPU: those of one CPU lie together, so that
/// two CPUs share no cache line but the one where they meet. It belongs to this CPU alone while a program runs, because programs run with bottom halves
/// off and do not nest.
#[inline(always)]
pub fn of_this_cpu(place: u32, places: u32) -> u32 {
    // SAFETY: it only says which CPU this is.
    unsafe { bpf_get_smp_processor_id() }
        .wrapping_mul(places)
        .wrapping_add(place)
}

/// The place of a key.
#[inline(always)]
pub fn find<K, const N: usize>(index: &HashMap<K, u64, N>, key: &K) -> u32 {
    // SAFETY: the value is copied at once, and it is the same as long as the key is there.
    match unsafe { index.get(key) } {
        Some(place) => *place as u32,
        None => NO_PLACE,
    }
}

/// When a queue was last found to be empty. Whoever floods a server with new addresses would have each CPU ask for its lock with
/// each packet; so it is asked again in the next tick of the clock only. All CPUs share it, and a lost note costs one look more.
pub struct Dry(Shared<u64>);

// SAFETY: a word that is read and written at once, see its type.
unsafe impl Sync for Dry {}

impl Dry {
    pub const fn new() -> Self {
        Self(Shared::new(0))
    }
}

/// The clock's tick.
#[inline(always)]
fn tick() -> u64 {
    // SAFETY: it reads a clock.
    unsafe { bpf_jiffies64() }
}

/// Gives the key one of these free places; `false` if there is none. Where another CPU was first, the key has that one.
#[inline(always)]
pub fn give<K: Copy, const N: usize>(
    index: &HashMap<K, u64, N>,
    free: &Queue<u32, N>,
    dry: &Dry,
    owners: &Array<Owner<K>, N, MAPPED>,
    key: &K,
) -> bool {
    if dry.0.get() == tick() {
        return false;
    }
    let Ok(Some(place)) = free.pop() else {
        dry.0.set(tick());
        return false;
    };
    let Some(owner) = owners.get_ptr_mut(place) else {
        return false;
    };
    // SAFETY: nobody else has the place, and what user space reads of it before it is taken means nothing.
    unsafe { copy(key, &raw mut (*owner).key) };
    if index
        .insert(key, &u64::from(place), u64::from(BPF_NOEXIST))
        .is_ok()
    {
        // SAFETY: a word that is shared, see its type.
        unsafe { (*owner).state.set(Owner::<K>::TAKEN) };
    } else {
        let _there_is_room = free.push(&place, 0);
    }
    true
}

/// Copies a key, by words of 32 bits: the compiler would take longer ones, and the verifier insists that these are aligned on the
/// stack.
#[inline(always)]
unsafe fn copy<K: Copy>(from: *const K, to: *mut K) {
    const { assert!(size_of::<K>().is_multiple_of(4) && align_of::<K>() == 4) };
    for word in 0..size_of::<K>() / 4 {
        // SAFETY: the caller has both, and the word is inside.
        unsafe {
            to.cast::<u32>()
                .add(word)
                .write_volatile(from.cast::<u32>().add(word).read_volatile());
        }
    }
}
