//! When the one who has a place was last active: who retires first, and what need not be read again.

use netmon_common::records::Destination;

use crate::time::Time;

/// What is known of the one who has a place.
#[derive(Clone, Debug, Default)]
pub(super) struct Activity {
    /// The changes that the CPUs had counted.
    changes: u32,
    /// Whether there were more than before: a program may count a change before it makes it.
    is_new: bool,
    asked: u64,
    /// Of a destination the counters at the last look.
    pub counters: Option<Box<Destination>>,
    /// When it was looked at first.
    pub since: Time,
    /// The second of the boot clock in which anything was last counted; 0 if it was not looked at yet.
    active_in: u64,
    /// The same for what it was asked.
    asked_in: u64,
}

impl Activity {
    /// Whether anything may have changed since the last look.
    pub const fn has_changed(&mut self, changes: u32) -> bool {
        let is_new = self.changes != changes || self.active_in == 0;
        let may_be_new = is_new || self.is_new;
        self.is_new = is_new;
        self.changes = changes;
        may_be_new
    }

    /// How often it was asked by now. Whoever is looked at for the first time was active just now.
    pub const fn asked(&mut self, asked: u64, second: u64) {
        if self.is_new {
            self.active_in = second;
        }
        if self.asked != asked {
            self.asked = asked;
            self.asked_in = second;
        }
    }

    /// When it was last active; `None` if it was not looked at yet.
    pub const fn active_in(&self) -> Option<u64> {
        if self.active_in == 0 {
            None
        } else {
            Some(self.active_in)
        }
    }

    /// When it was last asked; 0 for never.
    pub const fn asked_in(&self) -> u64 {
        self.asked_in
    }
}
