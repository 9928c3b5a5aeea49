//! A packet that is seen before and after the translation of an address is counted once; where its server keeps its address, it is one exchange.

use super::read;
use super::tcpdump::address;
use super::textbook::observe;
use crate::counts::Counts;
use crate::observation::{Observation, Proof, What};

/// One sight of a packet: where, with how many hops left, and what it is.
type Seen<'a> = (&'a str, u8, &'a str);

/// The lines of these sights, some microseconds apart in one second; with `-v` or without it.
fn lines(second: u32, id: u32, verbose: bool, sights: &[Seen<'_>]) -> String {
    let mut lines = Vec::new();
    for (n, (at, left, packet)) in sights.iter().enumerate() {
        let header = if verbose {
            format!("(tos 0x0, ttl {left}, id {id}, offset 0, flags [none], proto UDP (17), length 59)\n    ")
        } else {
            String::new()
        };
        lines.push(format!("12:00:{second:02}.0001{n} {at} IP {header}{packet}\n"));
    }
    lines.concat()
}

const SERVER: &str = "203.0.113.2";
const ASKED: &str = "10.0.0.1.5000 > 203.0.113.2.53: 7+ A? a.example. (27)";
const ASKED_OUTSIDE: &str = "198.51.100.1.6000 > 203.0.113.2.53: 7+ A? a.example. (27)";

/// What was counted and observed of a text in which all belongs together.
fn taken(text: &str) -> (Counts, Vec<Observation>) {
    let (packets, warnings) = read(text);
    assert_eq!(warnings, [], "{text}");
    let (door, observations) = observe(&packets);
    let counts = door.counts();
    assert!(counts.add_up(), "{text}");
    assert_eq!(
        (counts.totals.unsolicited, counts.totals.unmatched_responses),
        (0, 0),
        "{text}"
    );
    (counts, observations)
}

/// How many queries, SYNs and responses were counted, and errors of DNS; and how many were asked, answered and failed, always
/// by the client inside.
fn told(text: &str) -> ([u64; 4], [usize; 3]) {
    let (counts, observations) = taken(text);
    let server = &counts.destinations[&address(SERVER)];
    let mut of = [0; 3];
    for observation in &observations {
        let (n, client) = match &observation.what {
            What::Asked(asked) => (0, asked.client),
            What::Answered(answered) => (1, answered.client),
            What::Failed(failed) => {
                assert!(matches!(failed.proof, Proof::QuerySeen(_)), "{text}");
                (2, failed.client)
            }
            _ => continue,
        };
        assert_eq!(client, address("10.0.0.1"), "{text}");
        of[n] += 1;
    }
    let errors = server.dns_unreachable.as_flattened().iter().sum();
    (
        [
            server.dns_queries,
            server.tcp_connects,
            server.dns_responses,
            errors,
        ],
        of,
    )
}

#[test]
fn a_packet_that_is_printed_before_and_after_masquerading_is_counted_once() {
    let port = "203.0.113.2 udp port 53 unreachable, length 67";
    let header = "\n\tIP (tos 0x0, ttl 60, id 1, offset 0, flags [none], proto UDP (17), length 59)\n    ";
    for verbose in [false, true] {
        let error = |client: &str, quoted: &str| {
            let quote = if verbose {
                format!("{header}{quoted}")
            } else {
                String::new()
            };
            format!("203.0.113.2 > {client}: ICMP {port}{quote}")
        };
        let (inside, outside) = (error("10.0.0.1", ASKED), error("198.51.100.1", ASKED_OUTSIDE));
        let query = lines(
            1,
            100,
            verbose,
            &[("eth0 In", 64, ASKED), ("eth1 Out", 63, ASKED_OUTSIDE)],
        );
        let answer = [
            (
                "eth1 In",
                55,
                "203.0.113.2.53 > 198.51.100.1.6000: 7 1/0/0 A 192.0.2.80 (43)",
            ),
            (
                "eth0 Out",
                54,
                "203.0.113.2.53 > 10.0.0.1.5000: 7 1/0/0 A 192.0.2.80 (43)",
            ),
        ];
        let answered = query.clone() + &lines(2, 200, verbose, &answer);
        assert_eq!(told(&answered), ([1, 0, 1, 0], [1, 1, 0]));
        let failed = query.clone()
            + &lines(
                2,
                200,
                verbose,
                &[("eth1 In", 55, &outside), ("eth0 Out", 54, &inside)],
            );
        assert_eq!(told(&failed), ([1, 0, 0, 1], [1, 0, 1]));
        // Of an error that has lost no hop both sights are counted, and it is one error of the exchange.
        if verbose {
            let same = [("eth1 In", 55, outside.as_str()), ("eth0 Out", 55, &inside)];
            assert_eq!(
                told(&(query.clone() + &lines(2, 200, verbose, &same))),
                ([1, 0, 0, 2], [1, 0, 1])
            );
        }
        let syns = [
            (
                "eth0 In",
                64,
                "10.0.0.1.5000 > 203.0.113.2.53: Flags [S], seq 9, win 64240, length 0",
            ),
            (
                "eth1 Out",
                63,
                "198.51.100.1.6000 > 203.0.113.2.53: Flags [S], seq 9, win 64240, length 0",
            ),
        ];
        let syns = lines(1, 100, verbose, &syns);
        assert_eq!(told(&syns), ([0, 1, 0, 0], [1, 0, 0]));
        let accepted = [
            (
                "eth1 In",
                55,
                "203.0.113.2.53 > 198.51.100.1.6000: Flags [S.], seq 5, ack 10, win 64240, length 0",
            ),
            (
                "eth0 Out",
                54,
                "203.0.113.2.53 > 10.0.0.1.5000: Flags [S.], seq 5, ack 10, win 64240, length 0",
            ),
        ];
        let query = "203.0.113.2.53: Flags [P.], seq 1:30, ack 1, win 64240, length 29 7+ A? a.example. (27)";
        let [inside, outside] =
            ["10.0.0.1.5000", "198.51.100.1.6000"].map(|client| format!("{client} > {query}"));
        let asked = [("eth0 In", 64, inside.as_str()), ("eth1 Out", 63, &outside)];
        let connection = syns + &lines(2, 200, verbose, &accepted) + &lines(3, 101, verbose, &asked);
        assert_eq!(told(&connection), ([0, 1, 0, 0], [2, 0, 0]));
    }
}

#[test]
fn what_only_looks_like_a_second_sight_is_a_packet_of_its_own() {
    let cases = [
        (
            "the same interface",
            [("eth0 In", 64, ASKED), ("eth0 Out", 63, ASKED_OUTSIDE)],
            false,
        ),
        (
            "two clients",
            [("eth0 In", 64, ASKED), ("eth1 In", 63, ASKED_OUTSIDE)],
            false,
        ),
        (
            "both of this host",
            [("eth0 Out", 64, ASKED), ("eth1 Out", 63, ASKED_OUTSIDE)],
            false,
        ),
        (
            "nothing says where",
            [("", 64, ASKED), ("", 63, ASKED_OUTSIDE)],
            false,
        ),
        (
            "no hop between",
            [("eth0 In", 64, ASKED), ("eth1 Out", 64, ASKED_OUTSIDE)],
            true,
        ),
    ];
    let asked = |text: &str| {
        let (packets, _) = read(text);
        let (door, observations) = observe(&packets);
        assert_eq!(door.counts().totals.frames, 2, "{text}");
        observations
            .iter()
            .filter(|seen| matches!(seen.what, What::Asked(_)))
            .count()
    };
    for (case, sights, verbose) in cases {
        assert_eq!(asked(&lines(1, 100, verbose, &sights)), 2, "{case}");
    }
    let there = [("eth0 In", 64, ASKED), ("eth1 Out", 63, ASKED_OUTSIDE)];
    for (case, from, to) in [
        ("another id", " 7+", " 8+"),
        ("another name", "a.example", "b.example"),
        ("another type", " A?", " AAAA?"),
        ("another server", "203.0.113.2", "203.0.113.3"),
        ("later", "12:00:01.00011", "12:00:01.02"),
    ] {
        let [first, second] = there.map(|sight| lines(1, 100, false, &[sight]));
        let second = second.replace("00010", "00011").replace(from, to);
        assert_eq!(asked(&(first + &second)), 2, "{case}");
    }
}

#[test]
fn a_packet_that_is_printed_at_several_interfaces_is_the_same_with_link_headers() {
    let at = |at: &str, index: u8| {
        format!(
            "12:00:01.0 {at} ifindex {index} 02:00:00:00:00:0{index} ethertype IPv4 (0x0800), length 79: {ASKED}\n"
        )
    };
    let (packets, _) = read(&(at("veth0 In", 5) + &at("br0 In", 4)));
    let [first, second] = [0, 1].map(|n| packets[n].sight.as_ref().unwrap());
    assert_eq!(first.text, second.text);
    assert_ne!(first.at, second.at);
}

const SERVICE: &str = "10.96.0.10";
const POD: &str = "10.244.1.7";

/// For a server: how many queries, responses and errors of DNS were counted; and how many were asked, answered and failed.
fn told_of(text: &str, server: &str) -> ([u64; 3], [usize; 3]) {
    let (counts, observations) = taken(text);
    let counted = counts.destinations.get(&address(server)).copied();
    let counted = counted.unwrap_or_default();
    let mut of = [0; 3];
    let of_server = observations
        .iter()
        .filter(|observation| observation.service.server == address(server));
    for observation in of_server {
        match &observation.what {
            What::Asked(_) => of[0] += 1,
            What::Answered(_) => of[1] += 1,
            What::Failed(failed) => {
                assert!(matches!(failed.proof, Proof::QuerySeen(_)), "{text}");
                of[2] += 1;
            }
            other => panic!("{other:?}: {text}"),
        }
    }
    let errors = counted.dns_unreachables();
    ([counted.dns_queries, counted.dns_responses, errors], of)
}

#[test]
fn a_packet_that_is_printed_with_two_servers_is_counted_once_and_is_of_an_exchange_of_both() {
    let asked = |server: &str| format!("10.0.0.1.5000 > {server}.53: 7+ A? a.example. (27)");
    let answer = |server: &str| format!("{server}.53 > 10.0.0.1.5000: 7 1/0/0 A 192.0.2.80 (43)");
    let header = "\n\tIP (tos 0x0, ttl 60, id 1, offset 0, flags [none], proto UDP (17), length 59)\n    ";
    let both = |second: u32, verbose: bool, left: u8, [first, then]: [String; 2]| {
        let ways = if left == 64 {
            ["eth0 In", "eth1 Out"]
        } else {
            ["eth1 In", "eth0 Out"]
        };
        let sights = [(ways[0], left, first.as_str()), (ways[1], left - 1, &then)];
        lines(second, 100 * second, verbose, &sights)
    };
    for verbose in [false, true] {
        let error = |server: &str| {
            let quote = if verbose {
                format!("{header}{}", asked(server))
            } else {
                String::new()
            };
            format!("{server} > 10.0.0.1: ICMP {server} udp port 53 unreachable, length 67{quote}")
        };
        // The client's socket is closed.
        let late = |server: &str| {
            let quote = if verbose {
                format!("{header}{}", answer(server))
            } else {
                String::new()
            };
            format!("10.0.0.1 > {server}: ICMP 10.0.0.1 udp port 5000 unreachable, length 67{quote}")
        };
        let query = both(1, verbose, 64, [SERVICE, POD].map(asked));
        let answered = query.clone() + &both(2, verbose, 55, [POD, SERVICE].map(answer));
        let failed = query.clone() + &both(2, verbose, 55, [POD, SERVICE].map(error));
        for (case, text, of_service, of_pod, exchange) in [
            ("silent", &query, [1, 0, 0], [0, 0, 0], [1, 0, 0]),
            ("answered", &answered, [1, 0, 0], [0, 1, 0], [1, 1, 0]),
            ("failed", &failed, [1, 0, 0], [0, 0, 1], [1, 0, 1]),
        ] {
            assert_eq!(
                told_of(text, SERVICE),
                (of_service, exchange),
                "{case}, {verbose}"
            );
            assert_eq!(told_of(text, POD), (of_pod, exchange), "{case}, {verbose}");
        }
        let late = answered + &both(3, verbose, 64, [SERVICE, POD].map(late));
        let (packets, _) = read(&late);
        let totals = observe(&packets).0.counts().totals;
        assert_eq!((totals.frames, totals.late_responses), (3, 1), "{verbose}");
    }
}

#[test]
fn what_a_forwarder_asks_with_its_clients_id_is_a_query_of_its_own() {
    let own = "198.51.100.1.6000 > 203.0.113.3.53: 7+ A? a.example. (27)";
    let sights = [("eth0 In", 64, ASKED), ("eth1 Out", 64, own)];
    for verbose in [false, true] {
        let (packets, _) = read(&lines(1, 100, verbose, &sights));
        assert_eq!(observe(&packets).0.counts().totals.frames, 2, "{verbose}");
    }
}
