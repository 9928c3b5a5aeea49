//! Exchanges, counted by the second in which the query was sent.

use super::observe_all;
use super::packets::{
    ACK, PUSH_ACK, Path, RECURSION_DESIRED, RESPONSE, SYN, dns, ethernet, framed, response, tcp_at, udp,
    unreachable,
};
use crate::observation::{Counts, Faults, Seconds, What};

pub(super) fn path() -> Path {
    Path::new("192.0.2.7", 40_000, "198.51.100.53", 53)
}

/// The last word on each second, the iterative exchanges apart.
pub(super) fn seconds(packets: &[(u64, Vec<u8>)]) -> Vec<(u64, bool, Counts)> {
    let mut last = std::collections::BTreeMap::new();
    for observation in observe_all(packets).1 {
        if let What::Seconds(Seconds {
            second,
            iterative,
            counts,
        }) = observation.what
        {
            last.insert((second, iterative), counts);
        }
    }
    last.into_iter()
        .map(|((second, iterative), counts)| (second, iterative, counts))
        .collect()
}

pub(super) fn counts(asked: u32, answered: u32, failed: u32) -> Counts {
    Counts {
        asked,
        answered,
        failed,
        ..Counts::default()
    }
}

pub(super) fn failing(asked: u32, servfail: u32) -> Counts {
    Counts {
        faults: Faults {
            servfail,
            ..Faults::default()
        },
        ..counts(asked, asked, 0)
    }
}

fn recursive(id: u16) -> Vec<u8> {
    ethernet(&udp(path(), &dns(id, RECURSION_DESIRED, "a.example")))
}

fn reply(id: u16, rcode: u16) -> Vec<u8> {
    ethernet(&response(path(), id, rcode, "a.example"))
}

fn rejected(id: u16) -> Vec<u8> {
    let quoted = udp(path(), &dns(id, RECURSION_DESIRED, "a.example"));
    ethernet(&unreachable(path().destination, path().source, 3, &quoted))
}

#[test]
fn exchanges_are_counted_by_the_second_in_which_the_query_was_sent() {
    let servfail = failing(1, 1);
    let cases = [
        (
            "silent",
            vec![(1_000, recursive(7))],
            vec![(1, false, counts(1, 0, 0))],
        ),
        (
            "answered in a later second",
            vec![(1_900, recursive(7)), (2_100, reply(7, 0))],
            vec![(1, false, counts(1, 1, 0))],
        ),
        (
            "answered twice",
            vec![(1_000, recursive(7)), (1_100, reply(7, 0)), (1_200, reply(7, 0))],
            vec![(1, false, counts(1, 1, 0))],
        ),
        (
            "SERVFAIL",
            vec![(1_000, recursive(7)), (1_100, reply(7, 2))],
            vec![(1, false, servfail)],
        ),
        (
            "an answer settles each time that it was sent",
            vec![
                (1_000, recursive(7)),
                (2_000, recursive(7)),
                (4_000, recursive(7)),
                (4_100, reply(7, 0)),
            ],
            vec![
                (1, false, counts(1, 1, 0)),
                (2, false, counts(1, 1, 0)),
                (4, false, counts(1, 1, 0)),
            ],
        ),
        (
            "an answer of another id settles nothing",
            vec![(1_000, recursive(7)), (1_100, reply(8, 0))],
            vec![(1, false, counts(1, 0, 0))],
        ),
        (
            "an answer after 60 s settles nothing",
            vec![(1_000, recursive(7)), (61_000, reply(7, 0))],
            vec![(1, false, counts(1, 0, 0))],
        ),
        (
            "failed",
            vec![(1_000, recursive(7)), (2_100, rejected(7))],
            vec![(1, false, counts(1, 0, 1))],
        ),
        (
            "one query verifies one error",
            vec![(1_000, recursive(7)), (1_100, rejected(7)), (1_200, rejected(7))],
            vec![(1, false, counts(1, 0, 1))],
        ),
        (
            "an answer after an error wins",
            vec![(1_000, recursive(7)), (1_100, rejected(7)), (1_200, reply(7, 0))],
            vec![(1, false, counts(1, 1, 0))],
        ),
        (
            "failed, sent again and answered",
            vec![
                (1_000, recursive(7)),
                (1_100, rejected(7)),
                (2_000, recursive(7)),
                (2_100, reply(7, 0)),
            ],
            vec![(1, false, counts(1, 0, 1)), (2, false, counts(1, 1, 0))],
        ),
        (
            "sent again at once: a capture of one interface shows no packet twice",
            vec![
                (1_000, recursive(7)),
                (1_001, recursive(7)),
                (1_100, reply(7, 0)),
                (1_101, reply(7, 0)),
            ],
            vec![(1, false, counts(2, 2, 0))],
        ),
        (
            "iterative",
            vec![
                (1_000, ethernet(&udp(path(), &dns(7, 0, "a.example")))),
                (1_100, reply(7, 0)),
            ],
            vec![(1, true, counts(1, 1, 0))],
        ),
    ];
    for (case, packets, expected) in cases {
        assert_eq!(seconds(&packets), expected, "{case}");
    }
}

#[test]
fn what_comes_days_after_a_query_is_about_nothing() {
    const HOUR: u64 = 3_600_000;
    // Up to three days and six hours, the table of traces tells times from each other.
    for (later, settles) in [
        (59_000, true),
        (61_000, false),
        (20 * HOUR, false),
        (50 * HOUR, false),
        (78 * HOUR, false),
    ] {
        for (packet, settled) in [(reply(7, 0), counts(1, 1, 0)), (rejected(7), counts(1, 0, 1))] {
            let packets = [(1_000, recursive(7)), (1_000 + later, packet)];
            let expected = if settles { settled } else { counts(1, 0, 0) };
            assert_eq!(seconds(&packets), [(1, false, expected)], "{later} ms later");
        }
    }
}

/// The same packet one hop later.
fn forwarded(mut frame: Vec<u8>) -> Vec<u8> {
    frame[14 + 8] -= 1;
    frame
}

#[test]
fn a_query_that_is_seen_before_and_after_masquerading_is_one_exchange() {
    let outside = Path::new("192.0.2.1", 61_000, "198.51.100.53", 53);
    let query = udp(outside, &dns(7, RECURSION_DESIRED, "a.example"));
    let error = ethernet(&unreachable(outside.destination, outside.source, 3, &query));
    let answer = ethernet(&response(outside, 7, 0, "a.example"));
    let query = ethernet(&query);
    let begin = [(1_000, recursive(7)), (1_000, forwarded(query.clone()))];
    let failed = [(1_100, error.clone()), (1_100, rejected(7))];
    let answered = [(1_100, answer), (1_100, reply(7, 0))];
    let cases = [
        (
            "failed",
            [begin.clone(), failed.clone()].concat(),
            counts(1, 0, 1),
        ),
        ("answered", [begin, answered].concat(), counts(1, 1, 0)),
        (
            "refused before it, as where the router has no route",
            vec![(1_000, recursive(7)), (1_100, rejected(7))],
            counts(1, 0, 1),
        ),
        (
            "another client's query, which was not forwarded",
            [[(1_000, recursive(7)), (1_000, query)], failed].concat(),
            counts(2, 0, 2),
        ),
    ];
    for (what, packets, expected) in cases {
        assert_eq!(seconds(&packets), [(1, false, expected)], "{what}");
        let (_, observations) = observe_all(&packets);
        let first = observations
            .iter()
            .find_map(|observation| match &observation.what {
                What::Failed(failed) => Some(failed.client),
                What::Answered(answered) => Some(answered.client),
                _ => None,
            });
        if expected.asked == 1 {
            assert_eq!(first.unwrap().to_string(), "192.0.2.7", "{what}");
        }
    }
}

#[test]
fn a_connection_that_is_seen_before_and_after_masquerading_is_one() {
    let outside = Path::new("192.0.2.1", 61_000, "198.51.100.53", 53);
    let both = |packet: &dyn Fn(Path) -> Vec<u8>| {
        let inside = ethernet(&packet(path()));
        [inside, forwarded(ethernet(&packet(outside)))]
    };
    let back = |packet: &dyn Fn(Path) -> Vec<u8>| {
        let inside = ethernet(&packet(path()));
        [ethernet(&packet(outside)), inside]
    };
    let at = |millis: u64, sights: [Vec<u8>; 2]| sights.map(|sight| (millis, sight));
    let message = framed(&dns(7, RECURSION_DESIRED, "a.example"));
    let end = 1 + u32::try_from(message.len()).unwrap();
    let syn = both(&|path| tcp_at(path, SYN, 0, 0, b""));
    let accepted = back(&|path| tcp_at(path.back(), SYN | ACK, 0, 1, b""));
    let asked = both(&|path| tcp_at(path, PUSH_ACK, 1, 1, &message));
    let reply = framed(&dns(7, RESPONSE, "a.example"));
    let answered = back(&|path| tcp_at(path.back(), PUSH_ACK, 1, end, &reply));
    let error = back(&|path| {
        let syn = tcp_at(path, SYN, 0, 0, b"");
        unreachable(path.destination, path.source, 3, &syn)
    });
    let cases = [
        (
            "failed",
            [at(1_000, syn.clone()), at(1_100, error)].concat(),
            counts(1, 0, 1),
        ),
        (
            "answered",
            [
                at(1_000, syn),
                at(1_100, accepted),
                at(1_200, asked.clone()),
                at(1_300, answered.clone()),
            ]
            .concat(),
            counts(1, 1, 0),
        ),
        (
            "its SYN is not in the capture",
            [at(1_200, asked), at(1_300, answered)].concat(),
            counts(1, 1, 0),
        ),
    ];
    for (what, packets, expected) in cases {
        assert_eq!(seconds(&packets), [(1, false, expected)], "{what}");
    }
}

#[test]
fn a_packet_that_is_seen_before_and_after_masquerading_is_counted_once() {
    let outside = Path::new("192.0.2.1", 61_000, "198.51.100.53", 53);
    let message = framed(&dns(7, RECURSION_DESIRED, "a.example"));
    let end = 1 + u32::try_from(message.len()).unwrap();
    let reply = framed(&dns(7, RESPONSE, "a.example"));
    // What the client sends is seen inside first, what it gets outside.
    let there = |packet: &dyn Fn(Path) -> Vec<u8>| [packet(path()), packet(outside)];
    let back = |packet: &dyn Fn(Path) -> Vec<u8>| [packet(outside), packet(path())];
    let name = "a.example";
    let query = |path| udp(path, &dns(7, RECURSION_DESIRED, name));
    let error = |path: Path, quoted: &[u8]| unreachable(path.destination, path.source, 3, quoted);
    let sights = [
        there(&query),
        back(&|path| response(path, 7, 0, name)),
        there(&query),
        back(&|path| error(path, &query(path))),
        there(&|path| tcp_at(path, SYN, 0, 0, b"")),
        back(&|path| tcp_at(path.back(), SYN | ACK, 0, 1, b"")),
        there(&|path| tcp_at(path, PUSH_ACK, 1, 1, &message)),
        back(&|path| tcp_at(path.back(), PUSH_ACK, 1, end, &reply)),
    ];
    let mut packets = Vec::new();
    for (n, [first, second]) in (1..).zip(sights) {
        packets.push((1_000 * n, ethernet(&first)));
        packets.push((1_000 * n, forwarded(ethernet(&second))));
    }
    let (door, _) = observe_all(&packets);
    let counts = door.counts();
    let server = &counts.destinations[&outside.destination.into()];
    assert_eq!((server.dns_queries, server.dns_responses), (2, 1));
    assert_eq!(
        (
            server.tcp_connects,
            server.tcp_dns_queries,
            server.tcp_dns_responses
        ),
        (1, 1, 1)
    );
    assert_eq!(server.dns_unreachable.as_flattened().iter().sum::<u64>(), 1);
    assert_eq!(counts.totals.frames, 8);
    assert_eq!(
        (counts.totals.unsolicited, counts.totals.unmatched_responses),
        (0, 0)
    );
}
