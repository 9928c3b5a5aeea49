//! The keys and values of the maps and of the ring, as both sides see them.
//!
//! Integers and byte arrays only, no implicit padding, so that a record read back from the kernel is
//! always valid and `bpftool map dump` shows it by name. Counters are `u64`: they do not wrap in years.

mod asker;
mod destination;
mod event;
mod interface;
mod latency;
mod place;
mod retired;
mod service;
mod tally;
mod totals;

pub use asker::{Asker, COOKIE_BITS, Origin};
pub use destination::{Destination, Entry, PerCpuCache};
pub use event::{
    AGAIN, Event, EventHeader, EventKind, Hook, NOT_IN_SECONDS, RECURSION_DESIRED, RECURSION_KNOWN,
};
pub use interface::{Interface, MacAt};
pub use latency::Latency;
pub use place::{NO_PLACE, Owner};
pub use retired::Retired;
pub use service::{COUNTED_FOR, Exchanges, SECONDS, Second, ServiceKey, UNSEEN_RCODE};
pub use tally::{NO_COUNTER, Tally};
pub use totals::Totals;

/// Which layout the maps have: their names, capacities, and what their keys and values mean. It is pinned beside them, so
/// that a netmon of another layout refuses them. Whoever changes any of it counts this up; a test beside the programs'
/// loader notices most changes.
pub const LAYOUT: u32 = 8;

/// Places in the map of what may change while the programs run.
pub mod switch {
    /// Whether exchanges with RD = 0 are counted of all services (1), or only of those that user space gave a place.
    pub const ITERATIVE: u32 = 0;
    /// Whether each place in the tables is somebody's or among the free ones, which is not so while any retire. User space alone
    /// looks at it: it outlives netmon.
    pub const WHOLE: u32 = 1;
    /// How many switches there are.
    pub const COUNT: u32 = 2;
}

#[cfg(feature = "user")]
mod user {
    use super::{
        Asker, Destination, EventHeader, Exchanges, Interface, Latency, MacAt, Retired, ServiceKey, Totals,
    };
    // SAFETY: `repr(C)`, integers and byte arrays only, no padding: asserted beside each type.
    unsafe impl aya::Pod for Destination {}
    // SAFETY: as above.
    unsafe impl aya::Pod for Totals {}
    // SAFETY: as above.
    unsafe impl aya::Pod for EventHeader {}
    // SAFETY: as above.
    unsafe impl aya::Pod for Latency {}
    // SAFETY: as above.
    unsafe impl aya::Pod for ServiceKey {}
    // SAFETY: as above.
    unsafe impl aya::Pod for Exchanges {}
    // SAFETY: as above.
    unsafe impl aya::Pod for Interface {}
    // SAFETY: as above.
    unsafe impl aya::Pod for MacAt {}
    // SAFETY: as above.
    unsafe impl aya::Pod for Asker {}
    // SAFETY: as above.
    unsafe impl aya::Pod for Retired {}
    // SAFETY: 16 bytes.
    unsafe impl aya::Pod for crate::Address {}
}

/// A record that is nothing but `u64` counters.
///
/// # Safety
/// The type is `repr(C)`, and its fields are `u64`s and arrays of them.
pub unsafe trait Counters: Sized {
    /// The counter at this place, counted in `u64`s from the start of the record.
    #[inline(always)]
    fn counter(&mut self, place: usize) -> Option<&mut u64> {
        if place >= size_of::<Self>() / size_of::<u64>() {
            return None;
        }
        // SAFETY: the record is an array of as many `u64`s, and `place` is inside it.
        Some(unsafe { &mut *core::ptr::from_mut(self).cast::<u64>().add(place) })
    }

    /// All counters, in the order of their places.
    fn words(&self) -> &[u64] {
        // SAFETY: the record is an array of as many `u64`s, and lives as long as the borrow of it.
        unsafe {
            core::slice::from_raw_parts(
                core::ptr::from_ref(self).cast(),
                size_of::<Self>() / size_of::<u64>(),
            )
        }
    }

    /// The same, to write to.
    fn words_mut(&mut self) -> &mut [u64] {
        // SAFETY: as above, and nobody else has the record while this borrow of it lives.
        unsafe {
            core::slice::from_raw_parts_mut(
                core::ptr::from_mut(self).cast(),
                size_of::<Self>() / size_of::<u64>(),
            )
        }
    }

    /// Adds `amount` at this place; [`NO_COUNTER`] adds nothing.
    #[inline(always)]
    fn add(&mut self, place: usize, amount: u64) {
        if let Some(counter) = self.counter(place) {
            *counter = counter.wrapping_add(amount);
        }
    }
}

/// Adds each counter of `other` to `counters`.
fn merge(counters: &mut [u64], other: &[u64]) {
    for (counter, more) in counters.iter_mut().zip(other) {
        *counter = counter.wrapping_add(*more);
    }
}
