//! The first packets of each incident: what an analyst reads first, and quotes.
//!
//! A packet belongs to an incident only in hindsight, so the last ones of each service are kept until one opens. All of
//! it is bounded; services and incidents beyond the bounds have no excerpt. Nothing is decided here.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;
use netmon_common::{Address, Code, Rcode};

use crate::model::{Incident, State};
use crate::observation::{Name, Service};
use crate::time::Time;

/// Packets of a service that are kept while it has no incident.
const RECENT: usize = 32;

/// Packets of an incident that are kept.
const PACKETS: usize = 24;

/// Services whose packets are kept. Memory with `RECENT`: below 2 MiB, names aside.
const SERVICES: usize = 256;

/// Incidents whose packets are kept: those that a report describes.
const INCIDENTS: usize = 100;

/// One packet, or for an error what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// When it was captured, wall time.
    pub time: Time,
    /// Who asked.
    pub client: Address,
    /// From which port, where that is known.
    pub client_port: Option<u16>,
    /// The message's id, where that is known.
    pub id: Option<u16>,
    /// What it is.
    pub what: What,
}

/// What a packet is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A query.
    Query {
        /// RD, where it is known.
        recursion_desired: Option<bool>,
        /// The type of record that is asked for, where it is known.
        query_type: Option<u16>,
        /// For which name, where it is known.
        name: Option<Name>,
    },
    /// A response.
    Answer {
        /// What it says.
        rcode: Rcode,
        /// When its query was sent, where that is known.
        sent: Option<Time>,
    },
    /// An ICMP error about a query.
    Error {
        /// Who sent it.
        reporter: Address,
        /// What it says.
        code: Code,
        /// When its query was sent, where that is known.
        sent: Option<Time>,
    },
}

/// The packets that are kept.
#[derive(Clone, Debug, Default)]
pub struct Excerpts {
    recent: HashMap<Service, VecDeque<Packet>, RandomState>,
    kept: HashMap<String, Vec<Packet>, RandomState>,
    /// The incidents of a service whose excerpt is not full.
    filling: HashMap<Service, Vec<String>, RandomState>,
}

impl Excerpts {
    /// Takes a packet.
    pub fn add(&mut self, service: Service, packet: Packet) {
        if let Some(filling) = self.filling.get_mut(&service) {
            filling.retain(|id| {
                self.kept.get_mut(id).is_some_and(|packets| {
                    packets.push(packet.clone());
                    packets.len() < PACKETS
                })
            });
        }
        if self.recent.len() >= SERVICES && !self.recent.contains_key(&service) {
            return;
        }
        let recent = self.recent.entry(service).or_default();
        if recent.len() == RECENT {
            recent.pop_front();
        }
        recent.push_back(packet);
    }

    /// Something happened to an incident of a server at this interface: it opened, closed, or is heard of again.
    pub fn hear(&mut self, incident: &Incident, interface: u32) {
        let service = Service {
            server: incident.server,
            port: incident.port,
            transport: incident.transport,
            interface,
        };
        if incident.state == State::Closed
            && let Some(filling) = self.filling.get_mut(&service)
        {
            filling.retain(|id| *id != incident.id);
        }
        if self.kept.contains_key(&incident.id) || self.kept.len() >= INCIDENTS {
            return;
        }
        let began = u64::try_from(incident.began.0.as_nanosecond()).unwrap_or(0);
        let recent = self.recent.get(&service).into_iter().flatten();
        let packets: Vec<_> = recent
            .filter(|packet| packet.time.nanos() >= began)
            .take(PACKETS)
            .cloned()
            .collect();
        if packets.len() < PACKETS && incident.state == State::Open {
            self.filling.entry(service).or_default().push(incident.id.clone());
        }
        self.kept.insert(incident.id.clone(), packets);
    }

    /// The first packets of an incident, in the order in which they came.
    pub fn of(&self, id: &str) -> &[Packet] {
        self.kept.get(id).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use netmon_common::Transport;

    use super::*;
    use crate::model::{Kind, Wall};

    const SERVICE: Service = Service {
        server: Address::UNSPECIFIED,
        port: 53,
        transport: Transport::Udp,
        interface: 0,
    };

    fn incident(id: &str, port: u16, began: i64, state: State) -> Incident {
        let at = |second| Wall(jiff::Timestamp::from_second(second).unwrap());
        Incident {
            port,
            state,
            ..Incident::opened(id, SERVICE.server, Kind::Unreachable, at(began))
        }
    }

    fn query(second: u64) -> Packet {
        Packet {
            time: Time::at_second(second),
            client: Address::UNSPECIFIED,
            client_port: Some(52_444),
            id: Some(35_084),
            what: What::Query {
                recursion_desired: Some(true),
                query_type: Some(1),
                name: None,
            },
        }
    }

    #[test]
    fn an_incident_has_its_first_packets_from_before_it_opened_until_it_closed() {
        let mut excerpts = Excerpts::default();
        for second in 0..5 {
            excerpts.add(SERVICE, query(second));
        }
        excerpts.hear(&incident("first", 53, 3, State::Open), 0);
        excerpts.add(SERVICE, query(5));
        excerpts.hear(&incident("first", 53, 3, State::Closed), 0);
        excerpts.add(SERVICE, query(6));
        let seconds: Vec<_> = excerpts
            .of("first")
            .iter()
            .map(|packet| packet.time.second())
            .collect();
        assert_eq!(seconds, [3, 4, 5]);
        assert_eq!(excerpts.of("another"), []);
    }

    #[test]
    fn an_incident_has_the_packets_of_the_interface_that_its_server_is_at() {
        let mut excerpts = Excerpts::default();
        for interface in 0..3 {
            let service = Service { interface, ..SERVICE };
            for second in 0..=interface {
                excerpts.add(service, query(second.into()));
            }
        }
        for interface in 0..3 {
            let id = interface.to_string();
            excerpts.hear(&incident(&id, 53, 0, State::Open), interface);
            assert_eq!(excerpts.of(&id).len(), interface as usize + 1);
        }
    }

    #[test]
    fn packets_services_and_incidents_are_bounded() {
        let mut excerpts = Excerpts::default();
        excerpts.hear(&incident("long", 53, 0, State::Open), 0);
        for second in 0..1_000 {
            excerpts.add(SERVICE, query(second));
        }
        assert_eq!(excerpts.of("long").len(), PACKETS);
        for port in 0..1_000 {
            excerpts.add(Service { port, ..SERVICE }, query(0));
            excerpts.hear(&incident(&port.to_string(), port, 0, State::Open), 0);
        }
        assert_eq!(excerpts.recent.len(), SERVICES);
        assert_eq!(excerpts.kept.len(), INCIDENTS);
    }
}
