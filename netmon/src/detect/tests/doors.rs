//! The same packets give the same incidents, whether each is observed and counted by itself, as from a capture,
//! or they are observed by themselves and counted by second, as on a live host.

use std::net::Ipv4Addr;

use netmon_common::{Address, Code, Rcode, Transport};
use proptest::prelude::*;

use super::scenario::{START, at};
use crate::detect::{Change, Decider, Scope, Thresholds};
use crate::model::Happened;
use crate::observation::{Answer, Counts, Failure, Name, Observation, Proof, Query, Service, What};
use crate::time::{SECOND_NS, Time};

/// A query and what became of it.
#[derive(Clone, Debug)]
struct Exchange {
    /// After the one before, in microseconds.
    pause: u64,
    client: u8,
    name: u8,
    /// After this long, in microseconds.
    reply: Option<(u64, Reply)>,
}

#[derive(Clone, Copy, Debug)]
enum Reply {
    Answer(Rcode),
    Error(Code),
}

/// Times of good and of bad luck with one server.
fn exchanges() -> impl Strategy<Value = Vec<Exchange>> {
    let reply = |weights: [u32; 4]| {
        let [good, failed, error, nothing] = weights;
        prop_oneof![
            good => Just(Some(Reply::Answer(Rcode::NoError))),
            failed => Just(Some(Reply::Answer(Rcode::ServFail))),
            error => Just(Some(Reply::Error(Code::Port))),
            nothing => Just(None),
        ]
    };
    let luck = prop_oneof![
        Just([90, 4, 1, 5]),
        Just([5, 90, 1, 4]),
        Just([30, 1, 60, 9]),
        Just([1, 1, 1, 97]),
    ];
    let spell = luck.prop_flat_map(move |weights| {
        let exchange = (
            1..4_000_000_u64,
            0..6_u8,
            0..5_u8,
            reply(weights),
            200..3_000_000_u64,
        )
            .prop_map(|(pause, client, name, reply, delay)| Exchange {
                pause,
                client,
                name,
                reply: reply.map(|reply| (delay, reply)),
            });
        proptest::collection::vec(exchange, 5..60)
    });
    proptest::collection::vec(spell, 1..6).prop_map(|spells| spells.concat())
}

fn client(number: u8) -> Address {
    Ipv4Addr::new(192, 0, 2, number).into()
}

/// The packets in the order of time. None is at the very start of a second: to a count, it is like any other.
fn packets(exchanges: &[Exchange], counted_here: bool) -> Vec<Observation> {
    let service = Service {
        server: Ipv4Addr::new(203, 0, 113, 2).into(),
        port: 53,
        transport: Transport::Udp,
    };
    let mut packets = Vec::new();
    let mut micros = 0;
    for exchange in exchanges {
        micros += exchange.pause;
        let time = |micros: u64| Time::from_nanos(START * SECOND_NS + micros * 1_000 + 1);
        let (sent, client) = (time(micros), client(exchange.client));
        let name = Some(Name::new(&format!("{}.test", exchange.name)));
        let mut see = |time, what| packets.push(Observation { time, service, what });
        see(
            sent,
            What::Query(Query {
                client,
                name: name.clone(),
                recursion_desired: Some(true),
                counted_here,
            }),
        );
        match exchange.reply {
            None => {}
            Some((delay, Reply::Answer(rcode))) => see(
                time(micros + delay),
                What::Answer(Answer {
                    client,
                    rcode,
                    query_time: Some(sent),
                    name,
                    recursion_desired: Some(true),
                    counted_here,
                }),
            ),
            Some((delay, Reply::Error(code))) => see(
                time(micros + delay),
                What::Failure(Failure {
                    client,
                    reporter: service.server,
                    code,
                    proof: Proof::QuerySeen(sent),
                    name,
                    recursion_desired: Some(true),
                    last_answer: None,
                }),
            ),
        }
    }
    packets.sort_by_key(|packet| packet.time);
    packets
}

/// What opened and closed, and what there was last.
fn story(packets: &[Observation], counts_by_second: bool) -> (Vec<Change>, Vec<crate::model::Incident>) {
    let mut decider = Decider::new(Thresholds::default(), Scope::default());
    let mut changes = Vec::new();
    let mut counts = Counts::default();
    let mut second = START;
    for packet in packets {
        if counts_by_second && packet.time.second() > second {
            hand_over(&mut decider, packet.service, second, &mut counts);
            second = packet.time.second();
        }
        decider.advance(packet.time, &|_| true);
        decider.observe(packet);
        changes.append(&mut decider.take_changes());
        match &packet.what {
            What::Query(_) => counts.queries += 1,
            What::Answer(answer) => {
                counts.answers += 1;
                counts.servfail += u64::from(answer.rcode == Rcode::ServFail);
            }
            What::Failure(_) | What::Counts(_) => {}
        }
    }
    if let Some(last) = packets.last().filter(|_| counts_by_second) {
        hand_over(&mut decider, last.service, second, &mut counts);
    }
    decider.advance(at(3_000.0), &|_| true);
    changes.append(&mut decider.take_changes());
    changes.retain(|change| change.kind != Happened::Updated);
    (changes, decider.open_incidents())
}

/// Hands over the counts of a second that has ended.
fn hand_over(decider: &mut Decider, service: Service, second: u64, counts: &mut Counts) {
    let time = Time::from_nanos((second + 1) * SECOND_NS - 1);
    decider.advance(time, &|_| true);
    decider.observe(&Observation {
        time,
        service,
        what: What::Counts(std::mem::take(counts)),
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn the_same_packets_give_the_same_incidents(exchanges in exchanges()) {
        let capture = story(&packets(&exchanges, true), false);
        let live = story(&packets(&exchanges, false), true);
        prop_assert_eq!(capture, live);
    }
}
