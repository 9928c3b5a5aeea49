//! What is known of one service (server address, port, transport), for the kinds of incidents to judge by. They read
//! it; only [`super::service`] changes it.

use std::time::Duration;

use netmon_common::{Address, Rcode};

use super::clients::AnsweredClients;
use super::errors::EarlyErrors;
use super::failover::LastMoved;
use super::faults;
use super::flow::Flow;
use super::ledger::Ledger;
use super::minutes::Minutes;
use super::rules::Rules;
use super::scope::Standing;
use super::silence::{Last, Silence};
use crate::observation::{Answered, Counts, Faults, Service};
use crate::time::Time;

/// What is known of one service.
#[derive(Debug)]
pub(super) struct Facts {
    /// Which service.
    pub service: Service,
    /// How it stands to the scope.
    pub standing: Standing,
    /// When it was last asked.
    pub last_query: Time,
    /// Since when nobody has asked it anything that may lead to an incident, as far as that was watched.
    pub idle_since: Time,
    /// When an exchange of it was last answered.
    pub last_answer: Option<Time>,
    /// The same, of answers that were seen one by one.
    pub last_answer_seen: Option<Time>,
    /// When it last answered NOERROR or NXDOMAIN, or an answer was only counted.
    pub last_good: Option<Time>,
    /// Whether an exchange was answered since its packets last took another way.
    pub answers_are_seen: bool,
    /// Its exchanges.
    pub ledger: Ledger,
    /// How much it was asked in each minute.
    pub minutes: Minutes,
    /// What it was asked since it was last heard of.
    pub silence: Silence,
    /// Its answers that say that it fails.
    pub faults: faults::Faults,
    /// Whom it answered lately.
    pub answered: AnsweredClients,
    /// The last errors about it.
    pub early_errors: EarlyErrors,
    /// The last lookups that were asked again elsewhere.
    pub moved: LastMoved,
    /// The last second with more queries than are looked at.
    pub crowded: Option<u64>,
    /// The last second of which was reported how much was asked while it went on.
    pub running: Option<u64>,
    /// The end of the last span whose exchanges are not all accounted for.
    pub gap_until: Option<Time>,
}

impl Facts {
    /// A service that is observed for the first time.
    pub fn new(service: Service, standing: Standing, at: Time) -> Self {
        Self {
            service,
            standing,
            last_query: at,
            idle_since: at,
            last_answer: None,
            last_answer_seen: None,
            last_good: None,
            answers_are_seen: false,
            ledger: Ledger::default(),
            minutes: Minutes::default(),
            silence: Silence::default(),
            faults: faults::Faults::default(),
            answered: AnsweredClients::default(),
            early_errors: EarlyErrors::default(),
            moved: LastMoved::default(),
            crowded: None,
            running: None,
            gap_until: None,
        }
    }

    /// Whether a message with that RD may lead to an incident.
    pub const fn is_wanted(&self, recursion_desired: bool) -> bool {
        recursion_desired || self.standing.iterative_too
    }

    /// Whether a span from that moment on has a gap in it.
    pub fn has_gap_since(&self, from: Time) -> bool {
        self.gap_until.is_some_and(|until| until > from)
    }

    /// The server took a connection: the SYN that the client sent then does not count any more.
    pub fn connected(&mut self, syn: Time, client: Address) {
        self.ledger.forget_syn(syn);
        self.silence.connected(syn, client);
    }

    /// The same of connections that the door did not tell of: it samples, and counts in a second fewer queries than it told of. Of
    /// the SYNs of that second the first ones are taken to be those.
    pub fn take_back(&mut self, at: Time, rules: &Rules) {
        let Some(by) = rules.unanswered_by(at) else { return };
        let syns: Vec<Last> = self.silence.syns_by(by).copied().collect();
        for syn in syns {
            if self.ledger.tells_more_than_it_counts(syn.at.second()) {
                self.connected(syn.at, syn.client);
            }
        }
    }

    /// That second was reported. Of it, and of one that went on when it was, those that have ended and in which more was asked than
    /// was told one by one: in one that goes on, some queries are counted before they are told.
    pub fn untold(&mut self, second: u64, at: Time) -> impl Iterator<Item = u64> {
        let goes_on = second >= at.second();
        let running = std::mem::replace(&mut self.running, goes_on.then_some(second));
        let ended = [running, Some(second)].into_iter().flatten();
        ended.filter(move |ended| *ended < at.second() && self.ledger.has_untold(*ended))
    }

    /// Whether answers to queries of the time before that moment were only counted, and not seen one by one.
    pub fn has_unseen_answers(&self, before: Time, within: Duration) -> bool {
        let second = before.second();
        self.ledger
            .has_unseen_answers(second.saturating_sub(within.as_secs()), second + 1)
    }

    /// What an exchange counts that was answered so.
    pub fn exchange(&self, answered: &Answered) -> Flow {
        if !self.is_wanted(answered.recursion_desired) {
            return Flow::default();
        }
        let rcode = answered
            .rcode
            .filter(|rcode| answered.standard && self.is_fault(*rcode));
        let counts = Counts {
            asked: 1,
            answered: 1,
            faults: Faults::of(rcode),
            failed: 0,
        };
        Flow {
            aside: self.is_policy(answered).into(),
            ..Flow::from(counts)
        }
    }

    /// Whether it says REFUSED for this host's own server: what it serves to whom is its policy.
    pub fn is_policy(&self, answered: &Answered) -> bool {
        self.standing.own && answered.standard && answered.rcode == Some(Rcode::Refused)
    }

    /// An exchange was answered.
    pub const fn heard(&mut self, at: Time) {
        self.last_answer = Some(at);
        self.answers_are_seen = true;
    }

    /// Whether an answer with that rcode says that the server fails. REFUSED by this host's own server is its policy.
    pub const fn is_fault(&self, rcode: Rcode) -> bool {
        rcode.is_fault() && !(self.standing.own && matches!(rcode, Rcode::Refused))
    }
}
