//! A switch: the hosts on it share one link, and when one of them is powered off the others' cables stay up.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;

use super::{namespace::Namespace, veth::cable};

const BRIDGE: &str = "bridge";

/// A bridge in a namespace of its own.
#[derive(Debug)]
pub struct Switch {
    namespace: Namespace,
    ports: AtomicU32,
}

impl Switch {
    /// A switch without cables.
    pub fn new() -> Result<Self> {
        let namespace = Namespace::new("switch")?;
        // Without snooping, which would look for a querier before it passes neighbour look-ups on.
        namespace.ip(&format!(
            "link add {BRIDGE} type bridge stp_state 0 mcast_snooping 0"
        ))?;
        namespace.ip(&format!("link set {BRIDGE} up"))?;
        Ok(Self {
            namespace,
            ports: AtomicU32::new(0),
        })
    }

    /// Cables a host to it: the host gets an interface of that name, which is up.
    pub fn plug(&self, host: &Namespace, interface: &str) -> Result<()> {
        let port = format!("port{}", self.ports.fetch_add(1, Ordering::Relaxed));
        cable((host, interface), (&self.namespace, &port))?;
        self.namespace
            .ip(&format!("link set {port} master {BRIDGE}"))
            .map(drop)
    }
}
