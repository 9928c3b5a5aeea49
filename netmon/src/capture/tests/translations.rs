//! A host that translates a service address (DNAT) shows each packet with the addresses of two servers: it counts once, and is of an
//! exchange of both.

use netmon_common::records::Destination;

use super::packets::{
    ACK, PUSH_ACK, Path, RECURSION_DESIRED, RESPONSE, SYN, dns, ethernet, framed, query, response, tcp_at,
    unreachable,
};
use super::{Door, observe_all};
use crate::observation::{Observation, Seconds, What};

const NAME: &str = "a.example";
/// The code of "port unreachable".
const PORT: u8 = 3;

/// From the client to the service address.
fn service() -> Path {
    Path::new("192.0.2.7", 40_000, "10.96.0.10", 53)
}

/// What the host makes of that.
fn pod() -> Path {
    Path::new("192.0.2.7", 40_000, "10.244.1.7", 53)
}

/// The two sights of a packet, the first one first.
type Sights = [Vec<u8>; 2];

/// What the client sends.
fn there(packet: impl Fn(Path) -> Vec<u8>) -> Sights {
    [packet(service()), packet(pod())]
}

/// What comes back.
fn back(packet: impl Fn(Path) -> Vec<u8>) -> Sights {
    [packet(pod()), packet(service())]
}

fn asked() -> Sights {
    there(|path| query(path, 7, NAME))
}

fn error(path: Path, quoted: &[u8]) -> Vec<u8> {
    unreachable(path.destination, path.source, PORT, quoted)
}

/// The same packet with one hop less left.
fn forwarded(mut packet: Vec<u8>) -> Vec<u8> {
    packet[8] -= 1;
    packet
}

/// What the door makes of these packets, one a second, the second sight of each one hop later.
fn taken(sights: Vec<Sights>) -> (Door, Vec<Observation>) {
    let mut packets = Vec::new();
    for (n, [first, second]) in (1..).zip(sights) {
        packets.push((1_000 * n, ethernet(&first)));
        packets.push((1_000 * n, ethernet(&forwarded(second))));
    }
    observe_all(&packets)
}

/// Queries, responses and errors that were counted for a server.
fn counted(door: &Door, path: Path) -> [u64; 3] {
    let counts = door.counts();
    let server = counts.destinations.get(&path.destination.into());
    let server = server.copied().unwrap_or_default();
    [server.queries(), server.responses(), server.dns_unreachables()]
}

/// Exchanges of a server: asked, answered and failed.
fn exchanges(observations: &[Observation], path: Path) -> [u32; 3] {
    let mut last = std::collections::BTreeMap::new();
    for observation in observations {
        if let What::Seconds(Seconds { second, counts, .. }) = observation.what
            && observation.service.server == path.destination.into()
        {
            last.insert(second, [counts.asked, counts.answered, counts.failed]);
        }
    }
    last.into_values()
        .fold([0; 3], |sum, counts| [0, 1, 2].map(|n| sum[n] + counts[n]))
}

#[test]
fn a_packet_that_is_seen_with_two_servers_is_counted_once_and_is_of_an_exchange_of_both() {
    let message = framed(&dns(7, RECURSION_DESIRED, NAME));
    let end = 1 + u32::try_from(message.len()).unwrap();
    let reply = framed(&dns(7, RESPONSE, NAME));
    let connected = [
        there(|path| tcp_at(path, SYN, 0, 0, b"")),
        back(|path| tcp_at(path.back(), SYN | ACK, 0, 1, b"")),
        there(|path| tcp_at(path, PUSH_ACK, 1, 1, &message)),
    ];
    let answer = back(|path| tcp_at(path.back(), PUSH_ACK, 1, end, &reply));
    let answered = [connected.to_vec(), vec![answer]].concat();
    let dead = back(|path| error(path, &query(path, 7, NAME)));
    let refused = back(|path| error(path, &tcp_at(path, SYN, 0, 0, b"")));
    let cases = [
        (
            "healthy",
            vec![asked(), back(|path| response(path, 7, 0, NAME))],
            [[1, 0, 0], [0, 1, 0]],
            [1, 1, 0],
        ),
        (
            "the pod is dead",
            vec![asked(), dead],
            [[1, 0, 0], [0, 0, 1]],
            [1, 0, 1],
        ),
        (
            "the pod is silent",
            vec![asked()],
            [[1, 0, 0], [0, 0, 0]],
            [1, 0, 0],
        ),
        ("healthy over TCP", answered, [[1, 0, 0], [0, 1, 0]], [1, 1, 0]),
        (
            "the pod is dead over TCP",
            vec![connected[0].clone(), refused],
            [[0, 0, 0], [0, 0, 1]],
            [1, 0, 1],
        ),
    ];
    for (case, sights, [of_service, of_pod], expected) in cases {
        let packets = sights.len() as u64;
        let (door, observations) = taken(sights);
        let totals = door.counts().totals;
        assert_eq!(totals.frames, packets, "{case}");
        assert_eq!((totals.unmatched_responses, totals.unsolicited), (0, 0), "{case}");
        assert_eq!(counted(&door, service()), of_service, "{case}");
        assert_eq!(counted(&door, pod()), of_pod, "{case}");
        for path in [service(), pod()] {
            assert_eq!(exchanges(&observations, path), expected, "{case}: {path:?}");
        }
        let warnings = door.warnings();
        assert_eq!(warnings.len(), 1, "{case}: {warnings:?}");
        let message = &warnings[0].message;
        assert!(message.starts_with(&packets.to_string()), "{case}: {message}");
    }
}

#[test]
fn what_is_left_out_of_the_counts_is_left_out_of_their_subsets() {
    let stray = back(|path| response(path, 8, 0, NAME));
    let unsolicited = back(|path| error(path, &query(path, 8, NAME)));
    // The client has closed its socket.
    let late = there(|path| error(path.back(), &response(path, 7, 0, NAME)));
    let cases = [
        ("a response to no query", vec![asked(), stray], [1, 0, 0]),
        ("an error about no query", vec![asked(), unsolicited], [0, 1, 0]),
        (
            "an error about an answer",
            vec![asked(), back(|path| response(path, 7, 0, NAME)), late],
            [0, 0, 1],
        ),
    ];
    for (case, sights, expected) in cases {
        let packets = sights.len() as u64;
        let (door, _) = taken(sights);
        let counts = door.counts();
        let totals = counts.totals;
        let subsets = [
            totals.unmatched_responses,
            totals.unsolicited,
            totals.late_responses,
        ];
        assert_eq!((totals.frames, subsets), (packets, expected), "{case}");
        let of = |of: fn(&Destination) -> u64| -> u64 { counts.destinations.values().map(of).sum() };
        let of_destinations = [
            of(Destination::unmatched_responses),
            of(Destination::unsolicited),
            of(|one| one.late_responses),
        ];
        assert_eq!(of_destinations, expected, "{case}");
    }
}

#[test]
fn an_error_that_may_be_about_an_answer_is_decided_once() {
    // Both ports are DNS ports, and the quote does not say which way it went.
    const SHORT: usize = 28;
    let of_server = |path: Path| Path {
        source_port: 53,
        ..path
    };
    let query = |path| query(of_server(path), 7, NAME);
    let sights = vec![there(query), back(|path| error(path, &query(path)[..SHORT]))];
    let (door, observations) = taken(sights);
    let totals = door.counts().totals;
    assert_eq!((totals.dns_unreachable, totals.late_responses), (1, 0));
    for path in [service(), pod()] {
        assert_eq!(exchanges(&observations, path), [1, 0, 1], "{path:?}");
    }
}

#[test]
fn a_packet_whose_client_is_translated_too_is_counted_once() {
    let node = Path::new("10.244.0.1", 61_000, "10.244.1.7", 53);
    // A forwarder may ask another server with the id of its client: only its identification says that it is the same packet.
    for (identification, counts) in [(1, [[1, 0, 0], [0, 1, 0]]), (0, [[1, 1, 0], [1, 1, 0]])] {
        let identified = |mut packet: Vec<u8>| {
            packet[5] = identification;
            packet
        };
        let sights = vec![
            [query(service(), 7, NAME), query(node, 7, NAME)].map(identified),
            [response(node, 7, 0, NAME), response(service(), 7, 0, NAME)].map(identified),
        ];
        let (door, observations) = taken(sights);
        assert_eq!([service(), node].map(|path| counted(&door, path)), counts);
        for path in [service(), node] {
            assert_eq!(exchanges(&observations, path), [1, 1, 0], "{path:?}");
        }
    }
}

#[test]
fn two_servers_that_are_asked_the_same_at_once_are_two() {
    let one = || ethernet(&query(service(), 7, NAME));
    let cases = [
        (
            "no hop between, as where a client asks all its servers",
            ethernet(&query(pod(), 7, NAME)),
            0,
        ),
        ("another id", ethernet(&forwarded(query(pod(), 8, NAME))), 0),
        (
            "another name",
            ethernet(&forwarded(query(pod(), 7, "b.example"))),
            0,
        ),
        ("later", ethernet(&forwarded(query(pod(), 7, NAME))), 10),
    ];
    for (case, other, later) in cases {
        let (door, _) = observe_all(&[(1_000, one()), (1_000 + later, other)]);
        assert_eq!(counted(&door, service()), [1, 0, 0], "{case}");
        assert_eq!(counted(&door, pod()), [1, 0, 0], "{case}");
    }
}

/// What is counted of the same message to two servers, whose second sights are these.
fn both_asked(second: [Path; 2]) -> (Door, [u64; 2]) {
    let asked = [service(), pod()].map(|path| query(path, 7, NAME));
    let second = second.map(|path| forwarded(query(path, 7, NAME)));
    let packets: Vec<_> = (1_000..)
        .zip(asked.into_iter().chain(second))
        .map(|(at, packet)| (at, ethernet(&packet)))
        .collect();
    let (door, _) = observe_all(&packets);
    let queries = [service(), pod()].map(|path| counted(&door, path)[0]);
    (door, queries)
}

#[test]
fn the_same_message_to_two_servers_at_once_is_of_no_translated_server() {
    // Forwarded as they are, then behind a masquerade: who asks has one address and port, and the identification is 0.
    let masqueraded = [("10.96.0.10", 50_001), ("10.244.1.7", 50_002)];
    let masqueraded = masqueraded.map(|(server, port)| Path::new("198.51.100.1", port, server, 53));
    for (second, each) in [([service(), pod()], 2), (masqueraded, 1)] {
        let (door, queries) = both_asked(second);
        assert_eq!(queries, [each; 2]);
        let warnings = door.warnings();
        let says = warnings
            .iter()
            .any(|warning| warning.message.contains("another server"));
        assert!(!says, "{warnings:?}");
    }
}

#[test]
fn which_of_two_servers_was_translated_is_not_guessed() {
    let behind = |server| Path::new("192.0.2.7", 40_000, server, 53);
    let (door, queries) = both_asked([behind("10.244.2.1"), behind("10.244.2.2")]);
    assert_eq!(queries, [1, 1]);
    assert_eq!(counted(&door, behind("10.244.2.1"))[0], 1);
}
