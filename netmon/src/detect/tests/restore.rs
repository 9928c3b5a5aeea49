//! A restart: what the history kept of incidents goes on as the same incidents. The clock of observations may
//! have begun again (a reboot), so that an incident began before its zero.

use netmon_common::{Code, Rcode, Transport};

use super::scenario::{A, B, C, Error, ROUTER, SERVER, START, Scenario, address, at};
use crate::model::{CloseReason, Happened, Incident, OwnClient, OwnService, Remembered, Severity};
use crate::time::{SECOND_NS, Time, WallOffset};

/// What the history keeps of all that is told.
fn kept(scenario: &Scenario) -> Vec<Remembered> {
    let told = |id: &str| {
        let changes = scenario.changes.iter().rev();
        let mut told = changes.filter(|change| change.incident.id == id);
        told.next().expect("it was told").incident.clone()
    };
    let mut ids: Vec<&str> = Vec::new();
    for change in &scenario.changes {
        if !ids.contains(&change.incident.id.as_str()) {
            ids.push(&change.incident.id);
        }
    }
    ids.into_iter()
        .map(|id| {
            let incident = told(id);
            let memory = scenario.decider.memory(&incident).unwrap_or_default();
            Remembered { incident, memory }
        })
        .collect()
}

/// A new run that begins at that time with what the old one had told.
fn restarted(old: &Scenario, time: f64) -> Scenario {
    let mut new = Scenario::new();
    new.decider.restore(at(time), kept(old));
    new.advance(time);
    new
}

/// Everything but the counts of packets, which go on.
fn identity(incident: &Incident) -> (String, [jiff::Timestamp; 2], u64) {
    (
        incident.id.clone(),
        [incident.began.0, incident.opened.0],
        incident.reopened,
    )
}

#[test]
fn an_open_incident_goes_on_as_the_same_with_its_counts() {
    let mut old = Scenario::new();
    old.query(0.5, B, "b.test")
        .rejected(1.0)
        .rejected(2.0)
        .advance(4.0);
    let before = old.incident();
    let mut new = restarted(&old, 8.0);
    assert_eq!(new.incident(), before, "nothing that is told has changed");
    assert_eq!(new.changes.len(), 1, "it is told once");
    assert_eq!(new.changes[0].kind, Happened::Updated);

    new.rejected(9.0).advance(11.0);
    let after = new.incident();
    assert_eq!(identity(&after), identity(&before));
    assert_eq!(after.queries, before.queries + 1);
    assert_eq!((after.errors.port, after.verified), (3, 3));
    assert_eq!(
        after.causes[0].evidence.split(':').next(),
        Some("3 of 3 errors say \"port unreachable\" and come from 203.0.113.2 itself")
    );

    new.asked_ok(12.0).advance(25.0);
    let closed = new.closed();
    assert_eq!(identity(&closed), identity(&before));
    assert_eq!(closed.closed_because, Some(CloseReason::Answered));
    // The query that was answered is not among them.
    assert_eq!((closed.queries, closed.answers), (before.queries + 1, 0));
}

#[test]
fn all_that_leads_to_causes_survives() {
    let mut old = Scenario::new();
    let error = |client, code, reporter| Error {
        client,
        sent: 0.9,
        code,
        reporter,
        ..Error::default()
    };
    old.query(0.9, A, "a.test")
        .error(0.9011, &error(A, Code::Host, Some(ROUTER)))
        .error(1.0, &error(A, Code::Host, Some(B)))
        .error(1.1, &error(A, Code::Port, None))
        .error(1.2, &error(A, Code::Admin, Some(C)))
        .query(1.3, B, "b.test")
        .answer(1.4, B, 1.3)
        .advance(3.0);
    let before = old.incident();
    assert_eq!(before.causes.len(), 3, "{before:#?}");
    assert_eq!(restarted(&old, 9.0).incident(), before);
}

#[test]
fn clients_beyond_the_list_are_not_counted_again() {
    let mut old = Scenario::new();
    let many = |scenario: &mut Scenario, from: f64| {
        for n in 1..=60 {
            let client = format!("10.0.0.{n}");
            let error = Error {
                client: &client,
                sent: from,
                ..Error::default()
            };
            scenario.query(from, &client, "a.test").error(from, &error);
        }
    };
    many(&mut old, 1.0);
    old.advance(3.0);
    let mut new = restarted(&old, 5.0);
    many(&mut new, 6.0);
    new.advance(8.0);
    let (before, after) = (old.incident(), new.incident());
    assert_eq!(before.clients_more, 28);
    assert_eq!(after.clients_more, 28);
    assert_eq!(after.clients, before.clients);
}

#[test]
fn an_unanswered_one_closes_at_the_next_answer() {
    let mut old = Scenario::new();
    for n in 0..6 {
        old.query(f64::from(n), A, if n % 2 == 0 { "a.test" } else { "b.test" });
    }
    old.advance(12.0);
    assert_eq!(old.story(), ["opened unanswered"]);
    let before = old.incident();
    let mut new = restarted(&old, 20.0);
    assert_eq!(new.incident(), before);
    new.query(21.0, A, "c.test").advance(28.0);
    assert_eq!(new.incident().queries, 7);
    new.asked_ok(30.0).advance(32.0);
    assert_eq!(new.story(), ["closed unanswered answered"]);
    assert_eq!(identity(&new.closed()), identity(&before));
}

#[test]
fn a_failing_one_recovers_only_after_30_s_that_were_watched() {
    let mut old = Scenario::new();
    for n in 0..12 {
        let name = format!("{n}.test");
        old.asked(f64::from(n), A, &name, Rcode::ServFail);
    }
    old.advance(17.0);
    assert_eq!(old.story(), ["opened failing"]);
    let before = old.incident();
    let mut new = restarted(&old, 100.0);
    assert_eq!(new.incident(), before);
    for n in 101..125 {
        new.asked_ok(f64::from(n));
    }
    new.advance(129.0);
    assert_eq!(new.story(), Vec::<String>::new());
    new.advance(130.0);
    assert_eq!(new.story(), ["closed failing recovered"]);
}

#[test]
fn what_nobody_asks_for_closes_as_idle_after_10_minutes_that_were_watched() {
    let mut old = Scenario::new();
    old.rejected(1.0).advance(3.0);
    // Down for an hour: whether somebody asked meanwhile, nobody knows.
    let mut new = restarted(&old, 3_600.0);
    new.advance(3_600.0 + 599.0);
    assert_eq!(new.story(), Vec::<String>::new());
    new.advance(3_600.0 + 600.0);
    assert_eq!(new.story(), ["closed unreachable idle"]);
}

#[test]
fn severity_is_judged_on_as_if_nothing_had_been() {
    // How long before the error somebody else was answered; the severity at opening, and after another answer.
    for (before, opening, later) in [
        (0.5, Severity::Degraded, Severity::Degraded),
        (5.0, Severity::Degraded, Severity::Degraded),
        (15.0, Severity::Down, Severity::Down),
    ] {
        let mut old = Scenario::new();
        old.asked(20.0 - before, B, "b.test", Rcode::NoError)
            .rejected(20.0)
            .advance(22.0);
        assert_eq!(old.opened().severity, opening, "{before} s");
        let mut new = restarted(&old, 23.0);
        assert_eq!(new.incident().severity, opening, "{before} s");
        new.asked(24.0, B, "b.test", Rcode::NoError).advance(26.0);
        assert_eq!(new.incident().severity, later, "{before} s");
    }
}

#[test]
fn an_answer_of_before_the_restart_still_closes_it() {
    let mut old = Scenario::new();
    old.rejected(1.0).asked_ok(5.0).advance(7.0);
    let mut new = restarted(&old, 8.0);
    new.advance(10.9);
    assert_eq!(new.story(), Vec::<String>::new());
    new.advance(12.0);
    assert_eq!(new.story(), ["closed unreachable answered"]);
}

#[test]
fn one_that_closed_less_than_a_minute_ago_reopens_and_an_older_one_does_not() {
    // It closes at 11 s.
    for (again, reopened) in [(70.0, true), (80.0, false)] {
        let mut old = Scenario::new();
        old.rejected(1.0).asked_ok(5.0).advance(12.0);
        let before = old.closed();
        let mut new = restarted(&old, again - 2.0);
        assert_eq!(new.changes, [], "a closed one is not told");
        new.rejected(again);
        assert_eq!(new.story(), ["opened unreachable"]);
        assert_eq!(new.opened().id == before.id, reopened, "{again}");
        assert_eq!(new.opened().reopened, u64::from(reopened), "{again}");
    }
}

#[test]
fn after_a_reboot_it_is_told_as_it_was_although_it_began_before_the_clocks_zero() {
    let mut old = Scenario::new();
    old.rejected(100.0).rejected(101.0).advance(103.0);
    let before = old.incident();

    // The host boots 60 s later, and netmon starts 5 s into it.
    let boot = |seconds: u64| Time::at_second(seconds);
    let offset = WallOffset::new(((START + 163) * SECOND_NS).cast_signed(), 0);
    let mut decider = Scenario::new().decider;
    decider.set_offset(offset);
    decider.restore(boot(5), kept(&old));
    let told = decider.take_changes();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].incident, before);
    decider.advance(boot(15), &|_| true);
    let after = decider.open_incidents();
    assert_eq!(after.as_slice(), std::slice::from_ref(&before));

    // It closes by the ordinary rules: 10 min of watching without a query.
    decider.advance(boot(604), &|_| true);
    assert!(decider.take_changes().is_empty());
    decider.advance(boot(605), &|_| true);
    let closed = decider.take_changes();
    assert_eq!(closed.len(), 1);
    assert_eq!(identity(&closed[0].incident), identity(&before));
    assert_eq!(closed[0].incident.closed_because, Some(CloseReason::Idle));
    let at_boot_605 = offset.wall(boot(605));
    assert_eq!(
        closed[0].incident.closed.map(|closed| closed.0),
        Some(at_boot_605)
    );
}

#[test]
fn a_wall_clock_that_was_set_back_does_no_harm() {
    let mut old = Scenario::new();
    old.rejected(500.0).advance(503.0);
    // The incident seems to come from the future.
    let mut new = restarted(&old, 100.0);
    assert_eq!(new.incident(), old.incident());
    new.asked_ok(101.0).advance(111.0);
    assert_eq!(new.story(), ["closed unreachable answered"]);
}

#[test]
fn history_that_comes_late_yields_to_what_has_opened_since() {
    let mut old = Scenario::new();
    old.rejected(1.0).advance(3.0);
    let mut new = Scenario::new();
    new.rejected(10.0);
    new.decider.restore(at(11.0), kept(&old));
    new.advance(13.0);
    assert_eq!(
        new.story(),
        ["opened unreachable", "closed unreachable superseded"]
    );
    let closed = new.closed();
    assert_eq!(identity(&closed), identity(&old.incident()));
    assert_ne!(new.incident().id, closed.id);
}

#[test]
fn a_client_that_an_own_address_answered_before_the_restart_counts_after_it() {
    for (client, opens) in [(None, false), (Some(B), false), (Some(A), true)] {
        let mut scenario = Scenario::new();
        scenario.decider.set_local([address(SERVER)]);
        if let Some(client) = client {
            let service = OwnService {
                server: address(SERVER),
                port: 53,
                transport: Transport::Udp,
            };
            let known = OwnClient {
                service,
                client: address(client),
            };
            scenario.decider.recall_own_client(known, at(3_600.0), at(0.5));
        }
        scenario.rejected(1.0);
        assert_eq!(!scenario.story().is_empty(), opens, "{client:?}");
        assert_eq!(scenario.decider.take_own_clients(), [], "the history knows");
    }
}
