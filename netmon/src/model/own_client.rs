//! A client that this host serves.

use netmon_common::{Address, Transport};

/// A service of this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnService {
    /// This host's address.
    pub server: Address,
    /// The DNS port, host order.
    pub port: u16,
    /// What carries the messages.
    pub transport: Transport,
}

/// A client that a service of this host has answered well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnClient {
    /// The service.
    pub service: OwnService,
    /// The client.
    pub client: Address,
}
