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
    AGAIN, BEFORE, BEHIND, Event, EventHeader, EventKind, Hook, NOT_IN_SECONDS, RECURSION_DESIRED,
    RECURSION_KNOWN,
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

/// A record that is nothing but `u64` counters, each of which is the sum of what was counted apart.
///
/// # Safety
/// The type is `repr(C)`, and its fields are `u64`s and arrays of them.
pub unsafe trait Counters: Copy {
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

    /// Adds what was counted elsewhere.
    fn merge(&mut self, more: &Self) {
        for (counter, more) in self.words_mut().iter_mut().zip(more.words()) {
            *counter = counter.wrapping_add(*more);
        }
    }

    /// Takes it away again. The result may stand below zero, wrapped around, until more is added.
    fn take_off(&mut self, less: &Self) {
        for (counter, less) in self.words_mut().iter_mut().zip(less.words()) {
            *counter = counter.wrapping_sub(*less);
        }
    }

    /// What was counted since an earlier reading; `None` if a counter has shrunk: they began again.
    fn since(&self, earlier: &Self) -> Option<Self> {
        let mut grown = *self;
        for (counter, earlier) in grown.words_mut().iter_mut().zip(earlier.words()) {
            *counter = counter.checked_sub(*earlier)?;
        }
        Some(grown)
    }
}

#[cfg(test)]
mod tests {
    use super::{Counters as _, Destination};

    fn counters(dns_queries: u64, last: u64) -> Destination {
        Destination {
            dns_queries,
            unmatched_responses: [0, last],
            ..Destination::ZERO
        }
    }

    #[test]
    fn all_counters_are_added_up_from_the_first_to_the_last() {
        let mut sum = counters(5, 3);
        sum.merge(&counters(2, 9));
        assert_eq!(sum, counters(7, 12));
        assert_eq!(sum.since(&counters(5, 3)), Some(counters(2, 9)));
    }

    #[test]
    fn what_is_taken_off_first_and_added_later_is_nothing() {
        let mut sum = counters(1, 0);
        sum.take_off(&counters(3, 1));
        assert_eq!(sum, counters(u64::MAX - 1, u64::MAX));
        sum.merge(&counters(2, 1));
        assert_eq!(sum, Destination::ZERO);
    }

    #[test]
    fn where_a_counter_fell_all_have_started_again() {
        assert_eq!(counters(5, 3).since(&counters(2, 9)), None);
    }
}
