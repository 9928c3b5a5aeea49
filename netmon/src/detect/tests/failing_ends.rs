//! `failing`: when it is over, and what counts in it then.

use netmon_common::{Code, Rcode};

use super::scenario::{A, B, Error, Scenario, when};
use crate::observation::Why;

/// Four domains fail for two clients, from 1.0 to 11.0.
fn failing() -> Scenario {
    let mut scenario = Scenario::new();
    for n in 0..40_u32 {
        let name = ["alpha.test", "beta.test", "gamma.test", "delta.test"][n as usize % 4];
        let client = if n % 3 == 0 { A } else { B };
        scenario.asked(1.0 + f64::from(n) / 4.0, client, name, Rcode::ServFail);
    }
    scenario
}

#[test]
fn a_domain_that_was_lost_and_is_answered_again_may_fail_now_and_then() {
    let mut scenario = Scenario::new();
    scenario.asked(0.5, A, "www.alpha.test", Rcode::NoError);
    for n in 0..24_u32 {
        let client = if n % 2 == 0 { A } else { B };
        scenario.asked(
            61.0 + f64::from(n) / 2.0,
            client,
            "www.alpha.test",
            Rcode::ServFail,
        );
    }
    for half in 160..520_u32 {
        let time = f64::from(half) / 2.0;
        scenario.asked(time, A, "www.alpha.test", Rcode::NoError);
        if half % 20 == 0 {
            scenario.asked(time + 0.1, B, "broken.alpha.test", Rcode::ServFail);
        }
    }
    assert_eq!(scenario.story(), ["opened failing", "closed failing recovered"]);
    // The good seconds begin with the first good answer, at 80.0, at the latest.
    let recovered: f64 = when(scenario.closed().recovered.unwrap()).parse().unwrap();
    assert!((72.0..=80.0).contains(&recovered), "{recovered}");
}

#[test]
fn errors_that_came_after_it_recovered_do_not_count() {
    let mut scenario = failing();
    let other = |sent| Error {
        sent,
        code: Code::Port,
        why: Some(Why::Unsolicited),
        ..Error::default()
    };
    scenario.error(10.9, &other(10.9));
    for second in 12..60_u32 {
        let time = f64::from(second);
        scenario.asked(time, A, "good.test", Rcode::NoError);
        if (30..35).contains(&second) {
            scenario.error(time + 0.5, &other(time));
        }
    }
    assert_eq!(scenario.story(), ["opened failing", "closed failing recovered"]);
    let incident = scenario.closed();
    let recovered: f64 = when(incident.recovered.unwrap()).parse().unwrap();
    assert!(recovered < 30.0, "{recovered}");
    assert_eq!(incident.errors.port, 1, "{incident:?}");
}

#[test]
fn a_good_answer_right_after_the_last_failure_takes_none_of_the_failures_away() {
    let mut scenario = Scenario::new();
    scenario.asked(0.5, A, "www.alpha.test", Rcode::NoError);
    for half in 200..500_u32 {
        let time = f64::from(half) / 2.0;
        let client = if half % 2 == 0 { A } else { B };
        let rcode = if time < 145.0 {
            Rcode::ServFail
        } else {
            Rcode::NoError
        };
        // Another name each time, so that none is excused.
        scenario.asked(time, client, &format!("{half}.alpha.test"), rcode);
        for n in 0..12 {
            scenario.asked(time + 0.01 + f64::from(n) / 100.0, B, "good.test", Rcode::NoError);
        }
    }
    assert_eq!(scenario.story(), ["opened failing", "closed failing recovered"]);
    let incident = scenario.closed();
    assert_eq!(when(incident.recovered.unwrap()), "145.000");
}

#[test]
fn what_opened_by_its_share_is_not_held_open_by_a_domain_that_was_lost_meanwhile_and_is_answered_again() {
    let mut scenario = Scenario::new();
    scenario.asked(0.1, A, "www.lost.test", Rcode::NoError);
    // Three broken domains, and one that was answered well before: its failures end at 11.0.
    for n in 0..40_u32 {
        let time = 1.0 + f64::from(n) / 4.0;
        let client = if n % 3 == 0 { A } else { B };
        let name = ["alpha.test", "beta.test", "gamma.test", "lost.test"][n as usize % 4];
        scenario.asked(time, client, &format!("{n}.{name}"), Rcode::ServFail);
    }
    scenario.asked(11.5, A, "www.lost.test", Rcode::NoError);
    for n in 0..3_000_u32 {
        scenario.asked(12.0 + f64::from(n) / 60.0, B, "good.test", Rcode::NoError);
    }
    scenario.advance(60.0);
    assert_eq!(scenario.story(), ["opened failing", "closed failing recovered"]);
    // Its share, however many fail for the lost domain, is under a tenth of what 30 s hold: the good seconds begin before
    // the last failure.
    let recovered: f64 = when(scenario.closed().recovered.unwrap()).parse().unwrap();
    assert!(recovered < 10.0, "{recovered}");
}

#[test]
fn who_sends_an_error_after_it_was_over_is_no_reporter() {
    let mut scenario = failing();
    let late = Error {
        code: Code::Other,
        reporter: Some("198.51.100.1"),
        sent: 20.0,
        ..Error::default()
    };
    scenario
        .asked(18.0, A, "other.test", Rcode::NoError)
        .query(20.0, A, "big.test")
        .error(20.1, &late);
    for n in 0..40_u32 {
        scenario.asked(21.0 + f64::from(n), A, "other.test", Rcode::NoError);
    }
    let closed = scenario.closed();
    assert_eq!((closed.verified, closed.reporters.len()), (0, 0), "{closed:#?}");
}
