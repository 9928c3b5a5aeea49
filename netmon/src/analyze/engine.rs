//! What stands behind every door for captures: the decider, the incidents that it tells of, and the timeline.

use std::collections::{HashMap, HashSet};

use netmon_common::{Address, Rcode};

use super::limits::{INCIDENTS, NAMES};
use crate::detect::{Decider, Scope, Thresholds};
use crate::excerpt::{self, Excerpts, Packet};
use crate::model::{Incident, Warning, WarningKind};
use crate::observation::{Name, Observation, What};
use crate::time::Time;
use crate::timeline::{Activity, Timeline};

/// Takes observations, and keeps what came of them.
#[derive(Debug)]
pub struct Engine {
    decider: Decider,
    timeline: Timeline,
    excerpts: Excerpts,
    incidents: Vec<Incident>,
    places: HashMap<String, usize>,
    left_out: u64,
    /// Some of the names that were asked for.
    names: HashSet<Name>,
}

impl Engine {
    /// One that has seen nothing; `local` are the addresses of the host where the capture was made.
    pub fn new(thresholds: Thresholds, scope: Scope, local: impl IntoIterator<Item = Address>) -> Self {
        let mut decider = Decider::new(thresholds, scope);
        decider.set_local(local);
        Self {
            decider,
            timeline: Timeline::new(),
            excerpts: Excerpts::default(),
            incidents: Vec::new(),
            places: HashMap::new(),
            left_out: 0,
            names: HashSet::new(),
        }
    }

    /// A packet of that time comes, of whatever kind: the seconds before it can be judged.
    #[inline]
    pub fn advance(&mut self, time: Time, heard: &dyn Fn(Address) -> bool) {
        self.decider.advance(time, heard);
    }

    /// Takes what the packet means.
    pub fn observe(&mut self, observation: &Observation) {
        self.decider.observe(observation);
        if let What::Query(query) = &observation.what
            && let Some(name) = &query.name
            && self.names.len() < NAMES
        {
            self.names.insert(name.clone());
        }
        let activity = activity(&observation.what);
        self.timeline
            .add(observation.time, observation.service.server, activity);
        if let Some(packet) = packet(observation) {
            self.excerpts.add(observation.service, packet);
        }
        for change in self.decider.take_changes() {
            self.keep(change.incident);
        }
    }

    fn keep(&mut self, incident: Incident) {
        self.excerpts.hear(&incident);
        if let Some(known) = self
            .places
            .get(&incident.id)
            .and_then(|place| self.incidents.get_mut(*place))
        {
            *known = incident;
        } else if self.incidents.len() < INCIDENTS {
            self.places.insert(incident.id.clone(), self.incidents.len());
            self.incidents.push(incident);
        } else {
            self.left_out += 1;
        }
    }

    /// The end of the capture: what is open stays open.
    pub fn finish(mut self) -> Finished {
        for change in self.decider.take_changes() {
            self.keep(change.incident);
        }
        for incident in self.decider.open_incidents() {
            self.keep(incident);
        }
        let mut warnings = self.decider.warnings();
        if self.left_out > 0 {
            warnings.push(Warning::new(
                WarningKind::IncidentsLeftOut,
                format!(
                    "there were more than {INCIDENTS} incidents; {} changes of further ones are not told",
                    self.left_out
                ),
            ));
        }
        Finished {
            incidents: self.incidents,
            timeline: self.timeline,
            excerpts: self.excerpts,
            names: self.names.len() as u64,
            warnings,
            not_served: self.decider.tallies().not_served,
        }
    }
}

/// What came of the observations.
#[derive(Debug)]
pub struct Finished {
    /// The incidents, in the order in which they opened.
    pub incidents: Vec<Incident>,
    /// What passed when.
    pub timeline: Timeline,
    /// The first packets of each incident.
    pub excerpts: Excerpts,
    /// How many different names were asked for, up to a bound.
    pub names: u64,
    /// The decider's warnings.
    pub warnings: Vec<Warning>,
    /// DNS unreachables about a port of the capturing host where nothing ever answered.
    pub not_served: u64,
}

fn activity(what: &What) -> Activity {
    let mut activity = Activity::default();
    match what {
        What::Query(_) => activity.queries = 1,
        What::Answer(answer) => {
            activity.answers = 1;
            activity.failures = u64::from(matches!(answer.rcode, Rcode::ServFail | Rcode::Refused));
        }
        What::Failure(_) => activity.errors = 1,
        What::Counts(counts) => {
            activity.queries = counts.queries;
            activity.answers = counts.answers;
            activity.failures = counts.servfail + counts.refused;
            activity.errors = counts.failures.iter().sum();
        }
    }
    activity
}

/// The packet behind an observation.
fn packet(observation: &Observation) -> Option<Packet> {
    let (client, what) = match &observation.what {
        What::Query(query) => (
            query.client,
            excerpt::What::Query {
                recursion_desired: query.recursion_desired,
                query_type: None,
                name: query.name.clone(),
            },
        ),
        What::Answer(answer) => (
            answer.client,
            excerpt::What::Answer {
                rcode: answer.rcode,
                sent: answer.query_time,
            },
        ),
        What::Failure(failure) => (
            failure.client,
            excerpt::What::Error {
                reporter: failure.reporter,
                code: failure.code,
                sent: failure.proof.sent(),
            },
        ),
        What::Counts(_) => return None,
    };
    Some(Packet {
        time: observation.time,
        client,
        client_port: None,
        id: None,
        what,
    })
}
