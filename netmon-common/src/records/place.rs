//! Who has a place: an entry of an array that is kept for one destination or service, and later for another.
//!
//! An index finds the place of a key; programs take places out of a queue, and user space gives them back. It writes down
//! here what it does, so that the next netmon can go on where this one was killed.

use crate::shared::Shared;

/// Who has a place. The arrays that are kept by place have one entry of each CPU for it.
#[derive(Debug)]
#[repr(C)]
pub struct Owner<K> {
    /// What has it, or had it last.
    pub key: K,
    /// [`Owner::FREE`], [`Owner::TAKEN`], or the number of the batch in which it retires.
    pub state: Shared<u64>,
}

impl<K> Owner<K> {
    /// Nobody has it; or a program is giving it to somebody.
    pub const FREE: u64 = 0;
    /// The index has it.
    pub const TAKEN: u64 = 1;
    /// The first batch. Higher numbers are later ones.
    pub const FIRST_BATCH: u64 = 2;
}

/// In place of a place: there is none. (No option: the compiler would leave half of it undefined.)
pub const NO_PLACE: u32 = u32::MAX;
