//! Whose failures count (contract, section 3).
//!
//! - A server that is asked on a DNS port, unless nobody can answer from its address.
//! - One of this host's own addresses when this host itself asked; when others asked, only failures of clients that the
//!   service has answered well before, or where it is named. Else a scanner that probes port 53 of a host without DNS,
//!   or a stranger whom this host's firewall turns away, would raise an alarm.
//! - Iterative queries (RD = 0), what a resolver sends to the many half-dead servers of this world, only for
//!   servers that are named, or on demand.

use std::collections::BTreeSet;

use netmon_common::records::Interface;
use netmon_common::{Address, Code};

use super::own_clients::OwnClients;
use super::prefix::Prefix;
use crate::model::{OwnClient, OwnService};
use crate::observation::{Failed, Proof, Service};
use crate::time::Time;

/// What the operator wants to be told about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Servers whose failures always count (`--server`).
    pub servers: BTreeSet<Address>,
    /// Whether failures of iterative queries open incidents too (`--iterative`).
    pub iterative: bool,
    /// Where service addresses are that this host translates (`--service-cidr`).
    pub service_addresses: Vec<Prefix>,
}

/// The scope, and what is known of this host's own addresses.
#[derive(Debug, Default)]
pub(super) struct Judged {
    scope: Scope,
    own: BTreeSet<Address>,
    /// Whether these are keys, link-local ones of their links, and all loopback addresses are this host's own.
    live: bool,
    /// Whom own services have answered.
    pub clients: OwnClients,
    /// The resolvers that this host is configured to use.
    configured: BTreeSet<Address>,
    /// The service addresses that this host is known to translate.
    translated: BTreeSet<Address>,
    /// Services that had answered somebody well before their address was this host's own: nobody knows whom.
    served_somebody: BTreeSet<OwnService>,
}

/// How a service stands to the scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact by itself")]
pub(super) struct Standing {
    /// It is one of this host's own addresses.
    pub own: bool,
    /// It is named.
    pub named: bool,
    /// This host is configured to use it.
    pub configured: bool,
    /// Failures of iterative queries may open incidents too.
    pub iterative_too: bool,
}

impl Standing {
    /// Whether somebody says that it matters, whatever is seen of it.
    pub const fn matters(self) -> bool {
        self.named || self.configured
    }
}

impl Judged {
    pub fn new(scope: Scope) -> Self {
        Self {
            scope,
            ..Self::default()
        }
    }

    /// This is the scope from now on.
    pub fn set_scope(&mut self, scope: Scope) {
        self.scope = scope;
    }

    /// This host is configured to use these, and no others.
    pub fn set_configured(&mut self, servers: BTreeSet<Address>) {
        self.configured = servers;
    }

    /// This host is known to translate these, and no others.
    pub fn set_translated(&mut self, services: BTreeSet<Address>) {
        self.translated = services;
    }

    /// How that service's server stands.
    pub fn standing(&self, service: Service) -> Standing {
        let named = self.scope.servers.contains(&service.server);
        Standing {
            own: self.is_own(service.server, service),
            named,
            configured: self.configured.contains(&service.server),
            iterative_too: named || self.scope.iterative,
        }
    }

    /// Whether it is this host's own address on the link of that service, which a packet about it names: a link-local one may be
    /// another host's there. By the loopback interface, and where the link is not known, it is one that this host has on any.
    pub fn is_own(&self, address: Address, service: Service) -> bool {
        if !self.live {
            return self.own.contains(&address);
        }
        let link = service.interface.max(Interface::LOOPBACK);
        self.own.contains(&address.on_link(link)) || address.ip().is_loopback()
    }

    /// The same, where it is known whose packets a capture with loopback addresses holds: this host's.
    pub fn is_here(&self, address: Address, service: Service) -> bool {
        self.is_own(address, service) || address.ip().is_loopback()
    }

    /// Whether an error says that a service address has no endpoints: this host itself, which translates it, sends it.
    pub fn has_no_endpoints(&self, service: Service, failed: &Failed) -> bool {
        let server = service.server;
        let ours =
            matches!(failed.proof, Proof::RaisedByThisHost(_)) || self.is_own(failed.reporter, service);
        let is_service = || {
            let mut ranges = self.scope.service_addresses.iter();
            self.translated.contains(&server) || ranges.any(|range| range.contains(server))
        };
        failed.code == Code::Port && ours && !self.is_own(server, service) && is_service()
    }

    /// Whether failures of that client's queries to this service count.
    pub fn counts(&self, service: Service, standing: Standing, client: Address, at: Time) -> bool {
        if !standing.own || standing.named || self.is_own(client, service) {
            return true;
        }
        let service = own(service);
        self.clients.is_known(OwnClient { service, client }, at) || self.served_somebody.contains(&service)
    }

    /// Whether this own service is known to have answered anybody.
    pub fn serves(&self, service: Service) -> bool {
        let service = own(service);
        self.clients.serves(service) || self.served_somebody.contains(&service)
    }

    /// These, and no others, are this host's own addresses; `live` says whether they are keys ([`Address::on_link`]), and all
    /// loopback addresses are this host's, too.
    pub fn set_own(&mut self, addresses: impl IntoIterator<Item = Address>, live: bool) {
        self.own = addresses.into_iter().collect();
        self.live = live;
    }

    /// The service has answered somebody well, and nobody knows whom.
    pub fn has_answered(&mut self, service: Service) {
        if self.is_own(service.server, service) && !self.clients.serves(own(service)) {
            self.served_somebody.insert(own(service));
        }
    }

    /// The service has answered that client well.
    pub fn has_answered_well(&mut self, service: Service, client: Address, at: Time) {
        if self.is_own(service.server, service) {
            let service = own(service);
            self.served_somebody.remove(&service);
            self.clients.note(OwnClient { service, client }, at);
        }
    }
}

/// The service, if it is this host's: at whichever interface it is asked.
const fn own(service: Service) -> OwnService {
    OwnService {
        server: service.server,
        port: service.port,
        transport: service.transport,
    }
}
