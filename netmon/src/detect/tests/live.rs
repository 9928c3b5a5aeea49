//! What only the live door tells: errors beyond the events that a server may send, and when it last answered.

use crate::model::Severity;
use netmon_common::Code;

use super::scenario::{A, Error, SERVER, Scenario, address, at};

#[test]
fn errors_that_were_only_counted_count_in_the_incident() {
    let mut scenario = Scenario::new();
    scenario.rejected(1.0).untold(1.5, Code::Port, 40).advance(3.0);
    let incident = scenario.incident();
    assert_eq!((incident.errors.port, incident.verified), (41, 41));
}

#[test]
fn errors_that_were_only_counted_open_nothing() {
    let mut scenario = Scenario::new();
    scenario.untold(1.5, Code::Port, 40).advance(3.0);
    assert_eq!(scenario.story(), Vec::<String>::new());
}

#[test]
fn the_severity_goes_by_the_time_of_the_last_answer_not_by_the_second_in_which_it_was_counted() {
    for (last_answer, severity) in [(8.9, Severity::Down), (9.1, Severity::Degraded)] {
        let mut scenario = Scenario::new();
        // The answer is told with the counts of its second, at their end.
        scenario.query(8.8, A, "a.test").counts(9.999, 1, 1, 0, 0).error(
            10.0,
            &Error {
                sent: 9.9,
                last_answer: Some(at(last_answer)),
                ..Error::default()
            },
        );
        assert_eq!(
            scenario.incident().severity,
            severity,
            "last answer at {last_answer} s"
        );
    }
}

#[test]
fn errors_about_a_port_that_never_served_are_not_served_also_when_they_were_only_counted() {
    let mut scenario = Scenario::new();
    scenario.decider.set_local([address(SERVER)]);
    scenario.rejected(1.0).untold(1.5, Code::Port, 40).advance(3.0);
    assert_eq!(scenario.story(), Vec::<String>::new());
    assert_eq!(scenario.decider.tallies().not_served, 41);
}
