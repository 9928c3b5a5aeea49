//! A virtual cable between two namespaces. It vanishes with the first of its namespaces, so that it needs
//! no guard of its own.

use anyhow::{Context as _, Result};

use super::namespace::Namespace;

/// Lays a cable: each host gets an interface of that name. Both ends are made straight in their namespaces, where
/// no other test can see their names, and brought up.
pub fn cable(near: (&Namespace, &str), far: (&Namespace, &str)) -> Result<()> {
    let (near_host, near_interface) = near;
    let (far_host, far_interface) = far;
    near_host
        .ip(&format!(
            "link add {near_interface} type veth peer name {far_interface} netns {}",
            far_host.name()
        ))
        .context("cannot make a veth pair")?;
    for (host, interface) in [near, far] {
        host.ip(&format!("link set {interface} up"))?;
    }
    Ok(())
}
