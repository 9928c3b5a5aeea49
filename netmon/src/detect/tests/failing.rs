//! `failing`: what opens it, what closes it.

use crate::model::{Cause, Severity};
use netmon_common::Rcode;

use super::scenario::{A, B, SERVER, Scenario, address, when};

/// So many failed and good answers in one second, the failed ones for so many names.
fn answers(scenario: &mut Scenario, time: f64, failed: u32, good: u32, names: u32, rcode: Rcode) {
    for n in 0..failed {
        let name = format!("{}.test", n % names.max(1));
        scenario.asked(time + f64::from(n) / 1_000.0, A, &name, rcode);
    }
    for n in 0..good {
        scenario.asked(
            time + 0.5 + f64::from(n) / 1_000.0,
            B,
            "good.test",
            Rcode::NoError,
        );
    }
}

#[test]
fn rules_at_both_sides_of_each_threshold() {
    // Failed answers, good ones, names, rcode, whether it opens.
    let cases = [
        ("10 answers, all failed", 10, 0, 3, Rcode::ServFail, true),
        ("9 answers", 9, 0, 3, Rcode::ServFail, false),
        ("half of them", 5, 5, 3, Rcode::ServFail, true),
        ("less than half", 5, 6, 3, Rcode::ServFail, false),
        ("3 domains", 20, 0, 3, Rcode::ServFail, true),
        ("2 domains", 20, 0, 2, Rcode::ServFail, false),
        ("REFUSED", 10, 0, 3, Rcode::Refused, true),
        ("NXDOMAIN is an answer", 10, 0, 3, Rcode::NxDomain, false),
        ("another rcode", 10, 0, 3, Rcode::Other, false),
    ];
    for (what, failed, good, names, rcode, opens) in cases {
        let mut scenario = Scenario::new();
        answers(&mut scenario, 1.0, failed, good, names, rcode);
        scenario.advance(20.0);
        assert_eq!(!scenario.story().is_empty(), opens, "{what}");
        if opens {
            assert_eq!(scenario.story(), ["opened failing"], "{what}");
            // 5 s after the second in which the queries were sent.
            assert_eq!(when(scenario.opened().opened), "7.000", "{what}");
            assert_eq!(scenario.opened().causes[0].cause, Cause::ServerFailure, "{what}");
        }
    }
}

#[test]
fn only_the_last_30_s_count() {
    for (second, opens) in [(30.9, true), (31.0, false)] {
        let mut scenario = Scenario::new();
        answers(&mut scenario, 1.0, 9, 0, 3, Rcode::ServFail);
        scenario
            .asked(second, A, "x.test", Rcode::ServFail)
            .advance(second + 20.0);
        assert_eq!(!scenario.story().is_empty(), opens, "{second}");
    }
}

#[test]
fn it_tells_whom_it_hit_and_begins_with_the_first_query_that_failed() {
    let mut scenario = Scenario::new();
    scenario.asked(0.5, B, "good.test", Rcode::NoError);
    scenario.query(0.75, A, "0.test");
    scenario.respond(1.25, A, "0.test", 0.75, Rcode::ServFail);
    answers(&mut scenario, 2.0, 8, 1, 4, Rcode::ServFail);
    scenario.asked(2.9, A, "r.test", Rcode::Refused).advance(8.0);
    let incident = scenario.opened();
    assert_eq!(when(incident.began), "0.750");
    assert_eq!(when(incident.last_seen), "2.901");
    assert_eq!((incident.queries, incident.answers), (11, 11));
    let json = serde_json::to_value(&incident).unwrap();
    assert_eq!(json["clients"], serde_json::json!([A]));
    assert_eq!(
        json["names"],
        serde_json::json!(["0.test", "1.test", "2.test", "3.test", "r.test"])
    );
    assert_eq!(
        incident.causes[0].evidence,
        "10 of 11 answers say SERVFAIL (9) or REFUSED (1), for 5 names: the server runs, but cannot or will not \
         do its work"
    );
    assert_eq!(incident.severity, Severity::Degraded, "it answers");
}

#[test]
fn of_an_own_server_neither_its_policy_is_a_failure_nor_what_strangers_get() {
    for (known, rcode, opens) in [
        (A, Rcode::Refused, false),
        (A, Rcode::ServFail, true),
        // Who asks is a stranger, though another client is none.
        (B, Rcode::ServFail, false),
        (B, Rcode::Other, false),
    ] {
        let mut scenario = Scenario::new();
        scenario.decider.set_local([address(SERVER)]);
        scenario.asked(0.5, known, "known.test", Rcode::NoError);
        answers(&mut scenario, 1.0, 20, 0, 5, rcode);
        scenario.advance(10.0);
        assert_eq!(!scenario.story().is_empty(), opens, "{known}: {rcode:?}");
    }
}

#[test]
fn strangers_of_an_own_server_count_in_no_incident() {
    let mut scenario = Scenario::new();
    scenario.decider.set_local([address(SERVER)]);
    scenario.asked(0.5, A, "known.test", Rcode::NoError);
    answers(&mut scenario, 40.0, 20, 0, 5, Rcode::ServFail);
    for n in 0..20 {
        scenario.asked(40.7 + f64::from(n) / 1_000.0, B, "strange.test", Rcode::ServFail);
    }
    scenario.advance(50.0);
    let incident = scenario.incident();
    assert_eq!((incident.queries, incident.answers), (20, 20));
    assert_eq!(
        serde_json::to_value(&incident).unwrap()["clients"],
        serde_json::json!([A])
    );
    assert_eq!(incident.severity, Severity::Down);
}

#[test]
fn a_domain_that_is_lost_is_until_it_is_answered_or_not_asked_for_however_much_else_is_asked() {
    let mut scenario = Scenario::new();
    scenario.asked(1.0, A, "lost.test", Rcode::NoError);
    for second in 100..220 {
        let second = f64::from(second);
        let client = if second % 2.0 == 0.0 { A } else { B };
        // Answered well six seconds later, so that none is excused.
        let rcode = if second < 160.0 {
            Rcode::ServFail
        } else {
            Rcode::NoError
        };
        if !(160.0..166.0).contains(&second) {
            scenario.asked(second, client, "lost.test", rcode);
        }
        for n in 0..10 {
            scenario.asked(
                second + 0.1 + f64::from(n) / 100.0,
                B,
                "good.test",
                Rcode::NoError,
            );
        }
    }
    assert_eq!(scenario.story(), ["opened failing", "closed failing recovered"]);
    let incident = scenario.closed();
    assert_eq!(
        (when(incident.last_seen).as_str(), incident.reopened),
        ("159.001", 0)
    );
    assert_eq!(when(incident.recovered.unwrap()), "160.000");
}

#[test]
fn neither_answers_nor_time_after_the_last_failure_change_how_bad_it_is() {
    for (is_well_before, severity) in [(true, Severity::Degraded), (false, Severity::Down)] {
        let mut scenario = Scenario::new();
        if is_well_before {
            scenario.asked(1.0, A, "good.test", Rcode::NoError);
        }
        answers(&mut scenario, 2.0, 14, 0, 4, Rcode::ServFail);
        for second in 10..45 {
            scenario.asked(f64::from(second), A, "good.test", Rcode::NoError);
        }
        assert_eq!(scenario.closed().severity, severity);
    }
}

#[test]
fn counted_refusals_of_an_own_server_do_not_count_either() {
    for (own, opens) in [(true, false), (false, true)] {
        let mut scenario = Scenario::new();
        scenario
            .decider
            .set_local([address(SERVER)].into_iter().filter(|_| own));
        answers(&mut scenario, 1.0, 3, 0, 3, Rcode::ServFail);
        scenario.counts(1.9, 17, 17, 0, 17).advance(10.0);
        assert_eq!(!scenario.story().is_empty(), opens, "own: {own}");
    }
}

#[test]
fn it_closes_when_under_a_tenth_fail_for_30_s() {
    // Good answers a second after it opened, failed ones among them every 10 s; when it closes.
    let cases = [
        ("none fails", 1, 0, Some("37.000")),
        ("a tenth fails", 9, 10, None),
        ("under a tenth fails", 10, 10, Some("37.000")),
        ("no answers", 0, 0, None),
    ];
    for (what, good, failed, closes) in cases {
        let mut scenario = Scenario::new();
        answers(&mut scenario, 1.0, 10, 0, 3, Rcode::ServFail);
        for second in 2..100_u32 {
            let failed = if second % 10 == 5 { failed } else { 0 };
            answers(&mut scenario, f64::from(second), failed, good, 3, Rcode::ServFail);
        }
        scenario.advance(100.0);
        match closes {
            None => assert_eq!(scenario.story(), ["opened failing"], "{what}"),
            Some(second) => {
                assert_eq!(
                    scenario.story(),
                    ["opened failing", "closed failing recovered"],
                    "{what}"
                );
                assert_eq!(when(scenario.closed().closed.unwrap()), second, "{what}");
            }
        }
    }
}

#[test]
fn many_good_answers_at_once_do_not_close_it_before_30_s() {
    let mut scenario = Scenario::new();
    answers(&mut scenario, 1.0, 10, 0, 3, Rcode::ServFail);
    answers(&mut scenario, 3.0, 0, 200, 3, Rcode::NoError);
    scenario.advance(36.999);
    assert_eq!(scenario.story(), ["opened failing"]);
    scenario.advance(37.0);
    assert_eq!(scenario.story(), ["opened failing", "closed failing recovered"]);
}

#[test]
fn it_goes_beside_unreachable() {
    let mut scenario = Scenario::new();
    scenario.rejected(0.5);
    answers(&mut scenario, 1.0, 10, 0, 3, Rcode::ServFail);
    scenario.advance(7.0);
    assert_eq!(scenario.story(), ["opened unreachable", "opened failing"]);
}

#[test]
fn one_broken_zone_with_many_names_is_no_incident_and_three_are() {
    for (zones, opens) in [(1, false), (2, false), (3, true)] {
        let mut scenario = Scenario::new();
        for n in 0..30_u32 {
            let name = format!("host{n}.www.broken{}.co.uk", n % zones);
            scenario.asked(1.0 + f64::from(n) / 100.0, A, &name, Rcode::ServFail);
        }
        scenario.advance(20.0);
        assert_eq!(!scenario.story().is_empty(), opens, "{zones} zones");
    }
}

#[test]
fn failing_domains_must_outnumber_those_that_are_answered_well() {
    for (good, opens) in [(3, true), (4, false)] {
        let mut scenario = Scenario::new();
        for n in 0..40_u32 {
            scenario.asked(
                1.0 + f64::from(n) / 100.0,
                A,
                &format!("{}.test", n % 4),
                Rcode::ServFail,
            );
        }
        for n in 0..good {
            scenario.asked(1.9, B, &format!("good{n}.test"), Rcode::NoError);
        }
        scenario.advance(20.0);
        assert_eq!(!scenario.story().is_empty(), opens, "{good} good domains");
    }
}

#[test]
fn a_failure_that_the_same_client_gets_a_good_answer_for_within_5_s_is_none() {
    // Who asks again, for what, after how long; whether the failures count.
    let cases = [
        ("the same, at once", A, "", 0.1, false),
        ("the same, just in time", A, "", 4.7, false),
        ("the same, too late", A, "", 5.2, true),
        ("somebody else, for half of them", B, "", 0.1, true),
        ("for another name", A, "www.", 0.1, true),
    ];
    for (what, client, prefix, after, opens) in cases {
        let mut scenario = Scenario::new();
        for n in 0..12_u32 {
            scenario.asked(
                1.0 + f64::from(n) / 100.0,
                A,
                &format!("{n}.test"),
                Rcode::ServFail,
            );
        }
        // Of others only some: whether domains fail or are answered well is another question.
        for n in 0..if opens && after < 5.0 { 5 } else { 12_u32 } {
            let name = format!("{prefix}{n}.test");
            scenario.asked(1.2 + after + f64::from(n) / 100.0, client, &name, Rcode::NoError);
        }
        scenario.advance(6.999);
        assert_eq!(scenario.story(), Vec::<String>::new(), "{what}");
        scenario.advance(30.0);
        assert_eq!(!scenario.story().is_empty(), opens, "{what}");
    }
}

#[test]
fn a_domain_that_was_answered_well_within_the_hour_and_fails_for_everybody_is_an_incident() {
    // When it was answered well, who asks, how often; whether it opens.
    let cases = [
        ("an hour ago", 3_590.0, &[A, B][..], 10_u32, true),
        ("more than an hour ago", 1.0, &[A, B], 10, false),
        ("by one client", 3_590.0, &[A], 20, false),
        ("too seldom", 3_590.0, &[A, B], 9, false),
    ];
    for (what, good, clients, queries, opens) in cases {
        let mut scenario = Scenario::new();
        scenario.asked(good, A, "www.zone.test", Rcode::NoError);
        for n in 0..queries {
            let time = 4_000.0 + f64::from(n) / 10.0;
            let client = clients[n as usize % clients.len()];
            scenario.asked(time, client, "mail.zone.test", Rcode::ServFail);
        }
        scenario.advance(4_020.0);
        assert_eq!(!scenario.story().is_empty(), opens, "{what}");
    }
}

/// The same client is answered well for the same name, so that nothing failed.
fn excused(scenario: &mut Scenario, time: f64, name: &str) {
    scenario.asked(time, A, name, Rcode::ServFail);
    scenario.asked(time + 1.0, A, name, Rcode::NoError);
}

#[test]
fn an_answer_that_is_excused_neither_begins_nor_prolongs_it() {
    let mut scenario = Scenario::new();
    excused(&mut scenario, 8.0, "excused.test");
    excused(&mut scenario, 10.1, "excused.test");
    for n in 0..20_u32 {
        scenario.asked(
            10.5 + f64::from(n) / 10.0,
            A,
            &format!("{n}.test"),
            Rcode::ServFail,
        );
    }
    excused(&mut scenario, 20.0, "excused.test");
    scenario.advance(27.0);
    let incident = scenario.incident();
    assert_eq!(when(incident.began), "10.500");
    assert_eq!(when(incident.last_seen), "12.401");
    assert!(!incident.names.contains(&"excused.test".to_owned()));
}

#[test]
fn a_query_that_is_sent_again_and_excused_is_excused_each_time() {
    let mut scenario = Scenario::new();
    for n in 0..9_u32 {
        let (time, name) = (10.0 + f64::from(n), format!("{n}.test"));
        scenario.query(time, A, &name).query(time + 0.1, A, &name);
        scenario.respond_to(time + 0.2, A, &name, &[time + 0.1, time], Rcode::ServFail);
        scenario.asked(time + 0.3, A, &name, Rcode::NoError);
    }
    scenario.advance(60.0);
    assert_eq!(scenario.story(), Vec::<String>::new());
}

#[test]
fn what_fails_in_the_good_seconds_is_none_of_it_unless_it_goes_on() {
    let mut scenario = Scenario::new();
    for n in 0..20_u32 {
        scenario.asked(
            10.0 + f64::from(n) / 25.0,
            A,
            &format!("{n}.test"),
            Rcode::ServFail,
        );
    }
    for second in 11..60_u32 {
        if second == 30 {
            scenario.asked(30.05, B, "late.test", Rcode::ServFail);
        }
        if second == 37 {
            let incident = scenario.incident();
            assert_eq!(incident.clients.len(), 2, "as far as is known");
        }
        for n in 1..5_u32 {
            scenario.asked(
                f64::from(second) + f64::from(n) / 10.0,
                A,
                "good.test",
                Rcode::NoError,
            );
        }
    }
    let incident = scenario.closed();
    assert_eq!(incident.recovered.map(when).as_deref(), Some("11.000"));
    assert_eq!(when(incident.last_seen), "10.761");
    assert_eq!((incident.clients.len(), incident.names.len()), (1, 20));
}
