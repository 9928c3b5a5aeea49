//! The textbook incident, exactly as it stands in section 5 of docs/contract.md.

use netmon_common::Code;
/// The text.
pub use netmon_testkit::captures::textbook::TEXT as TEXTBOOK;

use super::build::{CLIENT, SERVER};
use super::tcpdump::address;
use super::{DnsPorts, TextDoor, TextPacket, read};
use crate::observation::{Asked, Failed, Name, Observation, Proof, What};
use crate::time::{Time, WallOffset};

/// What a door makes of packets, one by one.
pub fn observe(packets: &[TextPacket]) -> (TextDoor, Vec<Observation>) {
    let mut door = TextDoor::new(DnsPorts::DEFAULT);
    let mut observations = Vec::new();
    for packet in packets {
        door.take(packet, &mut |observation| observations.push(observation));
    }
    observations.retain(|observation| !matches!(observation.what, What::Seconds(_)));
    (door, observations)
}

/// That these are the textbook's three queries and three verified errors.
pub fn assert_textbook(packets: &[TextPacket]) {
    let (door, observations) = observe(packets);
    let queries: Vec<(Time, &Asked)> = observations
        .iter()
        .filter_map(|observation| match &observation.what {
            What::Asked(query) => Some((observation.time, query)),
            _ => None,
        })
        .collect();
    let failures: Vec<(Time, &Failed)> = observations
        .iter()
        .filter_map(|observation| match &observation.what {
            What::Failed(failure) => Some((observation.time, failure)),
            _ => None,
        })
        .collect();
    assert_eq!((queries.len(), failures.len(), observations.len()), (3, 3, 6));
    for observation in &observations {
        let service = observation.service;
        assert_eq!(
            (service.server, service.port, service.transport.name()),
            (address(SERVER), 53, "udp")
        );
    }
    let told = |time| WallOffset::NONE.rfc3339(time);
    assert_eq!(
        queries.iter().map(|(time, _)| told(*time)).collect::<Vec<_>>(),
        [
            "2024-11-24T13:24:32.192571Z",
            "2024-11-24T13:26:32.192571Z",
            "2024-11-24T13:28:32.192571Z"
        ]
    );
    assert_eq!(
        failures.iter().map(|(time, _)| told(*time)).collect::<Vec<_>>(),
        [
            "2024-11-24T13:24:36.098564Z",
            "2024-11-24T13:27:15.934126Z",
            "2024-11-24T13:28:50.022967Z"
        ]
    );
    for ((asked, query), (_, failure)) in queries.iter().zip(&failures) {
        assert_eq!(query.client, address(CLIENT));
        assert!(query.recursion_desired);
        assert_eq!(failure.client, address(CLIENT));
        assert_eq!(failure.reporter, address(SERVER));
        assert_eq!(failure.code, Code::Port);
        assert_eq!(failure.proof, Proof::QuerySeen(*asked));
        assert!(failure.recursion_desired);
        for name in [&query.name, &failure.name] {
            assert_eq!(name.as_ref().map(Name::as_str), Some("yummyrecipesforme.com"));
        }
    }
    let counts = door.counts();
    let destination = counts.destinations[&address(SERVER)];
    assert_eq!(
        (
            counts.totals.frames,
            counts.totals.dns_unreachable,
            counts.destinations.len()
        ),
        (6, 3, 1)
    );
    assert_eq!(
        (
            destination.dns_queries,
            destination.dns_responses,
            destination.dns_unreachable(Code::Port)
        ),
        (3, 0, 3)
    );
    assert!(counts.add_up());
}

#[test]
fn the_textbook_log_is_three_queries_and_three_verified_errors() {
    let (packets, warnings) = read(TEXTBOOK);
    assert_textbook(&packets);
    assert_eq!(warnings, []);
    assert_eq!(
        packets.iter().map(|packet| packet.line).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6]
    );
    let bytes: Vec<_> = packets.iter().map(|packet| packet.bytes).collect();
    assert_eq!(bytes, [24, 254, 24, 320, 24, 150].map(Some));
    let waits: Vec<f64> = packets
        .chunks(2)
        .map(|pair| pair[1].time.since(pair[0].time).as_secs_f64())
        .collect();
    let rounded: Vec<String> = waits.iter().map(|wait| format!("{wait:.1}")).collect();
    assert_eq!(rounded, ["3.9", "43.7", "17.8"]);
}

#[test]
fn both_wordings_of_the_length_are_read() {
    let (packets, warnings) = read(&TEXTBOOK.replace("unreachable, length", "unreachable length"));
    assert_textbook(&packets);
    assert_eq!(warnings, []);
    assert_eq!(packets[1].bytes, Some(254));
}
