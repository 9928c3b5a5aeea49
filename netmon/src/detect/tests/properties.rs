//! What holds for any observations, also nonsense, in any order of time.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use netmon_common::{Code, Rcode, Transport};
use proptest::prelude::*;

use crate::detect::limits::{LISTED, SERVERS};
use crate::detect::{Change, Decider, Scope, Thresholds};
use crate::model::Happened;
use crate::model::{Incident, State};
use crate::observation::{
    Answered, Asked, Connected, Counts, Details, Failed, Faults, Name, Observation, Proof, Seconds, Service,
    Side, Unverified, What, Why,
};
use crate::time::{SECOND_NS, Time};

/// Mostly small steps, also back; sometimes a long pause, seldom a nonsensical one.
fn step() -> impl Strategy<Value = i64> {
    prop_oneof![
        20 => 0..2_000_000_000_i64,
        4 => -5_000_000_000..0_i64,
        2 => 0..700_000_000_000_i64,
        1 => any::<i64>(),
    ]
}

fn client() -> impl Strategy<Value = netmon_common::Address> {
    (0..50_u32).prop_map(|n| Ipv4Addr::from_bits(0xc000_0200 + n).into())
}

fn name() -> impl Strategy<Value = Option<Name>> {
    proptest::option::weighted(0.9, (0..40_u8).prop_map(|n| Name::new(&format!("{n}.test"))))
}

fn rcode() -> impl Strategy<Value = Rcode> {
    prop_oneof![
        Just(Rcode::NoError),
        Just(Rcode::ServFail),
        Just(Rcode::Refused),
        Just(Rcode::NxDomain)
    ]
}

fn moment() -> impl Strategy<Value = Time> {
    prop_oneof![
        4 => (0..100 * SECOND_NS).prop_map(Time::from_nanos),
        1 => any::<u64>().prop_map(Time::from_nanos),
    ]
}

fn proof() -> impl Strategy<Value = Proof> {
    prop_oneof![
        4 => moment().prop_map(Proof::QuerySeen),
        1 => proptest::option::of(moment()).prop_map(Proof::RaisedByThisHost),
        1 => Just(Proof::QueriesUnseen),
    ]
}

fn desired() -> impl Strategy<Value = bool> {
    prop_oneof![4 => Just(true), 1 => Just(false)]
}

fn counts() -> impl Strategy<Value = Counts> {
    let any = || any::<u16>().prop_map(u32::from);
    (any(), any(), any(), any(), any()).prop_map(|(asked, answered, servfail, refused, failed)| Counts {
        asked,
        answered,
        faults: Faults {
            servfail,
            refused,
            other: 0,
        },
        failed,
    })
}

fn what() -> impl Strategy<Value = What> {
    let asked = (client(), name(), desired(), any::<bool>()).prop_map(|(client, name, desired, is_syn)| {
        What::Asked(Asked {
            client,
            name,
            recursion_desired: desired,
            is_syn,
            details: Details::default(),
        })
    });
    let connected = (client(), proptest::collection::vec(moment(), 0..3))
        .prop_map(|(client, syns)| What::Connected(Connected { client, syns }));
    let answered = (
        client(),
        proptest::option::of(rcode()),
        moment(),
        name(),
        desired(),
        any::<bool>(),
    )
        .prop_map(|(client, rcode, sent, name, desired, standard)| {
            What::Answered(Answered {
                client,
                side: Side::Only,
                sent,
                earlier: Vec::new(),
                rcode,
                standard,
                name,
                recursion_desired: desired,
                details: Details::default(),
            })
        });
    let failed = (client(), client(), 0..6_usize, proof(), name(), desired()).prop_map(
        |(client, reporter, code, proof, name, desired)| {
            What::Failed(Failed {
                client,
                side: Side::Only,
                reporter,
                code: Code::ALL[code],
                proof,
                name,
                recursion_desired: desired,
                last_answer: None,
                details: Details::default(),
            })
        },
    );
    let why = prop_oneof![Just(Why::Unsolicited), Just(Why::Again), Just(Why::QueriesUnseen)];
    let unverified = (client(), client(), 0..6_usize, why).prop_map(|(client, reporter, code, why)| {
        What::Unverified(Unverified {
            client,
            reporter,
            code: Code::ALL[code],
            why,
        })
    });
    // Of the running second, or of any.
    let second = prop_oneof![3 => Just(None), 1 => any::<u64>().prop_map(Some)];
    let seconds = (second, desired(), counts()).prop_map(|(second, desired, counts)| {
        What::Seconds(Seconds {
            second: second.unwrap_or(RUNNING),
            iterative: !desired,
            counts,
        })
    });
    let more = any::<[u16; 6]>().prop_map(|errors| What::MoreErrors(errors.map(u64::from)));
    prop_oneof![8 => asked, 2 => connected, 4 => answered, 3 => failed, 1 => unverified, 4 => seconds, 1 => more]
}

/// What a door reports of a second only grows.
fn more(before: Counts, now: Counts) -> Counts {
    Counts {
        asked: before.asked.max(now.asked),
        answered: before.answered.max(now.answered),
        faults: Faults {
            servfail: before.faults.servfail.max(now.faults.servfail),
            refused: before.faults.refused.max(now.faults.refused),
            other: before.faults.other.max(now.faults.other),
        },
        failed: before.failed.max(now.failed),
    }
}

/// Stands for the second of the observation.
const RUNNING: u64 = u64::MAX;

fn observation() -> impl Strategy<Value = (i64, Service, What)> {
    let service = (0..4_u32, any::<bool>()).prop_map(|(n, tcp)| Service {
        server: Ipv4Addr::from_bits(0xcb00_7100 + n).into(),
        port: 53,
        transport: if tcp { Transport::Tcp } else { Transport::Udp },
        interface: 0,
    });
    (step(), service, what())
}

/// Checks each change against those before it.
#[derive(Default)]
struct Watch {
    known: HashMap<String, Incident>,
    /// Exchanges at this host's own server that were told: each may have been counted before, and turn out to be a stranger's.
    strangers: u64,
    /// How many of them were told when an incident last changed.
    strangers_then: HashMap<String, u64>,
    /// The last second of which changes were taken.
    second: u64,
}

impl Watch {
    /// Takes the changes up to that second.
    fn take_all(&mut self, changes: &[Change], second: u64) {
        let mut updates: HashMap<&str, u64> = HashMap::new();
        for change in changes {
            self.take(change);
            if change.kind == Happened::Updated {
                *updates.entry(&change.incident.id).or_default() += 1;
            }
        }
        let seconds = second.saturating_sub(self.second);
        assert!(
            updates.values().all(|updates| *updates <= seconds),
            "more than one update a second"
        );
        self.second = self.second.max(second);
    }

    fn take(&mut self, change: &Change) {
        let Change { kind, incident, .. } = change;
        let before = self.known.get(&incident.id);
        match kind {
            Happened::Opened => {
                assert!(
                    before.is_none_or(|before| before.state == State::Closed),
                    "opened twice"
                );
                assert_eq!(incident.reopened, before.map_or(0, |before| before.reopened + 1));
                assert!(
                    !self.known.values().any(|other| other.state == State::Open
                        && (other.server, other.port, other.transport, other.kind)
                            == (incident.server, incident.port, incident.transport, incident.kind)),
                    "two open incidents of one kind"
                );
            }
            Happened::Updated => {
                assert_eq!(before.unwrap().state, State::Open);
                assert_ne!(before.unwrap(), incident, "nothing changed");
            }
            Happened::Closed => assert_eq!(before.unwrap().state, State::Open),
        }
        assert_eq!(
            incident.state,
            if *kind == Happened::Closed {
                State::Closed
            } else {
                State::Open
            }
        );
        assert_eq!(incident.closed.is_some(), *kind == Happened::Closed);
        if let Some(before) = before {
            let then = self.strangers_then.get(&incident.id).copied();
            never_less(before, incident, self.strangers - then.unwrap_or_default());
        }
        bounded(incident);
        self.strangers_then.insert(incident.id.clone(), self.strangers);
        self.known.insert(incident.id.clone(), incident.clone());
    }
}

fn never_less(before: &Incident, after: &Incident, left_out: u64) {
    let counts = |incident: &Incident| {
        let errors = incident.errors;
        [
            incident.verified,
            incident.clients_more,
            incident.names_more,
            errors.net,
            errors.host,
            errors.protocol,
            errors.port,
            errors.admin,
            errors.other,
        ]
    };
    for (before, after) in counts(before).into_iter().zip(counts(after)) {
        assert!(before <= after, "{before} became {after}");
    }
    // The query whose answer ends the outage, and those after it, count no more.
    if after.recovered.is_none() || after.recovered == before.recovered {
        assert!(
            before.queries <= after.queries + left_out,
            "{before:?} became {after:?}"
        );
        assert!(
            before.answers <= after.answers + left_out,
            "{before:?} became {after:?}"
        );
    }
    assert!(after.names.starts_with(&before.names));
    assert!(after.clients.starts_with(&before.clients));
    assert!(after.began <= before.began);
    assert_eq!(after.opened, before.opened);
}

fn bounded(incident: &Incident) {
    assert!(incident.names.len() <= LISTED);
    assert!(incident.clients.len() <= LISTED);
    assert!(incident.reporters.len() <= LISTED);
    assert!(incident.began <= incident.opened);
    assert!(!incident.causes.is_empty(), "{incident:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_observations_leave_a_consistent_story(
        observations in proptest::collection::vec(observation(), 0..300),
        unheard in any::<bool>(),
        own in any::<bool>(),
    ) {
        let thresholds = Thresholds {
            settle: std::time::Duration::ZERO,
            ..Thresholds::default()
        };
        let mut decider = Decider::new(thresholds, Scope::default());
        let own_server = Ipv4Addr::from_bits(0xcb00_7100).into();
        if own {
            decider.set_local([own_server]);
        }
        let heard = |client: netmon_common::Address| !unheard || client.octets()[15].is_multiple_of(2);
        let mut watch = Watch::default();
        let mut time = Time::at_second(50);
        let mut counted = HashMap::new();
        for (step, service, mut what) in observations {
            time = Time::from_nanos(time.nanos().saturating_add_signed(step));
            if let What::Seconds(seconds) = &mut what {
                if seconds.second == RUNNING {
                    seconds.second = time.second();
                }
                let counts = counted.entry((service, seconds.second, seconds.iterative)).or_default();
                *counts = more(*counts, seconds.counts);
                seconds.counts = *counts;
            }
            let told = matches!(what, What::Asked(_) | What::Answered(_) | What::Failed(_));
            if told && own && service.server == own_server {
                watch.strangers += 1;
            }
            decider.advance(time, &heard);
            decider.observe(&Observation { time, service, what });
            watch.take_all(&decider.take_changes(), time.second());
            let open: Vec<String> = decider.open_incidents().into_iter().map(|i| i.id).collect();
            let mut told: Vec<&String> =
                watch.known.values().filter(|i| i.state == State::Open).map(|i| &i.id).collect();
            told.sort();
            let mut sorted: Vec<&String> = open.iter().collect();
            sorted.sort();
            prop_assert_eq!(sorted, told);
        }
        prop_assert!(decider.tallies().servers <= SERVERS as u64);
    }
}
