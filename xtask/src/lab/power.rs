//! A host that is powered off, as its neighbours see it, and on again when its guard is dropped.

use anyhow::Result;

use super::namespace::Namespace;

/// A host that is off: its link is down, those of its neighbours on the switch stay up.
#[derive(Debug)]
pub struct PoweredOff<'lab> {
    host: &'lab Namespace,
    interface: &'lab str,
    /// The default routes, which go with the link: what follows `ip`'s family flag.
    routes: [String; 2],
}

impl<'lab> PoweredOff<'lab> {
    /// Powers it off. `neighbour` forgets where it was: else it would ask for it for some seconds more, with
    /// nobody told.
    pub fn new(
        host: &'lab Namespace,
        interface: &'lab str,
        routes: [String; 2],
        neighbour: (&Namespace, &str),
    ) -> Result<Self> {
        let off = Self {
            host,
            interface,
            routes,
        };
        host.ip(&format!("link set {interface} down"))?;
        let (neighbour, interface) = neighbour;
        neighbour.ip(&format!("neighbour flush dev {interface}"))?;
        Ok(off)
    }

    fn power_on(&self) -> Result<()> {
        self.host.ip(&format!("link set {} up", self.interface))?;
        for (flag, route) in ["-4", "-6"].iter().zip(&self.routes) {
            self.host.ip(&format!("{flag} route replace default {route}"))?;
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
