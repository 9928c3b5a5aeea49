//! The servers that the configuration names: who says of an incident or of a count whose server it is.

use std::collections::BTreeMap;

use netmon_common::Address;

use super::counts::DestinationCounts;
use super::incident::Incident;
use super::server::ServerInfo;

/// The servers of which the configuration says more than their address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(BTreeMap<Address, ServerInfo>);

impl FromIterator<(Address, ServerInfo)> for Names {
    /// The last one of an address wins; one that says nothing is left out.
    fn from_iter<I: IntoIterator<Item = (Address, ServerInfo)>>(all: I) -> Self {
        Self(all.into_iter().filter(|(_, info)| !info.is_empty()).collect())
    }
}

impl Names {
    /// What is said of a server.
    pub fn of(&self, server: Address) -> Option<&ServerInfo> {
        self.0.get(&server)
    }

    /// All of them, in the order of addresses.
    pub fn iter(&self) -> impl Iterator<Item = (Address, &ServerInfo)> {
        self.0.iter().map(|(address, info)| (*address, info))
    }

    /// With those of another list, which win.
    #[must_use]
    pub fn with(mut self, others: &Self) -> Self {
        self.0.extend(others.0.clone());
        self
    }

    /// Says of an incident whose server it is. What was said of a server that is not in this list stays.
    pub fn mark_incident(&self, incident: &mut Incident) {
        if let Some(info) = self.of(incident.server) {
            incident.server_info = Some(Box::new(info.clone()));
        }
    }

    /// Says of each destination whose it is.
    pub fn mark(&self, destinations: &mut [DestinationCounts]) {
        if self.0.is_empty() {
            return;
        }
        for destination in destinations {
            destination.server_info = self.of(destination.address).cloned().map(Box::new);
        }
    }
}
