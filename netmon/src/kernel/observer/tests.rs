//! Given what the kernel has counted and sent, what the decider learns.

use netmon_common::records::EventHeader;

use super::*;
use crate::observation::{Proof, Why};
use crate::time::SECOND_NS;
use netmon_common::Code;

const CLIENT: Address = Address::v4([192, 0, 2, 7]);
const SERVER: Address = Address::v4([203, 0, 113, 53]);

fn at(millis: u64) -> Time {
    Time::from_nanos(millis * SECOND_NS / 1_000)
}

fn header(kind: EventKind, transport: Transport, time: Time) -> EventHeader {
    EventHeader {
        time_ns: time.nanos(),
        query_time_ns: 0,
        last_answer_ns: 0,
        ifindex: 2,
        payload_len: 0,
        kind: kind as u8,
        hook: 0,
        reporter: Address::UNSPECIFIED,
        receiver: Address::UNSPECIFIED,
        client: CLIENT,
        server: SERVER,
        client_port: 40_000,
        server_port: 53,
        transport_offset: 20,
        transport: transport as u8,
        detail: 0,
        flags: 0,
        asker: [0; 7],
    }
}

fn key(transport: Transport) -> ServiceKey {
    ServiceKey::new(SERVER, 53, transport, 2, false)
}

/// What the kernel has counted: so many queries in that second.
fn asked(second: u64, queries: u32) -> Exchanges {
    let mut exchanges = Exchanges::ZERO;
    let place = usize::try_from(second).unwrap() % exchanges.seconds.len();
    exchanges.seconds[place].asked = queries;
    exchanges.queries = queries;
    exchanges
}

fn count(observer: &mut Observer, key: ServiceKey, exchanges: &Exchanges, second: u64) -> Vec<Observation> {
    let mut observations = Vec::new();
    let reading = Reading {
        second,
        time: Time::at_second(second),
    };
    observer.counted(key, exchanges, reading, &mut |one| observations.push(one));
    observations
}

fn take(observer: &mut Observer, header: EventHeader, asked_over_udp: u64) -> Vec<Observation> {
    let mut observations = Vec::new();
    let event = Event { header, payload: &[] };
    observer.event(&event, asked_over_udp, &mut |one| observations.push(one));
    observations
}

fn seconds_of(observation: &Observation) -> Seconds {
    match observation.what {
        What::Seconds(seconds) => seconds,
        ref what => panic!("{what:?}"),
    }
}

fn recursion_of(observations: &[Observation]) -> bool {
    match &observations.last().unwrap().what {
        What::Asked(asked) => asked.recursion_desired,
        what => panic!("{what:?}"),
    }
}

#[test]
fn each_port_and_transport_has_counts_of_its_own_and_so_have_iterative_queries() {
    let mut observer = Observer::new(true, 100);
    let other_port = ServiceKey {
        port: 5353,
        ..key(Transport::Udp)
    };
    let iterative = ServiceKey {
        iterative: 1,
        ..key(Transport::Udp)
    };
    for (key, queries) in [
        (key(Transport::Udp), 3),
        (key(Transport::Tcp), 4),
        (other_port, 5),
        (iterative, 6),
    ] {
        let observations = count(&mut observer, key, &asked(100, queries), 100);
        let [observation] = observations.as_slice() else {
            panic!("{observations:?}")
        };
        let Service { port, transport, .. } = observation.service;
        assert_eq!((port, transport as u8), (key.port, key.transport));
        let seconds = seconds_of(observation);
        assert_eq!(seconds.counts.asked, queries);
        assert_eq!(seconds.iterative, key == iterative);
    }
}

#[test]
fn a_link_local_server_is_another_one_at_each_interface() {
    let mut observer = Observer::new(true, 100);
    let server = Address::from("fe80::53".parse::<std::net::IpAddr>().unwrap());
    let services: Vec<Service> = [2, 3]
        .into_iter()
        .flat_map(|ifindex| {
            let header = EventHeader {
                ifindex,
                server,
                ..header(EventKind::Query, Transport::Udp, at(100_000))
            };
            take(&mut observer, header, 0)
        })
        .map(|observation| observation.service)
        .collect();
    assert_eq!(services[0].interface, 2);
    assert_eq!(services[1].interface, 3);
    let elsewhere = take(
        &mut observer,
        header(EventKind::Query, Transport::Udp, at(100_000)),
        0,
    );
    assert_eq!(elsewhere[0].service.interface, 0, "every other server is one");
}

#[test]
fn a_link_local_address_is_this_hosts_own_on_whichever_link_where_only_this_host_sends() {
    let address = |text: &str| Address::from(text.parse::<std::net::IpAddr>().unwrap());
    let mut observer = Observer::new(true, 100);
    observer.set_local([address("fe80::1").on_link(4), address("fe80::1").on_link(1)].into());
    let own = ["fe80::1", "127.0.0.53", "fe80::2", "192.0.2.1"].map(|text| observer.is_own(address(text)));
    assert_eq!(own, [true, true, false, false]);
}

#[test]
fn an_error_about_a_query_of_more_than_half_a_minute_ago_counts_in_its_second() {
    let mut observer = Observer::new(true, 100);
    count(&mut observer, key(Transport::Udp), &asked(100, 1), 100);
    for second in 101..=143 {
        count(&mut observer, key(Transport::Udp), &asked(100, 1), second);
    }
    let failure = EventHeader {
        query_time_ns: at(100_200).nanos(),
        detail: Code::Port as u8,
        flags: NOT_IN_SECONDS,
        reporter: SERVER,
        ..header(EventKind::Failure, Transport::Udp, at(143_900))
    };
    let observations = take(&mut observer, failure, 0);
    let seconds = seconds_of(&observations[0]);
    assert_eq!(
        (seconds.second, seconds.counts.asked, seconds.counts.failed),
        (100, 1, 1)
    );
    let What::Failed(failed) = &observations[1].what else {
        panic!("{observations:?}")
    };
    assert_eq!(failed.proof, Proof::QuerySeen(at(100_200)));
}

#[test]
fn an_error_at_an_interface_by_which_queries_leave_unseen_is_not_unsolicited_but_cannot_be_verified() {
    let failure = EventHeader {
        detail: Code::Port as u8,
        reporter: SERVER,
        ..header(EventKind::Failure, Transport::Udp, at(100_000))
    };
    for (unseen, expected) in [(2, Why::QueriesUnseen), (3, Why::Unsolicited)] {
        let mut observer = Observer::new(true, 100);
        observer.set_queries_unseen([unseen].into());
        let observations = take(&mut observer, failure, 0);
        let What::Unverified(unverified) = &observations[0].what else {
            panic!("{observations:?}")
        };
        assert_eq!(unverified.why, expected, "{unseen}");
    }
}

#[test]
fn a_syn_is_taken_for_iterative_where_the_server_is_asked_over_udp_but_not_to_recurse() {
    let syn = header(EventKind::Query, Transport::Tcp, at(100_500));
    // How many queries over UDP the server got, and how many with RD = 1 in that second.
    for (case, udp, recursive, expected) in [
        ("nothing is known", 0, None, true),
        ("it got iterative queries only", 7, None, false),
        ("it was asked to recurse just now", 7, Some((100, 3)), true),
        ("all queries asked for recursion, long ago", 3, Some((1, 3)), true),
        (
            "it was asked to recurse long ago, and iteratively since",
            7,
            Some((1, 3)),
            false,
        ),
    ] {
        let begin = recursive.map_or(100, |(second, _)| second);
        let mut observer = Observer::new(true, begin);
        if let Some((second, queries)) = recursive {
            for now in second..=100 {
                count(&mut observer, key(Transport::Udp), &asked(second, queries), now);
            }
        }
        assert_eq!(recursion_of(&take(&mut observer, syn, udp)), expected, "{case}");
    }
}

#[test]
fn the_first_query_of_a_connection_takes_the_place_of_its_syn_while_that_waits() {
    for (sent, waits) in [(101_000, true), (159_999, true), (160_000, false)] {
        let mut observer = Observer::new(true, 100);
        let syn = header(EventKind::Query, Transport::Tcp, at(100_000));
        take(&mut observer, syn, 0);
        let mut query = header(EventKind::Query, Transport::Tcp, at(sent));
        query.payload_len = 12;
        let event = Event {
            header: query,
            payload: &[0; 12],
        };
        let mut syns = Vec::new();
        for _ in 0..2 {
            observer.event(&event, 0, &mut |one| {
                if let What::Connected(connected) = one.what {
                    syns.extend(connected.syns);
                }
            });
        }
        let expected = waits.then_some(at(100_000));
        assert_eq!(syns, Vec::from_iter(expected), "{sent}");
    }
}

#[test]
fn an_answer_and_an_error_say_on_which_side_of_a_translation_they_were_seen() {
    let sides = [(0, Side::Only), (BEFORE, Side::Before), (BEHIND, Side::Behind)];
    for kind in [EventKind::Answer, EventKind::Failure] {
        for (flags, expected) in sides {
            let header = EventHeader {
                query_time_ns: at(100_000).nanos(),
                flags: flags | RECURSION_KNOWN | RECURSION_DESIRED,
                ..header(kind, Transport::Udp, at(100_010))
            };
            let observations = take(&mut Observer::new(true, 100), header, 0);
            let side = match &observations[0].what {
                What::Answered(answered) => answered.side,
                What::Failed(failed) => failed.side,
                what => panic!("{what:?}"),
            };
            assert_eq!(side, expected, "{kind:?}");
        }
    }
}

#[test]
fn an_answer_over_tcp_whose_rcode_was_not_seen_is_an_answer() {
    let mut observer = Observer::new(true, 100);
    let answer = EventHeader {
        query_time_ns: at(100_000).nanos(),
        detail: netmon_common::records::UNSEEN_RCODE,
        ..header(EventKind::Answer, Transport::Tcp, at(100_010))
    };
    let observations = take(&mut observer, answer, 0);
    let What::Answered(answered) = &observations[0].what else {
        panic!("{observations:?}")
    };
    assert_eq!((answered.rcode, answered.sent), (None, at(100_000)));
}
