//! Queries over TCP: which answer and which error is theirs.

use super::exchanges::{counts, failing, path, seconds};
use super::observe_all;
use super::packets::{
    ACK, PUSH_ACK, RECURSION_DESIRED, RESPONSE, SYN, dns, ethernet, framed, tcp_at, unreachable,
};
use crate::capture::limits::RESENT;

#[test]
fn a_connection_is_one_exchange_for_each_query_and_any_segment_that_acknowledges_it_answers() {
    let message = |id| framed(&dns(id, RECURSION_DESIRED, "a.example"));
    let to = |flags, sequence, payload: &[u8]| ethernet(&tcp_at(path(), flags, sequence, 0, payload));
    let from =
        |acknowledged, payload: &[u8]| ethernet(&tcp_at(path().back(), PUSH_ACK, 0, acknowledged, payload));
    let from_server = |flags, payload: &[u8]| ethernet(&tcp_at(path().back(), flags, 0, 1, payload));
    let len = u32::try_from(message(7).len()).unwrap();
    let reply = framed(&dns(7, RESPONSE, "a.example"));
    let cases = [
        (
            "a SYN alone",
            vec![(1_000, to(SYN, 0, b""))],
            vec![(1, false, counts(1, 0, 0))],
        ),
        (
            "answered",
            vec![
                (1_000, to(SYN, 0, b"")),
                (2_000, to(PUSH_ACK, 1, &message(7))),
                (2_100, from(1 + len, &reply)),
            ],
            vec![(1, false, counts(0, 0, 0)), (2, false, counts(1, 1, 0))],
        ),
        (
            "a connection without a query, as a health check makes",
            vec![(1_000, to(SYN, 0, b"")), (1_100, from_server(SYN | ACK, b""))],
            vec![(1, false, counts(0, 0, 0))],
        ),
        (
            "the length comes in a segment of its own",
            vec![
                (1_000, to(SYN, 0, b"")),
                (1_100, to(PUSH_ACK, 1, &message(7))),
                (1_200, from(1 + len, &reply[..2])),
                (1_201, from(1 + len, &reply[2..])),
            ],
            vec![(1, false, counts(1, 1, 0))],
        ),
        (
            "a response that does not acknowledge the query",
            vec![
                (1_000, to(SYN, 0, b"")),
                (1_100, to(PUSH_ACK, 1, &message(7))),
                (1_200, from(0, &reply)),
            ],
            vec![(1, false, counts(1, 0, 0))],
        ),
        (
            "acknowledged without payload",
            vec![
                (1_000, to(SYN, 0, b"")),
                (1_100, to(PUSH_ACK, 1, &message(7))),
                (1_200, from(1 + len, b"")),
            ],
            vec![(1, false, counts(1, 0, 0))],
        ),
        (
            "sent again, and answered when it waits since it was sent again only",
            vec![
                (1_000, to(PUSH_ACK, 1, &message(7))),
                (2_500, to(PUSH_ACK, 1, &message(7))),
                (62_000, from(1 + len, &reply)),
            ],
            vec![(1, false, counts(1, 0, 0)), (2, false, counts(1, 1, 0))],
        ),
        (
            "a segment that acknowledges less, with another id",
            vec![
                (1_000, to(SYN, 0, b"")),
                (1_100, to(PUSH_ACK, 1, &message(7))),
                (1_200, from(len, &framed(&dns(9, RESPONSE, "a.example")))),
            ],
            vec![(1, false, counts(1, 0, 0))],
        ),
        (
            "two queries, one answered",
            vec![
                (1_000, to(SYN, 0, b"")),
                (1_100, to(PUSH_ACK, 1, &message(7))),
                (1_200, from(1 + len, &reply)),
                (2_000, to(PUSH_ACK, 1 + len, &message(8))),
            ],
            vec![(1, false, counts(1, 1, 0)), (2, false, counts(1, 0, 0))],
        ),
    ];
    for (case, packets, expected) in cases {
        assert_eq!(seconds(&packets), expected, "{case}");
    }
}

#[test]
fn each_query_over_tcp_is_answered_by_the_message_with_its_id() {
    let message = |id| framed(&dns(id, RECURSION_DESIRED, "a.example"));
    let to = |flags, sequence, payload: &[u8]| ethernet(&tcp_at(path(), flags, sequence, 0, payload));
    let from =
        |acknowledged, payload: &[u8]| ethernet(&tcp_at(path().back(), PUSH_ACK, 0, acknowledged, payload));
    let len = u32::try_from(message(7).len()).unwrap();
    let servfail = framed(&dns(7, RESPONSE | 2, "a.example"));
    let cases = [
        (
            "two queries at once, the first of which fails",
            vec![
                (1_000, to(PUSH_ACK, 1, &message(7))),
                (2_000, to(PUSH_ACK, 1 + len, &message(8))),
                (2_100, from(1 + 2 * len, &servfail)),
                (2_200, from(1 + 2 * len, &framed(&dns(8, RESPONSE, "a.example")))),
            ],
            vec![(1, false, failing(1, 1)), (2, false, counts(1, 1, 0))],
        ),
        (
            "two queries at once, the second of which fails, in one segment",
            vec![
                (1_000, to(PUSH_ACK, 1, &message(8))),
                (2_000, to(PUSH_ACK, 1 + len, &message(7))),
                (
                    2_100,
                    from(
                        1 + 2 * len,
                        &[framed(&dns(8, RESPONSE, "a.example")), servfail.clone()].concat(),
                    ),
                ),
            ],
            vec![(1, false, counts(1, 1, 0)), (2, false, failing(1, 1))],
        ),
        (
            "what an answer says comes behind its length",
            vec![
                (1_000, to(PUSH_ACK, 1, &message(7))),
                (1_200, from(1 + len, &servfail[..2])),
                (1_201, from(1 + len, &servfail[2..])),
                (1_202, from(1 + len, &servfail[2..])),
            ],
            vec![(1, false, failing(1, 1))],
        ),
    ];
    for (case, packets, expected) in cases {
        assert_eq!(seconds(&packets), expected, "{case}");
    }
}

#[test]
fn an_error_over_tcp_is_about_the_query_whose_segment_it_quotes() {
    let message = |id| framed(&dns(id, RECURSION_DESIRED, "a.example"));
    let len = u32::try_from(message(7).len()).unwrap();
    let to = |flags, sequence, payload: &[u8]| tcp_at(path(), flags, sequence, 0, payload);
    let (syn, first, second) = (
        to(SYN, 0, b""),
        to(PUSH_ACK, 1, &message(7)),
        to(PUSH_ACK, 1 + len, &message(8)),
    );
    let fin = to(ACK, 1 + 2 * len, b"");
    for (case, quoted, expected) in [
        ("the first", &first, [(1, 0, 1), (2, 1, 0)]),
        ("the second", &second, [(1, 1, 0), (2, 0, 1)]),
        ("none of them", &fin, [(1, 1, 0), (2, 1, 0)]),
        ("the SYN, long after", &syn, [(1, 1, 0), (2, 1, 0)]),
    ] {
        let error = unreachable(path().destination, path().source, 3, &quoted[..28]);
        let packets = [
            (500, ethernet(&syn)),
            (1_000, ethernet(&first)),
            (2_000, ethernet(&second)),
            (2_100, ethernet(&error)),
        ];
        let all: Vec<_> = seconds(&packets)
            .into_iter()
            .filter(|(second, ..)| *second > 0)
            .map(|(second, _, counts)| (second, counts.asked - counts.failed, counts.failed))
            .collect();
        assert_eq!(all, expected, "{case}");
    }
}

#[test]
fn however_often_a_syn_was_sent_before_the_newest_ones_wait() {
    let syn = |number| tcp_at(path(), SYN, number, 0, b"");
    let sent = |millis, number| (millis, ethernet(&syn(number)));
    let rejected = |millis, number: u32| {
        let error = unreachable(path().destination, path().source, 3, &syn(number)[..28]);
        (millis, ethernet(&error))
    };
    let accepted = |millis| (millis, ethernet(&tcp_at(path().back(), SYN | ACK, 0, 1, b"")));
    // So many connections in vain, as Linux opens them, from one port.
    let in_vain = |connections: u32| {
        let connection = |number: u32| {
            let seconds = [0, 1, 3, 7, 15, 31, 63];
            seconds.map(|second| sent(1_000 * (1 + 100 * u64::from(number) + second), number))
        };
        (0..connections).flat_map(connection).collect::<Vec<_>>()
    };
    for connections in [1, 3] {
        let packets = [
            in_vain(connections),
            vec![sent(1_000_000, 9), rejected(1_000_001, 9)],
        ]
        .concat();
        let last = seconds(&packets).pop();
        assert_eq!(last, Some((1_000, false, counts(1, 0, 1))), "{connections}");
        let packets = [
            in_vain(connections),
            vec![sent(1_000_000, 9), accepted(1_000_001)],
        ]
        .concat();
        let last = seconds(&packets).pop();
        assert_eq!(last, Some((1_000, false, counts(0, 0, 0))), "{connections}");
    }
    // One a second, each of which is rejected.
    for number in [5, 40] {
        let attempts = (1..=number).flat_map(|second| {
            let millis = 1_000 * u64::from(second);
            [sent(millis, second), rejected(millis + 1, second)]
        });
        let seconds = seconds(&attempts.collect::<Vec<_>>());
        assert_eq!(seconds.len(), number as usize);
        assert!(
            seconds.iter().all(|(.., found)| *found == counts(1, 0, 1)),
            "{seconds:?}"
        );
    }
}

#[test]
fn syns_that_are_forgotten_while_they_wait_are_counted() {
    for (number, lost) in [(RESENT, 0), (RESENT + 3, 3)] {
        let syns: Vec<_> = (1..=number)
            .map(|second| (1_000 * second as u64, ethernet(&tcp_at(path(), SYN, 7, 0, b""))))
            .collect();
        let (door, _) = observe_all(&syns);
        assert_eq!(door.traces_overwritten(), lost, "{number}");
    }
}
