//! A word in memory that all CPUs share, without a lock.

use core::cell::UnsafeCell;

/// A word that others may read and write at any time.
///
/// The kernel's target has no atomic types. A volatile access to an aligned word of at most eight bytes is one
/// instruction there, so that a word is never read half written: a race costs one of two values that were written at
/// once, no more. Whoever uses it says what a lost value costs. There is never a `&mut` to shared memory, and no
/// `&T` that outlives the access.
///
/// It is not `Sync`: in user space only one thread at a time uses it.
#[repr(transparent)]
#[derive(Debug)]
pub struct Shared<T>(UnsafeCell<T>);

impl<T: Copy> Shared<T> {
    /// A word with this value.
    pub const fn new(value: T) -> Self {
        const { assert!(size_of::<T>() <= size_of::<u64>(), "read and written at once") };
        Self(UnsafeCell::new(value))
    }

    /// The value now.
    #[inline(always)]
    pub fn get(&self) -> T {
        // SAFETY: the cell is valid and aligned. That others write to it meanwhile is what volatile is for, see above.
        unsafe { self.0.get().read_volatile() }
    }

    /// Writes a value.
    #[inline(always)]
    pub fn set(&self, value: T) {
        // SAFETY: as above.
        unsafe { self.0.get().write_volatile(value) }
    }
}

impl<T: Copy> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self::new(self.get())
    }
}
