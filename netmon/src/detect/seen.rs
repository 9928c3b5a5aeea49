//! When a server was last asked, and when it last answered.

use netmon_common::{Address, Transport};

use super::Decider;
use crate::observation::Service;
use crate::time::Time;

/// When a server was last asked, and when an exchange of it was last answered, over UDP or TCP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The last query.
    pub asked: Option<Time>,
    /// The last answer over UDP.
    pub answered_udp: Option<Time>,
    /// The last answer, over UDP or TCP.
    pub answered: Option<Time>,
}

impl Decider {
    /// What was seen of a server at that port; a link-local one is that on the link of the interface of that name.
    pub fn seen(&self, server: Address, port: u16, interface: Option<&str>) -> Seen {
        let interface = interface.filter(|_| server.is_link_local());
        let link = interface.and_then(|name| self.rules.link_of(name));
        let mut seen = Seen::default();
        for transport in Transport::ALL {
            let service = Service {
                server,
                port,
                transport,
                interface: link.unwrap_or(0),
            };
            let Some(tracked) = self.servers.get(service) else {
                continue;
            };
            let facts = &tracked.facts;
            seen.asked = seen.asked.max(Some(facts.last_query));
            seen.answered = seen.answered.max(facts.last_answer);
            if transport == Transport::Udp {
                seen.answered_udp = facts.last_answer;
            }
        }
        seen
    }
}
