//! The six packets of the textbook incident (contract, section 4).

use netmon_common::{Address, Code, DnsPorts, Transport};

use super::files::Pcap;
use super::packets::{Path, dns, ethernet, query, unreachable};
use super::{capture, read};
use crate::capture::{Door, Frames, LinkType};
use crate::observation::{Failure, Name, Observation, Proof, Query, Service, What};
use crate::time::{Time, WallOffset};

const NAME: &str = "yummyrecipesforme.com";

/// 2026-03-19T00:00:00Z, in seconds; the log has no date.
const DAY: u64 = 1_773_878_400;

fn time(hours: u64, minutes: u64, micros: u64) -> u64 {
    ((DAY + hours * 3_600 + minutes * 60) * 1_000_000 + micros) * 1_000
}

fn file() -> Vec<u8> {
    let path = Path::new("192.51.100.15", 52_444, "203.0.113.2", 53);
    let query = query(path, 35_084, NAME);
    let error = unreachable(path.destination, path.source, 3, &query);
    let (query, error) = (ethernet(&query), ethernet(&error));
    Pcap::USUAL.file(&[
        (time(13, 24, 32_192_571), query.clone()),
        (time(13, 24, 36_098_564), error.clone()),
        (time(13, 26, 32_192_571), query.clone()),
        (time(13, 27, 15_934_126), error.clone()),
        (time(13, 28, 32_192_571), query),
        (time(13, 28, 50_022_967), error),
    ])
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
    let asked = |nanos| {
        observed(
            nanos,
            What::Query(Query {
                client: address("192.51.100.15"),
                name: Some(Name::new(NAME)),
                recursion_desired: Some(true),
                counted_here: true,
            }),
        )
    };
    let failed = |nanos, query_nanos| {
        observed(
            nanos,
            What::Failure(Failure {
                client: address("192.51.100.15"),
                reporter: address("203.0.113.2"),
                code: Code::Port,
                proof: Proof::QuerySeen(Time::from_nanos(query_nanos)),
                name: Some(Name::new(NAME)),
                recursion_desired: Some(true),
                last_answer: None,
            }),
        )
    };
    let queries = [
        time(13, 24, 32_192_571),
        time(13, 26, 32_192_571),
        time(13, 28, 32_192_571),
    ];
    let expected = [
        asked(queries[0]),
        failed(time(13, 24, 36_098_564), queries[0]),
        asked(queries[1]),
        failed(time(13, 27, 15_934_126), queries[1]),
        asked(queries[2]),
        failed(time(13, 28, 50_022_967), queries[2]),
    ];
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
