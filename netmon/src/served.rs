//! What became of what each server was asked, by exchanges (docs/contract.md, section 2).
//!
//! Packets do not show that: a host that translates a service address counts a query for one server and its answer for another,
//! and anybody can send answers to queries that nobody asked.

use std::collections::HashMap;
use std::ops::AddAssign;

use foldhash::fast::RandomState;
use netmon_common::{Address, Rcode, Transport};

use crate::limits::SERVED;
use crate::observation::{Answered, Observation, Proof, What};

/// What became of what a server was asked, over one transport or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Queries, each time that they were sent.
    pub queries: u64,
    /// Attempts to connect.
    pub connects: u64,
    /// Queries that were answered.
    pub answers: u64,
    /// Queries that were answered, by the answer's [`Rcode`], as far as it was seen.
    pub rcodes: [u64; Rcode::ALL.len()],
    /// ICMP errors about queries and attempts to connect, also about those that were not seen.
    pub errors: u64,
}

impl Served {
    /// Whatever shows that somebody tried to ask: over TCP one has to connect first.
    pub const fn tried(&self) -> u64 {
        self.queries + self.connects
    }

    fn take(&mut self, what: &What, transport: Transport) {
        match what {
            What::Asked(asked) if asked.is_syn => self.connects += 1,
            What::Asked(_) => self.queries += 1,
            What::Answered(answered) => {
                self.answers += answered.queries();
                self.say(answered);
            }
            What::Said(answered) => self.say(answered),
            What::Failed(failed) => {
                self.errors += 1;
                // Such a query reaches no hook: the error is all that shows it.
                if failed.proof == Proof::RaisedByThisHost(None) {
                    match transport {
                        Transport::Udp => self.queries += 1,
                        Transport::Tcp => self.connects += 1,
                    }
                }
            }
            What::Unverified(_) => self.errors += 1,
            What::Connected(_) | What::Seconds(_) | What::MoreErrors(_) => {}
        }
    }

    fn say(&mut self, answered: &Answered) {
        let rcode = answered.rcode.map(|rcode| rcode as usize);
        if let Some(count) = rcode.and_then(|rcode| self.rcodes.get_mut(rcode)) {
            *count += answered.queries();
        }
    }

    /// Answers with this code.
    pub fn rcode(&self, rcode: Rcode) -> u64 {
        self.rcodes.get(rcode as usize).copied().unwrap_or(0)
    }
}

impl AddAssign for Served {
    fn add_assign(&mut self, more: Self) {
        self.queries += more.queries;
        self.connects += more.connects;
        self.answers += more.answers;
        for (count, more) in self.rcodes.iter_mut().zip(more.rcodes) {
            *count += more;
        }
        self.errors += more.errors;
    }
}

/// The same of each server and transport. Of those beyond its bound nothing is known.
#[derive(Clone, Debug, Default)]
pub struct ServedBy(HashMap<(Address, Transport), Over, RandomState>);

/// What became of what a server was asked over one transport.
#[derive(Clone, Debug, Default)]
struct Over {
    served: Served,
    /// How many of the answers each of its DNS ports gave, of which there are few.
    by_port: Vec<(u16, u64)>,
}

impl Over {
    fn answered(&mut self, port: u16, queries: u64) {
        match self.by_port.iter_mut().find(|(known, _)| *known == port) {
            Some((_, answers)) => *answers += queries,
            None => self.by_port.push((port, queries)),
        }
    }
}

impl ServedBy {
    /// Takes one thing that was seen.
    pub fn take(&mut self, observation: &Observation) {
        let Observation { service, what, .. } = observation;
        if matches!(what, What::Connected(_) | What::Seconds(_) | What::MoreErrors(_)) {
            return;
        }
        let key = (service.server, service.transport);
        if self.0.len() < SERVED || self.0.contains_key(&key) {
            let over = self.0.entry(key).or_default();
            over.served.take(what, service.transport);
            if let What::Answered(answered) = what {
                over.answered(service.port, answered.queries());
            }
        }
    }

    /// Whether anybody is known to have tried to ask a server.
    pub fn knows(&self, server: Address) -> bool {
        let over = Transport::ALL.map(|transport| self.of(server, transport));
        over.iter().any(|served| served.tried() > 0)
    }

    /// What is known of a server over one transport.
    pub fn of(&self, server: Address, transport: Transport) -> Served {
        let over = self.0.get(&(server, transport));
        over.map_or_else(Served::default, |over| over.served)
    }

    /// How many queries a server is known to have answered at one port over one transport.
    pub fn answers_at(&self, server: Address, transport: Transport, port: u16) -> u64 {
        let over = self.0.get(&(server, transport)).into_iter();
        let mut by_port = over.flat_map(|over| &over.by_port);
        by_port
            .find(|(known, _)| *known == port)
            .map_or(0, |(_, answers)| *answers)
    }

    /// The servers that somebody is known to have tried to ask, some of them twice.
    pub fn servers(&self) -> impl Iterator<Item = Address> {
        let asked = self.0.iter().filter(|(_, over)| over.served.tried() > 0);
        asked.map(|((server, _), _)| *server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{Asked, Details, Service, Side};
    use crate::time::Time;

    const SERVER: Address = Address::v4([192, 0, 2, 53]);

    fn seen(transport: Transport, what: What) -> Observation {
        Observation {
            time: Time::at_second(1),
            service: Service {
                server: SERVER,
                port: 53,
                transport,
                interface: 0,
            },
            what,
        }
    }

    fn asked(is_syn: bool) -> What {
        What::Asked(Asked {
            client: Address::v4([192, 0, 2, 1]),
            name: None,
            recursion_desired: true,
            is_syn,
            details: Details::default(),
        })
    }

    fn answered(earlier: Vec<Time>) -> What {
        What::Answered(Answered {
            client: Address::v4([192, 0, 2, 1]),
            side: Side::Only,
            sent: Time::at_second(1),
            earlier,
            rcode: Some(Rcode::NxDomain),
            standard: true,
            name: None,
            recursion_desired: true,
            details: Details::default(),
        })
    }

    #[test]
    fn an_answer_answers_each_time_that_its_query_was_sent() {
        let mut served = ServedBy::default();
        for what in [asked(false), asked(false), answered(vec![Time::at_second(1)])] {
            served.take(&seen(Transport::Udp, what));
        }
        let of_server = served.of(SERVER, Transport::Udp);
        assert_eq!((of_server.queries, of_server.answers), (2, 2));
        assert_eq!(of_server.rcode(Rcode::NxDomain), 2);
        assert_eq!(served.of(SERVER, Transport::Tcp), Served::default());
    }

    #[test]
    fn answers_are_counted_by_port_and_transport() {
        let mut served = ServedBy::default();
        for (transport, port, earlier) in [
            (Transport::Udp, 53, 1),
            (Transport::Udp, 5_353, 0),
            (Transport::Udp, 53, 0),
            (Transport::Tcp, 53, 0),
        ] {
            let mut seen = seen(transport, answered(vec![Time::at_second(1); earlier]));
            seen.service.port = port;
            served.take(&seen);
        }
        let answers = |transport, port| served.answers_at(SERVER, transport, port);
        assert_eq!(answers(Transport::Udp, 53), 3);
        assert_eq!(answers(Transport::Udp, 5_353), 1);
        assert_eq!(answers(Transport::Tcp, 53), 1);
        assert_eq!(answers(Transport::Tcp, 5_353), 0);
        assert_eq!(served.of(SERVER, Transport::Udp).answers, 4);
    }

    #[test]
    fn who_only_answers_is_not_known_to_have_been_asked() {
        let mut served = ServedBy::default();
        served.take(&seen(Transport::Udp, answered(Vec::new())));
        assert_eq!((served.knows(SERVER), served.servers().count()), (false, 0));
        served.take(&seen(Transport::Tcp, asked(true)));
        assert_eq!(served.servers().collect::<Vec<_>>(), [SERVER]);
        assert_eq!(served.of(SERVER, Transport::Tcp).tried(), 1);
    }

    #[test]
    fn no_more_than_the_bound_is_remembered() {
        let mut served = ServedBy::default();
        for number in 0..=u32::try_from(SERVED).unwrap() {
            let mut one = seen(Transport::Udp, asked(false));
            one.service.server = Address::v4(number.to_be_bytes());
            served.take(&one);
            served.take(&one);
        }
        assert_eq!(served.0.len(), SERVED);
        assert!(served.0.values().all(|over| over.served.queries == 2));
    }
}
