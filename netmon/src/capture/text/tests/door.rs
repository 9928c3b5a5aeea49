//! What the door tells the decider.

use netmon_common::{Code, Rcode};

use super::read;
use super::tcpdump::address;
use super::textbook::observe;
use crate::observation::{Answered, Details, Failed, Observation, Proof, Side, Unverified, What, Why};
use crate::time::Time;

/// A query, a second past noon: by `client`, for `name`, with this id.
fn query(second: u32, client: &str, name: &str, id: u16) -> String {
    format!("12:00:{second:02}.0 IP {client}.40000 > 203.0.113.2.53: {id}+ A? {name}. (29)\n")
}

/// An error to `client`, in these words.
fn error(second: u32, client: &str, words: &str) -> String {
    format!(
        "12:{:02}:{:02}.0 IP 203.0.113.2 > {client}: ICMP {words}, length 65\n",
        second / 60,
        second % 60
    )
}

/// An answer to `A`, a second past noon.
fn answer(second: u32, id: u16, words: &str) -> String {
    format!("12:00:{second:02}.0 IP 203.0.113.2.53 > {A}.40000: {id} {words} (45)\n")
}

/// What `-v` prints behind an error: the quoted query.
fn quote(client: &str, port: u16, id: u16) -> String {
    format!(
        "\tIP (tos 0x0, ttl 64, id 1, offset 0, flags [none], proto UDP (17), length 57)\n    {client}.{port} > 203.0.113.2.53: {id}+ A? quoted.example. (29)\n"
    )
}

fn at(second: u64) -> Time {
    Time::at_second(1_732_449_600 + second)
}

fn observations(text: &str) -> Vec<Observation> {
    let (packets, warnings) = read(text);
    assert_eq!(warnings, [], "{text}");
    observe(&packets).1
}

/// The last failure; `None` if there was none.
fn last_failure(text: &str) -> Option<Told> {
    let observations = observations(text);
    let asked = observations
        .iter()
        .filter(|observation| matches!(observation.what, What::Asked(_)))
        .count();
    assert_eq!(
        asked,
        text.matches("+ A? ").count() - text.matches("quoted").count() + text.matches("[S]").count()
    );
    observations
        .into_iter()
        .rev()
        .find_map(|observation| match observation.what {
            What::Failed(Failed {
                proof, name, code, ..
            }) => Some((Ok(proof), name.map(|name| name.to_string()), code)),
            What::Unverified(Unverified { why, code, .. }) => Some((Err(why), None, code)),
            _ => None,
        })
}

const A: &str = "192.0.2.1";
const B: &str = "192.0.2.2";
const PORT: &str = "203.0.113.2 udp port 53 unreachable";
const SYN: &str = "12:00:01.0 IP 192.0.2.1.40000 > 203.0.113.2.53: Flags [S], seq 1, win 64240, length 0\n";
const ACCEPTED: &str =
    "12:00:02.0 IP 203.0.113.2.53 > 192.0.2.1.40000: Flags [S.], seq 5, ack 2, win 64240, length 0\n";
const HOST: &str = "host 203.0.113.2 unreachable";

/// What proves the error, or why nothing does; the name and the code.
type Told = (Result<Proof, Why>, Option<String>, Code);

fn seen(second: u64, name: &str, code: Code) -> Told {
    (Ok(Proof::QuerySeen(at(second))), Some(name.to_owned()), code)
}

fn assert_failures(cases: &[(&str, String, Option<Told>)]) {
    for (case, text, expected) in cases {
        assert_eq!(last_failure(text), *expected, "{case}: {text}");
    }
}

#[test]
fn an_error_finds_the_query_that_it_is_about() {
    let unsolicited = Some((Err(Why::Unsolicited), None, Code::Port));
    assert_failures(&[
        (
            "the only one",
            query(1, A, "a", 7) + &error(2, A, PORT),
            Some(seen(1, "a", Code::Port)),
        ),
        (
            "the last one",
            query(1, A, "a", 7) + &query(3, A, "b", 8) + &error(5, A, PORT),
            Some(seen(3, "b", Code::Port)),
        ),
        (
            "the client's",
            query(1, A, "a", 7) + &query(3, B, "b", 8) + &error(5, A, PORT),
            Some(seen(1, "a", Code::Port)),
        ),
        (
            "a minute later",
            query(1, A, "a", 7) + &error(60, A, PORT),
            Some(seen(1, "a", Code::Port)),
        ),
        (
            "when it waits no more",
            query(1, A, "a", 7) + &error(61, A, PORT),
            unsolicited.clone(),
        ),
        (
            "a second one about the same query",
            query(1, A, "a", 7) + &error(2, A, PORT) + &error(3, A, PORT),
            Some((Err(Why::Again), None, Code::Port)),
        ),
        (
            "one each about two queries",
            query(1, A, "a", 7) + &query(2, A, "b", 8) + &error(3, A, PORT) + &error(4, A, PORT),
            Some(seen(1, "a", Code::Port)),
        ),
        (
            "one each about a query that was sent twice",
            query(1, A, "a", 7) + &query(2, A, "a", 7) + &error(3, A, PORT) + &error(4, A, PORT),
            Some(seen(1, "a", Code::Port)),
        ),
        (
            "the newest time that a query was sent",
            query(1, A, "a", 7) + &query(2, A, "a", 7) + &error(3, A, PORT),
            Some(seen(2, "a", Code::Port)),
        ),
        (
            "one that was answered",
            query(1, A, "a", 7) + &answer(2, 7, "1/0/0 A 192.0.2.80") + &error(3, A, PORT),
            unsolicited.clone(),
        ),
        (
            "the one that is quoted",
            query(1, A, "a", 7) + &query(3, A, "b", 8) + &error(5, A, PORT) + &quote(A, 40000, 7),
            Some(seen(1, "quoted.example", Code::Port)),
        ),
        (
            "none with the quoted id",
            query(1, A, "a", 7) + &error(5, A, PORT) + &quote(A, 40000, 9),
            unsolicited.clone(),
        ),
        (
            "none with the quoted port",
            query(1, A, "a", 7) + &error(5, A, PORT) + &quote(A, 40001, 7),
            unsolicited.clone(),
        ),
        (
            "none of this client",
            query(1, B, "b", 8) + &error(5, A, PORT),
            unsolicited.clone(),
        ),
        (
            "a SYN that the server has answered",
            SYN.to_owned() + ACCEPTED + &error(4, A, "203.0.113.2 tcp port 53 unreachable"),
            unsolicited.clone(),
        ),
        ("none at all", error(5, A, PORT), unsolicited),
        (
            "about another port",
            query(1, A, "a", 7) + &error(4, A, "203.0.113.2 udp port 123 unreachable"),
            None,
        ),
        (
            "a SYN",
            SYN.to_owned() + &error(4, A, "203.0.113.2 tcp port 53 unreachable"),
            Some((Ok(Proof::QuerySeen(at(1))), None, Code::Port)),
        ),
    ]);
}

#[test]
fn an_error_that_tells_no_port_is_about_a_query_shortly_before() {
    assert_failures(&[
        (
            "a host",
            query(1, A, "a", 7) + &error(4, A, HOST),
            Some(seen(1, "a", Code::Host)),
        ),
        (
            "a host, and the quote tells",
            query(1, A, "a", 7) + &error(4, A, HOST) + &quote(A, 40000, 7),
            Some(seen(1, "quoted.example", Code::Host)),
        ),
        ("too late", query(1, A, "a", 7) + &error(62, A, HOST), None),
        ("another client", query(1, B, "b", 7) + &error(4, A, HOST), None),
        (
            "a transport alone",
            query(1, A, "a", 7) + &error(4, A, "203.0.113.2 protocol 17 unreachable"),
            Some(seen(1, "a", Code::Protocol)),
        ),
        (
            "another transport",
            query(1, A, "a", 7) + &error(4, A, "203.0.113.2 protocol 6 unreachable"),
            None,
        ),
        (
            "a SYN",
            SYN.to_owned() + &error(4, A, HOST),
            Some((Ok(Proof::QuerySeen(at(1))), None, Code::Host)),
        ),
        (
            "prohibited",
            query(1, A, "a", 7) + &error(4, A, "host 203.0.113.2 unreachable - admin prohibited filter"),
            Some(seen(1, "a", Code::Admin)),
        ),
    ]);
}

#[test]
fn an_answer_finds_its_query_by_ports_and_id() {
    let answer =
        |port, id, words: &str| format!("12:00:05.0 IP 203.0.113.2.53 > {A}.{port}: {id} {words} (45)\n");
    let cases = [
        (
            "its query",
            answer(40000, 7, "1/0/0 A 192.0.2.80"),
            Some((at(1), "a", Rcode::NoError)),
        ),
        (
            "the other query",
            answer(40000, 8, "NXDomain 0/1/0"),
            Some((at(3), "b", Rcode::NxDomain)),
        ),
        ("none with this id", answer(40000, 9, "ServFail 0/0/0"), None),
        ("none with this port", answer(40001, 7, "Refused- 0/0/0"), None),
    ];
    for (case, text, expected) in cases {
        let text = query(1, A, "a", 7) + &query(3, A, "b", 8) + &text;
        let (packets, _) = read(&text);
        let (door, mut observations) = observe(&packets);
        assert_eq!(
            door.counts().totals.unmatched_responses,
            u64::from(expected.is_none()),
            "{case}"
        );
        let last = observations.pop().unwrap().what;
        let Some((sent, name, rcode)) = expected else {
            assert!(matches!(last, What::Asked(_)), "{case}: {last:?}");
            continue;
        };
        let What::Answered(answered) = last else {
            panic!("{case}")
        };
        assert_eq!(
            answered,
            Answered {
                client: address(A),
                side: Side::Only,
                sent,
                earlier: Vec::new(),
                rcode: Some(rcode),
                standard: true,
                name: Some(crate::observation::Name::new(name)),
                recursion_desired: true,
                details: Details {
                    client_port: Some(40_000),
                    id: Some(if name == "a" { 7 } else { 8 }),
                    query_type: None,
                },
            },
            "{case}"
        );
    }
}

#[test]
fn errors_of_a_text_without_any_query_are_believed_at_its_end() {
    for (case, text, believed) in [
        ("no query", error(5, A, PORT) + &error(6, A, PORT), 2),
        (
            "a query of somebody else, later",
            error(5, A, PORT) + &query(9, B, "b", 8),
            0,
        ),
    ] {
        let (packets, _) = read(&text);
        let (mut door, _) = observe(&packets);
        let unseen = door.unseen();
        assert_eq!(unseen.len(), believed, "{case}");
        let unsolicited = u64::from(believed == 0);
        assert_eq!(door.counts().totals.unsolicited, unsolicited, "{case}");
        let is_unseen =
            |what: &What| matches!(what, What::Failed(failed) if failed.proof == Proof::QueriesUnseen);
        assert!(unseen.iter().all(|error| is_unseen(&error.what)), "{case}");
    }
}

#[test]
fn an_error_about_an_answer_is_a_late_response_and_no_failure() {
    let answer = format!("12:00:05.0 IP 203.0.113.2.53 > {A}.40000: 7 1/0/0 A 192.0.2.80 (45)\n");
    let closed = format!("12:00:06.0 IP {A} > 203.0.113.2: ICMP {A} udp port 40000 unreachable, length 81\n");
    let quoted = closed.clone()
        + &format!(
            "\tIP (tos 0x0, ttl 64, id 1, offset 0, flags [none], proto UDP (17), length 73)\n    203.0.113.2.53 > {A}.40000: 7 1/0/0 A 192.0.2.80 (45)\n"
        );
    for (case, text, late) in [
        ("it was seen", answer.clone() + &closed, 1),
        ("it is quoted", quoted, 1),
        (
            "another port was answered",
            answer.replace("40000", "40001") + &closed,
            0,
        ),
        ("nothing tells", closed, 0),
    ] {
        let (packets, _) = read(&text);
        let (door, observations) = observe(&packets);
        assert!(
            !observations
                .iter()
                .any(|observation| matches!(observation.what, What::Failed(_) | What::Unverified(_))),
            "{case}"
        );
        let counts = door.counts();
        assert_eq!(
            (counts.totals.late_responses, counts.totals.dns_unreachable),
            (late, 0),
            "{case}"
        );
        let server = counts.destinations.get(&address("203.0.113.2"));
        assert_eq!(server.map_or(0, |server| server.late_responses), late, "{case}");
        // Counted for the destination of the quoted packet, whatever was quoted.
        assert_eq!(
            counts.destinations[&address(A)].icmp_unreachable(Code::Port),
            1,
            "{case}"
        );
        assert!(counts.add_up(), "{case}");
    }
}

#[test]
fn time_never_goes_back() {
    let text = query(9, A, "a", 7) + &query(5, A, "b", 8) + &error(7, A, PORT);
    let observations = observations(&text);
    assert_eq!(
        observations
            .iter()
            .map(|observation| observation.time)
            .collect::<Vec<_>>(),
        [at(9); 3]
    );
    let (packets, _) = read(&text);
    assert_eq!(observe(&packets).0.span(), Some((at(9), at(9))));
}

#[test]
fn whom_packets_were_for_is_known_whatever_they_carry() {
    let (packets, _) =
        read("12:00:01.0 IP 192.0.2.1 > 192.0.2.2: ICMP echo request, id 1, seq 1, length 64\n");
    let (door, observations) = observe(&packets);
    assert_eq!(observations, []);
    assert!(door.heard(address("192.0.2.2")) && !door.heard(address("192.0.2.1")));
}

#[test]
fn only_standard_queries_are_answered_as_such() {
    let opcodes = [
        "inv_q", "stat", "op3", "notify", "update", "op6", "op7", "op8", "updateA", "updateD", "updateDA",
        "updateM", "updateMA", "zoneInit", "zoneRef",
    ];
    let opcodes = opcodes.map(|opcode| (format!("7 {opcode}+"), format!("{opcode} Refused"), false));
    let standard = ("7+".to_owned(), "Refused-".to_owned(), true);
    for (asks, answers, standard) in opcodes.into_iter().chain([standard]) {
        let text = query(1, A, "a", 7).replace("7+", &asks) + &answer(1, 7, &format!("{answers} 0/0/0"));
        let (packets, _) = read(&text);
        let (door, observations) = observe(&packets);
        let told = observations
            .iter()
            .find_map(|observation| match &observation.what {
                What::Answered(answered) => Some((answered.rcode, answered.standard)),
                _ => None,
            });
        assert_eq!(told, Some((Some(Rcode::Refused), standard)), "{text}");
        let server = &door.counts().destinations[&address("203.0.113.2")];
        assert_eq!((server.dns_queries, server.dns_responses), (1, 1), "{text}");
    }
}
