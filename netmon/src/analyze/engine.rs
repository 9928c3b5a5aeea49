//! What stands behind every door for captures: the decider, the incidents that it tells of, and the timeline.

use std::collections::{BTreeMap, HashMap, HashSet};

use netmon_common::{Address, Rcode};

use super::judge::Exchanges;
use super::limits::{INCIDENTS, NAMES};
use crate::capture::Interface;
use crate::detect::{ByDestination, Decider, Hears, Scope, Thresholds};
use crate::excerpt::{self, Excerpts, Packet};
use crate::model::{Incident, Warning, WarningKind};
use crate::observation::{Details, Name, Observation, What};
use crate::served::ServedBy;
use crate::time::Time;
use crate::timeline::{Activity, Timeline};

/// Takes observations, and keeps what came of them.
#[derive(Debug)]
pub struct Engine {
    decider: Decider,
    timeline: Timeline,
    served: ServedBy,
    excerpts: Excerpts,
    incidents: Vec<Incident>,
    places: HashMap<String, usize>,
    left_out: u64,
    /// Some of the names that were asked for.
    names: HashSet<Name>,
    exchanges: Exchanges,
    /// The time of the last packet.
    last: Time,
    options: (Thresholds, Scope, Vec<Address>),
    interfaces: BTreeMap<u32, String>,
}

impl Engine {
    /// One that has seen nothing; `local` are the addresses of the host where the capture was made.
    pub fn new(thresholds: Thresholds, scope: Scope, local: impl IntoIterator<Item = Address>) -> Self {
        let options = (thresholds, scope, Vec::from_iter(local));
        Self {
            decider: decider(&options),
            timeline: Timeline::new(),
            served: ServedBy::default(),
            excerpts: Excerpts::default(),
            incidents: Vec::new(),
            places: HashMap::new(),
            left_out: 0,
            names: HashSet::new(),
            exchanges: Exchanges::default(),
            last: Time::default(),
            options,
            interfaces: BTreeMap::new(),
        }
    }

    /// A packet of that time comes, of whatever kind: the seconds before it can be judged.
    #[inline]
    pub fn advance(&mut self, time: Time, heard: &dyn Hears) {
        self.last = self.last.max(time);
        self.decider.advance(time, heard);
    }

    /// Learns the interfaces that observations name by number, with what `name` says that the file calls them.
    pub fn learn<'a>(&mut self, interfaces: &[Interface], name: impl Fn(u32) -> Option<&'a str>) {
        if interfaces.len() == self.interfaces.len() {
            return;
        }
        for (number, interface) in (1..).zip(interfaces).skip(self.interfaces.len()) {
            let name = match interface {
                Interface::OfHost(index) => index.to_string(),
                Interface::OfFile(place) => name(*place).map_or_else(|| place.to_string(), str::to_owned),
            };
            self.interfaces.insert(number, name);
        }
        self.decider.set_interfaces(self.interfaces.clone());
    }

    /// Takes what the packet means.
    pub fn observe(&mut self, observation: &Observation) {
        if let What::Asked(asked) = &observation.what
            && let Some(name) = &asked.name
            && self.names.len() < NAMES
        {
            self.names.insert(name.clone());
        }
        if let Some(activity) = activity(&observation.what) {
            self.timeline
                .add(observation.time, observation.service.server, activity);
        }
        if let What::Connected(connected) = &observation.what {
            for syn in &connected.syns {
                self.timeline.take_off(*syn, observation.service.server);
            }
        }
        self.served.take(observation);
        self.exchanges.take(observation);
        if let Some(packet) = packet(observation) {
            self.excerpts.add(observation.service, packet);
        }
        self.decide(observation);
    }

    fn decide(&mut self, observation: &Observation) {
        self.decider.observe(observation);
        self.keep_changes();
    }

    fn keep_changes(&mut self) {
        for change in self.decider.take_changes() {
            self.excerpts.hear(&change.incident, change.interface);
            self.keep(change.incident);
        }
    }

    fn keep(&mut self, incident: Incident) {
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

    /// The servers that no other one takes the place of: those that are named, and those with an open incident.
    pub fn staying(&self) -> HashSet<Address> {
        let (_, scope, _) = &self.options;
        self.decider
            .troubled()
            .chain(scope.servers.iter().copied())
            .collect()
    }

    /// Nothing comes any more to the decider: what it holds open stays so.
    fn end(&mut self) {
        self.decider.finish();
        self.keep_changes();
        for incident in self.decider.open_incidents() {
            self.keep(incident);
        }
    }

    /// The end of the capture: what is open stays open. `unseen` are errors to be believed because the capture holds no
    /// query at all: nothing has been decided of these services by then, and they are judged as if they came now.
    pub fn finish(mut self, unseen: &[Observation]) -> Finished {
        let mut warnings = self.decider.take_warnings();
        if !unseen.is_empty() {
            self.end();
            self.decider = decider(&self.options);
            self.decider.set_interfaces(self.interfaces.clone());
            for observation in unseen {
                self.decider.advance(observation.time, &|_| true);
                self.decide(observation);
            }
            self.decider.advance(self.last, &|_| true);
        }
        self.end();
        warnings.extend(self.decider.take_warnings());
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
            served: self.served,
            excerpts: self.excerpts,
            names: self.names.len() as u64,
            exchanges: self.exchanges,
            last: self.last,
            warnings,
            not_served: self.decider.not_served().clone(),
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
    /// What became of each server's queries.
    pub served: ServedBy,
    /// The first packets of each incident.
    pub excerpts: Excerpts,
    /// How many different names were asked for, up to a bound.
    pub names: u64,
    /// What became of the queries.
    pub exchanges: Exchanges,
    /// The time of the last packet.
    pub last: Time,
    /// The decider's warnings.
    pub warnings: Vec<Warning>,
    /// DNS unreachables about addresses of the capturing host where nothing has served their client.
    pub not_served: ByDestination,
}

fn decider((thresholds, scope, local): &(Thresholds, Scope, Vec<Address>)) -> Decider {
    let mut decider = Decider::new(thresholds.clone(), scope.clone());
    decider.set_local(local.iter().copied());
    decider
}

fn activity(what: &What) -> Option<Activity> {
    let mut activity = Activity::default();
    match what {
        What::Asked(_) => activity.queries = 1,
        What::Answered(answered) => {
            activity.answers = 1;
            activity.failures = u64::from(answered.rcode.is_some_and(Rcode::is_fault));
        }
        What::Said(answered) => {
            activity.failures = u64::from(answered.rcode.is_some_and(Rcode::is_fault));
        }
        What::Failed(_) | What::Unverified(_) => activity.errors = 1,
        What::Connected(_) | What::Seconds(_) | What::MoreErrors(_) => return None,
    }
    Some(activity)
}

/// The packet behind an observation.
fn packet(observation: &Observation) -> Option<Packet> {
    let (client, details, what) = match &observation.what {
        What::Asked(asked) => (
            asked.client,
            asked.details,
            excerpt::What::Query {
                recursion_desired: Some(asked.recursion_desired),
                query_type: asked.details.query_type,
                name: asked.name.clone(),
            },
        ),
        What::Answered(answered) | What::Said(answered) => (
            answered.client,
            answered.details,
            excerpt::What::Answer {
                rcode: answered.rcode?,
                sent: Some(answered.sent),
            },
        ),
        What::Failed(failed) => (
            failed.client,
            failed.details,
            excerpt::What::Error {
                reporter: failed.reporter,
                code: failed.code,
                sent: failed.proof.sent(),
            },
        ),
        What::Unverified(error) => (
            error.client,
            Details::default(),
            excerpt::What::Error {
                reporter: error.reporter,
                code: error.code,
                sent: None,
            },
        ),
        What::Connected(_) | What::Seconds(_) | What::MoreErrors(_) => return None,
    };
    Some(Packet {
        time: observation.time,
        client,
        client_port: details.client_port,
        id: details.id,
        what,
    })
}
