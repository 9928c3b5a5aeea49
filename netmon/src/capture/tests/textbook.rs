//! The six packets of the textbook incident (docs/contract.md, section 5).

use netmon_common::{Address, Code, DnsPorts, Transport};

use super::packets::dns;
use super::{capture, read};
use crate::capture::{Door, Frames, LinkType};
use crate::observation::{Asked, Details, Failed, Name, Observation, Proof, Service, Side, What};
use crate::time::{Time, WallOffset};
use netmon_testkit::captures::textbook::{self, NAME};
use netmon_testkit::captures::{Link, Pcap};

fn file() -> Vec<u8> {
    Pcap::USUAL.file(&textbook::frames(Link::Ethernet))
}

fn address(text: &str) -> Address {
    text.parse::<std::net::IpAddr>().unwrap().into()
}

fn observed(nanos: u64, what: What) -> Observation {
    Observation {
        time: Time::from_nanos(nanos),
        service: Service {
            server: address("203.0.113.2"),
            port: 53,
            transport: Transport::Udp,
            interface: 0,
        },
        what,
    }
}

#[test]
fn three_queries_and_three_verified_errors_are_observed() {
    let mut frames = Frames::new(vec![capture(file())]);
    let mut door = Door::new(DnsPorts::DEFAULT);
    let mut observations = Vec::new();
    while let Some(frame) = frames.next() {
        door.take(&frame, &mut |observation| observations.push(observation));
    }
    observations.retain(|observation| !matches!(observation.what, What::Seconds(_)));
    let details = Details {
        client_port: Some(52_444),
        id: Some(35_084),
        query_type: Some(1),
    };
    let asked = |nanos| {
        observed(
            nanos,
            What::Asked(Asked {
                client: address("192.51.100.15"),
                name: Some(Name::new(NAME)),
                recursion_desired: true,
                is_syn: false,
                details,
            }),
        )
    };
    let failed = |nanos, query_nanos| {
        observed(
            nanos,
            What::Failed(Failed {
                client: address("192.51.100.15"),
                side: Side::Only,
                reporter: address("203.0.113.2"),
                code: Code::Port,
                proof: Proof::QuerySeen(Time::from_nanos(query_nanos)),
                name: Some(Name::new(NAME)),
                recursion_desired: true,
                last_answer: None,
                details,
            }),
        )
    };
    let times: Vec<u64> = textbook::packets().iter().map(|packet| packet.nanos).collect();
    let expected: Vec<Observation> = times
        .chunks(2)
        .flat_map(|pair| [asked(pair[0]), failed(pair[1], pair[0])])
        .collect();
    assert_eq!(observations, expected);

    let counts = door.counts();
    assert!(counts.add_up());
    assert_eq!(counts.totals.frames, 6);
    let server = &counts.destinations[&address("203.0.113.2")];
    assert_eq!((server.dns_queries, server.dns_responses), (3, 0));
    assert_eq!(server.dns_unreachable(Code::Port), 3);
    assert_eq!(server.icmp_unreachable(Code::Port), 3);
    assert_eq!(counts.destinations.len(), 1);
    assert_eq!(door.traces_overwritten(), 0);
    assert!(door.heard(address("192.51.100.15")) && !door.heard(address("192.51.100.16")));
    let (first, last) = door.span().unwrap();
    assert_eq!(WallOffset::NONE.rfc3339(first), "2026-03-19T13:24:32.192571Z");
    assert_eq!(WallOffset::NONE.rfc3339(last), "2026-03-19T13:28:50.022967Z");
}

#[test]
fn the_file_holds_what_the_log_shows() {
    let (packets, warnings) = read(file());
    assert_eq!(warnings, []);
    assert_eq!(packets.len(), 6);
    assert!(packets.iter().all(|packet| packet.link == LinkType::Ethernet));
    assert!(packets[0].bytes.ends_with(&dns(35_084, 0x0100, NAME)));
}
