//! Live, whether an answer would be seen: how that changes, and what is said of it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use netmon_common::{Address, Code, Rcode};

use super::scenario::{A, B, Error, ROUTER, SERVER, Scenario, address, at};
use crate::detect::Hears;
use crate::model::WarningKind;

/// Live, with an interface that is not watched.
fn live() -> Scenario {
    let mut scenario = Scenario::new();
    scenario.decider.set_unwatched(vec!["way-back".to_owned()]);
    scenario.unheard(A).unheard(B);
    scenario
}

fn ask_in_vain(scenario: &mut Scenario, client: &str, from: f64) {
    for n in 0..6 {
        let time = from + 0.1 * f64::from(n);
        scenario.query(time, client, if n % 2 == 0 { "a.test" } else { "b.test" });
    }
}

#[test]
fn a_server_whose_route_has_changed_since_it_answered_is_not_judged_until_it_answers_again() {
    for has_changed in [true, false] {
        let mut scenario = live();
        scenario.asked_ok(1.0);
        ask_in_vain(&mut scenario, A, 2.0);
        let silent = scenario.decider.silent_since(at(1.5));
        assert_eq!(silent.len(), 1, "it has not answered since");
        assert_eq!(scenario.decider.silent_since(at(0.5)), []);
        if has_changed {
            scenario.decider.way_changed(silent[0]);
        }
        scenario.advance(10.0);
        assert_eq!(scenario.story().is_empty(), has_changed);
        let warnings = scenario.warnings();
        assert_eq!(warnings.contains(&WarningKind::OneDirection), has_changed);
    }
}

#[test]
fn that_silence_cannot_be_judged_is_over_when_the_server_answers_or_all_is_watched() {
    type End = fn(&mut Scenario);
    let ends: [(&str, End); 3] = [
        ("it answers", |s| _ = s.asked_ok(20.0)),
        ("all is watched", |s| s.decider.set_unwatched(Vec::new())),
        ("nobody asks any more", |s| _ = s.advance(700.0)),
    ];
    for (case, end) in ends {
        let mut scenario = live();
        ask_in_vain(&mut scenario, A, 1.0);
        scenario.on("203.0.113.7");
        ask_in_vain(&mut scenario, B, 1.0);
        scenario.advance(10.0);
        assert_eq!(scenario.warnings(), [WarningKind::OneDirection], "{case}");
        // The other one is over too: it has answered.
        scenario.asked(11.0, B, "a.test", Rcode::NoError).on(SERVER);
        assert_eq!(scenario.warnings().len(), 1, "{case}");
        end(&mut scenario);
        scenario.advance(700.0);
        assert_eq!(scenario.warnings(), [WarningKind::OneDirection; 2], "{case}");
    }
}

#[test]
fn in_a_capture_that_others_were_answered_says_nothing_of_a_client_that_was_sent_no_packet() {
    let mut scenario = Scenario::new();
    scenario.unheard(A).asked(1.0, B, "a.test", Rcode::NoError);
    ask_in_vain(&mut scenario, A, 2.0);
    scenario.advance(40.0);
    assert!(scenario.story().is_empty());
    assert_eq!(scenario.warnings(), [WarningKind::OneDirection]);
}

#[test]
fn silence_that_is_not_judged_makes_no_client_a_scanner() {
    // Whether it is live, and whether an answer to the client would be seen.
    for (is_live, is_heard) in [(false, false), (true, false), (false, true), (true, true)] {
        let what = format!("live {is_live}, heard {is_heard}");
        let mut scenario = if is_live { live() } else { Scenario::new() };
        if is_heard {
            scenario.heard_again(A);
        } else {
            scenario.unheard(A);
        }
        // A forwarder asks five servers in turn.
        for n in 0..60_u32 {
            let name = ["a.test", "b.test"][n as usize / 5 % 2];
            scenario
                .on(&format!("198.51.100.{}", 1 + n % 5))
                .query(0.1 + f64::from(n), A, name);
        }
        let warnings = scenario.warnings();
        assert_eq!(warnings.contains(&WarningKind::OneDirection), !is_heard, "{what}");
        assert_eq!(warnings.contains(&WarningKind::ManyServers), is_heard, "{what}");
        // One of them is gone.
        let error = Error {
            sent: 71.0,
            code: Code::Host,
            reporter: Some(ROUTER),
            ..Error::default()
        };
        scenario
            .on("198.51.100.1")
            .query(71.0, A, "a.test")
            .error(71.1, &error);
        assert_eq!(scenario.story().is_empty(), is_heard, "{what}");
    }
}

#[test]
fn a_client_to_whom_no_answer_would_be_seen_speaks_neither_for_nor_against_a_scan() {
    let story = |of_another: bool| {
        let mut scenario = Scenario::new();
        scenario.unheard(B);
        for n in 0..12_u32 {
            let server = format!("203.0.113.{n}");
            let from = 1.0 + 0.05 * f64::from(n);
            ask_in_vain(scenario.on(&server), A, from);
            if of_another {
                scenario.query(from + 0.6, B, "c.test");
            }
        }
        scenario.advance(40.0);
        let opened = scenario.story();
        opened.iter().filter(|line| line.starts_with("opened")).count()
    };
    let alone = story(false);
    assert!(alone < 12, "{alone}");
    assert_eq!(story(true), alone);
}

/// Hears nobody, and keeps whom.
#[derive(Default)]
struct Deaf(RefCell<BTreeSet<Address>>);

impl Hears for Deaf {
    fn hears(&self, _client: Address) -> bool {
        false
    }

    fn missed(&self, client: Address) {
        self.0.borrow_mut().insert(client);
    }
}

#[test]
fn only_a_client_whose_silence_would_open_an_incident_is_missed() {
    for is_enough in [true, false] {
        let mut scenario = Scenario::new();
        scenario.unheard(A);
        if is_enough {
            ask_in_vain(&mut scenario, A, 1.0);
        } else {
            scenario.query(1.0, A, "a.test");
        }
        let deaf = Deaf::default();
        scenario.decider.advance(at(40.0), &deaf);
        let missed = deaf.0.into_inner();
        assert_eq!(missed.contains(&address(A)), is_enough, "{missed:?}");
    }
}
