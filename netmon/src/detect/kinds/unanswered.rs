//! `unanswered`: queries go to the server, and nothing at all comes back, neither an answer nor an error.
//!
//! Opens when at least 5 queries for at least 2 names, sent 5 to 30 s ago, had no answer; or, where the server
//! is seldom asked, when the last 3 queries did, at least 2 names among them, spread over 20 s to 10 min and
//! each at least 5 s old. Two names, because one broken domain that is asked again and again says nothing
//! about the server. Closes as `answered` at the next answered exchange.

use std::time::Duration;

use super::{Context, Course, Facts, Incident, Rulebook, Rules, Verdict};
use crate::detect::silence::Last;
use crate::model::{CloseReason, Kind};
use crate::time::Time;

pub(super) const RULEBOOK: Rulebook = Rulebook {
    kind: Kind::Unanswered,
    opens,
    follow,
    next,
};

fn opens(facts: &Facts, at: Time, context: &Context) -> Verdict {
    let (silence, rules) = (&facts.silence, context.rules);
    let (Some(first), Some(by)) = (silence.first(), rules.unanswered_by(at)) else {
        return Verdict::Nothing;
    };
    if first > by || context.is_unreachable {
        return Verdict::Nothing;
    }
    let would_be_seen = context.would_be_seen;
    let mut verdict = Verdict::Nothing;
    if many_failed(facts, at, by, rules) {
        let mut clients = silence.clients_within(at.second(), rules.unanswered_window());
        if clients.any(would_be_seen) {
            return Verdict::Opens(first);
        }
        verdict = Verdict::OneDirection;
    }
    if last_failed(facts, by, rules) {
        let mut last = silence.sent_by(by).take(rules.thresholds.unanswered_last);
        if last.any(|asked| would_be_seen(asked.client)) {
            return Verdict::Opens(first);
        }
        verdict = Verdict::OneDirection;
    }
    verdict
}

/// Whether enough queries of the last half minute failed, for enough names.
fn many_failed(facts: &Facts, at: Time, by: Time, rules: &Rules) -> bool {
    let (silence, window) = (&facts.silence, rules.unanswered_window());
    let (from, to) = window.seconds(at.second());
    let since = silence.since.second();
    let from = from.max(since);
    let silent = facts.ledger.between(from, to).silent();
    let before = if from == since { silence.silent_before } else { 0 };
    // Queries that do not count, as strangers', are in the ledger, and were not taken one by one.
    let silent = silent.saturating_sub(before).min(silence.seen(from, to));
    // The window is of whole seconds. Those are as old as it takes that were sent at the very moment at which it ends.
    let at_its_end = by.after(Duration::from_nanos(1));
    let silent = silent
        + facts
            .ledger
            .exact_between(by.max(silence.since), at_its_end)
            .silent();
    silent >= rules.thresholds.unanswered_queries
        && silence.names.count(at.second(), window) >= rules.thresholds.unanswered_names
}

/// Whether the last queries sent by then failed, over a long enough time, for enough names.
fn last_failed(facts: &Facts, by: Time, rules: &Rules) -> bool {
    let thresholds = &rules.thresholds;
    let last: Vec<&Last> = facts
        .silence
        .sent_by(by)
        .take(thresholds.unanswered_last)
        .collect();
    let (Some(newest), Some(oldest)) = (last.first(), last.last()) else {
        return false;
    };
    let spread = newest.at.since(oldest.at);
    let mut names: Vec<u32> = last.iter().filter_map(|asked| asked.name).collect();
    names.sort_unstable();
    names.dedup();
    last.len() == thresholds.unanswered_last
        && (thresholds.unanswered_spread_min..=thresholds.unanswered_spread_max).contains(&spread)
        && names.len() >= thresholds.unanswered_names
}

fn follow(incident: &Incident, facts: &Facts, at: Time, rules: &Rules) -> Course {
    let Some(by) = rules.unanswered_by(at).filter(|_| !incident.heard.any) else {
        return Course {
            closes: incident.heard.any.then_some(CloseReason::Answered),
            ..Course::default()
        };
    };
    let newest = facts.silence.sent_by(by).next().map(|asked| asked.at);
    let failure = newest.filter(|newest| incident.newest_failure().is_none_or(|known| *newest > known));
    let silent = failure.map(|_| {
        let young_from = rules.unanswered_window().seconds(at.second()).1;
        let young = facts.ledger.since(young_from);
        // Of that second, those that are as old are known one by one.
        let sent = facts.silence.sent_by(by);
        let old = sent.take_while(|asked| asked.at.second() >= young_from).count() as u64;
        let flow = incident.flow(&facts.ledger);
        let silent = flow.silent().saturating_sub(young.silent()) + old;
        // At least the newest one failed.
        silent.max(incident.silent).max(1)
    });
    Course {
        failure,
        silent,
        waited: Some(by),
        ..Course::default()
    }
}

fn next(incident: Option<&Incident>, facts: &Facts, second: u64, rules: &Rules) -> Option<u64> {
    if incident.is_some_and(|incident| incident.heard.any) {
        return Some(second + 1);
    }
    // A query that becomes old enough to have failed.
    let wait = rules.thresholds.unanswered_wait.as_secs() + 1;
    let oldest_young = (second + 1).saturating_sub(wait);
    let asked = facts.silence.first_from(oldest_young).map(|asked| asked + wait);
    let last = facts.silence.first_old_after(second, rules.keep());
    let over = facts.silence.over_at(rules.keep()).map(Time::ceil_second);
    [asked, last, over]
        .into_iter()
        .flatten()
        .filter(|next| *next > second)
        .min()
}
