//! How many services have incidents at once. Services that never answered anybody may be nobody's: whoever asks many of them from many
//! addresses must not take the places of those that matter.

use std::time::Duration;

use super::Decider;
use super::limits::{INCIDENTS, STRANGERS};
use super::table::Table;
use super::take::serves;
use crate::observation::Service;
use crate::time::Time;

/// How long the warning lasts after the last incident that found no room.
const LASTS: Duration = Duration::from_mins(1);

/// How many services have incidents: what was counted, and what has opened since. More there are not, so that they are counted again
/// only where no room seems to be left, once a second.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    counted_in: Option<u64>,
    /// Services that nobody names.
    unnamed: usize,
    /// Of these, those that never answered anybody.
    strangers: usize,
    /// When an incident last found no room, until that is over.
    refused: Option<Time>,
}

/// How a service counts among those that have incidents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seat {
    /// It is named or configured, or has an incident already.
    Own,
    /// It has answered somebody.
    Known,
    /// It never did.
    Stranger,
}

impl Crowd {
    fn count(&mut self, servers: &Table, at: Time) {
        if self.counted_in == Some(at.second()) {
            return;
        }
        self.counted_in = Some(at.second());
        let taken = servers
            .iter()
            .filter(|server| !server.incidents.are_none() && !server.facts.standing.matters());
        (self.unnamed, self.strangers) = taken.fold((0, 0), |(unnamed, strangers), server| {
            (unnamed + 1, strangers + usize::from(!serves(server, at)))
        });
    }

    /// What was counted does not hold any more.
    pub const fn forget(&mut self) {
        self.counted_in = None;
    }

    /// Whether there is room for one more.
    pub const fn has_room(&self, seat: Seat) -> bool {
        match seat {
            Seat::Own => true,
            Seat::Known => self.unnamed < INCIDENTS,
            Seat::Stranger => self.unnamed < INCIDENTS && self.strangers < STRANGERS,
        }
    }

    fn take(&mut self, seat: Seat) {
        self.unnamed += usize::from(seat != Seat::Own);
        self.strangers += usize::from(seat == Seat::Stranger);
    }
}

impl Decider {
    /// How the service would count if an incident of it opened, and whether it may.
    pub(super) fn seat(&mut self, service: Service) -> (Seat, bool) {
        let at = self.now;
        let Some(server) = self.servers.get(service) else {
            return (Seat::Stranger, true);
        };
        let seat = if !server.incidents.are_none() || server.facts.standing.matters() {
            Seat::Own
        } else if serves(server, at) {
            Seat::Known
        } else {
            Seat::Stranger
        };
        if self.crowd.counted_in.is_none() || !self.crowd.has_room(seat) {
            self.crowd.count(&self.servers, at);
        }
        (seat, self.crowd.has_room(seat))
    }

    /// An incident of it has opened, or found no room.
    pub(super) fn seated(&mut self, seat: Seat, opened: bool, refused: bool) {
        if opened {
            self.crowd.take(seat);
        }
        if refused && self.crowd.refused.replace(self.now).is_none() {
            self.warnings.many_incidents();
        }
    }

    /// Says that there is room again.
    pub(super) fn look_for_room(&mut self) {
        if self
            .crowd
            .refused
            .is_some_and(|last| self.now.since(last) >= LASTS)
        {
            self.crowd.refused = None;
            self.warnings.many_incidents_over();
        }
    }
}
