//! Whether there was enough to judge by.

use std::time::Duration;

use netmon_common::Outcome;

use crate::detect::Scope;
use crate::model::{Document, Judgement, WarningKind};
use crate::observation::{Answered, Observation, Proof, What};
use crate::time::Time;

/// The exchanges of a capture.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exchanges {
    queries: u64,
    /// Of these, those that are iterative.
    iterative: u64,
    /// SYNs of connections that no server took.
    syns: u64,
    /// Queries that were answered.
    answered: u64,
    /// Of these, those whose answer says that the server fails.
    faults: u64,
    /// When the first was sent.
    first: Option<Time>,
}

impl Exchanges {
    /// Takes what was observed.
    pub fn take(&mut self, observation: &Observation) {
        let faults = |answered: &Answered| match answered.rcode {
            Some(rcode) if rcode.is_fault() => answered.queries(),
            _ => 0,
        };
        match &observation.what {
            What::Asked(asked) => {
                self.queries += u64::from(!asked.is_syn);
                self.iterative += u64::from(!asked.is_syn && !asked.recursion_desired);
                self.syns += u64::from(asked.is_syn);
                self.first = self.first.or(Some(observation.time));
            }
            What::Connected(connected) => {
                self.syns = self.syns.saturating_sub(connected.syns.len() as u64);
            }
            What::Answered(answered) => {
                self.answered += answered.queries();
                self.faults += faults(answered);
            }
            What::Said(answered) => self.faults += faults(answered),
            What::Failed(failed) => self.queries += u64::from(failed.proof == Proof::RaisedByThisHost(None)),
            What::Unverified(_) | What::Seconds(_) | What::MoreErrors(_) => {}
        }
    }
}

/// What can be said of the document; `names` is how many different ones were asked for, `last` when the last packet came, and
/// `wait` how long a query must have waited.
pub fn judge(
    document: &Document,
    exchanges: &Exchanges,
    names: u64,
    (last, wait): (Time, Duration),
    scope: &Scope,
) -> Judgement {
    let totals = &document.totals;
    let Exchanges {
        queries,
        iterative,
        syns,
        answered,
        faults,
        first,
    } = *exchanges;
    let answers = totals.responses().max(answered);
    let errors = totals.counters.dns_unreachable;
    let asks = totals.queries() + totals.outcome(Outcome::TcpConnect);
    let all_is_well = queries + syns <= answered && faults == 0;
    let has_no_dns = asks + answers + errors + totals.counters.late_responses == 0;
    let is_cut = totals.outcome(Outcome::Truncated) > 0 && document.is_warned(WarningKind::UnreadablePackets);
    let has_no_times = document.is_warned(WarningKind::NoTimes) || document.is_warned(WarningKind::NoTime);
    if !document.incidents.is_empty() {
        Judgement::Incident
    } else if document.is_warned(WarningKind::UnreadErrors) {
        Judgement::UnreadErrors
    } else if totals.counters.frames == 0 {
        Judgement::NothingRead
    } else if document.is_warned(WarningKind::UnreadPackets) {
        Judgement::UnreadPackets
    } else if is_cut && (has_no_dns || !all_is_well) {
        Judgement::CutPackets
    } else if document.is_warned(WarningKind::CutNames) && !all_is_well {
        Judgement::CutNames
    } else if document.is_warned(WarningKind::QuietText) && names == 0 {
        Judgement::Quiet
    } else if has_no_dns {
        Judgement::NoDns
    } else if errors > 0
        && answers == 0
        && (errors == totals.counters.unsolicited || document.is_warned(WarningKind::QueriesUnseen))
    {
        Judgement::Unproven { errors }
    } else if asks == 0 && answers > 0 {
        Judgement::OnlyAnswers { answers }
    } else if has_no_times && !all_is_well {
        Judgement::NoTimes
    } else if asks > 0 && answers + errors == 0 {
        // Connections that servers took, and on which no query was seen, are left.
        let unanswered = if queries + syns > 0 { queries + syns } else { asks };
        if document.is_warned(WarningKind::OneDirection) {
            Judgement::OnlyQueries { queries: unanswered }
        } else if queries > 0
            && iterative == queries
            && syns == 0
            && !scope.iterative
            && scope.servers.is_empty()
        {
            Judgement::OnlyIterative { queries }
        } else {
            let waited = first.is_some_and(|first| last.since(first) >= wait);
            Judgement::TooFew {
                queries: unanswered,
                names,
                waited,
            }
        }
    } else {
        Judgement::NoIncident
    }
}
