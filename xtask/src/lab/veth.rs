//! A virtual cable between two namespaces. It vanishes with the first of its namespaces, so that it needs
//! no guard of its own.

use std::fmt::Display;

use anyhow::{Context as _, Result};

use super::namespace::Namespace;

/// One end of a cable.
#[derive(Clone, Copy, Debug)]
struct End<'lab> {
    namespace: &'lab Namespace,
    interface: &'lab str,
}

/// Two interfaces, each in its namespace, that are each other's other end.
#[derive(Clone, Copy, Debug)]
pub struct VethPair<'lab> {
    ends: [End<'lab>; 2],
}

impl<'lab> VethPair<'lab> {
    /// Makes both ends straight in their namespaces, where no other test can see their names, and brings
    /// them up.
    pub fn new(one: (&'lab Namespace, &'lab str), other: (&'lab Namespace, &'lab str)) -> Result<Self> {
        let pair = Self {
            ends: [one, other].map(|(namespace, interface)| End { namespace, interface }),
        };
        let [near, far] = &pair.ends;
        near.namespace
            .ip(&format!(
                "link add {} type veth peer name {} netns {}",
                near.interface,
                far.interface,
                far.namespace.name()
            ))
            .context("cannot make a veth pair")?;
        pair.on_both(|end| format!("link set {} up", end.interface))?;
        Ok(pair)
    }

    /// Gives each end an address with its prefix length.
    pub fn address(&self, one: impl Display, other: impl Display) -> Result<()> {
        let [near, far] = &self.ends;
        for (end, address) in [(near, one.to_string()), (far, other.to_string())] {
            end.namespace
                .ip(&format!("address add {address} dev {}", end.interface))?;
        }
        Ok(())
    }

    fn on_both(&self, arguments: impl Fn(&End<'_>) -> String) -> Result<()> {
        for end in &self.ends {
            end.namespace.ip(&arguments(end))?;
        }
        Ok(())
    }
}
