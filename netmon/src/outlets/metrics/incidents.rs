//! The incidents that are open, as metrics show them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::{Cause, Happened, Incident, Kind};

/// An open incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Active {
    /// The server's address.
    pub server: String,
    /// Its port.
    pub port: String,
    /// What carries the messages.
    pub transport: &'static str,
    /// What is wrong.
    pub kind: &'static str,
    /// The most likely cause.
    pub cause: &'static str,
    /// Whether nobody gets answers.
    pub is_down: bool,
    /// When it opened, wall time.
    pub opened: Timestamp,
    /// Clients that it hits.
    pub clients: u64,
    /// The id of the incident that explains it.
    because_of: Option<String>,
    /// The server of that one, while it is open.
    pub root: Option<String>,
}

/// What is known of incidents so far.
#[derive(Debug)]
pub struct Incidents {
    active: BTreeMap<String, Active>,
    opened: BTreeMap<&'static str, u64>,
}

impl Default for Incidents {
    fn default() -> Self {
        Self {
            active: BTreeMap::new(),
            // From the start, so that the first one is seen as an increase.
            opened: Kind::ALL.into_iter().map(|kind| (kind.name(), 0)).collect(),
        }
    }
}

impl Incidents {
    /// Takes what happened to an incident. One that goes on is open, also if an earlier process reported its
    /// opening.
    pub fn take(&mut self, happened: Happened, incident: &Incident) {
        match happened {
            Happened::Opened | Happened::Updated => {
                self.active.insert(incident.id.clone(), Active::new(incident));
            }
            Happened::Closed => {
                self.active.remove(&incident.id);
            }
        }
        if happened == Happened::Opened && incident.reopened == 0 {
            *self.opened.entry(incident.kind.name()).or_default() += 1;
        }
    }

    /// The open ones, the oldest first.
    pub fn active(&self) -> Vec<Active> {
        let mut active: Vec<Active> = self.active.values().cloned().collect();
        for incident in &mut active {
            let root = incident
                .because_of
                .as_ref()
                .and_then(|root| self.active.get(root));
            incident.root = root.map(|root| root.server.clone());
        }
        active.sort_by_key(|incident| incident.opened);
        active
    }

    /// How many opened, by kind.
    pub fn opened(&self) -> BTreeMap<&'static str, u64> {
        self.opened.clone()
    }
}

impl Active {
    fn new(incident: &Incident) -> Self {
        Self {
            server: incident.server.to_string(),
            port: incident.port.to_string(),
            transport: incident.transport.name(),
            kind: incident.kind.name(),
            cause: incident.cause().map_or("unknown", Cause::name),
            is_down: incident.is_down(),
            opened: incident.opened.0,
            clients: incident.clients.len() as u64 + incident.clients_more,
            because_of: incident.because_of.clone(),
            root: None,
        }
    }

    /// What distinguishes it from others, as labels.
    pub fn labels(&self) -> [(&'static str, &str); 4] {
        [
            ("server", &self.server),
            ("port", &self.port),
            ("transport", self.transport),
            ("kind", self.kind),
        ]
    }
}
