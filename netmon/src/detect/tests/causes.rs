//! Causes: what supports each, their order, their likelihood, their evidence.

use std::time::Duration;

use netmon_common::{Code, Transport};

use super::scenario::{A, Error, ROUTER, SERVER, Scenario, address, at};
use crate::model::{Cause, Diagnosis, Likelihood};
use crate::observation::Proof;

/// An error about a query of A: its code, who sent it.
pub fn error(scenario: &mut Scenario, time: f64, code: Code, reporter: &str) {
    scenario.query(time, A, "a.test").error(
        time + 3.0,
        &Error {
            sent: time,
            code,
            reporter: Some(reporter),
            ..Error::default()
        },
    );
}

type CodeAndSender = (Code, &'static str);
type CauseAndLikelihood = (Cause, Likelihood);

pub fn words(causes: &[Diagnosis]) -> Vec<(Cause, Likelihood)> {
    causes
        .iter()
        .map(|cause| (cause.cause, cause.likelihood))
        .collect()
}

#[test]
fn each_code_and_sender_supports_its_cause() {
    let cases = [
        (
            Cause::ServiceDown,
            Code::Port,
            SERVER,
            "1 of 1 error says \"port unreachable\" and comes from 203.0.113.2 itself: nothing listens \
          on UDP port 53 there, or that host's own firewall rejects",
        ),
        (
            Cause::ServiceDown,
            Code::Protocol,
            SERVER,
            "1 of 1 error says \"protocol unreachable\" and comes from 203.0.113.2 itself: nothing \
          listens on UDP port 53 there, or that host's own firewall rejects",
        ),
        (
            Cause::FirewallReject,
            Code::Admin,
            SERVER,
            "1 of 1 error says \"administratively prohibited\" and comes from 203.0.113.2 itself: a rule \
          there forbids the traffic",
        ),
        (
            Cause::FirewallReject,
            Code::Admin,
            ROUTER,
            "1 of 1 error says \"administratively prohibited\" and comes from 192.0.2.254: a rule there forbids \
          the traffic",
        ),
        (
            Cause::FirewallReject,
            Code::Port,
            ROUTER,
            "1 of 1 error says \"port unreachable\" and comes from 192.0.2.254, not from the server: a \
          firewall on the way rejects",
        ),
        (
            Cause::FirewallReject,
            Code::Protocol,
            ROUTER,
            "1 of 1 error says \"protocol unreachable\" and comes from 192.0.2.254, not from the \
          server: a firewall on the way rejects",
        ),
        (
            Cause::HostDown,
            Code::Host,
            ROUTER,
            "1 of 1 error says \"host unreachable\" and comes from 192.0.2.254: the host does not answer on \
          its link",
        ),
        (
            Cause::HostDown,
            Code::Host,
            SERVER,
            "1 of 1 error says \"host unreachable\" and comes from 203.0.113.2 itself: the host does not \
          answer on its link",
        ),
        (
            Cause::NoRoute,
            Code::Net,
            ROUTER,
            "1 of 1 error says \"network unreachable\" and comes from 192.0.2.254: no route to 203.0.113.2 is known \
          there",
        ),
        (
            Cause::NoRoute,
            Code::Net,
            SERVER,
            "1 of 1 error says \"network unreachable\" and comes from 203.0.113.2 itself: no route to 203.0.113.2 is \
          known there",
        ),
    ];
    for (cause, code, reporter, evidence) in cases {
        let mut scenario = Scenario::new();
        error(&mut scenario, 0.0, code, reporter);
        let found = scenario.incident().causes;
        assert_eq!(
            words(&found),
            [(cause, Likelihood::Likely)],
            "{code:?} by {reporter}"
        );
        assert_eq!(found[0].evidence, evidence);
    }
}

#[test]
fn causes_stand_in_the_order_of_the_failures_that_support_them() {
    // Errors in the order in which they come; the causes.
    let cases: [(&str, &[CodeAndSender], &[CauseAndLikelihood]); 4] = [
        (
            "more before fewer",
            &[(Code::Host, ROUTER), (Code::Port, SERVER), (Code::Port, SERVER)],
            &[
                (Cause::ServiceDown, Likelihood::Likely),
                (Cause::HostDown, Likelihood::Possible),
            ],
        ),
        (
            "half of the failures is likely",
            &[(Code::Host, ROUTER), (Code::Net, ROUTER)],
            &[
                (Cause::HostDown, Likelihood::Likely),
                (Cause::NoRoute, Likelihood::Likely),
            ],
        ),
        (
            "ties",
            &[
                (Code::Net, ROUTER),
                (Code::Host, ROUTER),
                (Code::Port, SERVER),
                (Code::Admin, ROUTER),
            ],
            &[
                (Cause::FirewallReject, Likelihood::Possible),
                (Cause::ServiceDown, Likelihood::Possible),
                (Cause::HostDown, Likelihood::Possible),
                (Cause::NoRoute, Likelihood::Possible),
            ],
        ),
        (
            "what supports one cause adds up",
            &[
                (Code::Admin, ROUTER),
                (Code::Port, ROUTER),
                (Code::Port, SERVER),
                (Code::Protocol, SERVER),
                (Code::Protocol, SERVER),
            ],
            &[
                (Cause::ServiceDown, Likelihood::Likely),
                (Cause::FirewallReject, Likelihood::Possible),
            ],
        ),
    ];
    for (what, errors, expected) in cases {
        let mut scenario = Scenario::new();
        for (n, (code, reporter)) in (0_u32..).zip(errors) {
            error(&mut scenario, f64::from(n) * 4.0, *code, reporter);
        }
        assert_eq!(words(&scenario.incident().causes), expected, "{what}");
    }
}

#[test]
fn a_quick_host_error_on_ipv4_points_to_a_reject_route() {
    let quick = "; 1 came within 2 ms of its query: so quick an error points to a reject route rather than to a \
                 failed neighbour look-up, which takes seconds";
    for (server, delay, said) in [
        (SERVER, 0.001, true),
        (SERVER, 0.002, true),
        (SERVER, 0.002_001, false),
        (SERVER, 3.0, false),
        ("2001:db8::53", 0.001, false),
    ] {
        let mut scenario = Scenario::new();
        scenario.on(server).query(1.0, A, "a.test").error(
            1.0 + delay,
            &Error {
                sent: 1.0,
                code: Code::Host,
                reporter: Some(ROUTER),
                ..Error::default()
            },
        );
        let found = scenario.incident().causes;
        assert_eq!(words(&found), [(Cause::HostDown, Likelihood::Likely)]);
        assert_eq!(
            found[0].evidence.ends_with(quick),
            said,
            "{server} {delay}: {}",
            found[0].evidence
        );
    }
}

#[test]
fn half_of_the_host_errors_must_be_quick() {
    for (slow, said) in [(1, true), (2, false)] {
        let mut scenario = Scenario::new();
        for n in 0..=slow {
            let sent = f64::from(n) * 5.0;
            scenario.query(sent, A, "a.test").error(
                sent + if n == 0 { 0.001 } else { 3.0 },
                &Error {
                    sent,
                    code: Code::Host,
                    ..Error::default()
                },
            );
        }
        let evidence = scenario.incident().causes.remove(0).evidence;
        assert_eq!(
            evidence.contains("1 came within 2 ms of its query"),
            said,
            "{evidence}"
        );
    }
}

#[test]
fn what_this_host_raised_itself_is_said() {
    let cases = [
        (Code::Host, Cause::HostDown, ROUTER),
        (Code::Net, Cause::NoRoute, ROUTER),
        (Code::Admin, Cause::FirewallReject, ROUTER),
        (Code::Port, Cause::FirewallReject, ROUTER),
        (Code::Port, Cause::ServiceDown, SERVER),
    ];
    for (code, cause, reporter) in cases {
        let mut scenario = Scenario::new();
        let mut raised = |time, proof| {
            scenario.error(
                time,
                &Error {
                    code,
                    reporter: Some(reporter),
                    proof: Some(proof),
                    ..Error::default()
                },
            );
            scenario.incident().causes.remove(0)
        };
        let first = raised(3.0, Proof::RaisedByThisHost(Some(at(0.0))));
        assert_eq!(first.cause, cause, "{code:?}");
        assert!(
            first.evidence.ends_with("; raised by this host"),
            "{}",
            first.evidence
        );
        let second = raised(6.0, Proof::QuerySeen(at(3.0)));
        assert!(
            second.evidence.ends_with("; 1 of them raised by this host"),
            "{}",
            second.evidence
        );
    }
}

#[test]
fn several_reporters_are_said() {
    let mut scenario = Scenario::new();
    error(&mut scenario, 0.0, Code::Host, ROUTER);
    error(&mut scenario, 4.0, Code::Host, "192.0.2.253");
    assert!(
        scenario.incident().causes[0]
            .evidence
            .starts_with("2 of 2 errors say \"host unreachable\" and come from 192.0.2.254 and others:")
    );
    error(&mut scenario, 8.0, Code::Host, SERVER);
    assert!(
        scenario.incident().causes[0].evidence.starts_with(
            "3 of 3 errors say \"host unreachable\" and come from 203.0.113.2 itself and from 192.0.2.254 and others:"
        )
    );
}

#[test]
fn the_port_and_transport_are_said() {
    let mut scenario = Scenario::new();
    scenario.over(Transport::Tcp).rejected(0.0);
    assert!(
        scenario.incident().causes[0]
            .evidence
            .contains("nothing listens on TCP port 53 there")
    );
    assert_eq!(scenario.incident().transport, Transport::Tcp);
    assert!(
        scenario
            .incident()
            .id
            .ends_with("-unreachable-203.0.113.2-53-tcp")
    );
}

#[test]
fn likely_can_be_set() {
    let mut scenario = Scenario::with(|thresholds, _| {
        thresholds.likely_percent = 34;
        thresholds.quick_error = Duration::from_secs(5);
    });
    for n in 0..2_u32 {
        error(&mut scenario, f64::from(n) * 4.0, Code::Host, ROUTER);
    }
    error(&mut scenario, 8.0, Code::Net, ROUTER);
    assert_eq!(
        words(&scenario.incident().causes),
        [
            (Cause::HostDown, Likelihood::Likely),
            (Cause::NoRoute, Likelihood::Possible)
        ]
    );
    assert!(
        scenario.incident().causes[0]
            .evidence
            .contains("2 came within 5000 ms of their queries")
    );
}

#[test]
fn a_service_address_without_endpoints_is_one_that_this_host_itself_rejects() {
    const NODE: &str = "192.0.2.99";
    let cases: [(&str, &str, Code, &str, &[Cause]); 5] = [
        (
            "this host",
            "203.0.113.0/24",
            Code::Port,
            NODE,
            &[Cause::NoEndpoints],
        ),
        (
            "the service",
            "203.0.113.0/24",
            Code::Port,
            SERVER,
            &[Cause::ServiceDown],
        ),
        (
            "another host",
            "203.0.113.0/24",
            Code::Port,
            ROUTER,
            &[Cause::FirewallReject],
        ),
        (
            "another code",
            "203.0.113.0/24",
            Code::Admin,
            NODE,
            &[Cause::FirewallReject],
        ),
        (
            "no service address",
            "10.96.0.0/12",
            Code::Port,
            NODE,
            &[Cause::FirewallReject],
        ),
    ];
    let scenario = |range: &str| {
        let mut scenario = Scenario::with(|_, scope| scope.service_addresses = vec![range.parse().unwrap()]);
        scenario.decider.set_local([address(NODE)]);
        scenario
    };
    for (who, range, code, reporter, expected) in cases {
        let mut scenario = scenario(range);
        error(&mut scenario, 0.0, code, reporter);
        let found: Vec<Cause> = scenario.incident().causes.iter().map(|one| one.cause).collect();
        assert_eq!(found, expected, "{who}");
    }
    let mut scenario = scenario("203.0.113.0/24");
    error(&mut scenario, 0.0, Code::Port, SERVER);
    error(&mut scenario, 4.0, Code::Port, NODE);
    let expected = [
        (Cause::NoEndpoints, Likelihood::Likely),
        (Cause::ServiceDown, Likelihood::Likely),
    ];
    assert_eq!(words(&scenario.incident().causes), expected, "a tie");
}
