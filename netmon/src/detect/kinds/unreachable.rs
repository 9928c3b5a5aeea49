//! `unreachable`: a verified ICMP error says that the server cannot be reached.
//!
//! Opens at once, at the error. Closes as `answered` when a client that it hit got an answer to a query sent
//! after the last error, and 10 s passed without one: others may get answers all along, where a firewall
//! rejects some clients only. Where those clients ask no more, answers to ten queries of others and ten minutes without
//! an error close it. Absorbs `unanswered`.

use super::{Context, Course, Facts, Incident, Rulebook, Rules, Verdict};
use crate::model::{CloseReason, Kind};
use crate::time::Time;

pub(super) const RULEBOOK: Rulebook = Rulebook {
    kind: Kind::Unreachable,
    opens,
    follow,
    next,
};

/// The error opens it, no second.
const fn opens(_: &Facts, _: Time, _: &Context) -> Verdict {
    Verdict::Nothing
}

fn follow(incident: &Incident, _: &Facts, at: Time, rules: &Rules) -> Course {
    Course {
        closes: closes(incident, at, rules).then_some(CloseReason::Answered),
        ..Course::default()
    }
}

fn closes(incident: &Incident, at: Time, rules: &Rules) -> bool {
    let (heard, thresholds) = (&incident.heard, &rules.thresholds);
    let Some(last_error) = incident.last_error() else {
        return false;
    };
    let quiet = at.since(last_error);
    let is_answered = heard.query_of_failed.is_some_and(|sent| sent > last_error);
    if is_answered {
        return quiet >= thresholds.unreachable_quiet;
    }
    let asks_no_more = heard
        .failed_asked
        .is_none_or(|asked| at.since(asked) >= thresholds.idle);
    asks_no_more && quiet >= thresholds.idle && heard.others_answered >= thresholds.others_answered
}

fn next(incident: Option<&Incident>, _: &Facts, second: u64, rules: &Rules) -> Option<u64> {
    let incident = incident?;
    let last_error = incident.last_error()?;
    let asked = incident.heard.failed_asked.unwrap_or(last_error);
    let moments = [
        last_error.after(rules.thresholds.unreachable_quiet),
        last_error.after(rules.thresholds.idle),
        asked.after(rules.thresholds.idle),
    ];
    moments
        .into_iter()
        .map(Time::ceil_second)
        .filter(|end| *end > second)
        .min()
}
