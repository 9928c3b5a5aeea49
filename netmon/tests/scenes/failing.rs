//! Servers that answer, and whose answers are failures: a resolver that gets nothing from its upstream, and one that refuses
//! everybody. And resolvers that are well, although they must answer so for a domain that is not.

use std::net::{IpAddr, Ipv4Addr};
use std::thread::sleep;
use std::time::Duration;

use netmon_testkit::lab::{FAMILIES, Namespace, Reply, SERVER_V4, SERVER_V6, Unbound, dig, two_hosts};

use crate::support::incident::{Expected, assert_evidence, assert_flow, assert_no_incident, events_of};
use crate::support::{ANSWER, ask_answered, assert_adds_up, destination, watch};

/// Answers everything.
const HEALTHY: &str = r#"
server:
    local-zone: "test." redirect
    local-data: "test. A 192.0.2.80"
"#;

/// Forwards everything to one that refuses it.
const GETS_NOTHING: &str = r#"
server:
    module-config: "iterator"
    local-zone: "test." nodefault
forward-zone:
    name: "."
    forward-addr: 203.0.113.3
"#;

/// Refuses everybody, with nothing but a header: what was asked, only the query says.
const REFUSES: &str = r"
server:
    access-control: 0.0.0.0/0 refuse
    access-control: 127.0.0.0/8 refuse
    access-control: ::/0 refuse
";

/// Well, but for two domains: one that its upstream refuses, and one whose answers do not have the signatures
/// that they must have.
const TWO_BROKEN_DOMAINS: &str = r#"
server:
    module-config: "validator iterator"
    local-zone: "test." nodefault
    trust-anchor: "bogus.test. DS 12345 13 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
forward-zone:
    name: "."
    forward-addr: 127.0.0.2
forward-zone:
    name: "broken.test."
    forward-addr: 127.0.0.3
"#;

const UPSTREAM: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
const REFUSING_UPSTREAM: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3));

/// The refusing servers' addresses.
const REFUSING: [&str; 2] = ["203.0.113.3", "2001:db8:2::3"];

/// Queries of each client to each server.
const QUERIES: u32 = 12;

/// Asks for many names, and insists on answers without a record.
fn ask_failed(client: &Namespace, server: IpAddr) {
    for n in 0..QUERIES {
        let reply = dig(client, server, &format!("failed{n}.test"), ANSWER).unwrap();
        assert_eq!(reply, Reply::Answered(Vec::new()));
    }
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn servers_that_answer_servfail_or_refused_are_failing_and_recover() {
    let hosts = two_hosts().unwrap();
    let refusing = REFUSING.map(|address| address.parse::<IpAddr>().unwrap());
    for address in refusing {
        hosts.server.add_address(address, "to-client").unwrap();
    }
    let servfail = Unbound::start(&hosts.server, &[SERVER_V4, SERVER_V6], GETS_NOTHING, &[]).unwrap();
    let refused = Unbound::start(&hosts.server, &refusing, REFUSES, &[]).unwrap();
    let mut client = watch(&hosts.client, &["--interface", "to-server"]);
    // Its clients were never answered well: only of a server that is named their failures count there.
    let named = [
        "--interface",
        "to-client",
        "--server",
        "203.0.113.2",
        "--server",
        "2001:db8:2::2",
    ];
    let mut server = watch(&hosts.server, &named);
    let mut expected = Vec::new();
    for (family, refusing) in FAMILIES.iter().zip(refusing) {
        let failing = |server, rcode| {
            let expected = Expected {
                server,
                transport: "udp",
                kind: "failing",
                severity: "down",
                cause: "server-failure",
                reporter: None,
                client: family.client,
            };
            (expected, rcode)
        };
        expected.extend([failing(family.server, "servfail"), failing(refusing, "refused")]);
    }
    for (expected, _) in &expected {
        ask_failed(&hosts.client, expected.server);
    }
    let mut opened = Vec::new();
    for (expected, rcode) in &expected {
        let incident = expected.opened(&client);
        let evidence = format!("{} (", rcode.to_uppercase());
        assert_evidence(&incident, &evidence);
        opened.push(incident);
        // REFUSED by its own server is a host's policy.
        if *rcode == "servfail" {
            expected.opened(&server);
        }
    }

    drop((servfail, refused));
    let all: Vec<IpAddr> = expected.iter().map(|(expected, _)| expected.server).collect();
    let _healthy = Unbound::start(&hosts.server, &all, HEALTHY, &[]).unwrap();
    for _ in 0..2 {
        for server in &all {
            ask_answered(&hosts.client, *server, 1);
        }
        // The failures must be forgotten before the good answers are.
        sleep(Duration::from_secs(2));
    }
    for ((expected, rcode), opened) in expected.iter().zip(&opened) {
        let closed = expected.closed(&client, opened, "recovered");
        // Up to the first good answers.
        assert_flow(&closed, u64::from(QUERIES), u64::from(QUERIES));
        let of_server = events_of(&server, "incident_opened", expected.server);
        assert_eq!(of_server.len(), usize::from(*rcode == "servfail"));
    }
    for netmon in [&mut client, &mut server] {
        let stopped = netmon.stop().unwrap();
        for (expected, rcode) in &expected {
            let counts = destination(&stopped, expected.server);
            assert_eq!(counts["rcodes"][rcode], QUERIES, "{counts:#}");
            assert_eq!(counts["rcodes"]["noerror"], 2, "{counts:#}");
        }
        assert_adds_up(&stopped);
    }
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn one_broken_domain_and_one_with_bogus_signatures_say_nothing_about_a_healthy_resolver() {
    let hosts = two_hosts().unwrap();
    let _upstream = Unbound::start(&hosts.server, &[UPSTREAM], HEALTHY, &[]).unwrap();
    let _refusing = Unbound::start(&hosts.server, &[REFUSING_UPSTREAM], REFUSES, &[]).unwrap();
    let resolver = TWO_BROKEN_DOMAINS;
    let _resolver = Unbound::start(&hosts.server, &[SERVER_V4, SERVER_V6], resolver, &[]).unwrap();
    let mut netmon = watch(&hosts.client, &["--interface", "to-server"]);
    for family in &FAMILIES {
        for name in ["broken.test", "bogus.test"] {
            for _ in 0..10 {
                let reply = dig(&hosts.client, family.server, name, ANSWER).unwrap();
                assert_eq!(reply, Reply::Answered(Vec::new()), "{name}");
            }
        }
        ask_answered(&hosts.client, family.server, 1);
    }
    // Judged at the end of each second.
    // An answer is decided on after 5 s.
    sleep(Duration::from_millis(7_100));
    let stopped = netmon.stop().unwrap();
    assert_no_incident(&netmon);
    for family in &FAMILIES {
        let counts = destination(&stopped, family.server);
        assert_eq!(counts["rcodes"]["servfail"], 20, "{counts:#}");
        assert_eq!(counts["rcodes"]["noerror"], 1, "{counts:#}");
    }
    assert_adds_up(&stopped);
}
