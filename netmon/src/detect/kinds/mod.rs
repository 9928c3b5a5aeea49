//! The kinds of incidents, one a file: what opens each, what closes it. They read what is known and decide; what follows
//! from a decision is done in [`super::service`].
//!
//! `unreachable` opens at its packet; everything else is judged when a second has ended.

mod failing;
mod unanswered;
mod unreachable;

use netmon_common::Address;

use super::facts::Facts;
use super::incident::Incident;
use super::ledger::Cut;
use super::rules::Rules;
use crate::model::{CloseReason, Kind};
use crate::time::Time;

/// What a kind decides on.
pub(super) struct Rulebook {
    /// The kind.
    pub kind: Kind,
    /// Whether one opens at a whole second.
    pub opens: fn(&Facts, Time, &Context) -> Verdict,
    /// What an open one has become in the second that has ended.
    pub follow: fn(&Incident, &Facts, Time, &Rules) -> Course,
    /// The next second, after that one, at which something may be decided although nothing happens. With the incident
    /// of that kind, if one is open.
    pub next: fn(Option<&Incident>, &Facts, u64, &Rules) -> Option<u64>,
}

/// All kinds, in the order in which they are judged: one that absorbs another stands before it.
pub(super) const ALL: [Rulebook; Kind::ALL.len()] =
    [unreachable::RULEBOOK, unanswered::RULEBOOK, failing::RULEBOOK];

/// What is known beside the facts of the service.
pub(super) struct Context<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// Whether `unreachable` is open for the service.
    pub is_unreachable: bool,
    /// Whether an answer to that client would be seen.
    pub would_be_seen: &'a dyn Fn(Address) -> bool,
}

/// Whether an incident opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing is wrong.
    Nothing,
    /// It opens; the first query that failed was sent then.
    Opens(Time),
    /// The same, for a domain that was lost: while that fails it stays open, however much else is answered.
    OpensForDomain(Time),
    /// It would open, but an answer would not be seen.
    OneDirection,
}

/// What has become of an open incident.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Course {
    /// Its newest failure, where that is no packet.
    pub failure: Option<Time>,
    /// How many of its failures are no packets.
    pub silent: Option<u64>,
    /// Whom it hit and for what name is known for those that waited since then.
    pub waited: Option<Time>,
    /// It has recovered at that moment, and counts up to the cut.
    pub recovered: Option<(Time, Cut)>,
    /// The last failure before that moment.
    pub last_failure: Option<Time>,
    /// Whether everything fails, where that alone decides how bad it is.
    pub all_fail: Option<bool>,
    /// Why it closes.
    pub closes: Option<CloseReason>,
}

/// Whether nobody has asked the service in so long that its incidents close.
pub(super) fn is_idle(facts: &Facts, at: Time, rules: &Rules) -> bool {
    at.since(facts.idle_since) >= rules.thresholds.idle
}
