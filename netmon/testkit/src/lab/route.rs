//! A route of a host that is changed, and back as it was when its guard is dropped.

use anyhow::{Context as _, Result};

use super::namespace::Namespace;

/// A changed route.
#[derive(Debug)]
pub struct Route<'lab> {
    namespace: &'lab Namespace,
    undo: String,
}

impl<'lab> Route<'lab> {
    /// Adds a route, in the words of `ip route`: `prohibit 203.0.113.2`.
    pub fn added(namespace: &'lab Namespace, route: &str) -> Result<Self> {
        Self::change(namespace, "add", route, "delete")
    }

    /// Takes away a route that is there.
    pub fn removed(namespace: &'lab Namespace, route: &str) -> Result<Self> {
        Self::change(namespace, "delete", route, "add")
    }

    /// The same in the words of `ip`, before `route`'s: `-6 prohibit 2001:db8:2::2`.
    pub fn added_in(namespace: &'lab Namespace, family_and_route: &str) -> Result<Self> {
        let (family, route) = family_and_route
            .split_once(' ')
            .context("a route has a family and an address")?;
        namespace.ip(&format!("{family} route add {route}"))?;
        Ok(Self {
            namespace,
            undo: format!("{family} route delete {route}"),
        })
    }

    fn change(namespace: &'lab Namespace, verb: &str, route: &str, undo: &str) -> Result<Self> {
        namespace.ip(&format!("route {verb} {route}"))?;
        Ok(Self {
            namespace,
            undo: format!("route {undo} {route}"),
        })
    }
}

impl Drop for Route<'_> {
    fn drop(&mut self) {
        // An error here must not hide the one that a test is dying of.
        if let Err(error) = self.namespace.ip(&self.undo) {
            eprintln!("{error:#}");
        }
    }
}
