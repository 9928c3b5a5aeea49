//! `failing`: the server answers, but at least half of its answers say that it fails: SERVFAIL, REFUSED, FORMERR, NOTIMP.
//!
//! Opens on at least 10 exchanges in 30 s, for at least 3 registrable domains, more of which fail than are answered well:
//! one broken zone fails on every healthy resolver. Or when a domain that was answered well within the last hour fails
//! for all who ask. An answer is decided on after 5 s, for a client may ask again and be answered well. Closes as
//! `recovered` when, of the exchanges of a whole 30 s since it opened, under a tenth fail. REFUSED by this host's own server
//! is its policy: it is no failure, and no good answer.

use std::time::Duration;

use super::{Context, Course, Facts, Incident, Rulebook, Rules, Verdict};
use crate::detect::recent::Window;
use crate::model::{CloseReason, Kind};
use crate::time::Time;

pub(super) const RULEBOOK: Rulebook = Rulebook {
    kind: Kind::Failing,
    opens,
    follow,
    next,
};

/// The standard exchanges of the window that are decided on, and faults that are not.
struct Share {
    answered: u64,
    failed: u64,
    undecided: u64,
}

/// The window as far as its exchanges are all accounted for: nothing before the second in which a gap ends.
fn window(facts: &Facts, at: Time, rules: &Rules) -> Window {
    let window = rules.failing_window();
    let after_gap = facts.gap_until.map_or(0, Time::second);
    Window {
        oldest: window.oldest.min(at.second().saturating_sub(after_gap)),
        ..window
    }
}

fn share(facts: &Facts, at: Time, rules: &Rules) -> Share {
    share_of(facts, window(facts, at, rules).seconds(at.second()))
}

/// The same of some seconds.
fn share_of(facts: &Facts, (from, to): (u64, u64)) -> Share {
    let flow = facts.ledger.between(from, to);
    let undecided = facts.faults.undecided(from, to);
    let not_failed = undecided + facts.faults.excused(from, to);
    Share {
        answered: flow.answers.saturating_sub(undecided + flow.aside),
        failed: flow.faults().saturating_sub(not_failed),
        undecided,
    }
}

/// Whether a domain that was answered well lately fails for all who ask.
fn has_lost_a_domain(facts: &Facts, at: Time, rules: &Rules) -> bool {
    let thresholds = &rules.thresholds;
    facts.faults.has_lost_a_domain(
        at.second(),
        window(facts, at, rules),
        thresholds.lost_queries(),
        thresholds.domain_memory,
    )
}

fn opens(facts: &Facts, at: Time, context: &Context) -> Verdict {
    let thresholds = &context.rules.thresholds;
    let window = window(facts, at, context.rules);
    let (from, to) = window.seconds(at.second());
    if facts.faults.none_since(Time::at_second(from)) {
        return Verdict::Nothing;
    }
    let Share { answered, failed, .. } = share(facts, at, context.rules);
    let enough = answered >= thresholds.failing_answers
        && failed.saturating_mul(100) >= answered.saturating_mul(thresholds.failing_percent);
    let many = || {
        let domains = facts.faults.domains_in(at.second(), window);
        domains.failing >= thresholds.failing_domains && domains.failing > domains.good
    };
    let opens: fn(Time) -> Verdict = if enough && many() {
        Verdict::Opens
    } else if has_lost_a_domain(facts, at, context.rules) {
        Verdict::OpensForDomain
    } else {
        return Verdict::Nothing;
    };
    let faults = &facts.faults;
    let fails =
        |second, found| found > faults.excused(second, second + 1) + faults.undecided(second, second + 1);
    match facts.ledger.first_with_faults(from..to, fails) {
        Some(first) => opens(faults.first_sent(first)),
        None => Verdict::Nothing,
    }
}

/// Without any answer, no share is under anything. Seconds in which the lost domain fails for which it opened are none of the
/// good ones, however much else is asked.
fn follow(incident: &Incident, facts: &Facts, at: Time, rules: &Rules) -> Course {
    let thresholds = &rules.thresholds;
    let Share {
        answered,
        failed,
        undecided,
    } = share(facts, at, rules);
    let newest = facts.faults.newest_failure();
    // As it was at the newest failure: what is answered later makes nothing milder, nor does time alone make it worse.
    let (from, to) = rules.failing_window().seconds(at.second());
    let until = newest.map_or(to, |newest| to.min(newest.second() + 1));
    let after_gap = facts.gap_until.map_or(0, Time::second);
    let then = share_of(facts, (until.saturating_sub(to - from).max(after_gap), until));
    let was_lost = || {
        facts.faults.lost_a_domain(
            (at.second(), window(facts, at, rules)),
            thresholds.lost_queries(),
            (incident.began(), thresholds.domain_memory),
        )
    };
    let start = Time::at_second(from);
    // The good seconds begin where those end by which it opened.
    let recovered = start.after(thresholds.failing_retry) >= incident.resumed
        && !facts.has_gap_since(start)
        && (failed + undecided).saturating_mul(100)
            < (answered + undecided).saturating_mul(thresholds.recovered_percent)
        && !(incident.lost_domain && was_lost())
        // It would open again at once.
        && !has_lost_a_domain(facts, at, rules);
    Course {
        failure: newest.filter(|newest| incident.newest_failure().is_none_or(|known| *newest > known)),
        // Those that were asked later do not belong to it, if these are the good seconds.
        waited: Some(start.before(Duration::from_nanos(1))),
        last_failure: facts.faults.last_failure_before(start),
        recovered: recovered.then(|| (start, facts.ledger.cut(start))),
        all_fail: (then.answered > 0).then_some(then.failed >= then.answered),
        closes: recovered.then_some(CloseReason::Recovered),
        ..Course::default()
    }
}

fn next(incident: Option<&Incident>, facts: &Facts, second: u64, rules: &Rules) -> Option<u64> {
    let start = Time::at_second(rules.failing_window().seconds(second).0);
    // As long as something in the window can change.
    let is_judged = match incident {
        Some(_) => facts
            .ledger
            .newest()
            .is_some_and(|newest| newest >= start.second()),
        None => false,
    };
    let is_judged = is_judged || !facts.faults.none_since(start);
    is_judged.then_some(second + 1)
}
