//! When packets last may have begun to take another way: a route, a rule, an interface or an address changed.
//!
//! Whoever looks up a route needs to know at that moment whether it is the one of before. So this has a socket of its own,
//! which is read then: the inventory may be read as much as 200 milliseconds after an announcement.

use std::io;

use netlink_sys::Socket;

use super::changes;
use super::netlink::receive;
use crate::clock;
use crate::kernel::KernelError;
use crate::time::Time;

/// Announcements that are read in one look at most. A router whose routes change faster has just changed one all the same.
const AT_MOST: usize = 4_096;

/// Where changes of routes are announced, and when one was last seen.
#[derive(Debug)]
pub struct RouteSigns {
    socket: Socket,
    changed: Time,
}

impl RouteSigns {
    /// Begins to listen.
    pub fn listen() -> Result<Self, KernelError> {
        let socket =
            changes::announcements().map_err(|error| KernelError::netlink("changes of routes", &error))?;
        let changed = Time::from_nanos(0);
        Ok(Self { socket, changed })
    }

    /// When [`RouteSigns::look`] last saw a change, by the boot clock; the beginning of time for never.
    pub const fn changed(&self) -> Time {
        self.changed
    }

    /// Takes note of all that was announced until now, and says when the last change was seen.
    pub fn look(&mut self) -> Time {
        // What was announced is not read, only that something was.
        let mut nothing = [];
        for _ in 0..AT_MOST {
            match receive(&self.socket, &mut nothing) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // ENOBUFS: some got lost. That is a sign as well.
                Ok(_) | Err(_) => self.changed = clock::boot_now(),
            }
        }
        self.changed
    }
}
