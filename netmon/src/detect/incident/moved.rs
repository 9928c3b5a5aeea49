//! What an incident costs lookups, and what explains it.

use std::ops::RangeBounds;

use super::Incident;
use crate::detect::failover::{LastMoved, Moved};
use crate::detect::untold::Untold;
use crate::model;
use crate::time::Time;

impl Incident {
    /// Takes a lookup that moved away from its service.
    pub fn note_moved(&mut self, moved: Moved) {
        if moved.sent < self.began.time {
            return;
        }
        let failover = if self.is_beyond(moved.sent) {
            &mut self.failover_beyond
        } else {
            &mut self.failover
        };
        failover.note(moved);
        self.changed = true;
    }

    /// Takes those of a time before it opened.
    pub fn note_early_moves(&mut self, moved: &LastMoved, time: impl RangeBounds<Time>) {
        moved.sent(time).for_each(|moved| self.failover.note(moved));
    }

    /// In that second there were more queries than are looked at.
    pub fn is_sampled(&mut self, second: u64) {
        self.failover.sample |= second >= self.began.time.second();
    }

    /// What it costs lookups. Where in its time any server was asked more than the door told, there may be more.
    pub fn failover(&self, untold: &Untold) -> model::Failover {
        let end = self.recovered.or(self.closed.map(|(closed, _)| closed));
        let end = end.map_or(u64::MAX, |end| end.time.second());
        self.failover.shown(untold.any(self.began.time.second()..=end))
    }

    /// That incident explains it, or none does.
    pub fn set_because_of(&mut self, root: Option<String>) {
        self.changed |= self.because_of != root;
        self.because_of = root;
    }

    /// Whether that incident, or what explains that one, explains it.
    pub fn is_because_of(&self, other: &Self) -> bool {
        self.because_of
            .as_ref()
            .is_some_and(|root| Some(root) == other.because_of.as_ref() || *root == other.id)
    }
}
