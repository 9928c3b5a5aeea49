//! Errors that anybody on the Internet can forge. What quotes no query that was seen is counted, and believed by
//! nobody; what quotes one that was is as good as a router's word.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use netmon_testkit::lab::icmp::{query_packet, unreachable};
use netmon_testkit::lab::{FAMILIES, Family, Forger, TYPE_A, query, switched};

use crate::support::incident::{assert_no_incident, refusal};
use crate::support::{assert_adds_up, destination, watch};

/// The client's port, and the id of its only query.
const PORT: u16 = 40_000;
const ID: u16 = 7;

/// A lie about a query.
struct Lie {
    what: &'static str,
    client_port: u16,
    id: u16,
    server: Server,
    /// How many bytes are quoted of the UDP datagram.
    quoted: usize,
}

/// Whom the query asked, as the lie has it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Server {
    Asked,
    NeverAsked,
}

impl Server {
    const fn address(self, family: &Family) -> IpAddr {
        match self {
            Self::Asked => family.server,
            // Any other address.
            Self::NeverAsked => family.router,
        }
    }
}

const LIES: [Lie; 4] = [
    Lie {
        what: "a query from a port that did not ask",
        client_port: PORT + 1,
        id: ID,
        server: Server::Asked,
        quoted: usize::MAX,
    },
    Lie {
        what: "the same, with as little quoted as may be",
        client_port: PORT + 1,
        id: ID,
        server: Server::Asked,
        quoted: 8,
    },
    Lie {
        what: "the right ports and a wrong id",
        client_port: PORT,
        id: ID + 1,
        server: Server::Asked,
        quoted: usize::MAX,
    },
    Lie {
        what: "the right ports and id, but a server that was not asked",
        client_port: PORT,
        id: ID,
        server: Server::NeverAsked,
        quoted: usize::MAX,
    },
];

/// An error from the server's address.
fn error(family: &Family, lie: &Lie) -> Vec<u8> {
    const PORT_UNREACHABLE: [u8; 2] = [3, 4];
    let client = SocketAddr::new(family.client, lie.client_port);
    let server = SocketAddr::new(lie.server.address(family), 53);
    let mut quoted = query_packet(client, server, &query(lie.id, "forged.test", TYPE_A));
    let header = if family.client.is_ipv6() { 40 } else { 20 };
    quoted.truncate(lie.quoted.saturating_add(header));
    let code = PORT_UNREACHABLE[usize::from(family.client.is_ipv6())];
    unreachable(family.server, family.client, code, &quoted)
}

#[test]
#[ignore = "needs root: network namespaces, TC and raw sockets"]
fn an_error_opens_an_incident_only_if_it_quotes_a_query_that_was_seen() {
    let hosts = switched().unwrap();
    let forger = Forger::new(&hosts.server).unwrap();
    let mut netmon = watch(&hosts.client, &[]);
    // Servers that hear the query and are silent, so that no kernel sends an error of its own.
    let _sockets = FAMILIES.map(|family| {
        let bind = |host: &netmon_testkit::lab::Namespace, address: IpAddr, port: u16| {
            host.enter(|| UdpSocket::bind((address, port))).unwrap().unwrap()
        };
        let server = bind(&hosts.server, family.server, 53);
        let client = bind(&hosts.client, family.client, PORT);
        client
            .send_to(&query(ID, "forged.test", TYPE_A), (family.server, 53))
            .unwrap();
        (server, client)
    });
    for family in &FAMILIES {
        for lie in &LIES {
            forger.send(&error(family, lie), family.client).unwrap();
        }
    }
    std::thread::sleep(Duration::from_millis(1_500));
    assert_no_incident(&netmon);

    let about_asked = LIES.iter().filter(|lie| lie.server == Server::Asked).count();

    // The same with nothing wrong about it: the lies were not believed for what they quote, and for nothing else.
    let truths = [usize::MAX, 8].map(|quoted| Lie {
        what: "nothing",
        client_port: PORT,
        id: ID,
        server: Server::Asked,
        quoted,
    });
    for family in &FAMILIES {
        let expected = refusal(family.client, family.server);
        for truth in &truths {
            forger.send(&error(family, truth), family.client).unwrap();
        }
        // An incident counts all errors since it began, and tells how many of them are verified.
        let incident = expected.opened(&netmon);
        // The second truth came while the first settled: one query verifies one error.
        assert_eq!(incident["errors"]["port"], about_asked + 2, "{incident:#}");
        assert_eq!(incident["verified"], 1, "{incident:#}");
    }

    let stopped = netmon.stop().unwrap();
    for family in &FAMILIES {
        let asked = destination(&stopped, family.server);
        assert_eq!(asked["unsolicited"], about_asked, "{asked:#}");
        assert_eq!(asked["dns_unreachable"]["port"], about_asked + 2, "{asked:#}");
        let other = destination(&stopped, family.router);
        assert_eq!(other["unsolicited"], LIES.len() - about_asked, "{other:#}");
    }
    let lies: Vec<&str> = LIES.iter().map(|lie| lie.what).collect();
    let unsolicited = &stopped.value["totals"]["unsolicited"];
    assert_eq!(*unsolicited, FAMILIES.len() * LIES.len(), "{lies:?}");
    assert_adds_up(&stopped);
}
