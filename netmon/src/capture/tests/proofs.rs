//! Which errors prove what.

use super::packets::{
    PUSH_ACK, Path, RESPONSE, SYN, dns, ethernet, framed, query, response, tcp, udp, unreachable,
};
use super::{at, observe};
use crate::observation::{Failure, Name, Proof, What};

fn path() -> Path {
    Path::new("192.0.2.7", 40_000, "198.51.100.53", 53)
}

fn v6() -> Path {
    Path::new("2001:db8::7", 40_000, "2001:db8::53", 53)
}

/// The error that the server's host sends about this packet, of which it quotes `len` bytes at most.
fn error(path: Path, packet: &[u8], len: usize) -> Vec<u8> {
    let code = if path.source.is_ipv4() { 3 } else { 4 };
    unreachable(
        path.destination,
        path.source,
        code,
        &packet[..len.min(packet.len())],
    )
}

/// What the last packet proves, which is an error.
fn failure(packets: &[Vec<u8>]) -> Failure {
    let packets: Vec<_> = (1..)
        .zip(packets)
        .map(|(n, packet)| (n * 1_000, ethernet(packet)))
        .collect();
    let (_, observations) = observe(&packets);
    match observations.into_iter().last().unwrap().what {
        What::Failure(failure) => failure,
        other => panic!("{other:?}"),
    }
}

const ALL: usize = usize::MAX;
/// An IPv4 header and 8 bytes.
const SHORT: usize = 28;

/// A case: its name, the packets, the last of which is an error, and what that proves.
type Case = (&'static str, Vec<Vec<u8>>, Proof);

fn check(cases: Vec<Case>) {
    for (case, packets, proof) in cases {
        assert_eq!(failure(&packets).proof, proof, "{case}");
    }
}

/// The query was seen in this packet, counted from 1.
fn seen(packet: u64) -> Proof {
    Proof::QuerySeen(at(packet * 1_000))
}

#[test]
fn an_error_is_verified_by_the_query_that_it_quotes() {
    let asked = query(path(), 7, "a.example");
    let asked_v6 = query(v6(), 7, "a.example");
    let answer = response(path(), 7, 0, "a.example");
    check(vec![
        (
            "the whole query",
            vec![asked.clone(), error(path(), &asked, ALL)],
            seen(1),
        ),
        (
            "8 bytes of it",
            vec![asked.clone(), error(path(), &asked, SHORT)],
            seen(1),
        ),
        (
            "up to its id",
            vec![asked.clone(), error(path(), &asked, SHORT + 2)],
            seen(1),
        ),
        (
            "IPv6",
            vec![asked_v6.clone(), error(v6(), &asked_v6, ALL)],
            seen(1),
        ),
        (
            "IPv6, 8 bytes",
            vec![asked_v6.clone(), error(v6(), &asked_v6, 48)],
            seen(1),
        ),
        (
            "a query that was sent again",
            vec![asked.clone(), asked.clone(), error(path(), &asked, ALL)],
            seen(2),
        ),
        (
            "a query that was answered",
            vec![asked.clone(), answer, error(path(), &asked, ALL)],
            seen(1),
        ),
    ]);
}

#[test]
fn an_error_about_a_busy_port_is_verified_by_the_id_where_it_is_quoted() {
    let first = query(path(), 7, "a.example");
    let second = query(path(), 8, "a.example");
    let both = |quote: &[u8], len| vec![first.clone(), second.clone(), error(path(), quote, len)];
    check(vec![
        ("the first, whole", both(&first, ALL), seen(1)),
        ("the second, whole", both(&second, ALL), seen(2)),
        (
            "8 bytes: the newer one stands for both",
            both(&first, SHORT),
            seen(2),
        ),
        (
            "an id that was not seen",
            both(&query(path(), 9, "a.example"), ALL),
            Proof::None,
        ),
        (
            "an id that was not seen, nor quoted",
            both(&query(path(), 9, "a.example"), SHORT),
            seen(2),
        ),
    ]);
}

#[test]
fn an_error_that_quotes_no_query_seen_proves_nothing() {
    let asked = query(path(), 7, "a.example");
    let another = |path: Path| vec![asked.clone(), error(path, &query(path, 7, "a.example"), ALL)];
    let syn = tcp(path(), SYN, b"");
    check(vec![
        (
            "another port",
            another(Path {
                source_port: 40_001,
                ..path()
            }),
            Proof::None,
        ),
        (
            "another client",
            another(Path::new("192.0.2.8", 40_000, "198.51.100.53", 53)),
            Proof::None,
        ),
        (
            "another server",
            another(Path::new("192.0.2.7", 40_000, "198.51.100.54", 53)),
            Proof::None,
        ),
        (
            "UDP instead of TCP",
            vec![syn.clone(), error(path(), &asked, ALL)],
            Proof::None,
        ),
        (
            "TCP instead of UDP",
            vec![asked.clone(), error(path(), &syn, ALL)],
            Proof::None,
        ),
    ]);
}

#[test]
fn an_error_about_tcp_is_verified_by_a_syn_or_a_query() {
    let syn = tcp(path(), SYN, b"");
    let segment = tcp(path(), PUSH_ACK, &framed(&dns(7, 0, "a.example")));
    check(vec![
        ("a SYN", vec![syn.clone(), error(path(), &syn, ALL)], seen(1)),
        (
            "8 bytes of a SYN",
            vec![syn.clone(), error(path(), &syn, SHORT)],
            seen(1),
        ),
        (
            "a segment with a query",
            vec![syn.clone(), segment.clone(), error(path(), &segment, ALL)],
            seen(2),
        ),
    ]);
}

#[test]
fn where_no_query_of_the_client_or_to_the_server_was_seen_queries_are_unseen() {
    let quoted = query(path(), 7, "a.example");
    let error = error(path(), &quoted, ALL);
    let of_client = query(Path::new("192.0.2.7", 1, "203.0.113.1", 53), 1, "b.example");
    let to_server = query(Path::new("203.0.113.9", 1, "198.51.100.53", 53), 1, "b.example");
    let between_others = query(Path::new("203.0.113.9", 1, "203.0.113.1", 53), 1, "b.example");
    // The client as a server, the server as a client: that is the other direction.
    let reversed = query(Path::new("198.51.100.53", 1, "192.0.2.7", 53), 1, "b.example");
    let not_dns = udp(
        Path {
            destination_port: 54,
            ..path()
        },
        &[0; 20],
    );
    let response = response(path(), 9, 0, "b.example");
    check(vec![
        ("nothing else", vec![error.clone()], Proof::QueriesUnseen),
        (
            "other packets",
            vec![not_dns, response, error.clone()],
            Proof::QueriesUnseen,
        ),
        (
            "queries between others",
            vec![between_others, error.clone()],
            Proof::QueriesUnseen,
        ),
        (
            "the other way round",
            vec![reversed, error.clone()],
            Proof::QueriesUnseen,
        ),
        (
            "another query of the client",
            vec![of_client, error.clone()],
            Proof::None,
        ),
        ("another query to the server", vec![to_server, error], Proof::None),
    ]);
}

#[test]
fn an_error_tells_what_its_quote_is_long_enough_for() {
    let asked = udp(path(), &dns(7, 0, "a.example"));
    let cases = [
        ("the whole query", ALL, Some("a.example"), Some(false)),
        ("all but the end of the name", SHORT + 12 + 10, None, Some(false)),
        ("up to the flags", SHORT + 4, None, Some(false)),
        ("8 bytes: RD is known from the trace", SHORT, None, Some(false)),
    ];
    for (case, len, name, recursion_desired) in cases {
        let failure = failure(&[asked.clone(), error(path(), &asked, len)]);
        assert_eq!(failure.name.as_ref().map(Name::as_str), name, "{case}");
        assert_eq!(failure.recursion_desired, recursion_desired, "{case}");
    }
    let unseen = failure(&[error(path(), &asked, SHORT)]);
    assert_eq!((unseen.name, unseen.recursion_desired), (None, None));
}

#[test]
fn the_reporter_is_who_sent_the_error() {
    let asked = query(path(), 7, "a.example");
    let router = "192.0.2.1".parse().unwrap();
    let failure = failure(&[asked.clone(), unreachable(router, path().source, 13, &asked)]);
    assert_eq!(failure.reporter, router.into());
    assert_eq!(failure.code, netmon_common::Code::Admin);
    assert_eq!(failure.client, path().source.into());
}

#[test]
fn both_ports_dns_ports_a_response_is_no_query() {
    let path = Path {
        source_port: 53,
        ..path()
    };
    let reply = udp(path, &dns(7, RESPONSE, "a.example"));
    let (_, observations) = observe(&[(1, ethernet(&reply))]);
    assert!(matches!(observations[0].what, What::Answer(_)));
}
