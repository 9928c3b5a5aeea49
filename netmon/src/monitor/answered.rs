//! The services that last answered a query with RD = 1: they keep their places in the kernel's tables, so that whoever fills these
//! crowds out none that is in use. One client has only so many, because it may ask servers of its own.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;
use netmon_common::Address;

use crate::observation::Service;

/// How many are kept: about 250 bytes each.
const KEPT: usize = 4_096;

/// How many of them for each client.
const FOR_EACH_CLIENT: usize = 64;

/// The services that last answered, in the order in which they did.
#[derive(Debug, Default)]
pub(super) struct LastAnswered {
    services: HashMap<Service, Place, RandomState>,
    order: BTreeMap<u64, Service>,
    /// Of each client the services that are kept for it, in the same order.
    clients: HashMap<Address, BTreeMap<u64, Service>, RandomState>,
    /// How many services of each server are kept.
    servers: HashMap<Address, u32, RandomState>,
    answers: u64,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    answer: u64,
    client: Address,
}

impl LastAnswered {
    /// A service has answered a client.
    pub fn note(&mut self, service: Service, client: Address) {
        self.answers += 1;
        // It stays the first client's: another one who asks it too must not lose places of its own for it, and cannot end it.
        let client = self.remove(service).unwrap_or(client);
        let answer = self.answers;
        self.services.insert(service, Place { answer, client });
        self.order.insert(answer, service);
        *self.servers.entry(service.server).or_default() += 1;
        let kept = self.clients.entry(client).or_default();
        kept.insert(answer, service);
        if kept.len() > FOR_EACH_CLIENT
            && let Some(oldest) = kept.first_key_value().map(|(_, oldest)| *oldest)
        {
            self.remove(oldest);
        }
        if self.services.len() > KEPT
            && let Some(oldest) = self.order.first_key_value().map(|(_, oldest)| *oldest)
        {
            self.remove(oldest);
        }
    }

    /// Whether a service is kept.
    pub fn has(&self, service: Service) -> bool {
        self.services.contains_key(&service)
    }

    /// Whether any service of a server is.
    pub fn has_server(&self, server: Address) -> bool {
        self.servers.contains_key(&server)
    }

    /// Takes a service out; whose it was.
    fn remove(&mut self, service: Service) -> Option<Address> {
        let Place { answer, client } = self.services.remove(&service)?;
        self.order.remove(&answer);
        if let Some(kept) = self.clients.get_mut(&client) {
            kept.remove(&answer);
            if kept.is_empty() {
                self.clients.remove(&client);
            }
        }
        if let Some(count) = self.servers.get_mut(&service.server) {
            *count -= 1;
            if *count == 0 {
                self.servers.remove(&service.server);
            }
        }
        Some(client)
    }
}

#[cfg(test)]
mod tests {
    use netmon_common::Transport;

    use super::*;

    fn address(number: u32) -> Address {
        Address::v4(number.to_be_bytes())
    }

    fn service(number: u32) -> Service {
        Service {
            server: address(number),
            port: 53,
            transport: Transport::Udp,
            interface: 0,
        }
    }

    #[test]
    fn one_client_keeps_its_last_ones_and_takes_no_place_of_another() {
        let mut last = LastAnswered::default();
        last.note(service(1), address(1_000));
        for number in 2..10_000 {
            last.note(service(number), address(2_000));
        }
        assert!(last.has(service(1)), "another client's");
        assert!(last.has(service(9_999)) && last.has(service(9_936)) && !last.has(service(9_935)));
        assert_eq!(last.services.len(), 1 + FOR_EACH_CLIENT);
        assert!(last.has_server(address(1)) && !last.has_server(address(2)));
    }

    #[test]
    fn the_oldest_ones_of_many_clients_make_room() {
        let mut last = LastAnswered::default();
        let number = u32::try_from(KEPT).unwrap() + 1;
        for number in 0..number {
            last.note(service(number), address(number));
        }
        assert!(!last.has(service(0)) && last.has(service(1)) && last.has(service(number - 1)));
        assert_eq!(
            (last.services.len(), last.order.len(), last.clients.len()),
            (KEPT, KEPT, KEPT)
        );
        // Whoever answers again is young again, for its first client.
        last.note(service(1), address(7));
        last.note(service(number), address(number));
        assert!(last.has(service(1)) && !last.has(service(2)));
        assert_eq!(last.clients.len(), KEPT);
    }
}
