//! A client that this host serves.

use netmon_common::Address;

use crate::time::Time;

/// A client that an address of this host has answered well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnClient {
    /// This host's address.
    pub server: Address,
    /// The client.
    pub client: Address,
    /// Until when it is remembered.
    pub until: Time,
}
