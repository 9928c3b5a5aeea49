//! Why a record cannot be read.

/// Why a record is not the packet that it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It names a host instead of giving its address.
    HostNames,
    /// It is not what tcpdump prints, or ends in the middle of it.
    NotUnderstood,
}
