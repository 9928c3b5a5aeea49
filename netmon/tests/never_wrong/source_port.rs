//! A client that asks from port 53, as old resolvers do: an error that quotes a packet from port 53 to port 53 may be
//! about a query or about an answer that came too late, and only the message in it says which.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use netmon_testkit::lab::{FAMILIES, Namespace, TYPE_A, query, respond, two_hosts};

use crate::support::doors::BothDoors;
use crate::support::incident::{assert_errors, refusal};
use crate::support::{PATIENCE, assert_adds_up, destination};
use crate::trouble::{assert_exact, assert_nothing_of, port_53};

fn bind(host: &Namespace, address: IpAddr) -> UdpSocket {
    let socket = host.enter(|| UdpSocket::bind((address, 53))).unwrap().unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_error_about_a_late_answer_from_port_53_to_port_53_is_no_outage_of_the_client() {
    let hosts = two_hosts().unwrap();
    let mut at_client = BothDoors::open(&hosts.client, &["to-server"], &[]);
    let servers = FAMILIES.map(|family| family.server.to_string());
    let named: Vec<&str> = servers.iter().flat_map(|server| ["--server", server]).collect();
    let mut at_server = BothDoors::open(&hosts.server, &["to-client"], &named);
    for family in &FAMILIES {
        let service = bind(&hosts.server, family.server);
        let client = bind(&hosts.client, family.client);
        client
            .send_to(&query(7, "late.test", TYPE_A), port_53(family.server))
            .unwrap();
        let mut buffer = [0; 512];
        let (length, from) = service.recv_from(&mut buffer).unwrap();
        // It no longer listens to the server: its kernel refuses the answer, which the server's socket is told.
        client.connect(SocketAddr::new(family.client, 9)).unwrap();
        service.connect(from).unwrap();
        service.send(&respond(&buffer[..length], 0)).unwrap();
        let told = service.recv(&mut buffer).unwrap_err();
        assert_eq!(told.kind(), ErrorKind::ConnectionRefused);

        // The control: it is the server that no longer listens.
        service.connect(SocketAddr::new(family.server, 9)).unwrap();
        client.connect(port_53(family.server)).unwrap();
        client.send(&query(8, "refused.test", TYPE_A)).unwrap();
        let told = client.recv(&mut buffer).unwrap_err();
        assert_eq!(told.kind(), ErrorKind::ConnectionRefused);
    }
    for netmon in [&mut at_client, &mut at_server] {
        for family in &FAMILIES {
            let incident = refusal(family.client, family.server).opened(netmon);
            assert_errors(&incident, "port", 1);
            assert_exact(&incident, 1, 0);
        }
        assert_nothing_of(netmon, FAMILIES.iter().map(|family| family.client));
        let stopped = netmon.stop().unwrap();
        for family in &FAMILIES {
            let counts = destination(&stopped, family.server);
            assert_eq!(counts["late_responses"], 1, "{counts:#}");
            assert_eq!(counts["dns_unreachable"]["port"], 1, "{counts:#}");
            let counts = destination(&stopped, family.client);
            assert_eq!(counts["dns_unreachable"]["port"], 0, "{counts:#}");
            assert_eq!(counts["icmp_unreachable"]["port"], 1, "{counts:#}");
        }
        assert_adds_up(&stopped);
    }
}
