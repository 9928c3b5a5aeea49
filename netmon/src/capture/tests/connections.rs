//! Queries over TCP: which answer and which error is theirs.

use super::exchanges::{counts, failing, path, seconds};
use super::packets::{
    ACK, PUSH_ACK, RECURSION_DESIRED, RESPONSE, SYN, dns, ethernet, framed, tcp_at, unreachable,
};

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
