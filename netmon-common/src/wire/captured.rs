//! A packet in memory: user space's side of [`Bytes`].

use super::{Bytes, Plain};

/// The bytes of a packet that were captured, and how long it was on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Captured<'a> {
    bytes: &'a [u8],
    wire_len: usize,
}

impl<'a> Captured<'a> {
    /// A packet of which `bytes` were captured. A `wire_len` below their number is taken as that number.
    pub fn new(bytes: &'a [u8], wire_len: usize) -> Self {
        Self {
            bytes,
            wire_len: wire_len.max(bytes.len()),
        }
    }

    /// A packet that was captured whole.
    pub fn whole(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            wire_len: bytes.len(),
        }
    }

    /// The captured bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

impl Bytes for Captured<'_> {
    fn wire_len(&self) -> usize {
        self.wire_len
    }

    fn read<T: Plain>(&self, offset: usize) -> Option<T> {
        let bytes = self.bytes.get(offset..)?.get(..size_of::<T>())?;
        // SAFETY: `bytes` is `size_of::<T>()` readable bytes, any of which make a `T`, and it needs no alignment.
        Some(unsafe { bytes.as_ptr().cast::<T>().read_unaligned() })
    }

    fn has(&self, upto: usize) -> bool {
        upto <= self.bytes.len()
    }
}
