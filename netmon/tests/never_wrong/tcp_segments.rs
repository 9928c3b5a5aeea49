//! A TCP server that sends the length of its answer in a segment of its own, as many programs do: two writes, two
//! segments. The second one does not look like the start of a DNS message, and answers all the same.

use std::net::IpAddr;
use std::process::Command;
use std::thread;

use netmon_testkit::lab::{FAMILIES, Family, Namespace, ScriptedTcp, respond, two_hosts};

use crate::support::doors::BothDoors;
use crate::support::incident::{Expected, silence};
use crate::support::{assert_adds_up, destination};
use crate::trouble::{NAMES, add_second, assert_exact, assert_nothing_of, port_53, second};

/// Queries to each healthy server.
const QUERIES: u32 = 30;

/// The length, and then the message.
fn in_two_segments(query: &[u8]) -> Vec<Vec<u8>> {
    let answer = respond(query, 0);
    let length = u16::try_from(answer.len()).unwrap();
    vec![length.to_be_bytes().to_vec(), answer]
}

fn nothing(_query: &[u8]) -> Vec<Vec<u8>> {
    Vec::new()
}

/// Asks over TCP with a real client, and says whether an answer came.
fn is_answered(client: &Namespace, server: IpAddr, name: &str) -> bool {
    let mut dig = Command::new("dig");
    dig.args(["-r", "+tcp", "+tries=1", "+timeout=2"])
        .arg(format!("@{server}"))
        .args([name, "A"]);
    let output = client.output(&mut dig).unwrap();
    String::from_utf8_lossy(&output.stdout).contains("status: NOERROR")
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_length_in_a_segment_of_its_own_is_an_answer() {
    let hosts = two_hosts().unwrap();
    add_second(&hosts.server, "to-client");
    let serve = |family: &Family| {
        [
            ScriptedTcp::start(&hosts.server, port_53(family.server), in_two_segments).unwrap(),
            // The control: a server that takes the connection, and says nothing.
            ScriptedTcp::start(&hosts.server, port_53(second(family)), nothing).unwrap(),
        ]
    };
    let _servers = FAMILIES.each_ref().map(serve);
    let mut netmon = BothDoors::open(&hosts.client, &["to-server"], &[]);
    for family in &FAMILIES {
        for number in 0..QUERIES {
            let name = format!("tcp{number}.test");
            assert!(is_answered(&hosts.client, family.server, &name), "{name}");
        }
        thread::scope(|scope| {
            for name in NAMES {
                let client = &hosts.client;
                scope.spawn(move || assert!(!is_answered(client, second(family), name)));
            }
        });
    }
    for family in &FAMILIES {
        let expected = Expected {
            transport: "tcp",
            ..silence(family.client, second(family))
        };
        let incident = expected.opened(&netmon);
        assert_exact(&incident, NAMES.len() as u64, 0);
    }
    assert_nothing_of(&netmon, FAMILIES.iter().map(|family| family.server));
    let stopped = netmon.stop().unwrap();
    for family in &FAMILIES {
        let counts = destination(&stopped, family.server);
        assert_eq!(counts["tcp"]["dns_queries"], QUERIES, "{counts:#}");
    }
    assert_adds_up(&stopped);
}
