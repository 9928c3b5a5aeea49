//! Builds capture files, byte by byte, and can lie about every number in them: what netmon's tests and benchmark
//! are fed with.
//!
//! This refuses to read any: nothing that is tested here is used to build what it is tested with.

pub mod link;
pub mod pcap;
pub mod pcapng;
pub mod silences;
pub mod textbook;
pub mod translated;

pub use link::Link;
pub use pcap::Pcap;

/// The order of the bytes of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The lowest first.
    Little,
    /// The highest first.
    Big,
}

impl Order {
    /// Two bytes.
    pub const fn u16(self, value: u16) -> [u8; 2] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    /// Four bytes.
    pub const fn u32(self, value: u32) -> [u8; 4] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    /// Eight bytes.
    pub const fn i64(self, value: i64) -> [u8; 8] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    fn words(self, words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| self.u32(*word)).collect()
    }
}

/// A number as a field of 32 bits holds it, the largest for one that does not fit.
fn field(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// The length of these bytes, as a field of 32 bits holds it.
fn length(bytes: &[u8]) -> u32 {
    field(bytes.len() as u64)
}
