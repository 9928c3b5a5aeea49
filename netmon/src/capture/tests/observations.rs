//! What each packet means to the decider, and what is remembered besides.

use std::net::IpAddr;

use netmon_common::{Address, DnsPorts, Rcode, Transport};

use super::packets::{
    ACK, PUSH_ACK, Path, RECURSION_DESIRED, RESPONSE, SYN, dns, ethernet, framed, query, response, tcp,
    tcp_at, udp, unreachable,
};
use super::{at, observe};
use crate::capture::{Door, Frame, LinkType};
use crate::observation::{Answered, Asked, Name, Observation, What};
use crate::time::Time;

fn path() -> Path {
    Path::new("192.0.2.7", 40_000, "198.51.100.53", 53)
}

fn address(ip: IpAddr) -> Address {
    ip.into()
}

fn asked(observation: &Observation) -> &Asked {
    match &observation.what {
        What::Asked(asked) => asked,
        other => panic!("{other:?}"),
    }
}

fn answered(observation: &Observation) -> &Answered {
    match &observation.what {
        What::Answered(answered) => answered,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_has_the_time_of_its_query_and_counts_for_the_latency_once() {
    let (door, observations) = observe(&[
        (1_000, ethernet(&query(path(), 7, "a.example"))),
        (1_010, ethernet(&query(path(), 8, "b.example"))),
        (1_250, ethernet(&response(path(), 7, 3, "a.example"))),
        (9_000, ethernet(&response(path(), 7, 3, "a.example"))),
        (9_001, ethernet(&response(path(), 9, 0, "c.example"))),
    ]);
    let answers: Vec<_> = observations[2..].iter().map(answered).collect();
    let reported: Vec<_> = answers.iter().map(|answer| (answer.rcode, answer.sent)).collect();
    // The one that came again, and the one that nobody asked for, are not.
    assert_eq!(reported, [(Some(Rcode::NxDomain), at(1_000))]);
    assert_eq!(door.totals().unmatched_responses, 1);
    assert_eq!(answers[0].name, Some(Name::new("a.example")));
    assert_eq!(answers[0].client, address(path().source));
    let latency = door.latency(address(path().destination));
    assert_eq!((latency.count, latency.max), (1, Some(250_000)));
    assert_eq!(door.latency(address(path().source)).count, 0);
}

#[test]
fn a_record_of_an_answer_without_a_question_is_no_other_question() {
    let mut refused = dns(7, RESPONSE | 5, "authority.example");
    // No question, one authority record.
    refused[5] = 0;
    refused[9] = 1;
    let (door, observations) = observe(&[
        (1_000, ethernet(&query(path(), 7, "a.example"))),
        (1_010, ethernet(&udp(path().back(), &refused))),
    ]);
    assert_eq!(door.totals().unmatched_responses, 0);
    let answered = answered(&observations[1]);
    assert_eq!(answered.name, Some(Name::new("a.example")));
    assert_eq!(answered.details.query_type, None);
}

#[test]
fn dns_over_tcp_is_observed_as_a_connection_and_a_query() {
    let message = dns(7, 0, "a.example");
    let reply = framed(&dns(7, RESPONSE, "a.example"));
    let read = u32::try_from(framed(&message).len()).unwrap();
    let (door, observations) = observe(&[
        (1, ethernet(&tcp(path(), SYN, b""))),
        (2, ethernet(&tcp_at(path(), PUSH_ACK, 1, 0, &framed(&message)))),
        (5, ethernet(&tcp_at(path().back(), PUSH_ACK, 0, 1 + read, &reply))),
    ]);
    assert!(observations.iter().all(|o| o.service.transport == Transport::Tcp));
    let syn = asked(&observations[0]);
    // RD is presumed.
    assert_eq!(
        (&syn.name, syn.recursion_desired, syn.is_syn),
        (&None, true, true)
    );
    assert_eq!(connected(&observations), [vec![at(1)]]);
    let asked = asked(&observations[2]);
    assert_eq!(asked.name, Some(Name::new("a.example")));
    assert!(!asked.recursion_desired);
    assert!(!asked.is_syn);
    assert_eq!(answered(&observations[3]).sent, at(2));
    assert_eq!(door.latency(address(path().destination)).max, Some(3_000));
}

/// When the SYNs were sent of each connection that a server took.
fn connected(observations: &[Observation]) -> Vec<Vec<Time>> {
    let connected = observations.iter().filter_map(|one| match &one.what {
        What::Connected(connected) => Some(connected.syns.clone()),
        _ => None,
    });
    connected.collect()
}

#[test]
fn a_connection_is_told_once_with_each_time_that_its_syn_was_sent() {
    let query = framed(&dns(7, RECURSION_DESIRED, "a.example"));
    let syn = ethernet(&tcp(path(), SYN, b""));
    let error = ethernet(&unreachable(
        path().destination,
        path().source,
        3,
        &tcp(path(), SYN, b""),
    ));
    let accepted = (62_000, ethernet(&tcp(path().back(), SYN | ACK, b"")));
    let asked = (62_001, ethernet(&tcp(path(), PUSH_ACK, &query)));
    let (first, second, third) = ((1, syn.clone()), (3_000, syn.clone()), (7_000, syn));
    let cases = [
        ("a SYN alone", vec![first.clone()], vec![]),
        (
            "taken",
            vec![second.clone(), accepted.clone()],
            vec![vec![at(3_000)]],
        ),
        (
            "sent again; the first waits no more",
            vec![
                first,
                second.clone(),
                third.clone(),
                accepted.clone(),
                asked.clone(),
            ],
            vec![vec![at(3_000), at(7_000)]],
        ),
        (
            "the first has failed",
            vec![second.clone(), (3_001, error), third.clone(), accepted],
            vec![vec![at(7_000)]],
        ),
        (
            "that the server took it was not captured",
            vec![second, third, asked],
            vec![vec![at(3_000), at(7_000)]],
        ),
    ];
    for (case, packets, expected) in cases {
        assert_eq!(connected(&observe(&packets).1), expected, "{case}");
    }
}

#[test]
fn what_is_no_news_to_the_decider_is_counted_only() {
    let late = unreachable(
        path().source,
        path().destination,
        3,
        &response(path(), 7, 0, "a.example"),
    );
    let silent: Vec<(&str, Vec<u8>)> = vec![
        (
            "another port",
            udp(
                Path {
                    destination_port: 54,
                    ..path()
                },
                &[0; 30],
            ),
        ),
        ("a reset", tcp(path().back(), 0x04, b"")),
        ("a late response", late.clone()),
        ("an error about another port", {
            let quote = udp(
                Path {
                    destination_port: 443,
                    ..path()
                },
                &[0; 30],
            );
            unreachable(path().destination, path().source, 3, &quote)
        }),
        ("a query that is too short", udp(path(), &[0; 11])),
    ];
    for (case, packet) in silent {
        let (door, observations) = observe(&[(1, ethernet(&packet))]);
        assert_eq!(observations, [], "{case}");
        assert_eq!(door.counts().totals.frames, 1, "{case}");
        let late = door
            .counts()
            .destinations
            .values()
            .map(|d| d.late_responses)
            .sum::<u64>();
        assert_eq!(late, u64::from(case == "a late response"), "{case}");
    }
}

#[test]
fn a_name_that_cannot_be_read_is_none_and_the_rest_is_observed() {
    let mut message = dns(7, RECURSION_DESIRED, "a.example");
    message.truncate(14);
    let (_, observations) = observe(&[(1, ethernet(&udp(path(), &message)))]);
    assert_eq!(asked(&observations[0]).name, None);
    assert!(asked(&observations[0]).recursion_desired);
}

#[test]
fn a_name_that_comes_again_is_shared() {
    let (_, observations) = observe(&[
        (1, ethernet(&query(path(), 7, "a.example"))),
        (2, ethernet(&query(path(), 8, "A.EXAMPLE"))),
    ]);
    let [first, second] = [0, 1].map(|n| asked(&observations[n]).name.clone().unwrap());
    assert!(std::ptr::eq(first.as_str(), second.as_str()));
}

#[test]
fn only_the_given_ports_are_dns_ports() {
    let mut door = Door::new(DnsPorts::new(&[5_353]).unwrap());
    let mut services = Vec::new();
    for port in [53, 5_353] {
        let bytes = ethernet(&query(
            Path {
                destination_port: port,
                ..path()
            },
            7,
            "a",
        ));
        let frame = Frame {
            time: at(1),
            link: LinkType::Ethernet,
            wire_len: bytes.len(),
            bytes: &bytes,
            number: 1,
            file: 0,
            interface: None,
        };
        door.take(&frame, &mut |observation| services.push(observation.service.port));
    }
    // The query, and its second.
    assert_eq!(services, [5_353, 5_353]);
}

#[test]
fn time_never_goes_back() {
    let (door, observations) = observe(&[
        (5_000, ethernet(&query(path(), 7, "a.example"))),
        (4_000, ethernet(&response(path(), 7, 0, "a.example"))),
        (4_500, ethernet(&tcp(path(), PUSH_ACK, b""))),
    ]);
    assert_eq!(observations[1].time, at(5_000));
    assert_eq!(door.span(), Some((at(5_000), at(5_000))));
    assert_eq!(door.latency(address(path().destination)).max, Some(0));
    assert_eq!(observe(&[]).0.span(), None);
}

#[test]
fn every_ip_packet_makes_its_destination_heard() {
    let v6 = Path::new("2001:db8::1", 1, "2001:db8::2", 2);
    let (door, _) = observe(&[
        (1, ethernet(&tcp(path(), PUSH_ACK, b""))),
        (2, ethernet(&udp(v6, b"x"))),
    ]);
    assert!(door.heard(address(path().destination)) && door.heard(address(v6.destination)));
    assert!(!door.heard(address(path().source)) && !door.heard(address(v6.source)));
}

#[test]
fn clients_on_neighbouring_addresses_that_only_asked_were_sent_nothing() {
    let clients: Vec<String> = (0..=255).map(|host| format!("10.0.0.{host}")).collect();
    let packets: Vec<(u64, Vec<u8>)> = (1..)
        .zip(&clients)
        .map(|(at, client)| {
            (
                at,
                ethernet(&query(Path::new(client, 40_000, "10.0.1.53", 53), 7, "a.example")),
            )
        })
        .collect();
    let (door, _) = observe(&packets);
    assert!(door.heard(address("10.0.1.53".parse().unwrap())));
    let heard: Vec<&String> = clients
        .iter()
        .filter(|client| door.heard(address(client.parse().unwrap())))
        .collect();
    assert_eq!(heard, Vec::<&String>::new());
}

#[test]
fn packets_of_any_link_type_mean_the_same() {
    let packet = query(path(), 7, "a.example");
    let links: Vec<(LinkType, Vec<u8>)> = vec![
        (LinkType::Ethernet, ethernet(&packet)),
        (LinkType::LinuxCookedV1, [&[0; 14][..], &[8, 0], &packet].concat()),
        (LinkType::LinuxCookedV2, [&[8, 0][..], &[0; 18], &packet].concat()),
        (LinkType::RawIp, packet.clone()),
        (LinkType::RawIpv4, packet.clone()),
        (LinkType::BsdLoopback, [&[2, 0, 0, 0], &packet[..]].concat()),
    ];
    for (link, bytes) in links {
        let mut door = Door::new(DnsPorts::DEFAULT);
        let mut observations = Vec::new();
        let frame = Frame {
            time: at(1),
            link,
            wire_len: bytes.len(),
            bytes: &bytes,
            number: 1,
            file: 0,
            interface: None,
        };
        door.take(&frame, &mut |observation| observations.push(observation));
        assert_eq!(
            asked(&observations[0]).name,
            Some(Name::new("a.example")),
            "{link:?}"
        );
        assert!(door.heard(address(path().destination)), "{link:?}");
    }
}

#[test]
fn destinations_that_were_asked_least_recently_make_room_for_others() {
    let mut door = Door::new(DnsPorts::DEFAULT);
    let servers = netmon_common::limits::DESTINATIONS + 2_000;
    for n in 1..=servers {
        let server = std::net::Ipv4Addr::from(0x0a00_0000 + n).to_string();
        let bytes = ethernet(&query(
            Path::new("192.0.2.7", 40_000, &server, 53),
            7,
            "a.example",
        ));
        let frame = Frame {
            time: at(n.into()),
            link: LinkType::Ethernet,
            bytes: &bytes,
            wire_len: bytes.len(),
            number: n.into(),
            file: 0,
            interface: None,
        };
        door.take(&frame, &mut |_| {});
        door.make_room(std::collections::HashSet::new);
    }
    let counts = door.counts();
    assert!(counts.add_up());
    assert_eq!(counts.totals.overflow, 0);
    let there = counts.destinations.len() as u64;
    assert_eq!(counts.totals.retired + there, u64::from(servers));
    let is_there = |n: u32| {
        counts
            .destinations
            .contains_key(&std::net::Ipv4Addr::from(0x0a00_0000 + n).into())
    };
    assert!(is_there(servers) && !is_there(1));
}
