//! An incident that is over, and that goes on all the same: what counts in it.

use std::time::Duration;

use netmon_common::limits::FORWARDING_NS;

use super::{Incident, Moment};
use crate::detect::ledger::{Cut, Ledger};
use crate::detect::span::Settled;
use crate::observation::Side;
use crate::time::{Time, WallOffset};

impl Incident {
    /// It recovered at that moment, a whole second, perhaps some time ago: what counts in it ends at the cut.
    pub fn recover(&mut self, at: Time, end: Cut, offset: WallOffset) {
        if self.recovered.is_none() {
            self.recovered = Some(Moment::new(at, offset));
            self.span.end(end);
            self.errors_beyond = self.errors.split(at.second());
            self.failover_beyond = self.failover.split(at);
            self.changed = true;
        }
    }

    /// That answer shows that it recovered: the answer and its query do not count any more.
    pub fn recover_by(&mut self, answer: Settled<'_>, ledger: &Ledger, offset: WallOffset) {
        if !self.has_ended() {
            self.recovered = Some(Moment::new(answer.at, offset));
            self.span.end_answered(answer, ledger);
            self.changed = true;
        }
    }

    /// `unreachable` opened at that moment, and takes its place.
    pub fn supersede(&mut self, at: Time, end: Cut) {
        if !self.has_ended() {
            self.superseded = Some(at);
            self.span.end(end);
        }
    }

    /// Whether what counts in it has ended, though it may go on.
    const fn has_ended(&self) -> bool {
        self.recovered.is_some() || self.superseded.is_some()
    }

    /// Whether what came at that moment came after its end.
    pub(super) fn is_beyond(&self, at: Time) -> bool {
        self.recovered.is_some_and(|recovered| at >= recovered.time)
            || self.superseded.is_some_and(|superseded| at > superseded)
    }

    /// Whether it is to be judged still. One that was superseded is not, unless what took its place is gone.
    pub fn is_judged(&mut self, is_unreachable: bool) -> bool {
        if self.superseded.is_some() && !is_unreachable {
            self.go_on();
        }
        self.superseded.is_none()
    }

    /// An answer came. If that was after it was over, it does not count.
    pub fn answered(&mut self, answer: Settled<'_>, side: Side) {
        if self.has_ended() && !self.has_just_recovered_behind(answer.at, side) {
            self.span.answered_later(answer);
        }
    }

    /// Whether an answer of that moment is taken to be the one that it recovered by, which was seen behind a translation, and then
    /// before it.
    fn has_just_recovered_behind(&self, at: Time, side: Side) -> bool {
        let recovered = self.recovered.filter(|_| self.is_behind && side == Side::Before);
        recovered.is_some_and(|recovered| at.since(recovered.time) < Duration::from_nanos(FORWARDING_NS))
    }

    /// It has not recovered.
    pub(super) fn go_on(&mut self) {
        if self.has_ended() {
            (self.recovered, self.superseded) = (None, None);
            self.span.resume();
            self.errors.join(&std::mem::take(&mut self.errors_beyond));
            self.failover.add(std::mem::take(&mut self.failover_beyond));
            self.changed = true;
        }
    }
}
