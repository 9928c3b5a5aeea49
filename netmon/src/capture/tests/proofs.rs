//! Which errors prove what.

use super::packets::{
    PUSH_ACK, Path, RESPONSE, SYN, dns, ethernet, framed, query, response, tcp, udp, unreachable,
};
use super::{at, observe};
use crate::observation::{Failed, Name, Proof, What, Why};

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
fn verdict(packets: &[Vec<u8>]) -> Result<Failed, Why> {
    let packets: Vec<_> = (1..)
        .zip(packets)
        .map(|(n, packet)| (n * 1_000, ethernet(packet)))
        .collect();
    let (_, observations) = observe(&packets);
    match observations.into_iter().last().unwrap().what {
        What::Failed(failed) => Ok(failed),
        What::Unverified(error) => Err(error.why),
        other => panic!("{other:?}"),
    }
}

fn failure(packets: &[Vec<u8>]) -> Failed {
    verdict(packets).unwrap()
}

const ALL: usize = usize::MAX;
/// An IPv4 header and 8 bytes.
const SHORT: usize = 28;

/// A case: its name, the packets, the last of which is an error, and what that proves.
type Case = (&'static str, Vec<Vec<u8>>, Result<Proof, Why>);

fn check(cases: Vec<Case>) {
    for (case, packets, proof) in cases {
        assert_eq!(verdict(&packets).map(|failed| failed.proof), proof, "{case}");
    }
}

/// The query was seen in this packet, counted from 1.
#[expect(
    clippy::unnecessary_wraps,
    reason = "one of the two things that an error may prove"
)]
fn seen(packet: u64) -> Result<Proof, Why> {
    Ok(Proof::QuerySeen(at(packet * 1_000)))
}

const UNSOLICITED: Result<Proof, Why> = Err(Why::Unsolicited);

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
            "a query that was sent again, a second error",
            vec![
                asked.clone(),
                asked.clone(),
                error(path(), &asked, ALL),
                error(path(), &asked, ALL),
            ],
            seen(1),
        ),
        (
            "a second error about one query",
            vec![
                asked.clone(),
                error(path(), &asked, ALL),
                error(path(), &asked, ALL),
            ],
            Err(Why::Again),
        ),
        (
            "a query that was answered",
            vec![asked.clone(), answer.clone(), error(path(), &asked, ALL)],
            UNSOLICITED,
        ),
        (
            "a query that was answered, and as little quoted as may be",
            vec![asked.clone(), answer, error(path(), &asked, SHORT)],
            UNSOLICITED,
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
            UNSOLICITED,
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
            UNSOLICITED,
        ),
        (
            "another client",
            another(Path::new("192.0.2.8", 40_000, "198.51.100.53", 53)),
            UNSOLICITED,
        ),
        (
            "another server",
            another(Path::new("192.0.2.7", 40_000, "198.51.100.54", 53)),
            UNSOLICITED,
        ),
        (
            "UDP instead of TCP",
            vec![syn.clone(), error(path(), &asked, ALL)],
            UNSOLICITED,
        ),
        (
            "TCP instead of UDP",
            vec![asked.clone(), error(path(), &syn, ALL)],
            UNSOLICITED,
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
fn errors_are_believed_at_the_end_of_a_capture_that_holds_no_dns_query_at_all() {
    let quoted = query(path(), 7, "a.example");
    let error = error(path(), &quoted, ALL);
    let elsewhere = query(Path::new("203.0.113.9", 1, "203.0.113.1", 53), 1, "b.example");
    let not_dns = udp(
        Path {
            destination_port: 54,
            ..path()
        },
        &[0; 20],
    );
    let response = response(path(), 9, 0, "b.example");
    let syn_elsewhere = tcp(Path::new("203.0.113.9", 1, "203.0.113.1", 53), SYN, b"");
    let over_tcp = self::error(path(), &tcp(path(), SYN, b""), ALL);
    for (case, packets, believed) in [
        ("nothing else", vec![error.clone()], 1),
        ("other packets", vec![not_dns, response, error.clone()], 1),
        (
            "a query between others, before",
            vec![elsewhere.clone(), error.clone()],
            0,
        ),
        ("a query between others, after", vec![error.clone(), elsewhere], 0),
        (
            "a SYN, which is no query",
            vec![syn_elsewhere.clone(), error.clone()],
            1,
        ),
        (
            "a SYN, and an error about another, which would be seen",
            vec![syn_elsewhere.clone(), over_tcp.clone()],
            0,
        ),
        ("the same, after", vec![over_tcp, syn_elsewhere], 0),
        (
            "the client's own first query, after",
            vec![error.clone(), quoted],
            0,
        ),
        ("64 services, and one more", (0..65).map(forged).collect(), 64),
    ] {
        let packets: Vec<_> = (1..)
            .zip(packets)
            .map(|(n, packet)| (n * 1_000, ethernet(&packet)))
            .collect();
        let (mut door, _) = observe(&packets);
        let unseen = door.unseen();
        assert_eq!(unseen.len(), believed, "{case}");
        let is_unseen =
            |what: &What| matches!(what, What::Failed(failed) if failed.proof == Proof::QueriesUnseen);
        assert!(unseen.iter().all(|error| is_unseen(&error.what)), "{case}");
        let errors = if believed == 64 { 65 } else { 1 };
        assert_eq!(
            door.counts().totals.unsolicited,
            errors - believed as u64,
            "{case}"
        );
    }
}

fn forged(server: u8) -> Vec<u8> {
    let path = Path::new("192.0.2.7", 40_000, &format!("198.51.100.{server}"), 53);
    error(path, &query(path, 7, "a.example"), ALL)
}

#[test]
fn between_two_dns_ports_a_quoted_answer_is_no_failure_of_its_client() {
    let path = Path {
        source_port: 53,
        ..path()
    };
    let asked = udp(path, &dns(7, 0, "a.example"));
    let reply = udp(path.back(), &dns(7, RESPONSE, "a.example"));
    // The client's host says that nobody listens for the answer.
    let late = |len| error(path.back(), &reply, len);
    for (case, packets, fails) in [
        ("the answer", vec![asked.clone(), reply.clone(), late(ALL)], false),
        (
            "as little of it as may be",
            vec![asked.clone(), reply.clone(), late(SHORT)],
            false,
        ),
        (
            "up to its flags, while the server asks the client",
            vec![
                asked.clone(),
                udp(path.back(), &dns(7, 0, "a.example")),
                reply.clone(),
                late(SHORT + 3),
            ],
            false,
        ),
        ("the query", vec![asked.clone(), error(path, &asked, ALL)], true),
        (
            "as little of the query as may be",
            vec![asked.clone(), error(path, &asked, SHORT)],
            true,
        ),
    ] {
        let packets: Vec<_> = (1..)
            .zip(packets)
            .map(|(n, packet)| (n * 1_000, ethernet(&packet)))
            .collect();
        let (_, observations) = observe(&packets);
        let is_error = |what: &What| matches!(what, What::Failed(_) | What::Unverified(_));
        assert_eq!(
            observations.iter().any(|seen| is_error(&seen.what)),
            fails,
            "{case}"
        );
    }
}

#[test]
fn what_was_asked_is_known_however_little_an_error_quotes() {
    let asked = udp(path(), &dns(7, 0, "a.example"));
    let cases = [
        ("the whole query", ALL),
        ("all but the end of the name", SHORT + 12 + 10),
        ("up to the flags", SHORT + 4),
        ("8 bytes: RD and name are known from the query", SHORT),
    ];
    for (case, len) in cases {
        let failure = failure(&[asked.clone(), error(path(), &asked, len)]);
        assert_eq!(failure.name, Some(Name::new("a.example")), "{case}");
        assert!(!failure.recursion_desired, "{case}");
    }
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
    assert_eq!(observations, []);
}
