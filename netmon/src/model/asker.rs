//! Who asks: a process of this host.

use serde::{Deserialize, Serialize};

/// A process whose queries an incident hits. What is not sure is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asker {
    /// Its name.
    pub process: Option<String>,
    /// Its number.
    pub pid: Option<u32>,
    /// Its user.
    pub uid: Option<u32>,
    /// Its systemd unit.
    pub unit: Option<String>,
    /// The id of its container.
    pub container: Option<String>,
    /// The UID of its Kubernetes pod.
    pub pod: Option<String>,
    /// Its queries that netmon looked at, since the incident began.
    pub queries: u64,
    /// ICMP errors about these.
    pub errors: u64,
}
