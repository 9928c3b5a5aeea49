//! A host that is powered off, as its neighbours see it, and on again when its guard is dropped.

use std::net::IpAddr;

use anyhow::Result;

use super::namespace::Namespace;

/// A host that is off: its link is down, those of its neighbours on the switch stay up.
#[derive(Debug)]
pub struct PoweredOff<'lab> {
    host: &'lab Namespace,
    interface: &'lab str,
    back: [(IpAddr, String); 2],
}

impl<'lab> PoweredOff<'lab> {
    /// Powers it off. `back` is what it has again later: an address of each family, and the default route, which
    /// goes with the link.
    pub fn new(host: &'lab Namespace, interface: &'lab str, back: [(IpAddr, String); 2]) -> Result<Self> {
        let off = Self {
            host,
            interface,
            back,
        };
        host.ip(&format!("link set {interface} down"))?;
        Ok(off)
    }

    fn power_on(&self) -> Result<()> {
        self.host.ip(&format!("link set {} up", self.interface))?;
        for (address, route) in &self.back {
            let flag = if address.is_ipv6() { "-6" } else { "-4" };
            self.host.ip(&format!("{flag} route replace default {route}"))?;
            self.host.await_address(*address)?;
        }
        Ok(())
    }
}

impl Drop for PoweredOff<'_> {
    fn drop(&mut self) {
        // An error here must not hide the one that a test is dying of.
        if let Err(error) = self.power_on() {
            eprintln!("{error:#}");
        }
    }
}
