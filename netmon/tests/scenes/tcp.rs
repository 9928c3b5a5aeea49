//! A firewall that rejects DNS over TCP only: that is an incident of its own, and UDP has none.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use netmon_testkit::lab::{
    ANSWER_V4, DnsServer, FAMILIES, Hook, Namespace, Rules, SERVER_V4, SERVER_V6, TYPE_A, query, with_router,
};

use crate::support::doors::BothDoors;
use crate::support::incident::{Expected, assert_only_errors};
use crate::support::{ask_answered, assert_adds_up, destination};

/// Asks over TCP, and tells whether the answer came.
fn is_answered(client: &Namespace, server: IpAddr, name: &str) -> bool {
    let mut dig = Command::new("dig");
    dig.args(["-r", "+short", "+tcp", "+tries=1", "+timeout=2"])
        .arg(format!("@{server}"))
        .args([name, "A"]);
    let output = client.output(&mut dig).unwrap();
    String::from_utf8_lossy(&output.stdout).trim() == ANSWER_V4.to_string()
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_firewall_that_rejects_dns_over_tcp_is_an_incident_of_tcp_alone() {
    let hosts = with_router().unwrap();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let mut netmon = BothDoors::open(&hosts.client, &["to-router", "lo"], &[]);
    let rules = ["tcp dport 53 reject with icmpx type admin-prohibited"];
    let rules = Rules::new(&hosts.router, Hook::Forward, &rules).unwrap();
    let opened = FAMILIES.map(|family| {
        ask_answered(&hosts.client, family.server, 1);
        assert!(!is_answered(&hosts.client, family.server, "rejected.test"));
        let expected = Expected {
            server: family.server,
            transport: "tcp",
            kind: "unreachable",
            severity: "down",
            cause: "firewall-reject",
            reporter: Some(family.router),
            client: family.client,
        };
        let incident = expected.opened(&netmon);
        assert_only_errors(&incident, "admin");
        (expected, incident)
    });
    drop(rules);
    for family in &FAMILIES {
        assert!(is_answered(&hosts.client, family.server, "answered.test"));
    }
    for (expected, opened) in &opened {
        expected.closed(&netmon, opened, "answered");
    }
    let stopped = netmon.stop().unwrap();
    assert_eq!(
        netmon.events_named("incident_opened").unwrap().len(),
        FAMILIES.len()
    );
    for family in &FAMILIES {
        let counts = destination(&stopped, family.server);
        assert_eq!(counts["dns_responses"], 1, "{counts:#}");
        assert_eq!(counts["tcp"]["dns_queries"], 1, "{counts:#}");
        assert_eq!(counts["tcp"]["dns_responses"], 1, "{counts:#}");
    }
    assert_adds_up(&stopped);
}

/// Reads one message over TCP, and answers it, the length in a segment of its own, as some servers do.
fn answer_in_two_segments(listener: &TcpListener) {
    let (mut stream, _client) = listener.accept().unwrap();
    stream.set_nodelay(true).unwrap();
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut message).unwrap();
    // QR and RA; the question again, and no answer.
    message[2] |= 0x80;
    message[3] |= 0x80;
    stream.write_all(&length).unwrap();
    sleep(Duration::from_millis(50));
    stream.write_all(&message).unwrap();
    // Until the client has closed.
    let _closed = stream.read(&mut length);
}

/// Asks over TCP; whether something came back.
fn ask_over_tcp(client: &Namespace, server: IpAddr, name: &str) -> bool {
    let mut stream = client
        .enter(|| TcpStream::connect((server, 53)))
        .unwrap()
        .unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let message = query(7, name, TYPE_A);
    let length = u16::try_from(message.len()).unwrap().to_be_bytes();
    stream.write_all(&[&length[..], &message].concat()).unwrap();
    let mut answer = vec![0; 2 + message.len()];
    stream.read_exact(&mut answer).is_ok()
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_server_that_sends_the_length_in_a_segment_of_its_own_answers_and_one_that_sends_nothing_does_not() {
    const NAMES: [&str; 6] = ["a.test", "b.test", "c.test", "d.test", "e.test", "f.test"];
    let hosts = with_router().unwrap();
    let [v4, v6] = &FAMILIES;
    let listen = |server: IpAddr| {
        let listener = hosts.server.enter(|| TcpListener::bind((server, 53)));
        listener.unwrap().unwrap()
    };
    let mut netmon = BothDoors::open(&hosts.client, &["to-router", "lo"], &[]);
    let (answering, silent) = (listen(v4.server), listen(v6.server));
    let client = &hosts.client;
    std::thread::scope(|scope| {
        scope.spawn(|| NAMES.iter().for_each(|_| answer_in_two_segments(&answering)));
        scope.spawn(|| {
            // Each is taken, and none is answered.
            let taken: Vec<_> = NAMES.iter().map(|_| silent.accept().unwrap()).collect();
            sleep(Duration::from_secs(6));
            drop(taken);
        });
        for name in NAMES {
            assert!(ask_over_tcp(&hosts.client, v4.server, name), "{name}");
        }
        for name in NAMES {
            scope.spawn(move || assert!(!ask_over_tcp(client, v6.server, name), "{name}"));
        }
    });
    let expected = Expected {
        server: v6.server,
        transport: "tcp",
        kind: "unanswered",
        severity: "down",
        cause: "silent-drop",
        reporter: None,
        client: v6.client,
    };
    expected.opened(&netmon);
    let stopped = netmon.stop().unwrap();
    assert_eq!(netmon.events_named("incident_opened").unwrap().len(), 1);
    assert_eq!(destination(&stopped, v4.server)["tcp"]["dns_responses"], 0);
    assert_adds_up(&stopped);
}
