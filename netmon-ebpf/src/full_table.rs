//! Whether the table of destinations is full, and which addresses are surely not in it.
//!
//! Entries are never removed: a full table stays full, and what is not in it never will be. Before an address is inserted
//! it is noted here, by a hash; what was not noted need not be looked for. All CPUs share this memory and write whole
//! numbers that never change back, so that no note is lost.

use core::cell::UnsafeCell;

use netmon_common::Address;

/// How many bits of the hash are looked at: one byte for each value, 64 KiB. With 8,192 destinations one of nine that
/// are not in the table is looked for all the same.
const BITS: u32 = 16;

static FULL: Shared<1> = Shared::zeros();
static NOTED: Shared<{ 1 << BITS }> = Shared::zeros();

/// Zeros that become ones.
struct Shared<const COUNT: usize>(UnsafeCell<[u8; COUNT]>);

// SAFETY: its bytes are only read and written one by one, and only ever go from 0 to 1.
unsafe impl<const COUNT: usize> Sync for Shared<COUNT> {}

impl<const COUNT: usize> Shared<COUNT> {
    const fn zeros() -> Self {
        Self(UnsafeCell::new([0; COUNT]))
    }

    #[inline(always)]
    fn byte(&self, place: usize) -> *mut u8 {
        self.0.get().cast::<u8>().wrapping_add(place % COUNT)
    }

    #[inline(always)]
    fn has(&self, place: usize) -> bool {
        // SAFETY: the place is inside.
        unsafe { self.byte(place).read_volatile() != 0 }
    }

    #[inline(always)]
    fn set(&self, place: usize) {
        // SAFETY: the place is inside.
        unsafe { self.byte(place).write_volatile(1) };
    }
}

#[inline(always)]
fn place(address: Address) -> usize {
    (address.spread() >> (u64::BITS - BITS)) as usize
}

/// Notes an address that may be in the table from now on.
#[inline(always)]
pub fn note(address: Address) {
    NOTED.set(place(address));
}

/// Notes that the table is full.
#[inline(always)]
pub fn set() {
    FULL.set(0);
}

/// Whether the table is full.
#[inline(always)]
pub fn is_full() -> bool {
    FULL.has(0)
}

/// Whether the table is full, and this address is not in it.
#[inline(always)]
pub fn excludes(address: Address) -> bool {
    is_full() && !NOTED.has(place(address))
}
