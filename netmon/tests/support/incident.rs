//! What netmon must say of one incident, from opening to closing.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use netmon_testkit::lab::{Event, Netmon};
use serde_json::{Value, json};

use super::PATIENCE;

/// An incident, as it must be told when it opens.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Whose.
    pub server: IpAddr,
    /// What carries the messages.
    pub transport: &'a str,
    /// Its kind.
    pub kind: &'a str,
    /// How bad it is.
    pub severity: &'a str,
    /// The first cause.
    pub cause: &'a str,
    /// Who sent errors, if there were any.
    pub reporter: Option<IpAddr>,
    /// Whom it hits.
    pub client: IpAddr,
}

/// A silence, as it must be reported.
pub fn silence(client: IpAddr, server: IpAddr) -> Expected<'static> {
    Expected {
        server,
        transport: "udp",
        kind: "unanswered",
        severity: "down",
        cause: "silent-drop",
        reporter: None,
        client,
    }
}

/// A server whose own kernel refuses, as it must be reported.
pub fn refusal(client: IpAddr, server: IpAddr) -> Expected<'static> {
    Expected {
        kind: "unreachable",
        cause: "service-down",
        reporter: Some(server),
        ..silence(client, server)
    }
}

impl Expected<'_> {
    /// Waits until it opens, insists that it is reported as expected, and returns it.
    #[track_caller]
    pub fn opened(&self, netmon: &Netmon) -> Value {
        let event = next(netmon, "incident_opened", self.server, self.kind);
        let incident = event.incident();
        assert_eq!(incident["port"], 53, "{incident:#}");
        assert_eq!(incident["transport"], self.transport, "{incident:#}");
        assert_eq!(incident["state"], "open", "{incident:#}");
        assert_eq!(incident["severity"], self.severity, "{incident:#}");
        assert_eq!(incident["causes"][0]["cause"], self.cause, "{incident:#}");
        assert_eq!(incident["causes"][0]["likelihood"], "likely", "{incident:#}");
        let reporters: Vec<String> = self.reporter.iter().map(ToString::to_string).collect();
        assert_eq!(incident["reporters"], json!(reporters), "{incident:#}");
        assert_eq!(
            incident["clients"],
            json!([self.client.to_string()]),
            "{incident:#}"
        );
        incident.clone()
    }

    /// The same, and insists that it opens by errors of one code alone.
    #[track_caller]
    pub fn opened_by(&self, netmon: &Netmon, code: &str) -> Value {
        let incident = self.opened(netmon);
        assert_only_errors(&incident, code);
        incident
    }

    /// Waits until it closes for that reason, insists that it is the one that opened and the only one of that
    /// server and kind, and returns it.
    #[track_caller]
    pub fn closed(&self, netmon: &Netmon, opened: &Value, because: &str) -> Value {
        let event = next(netmon, "incident_closed", self.server, self.kind);
        let incident = event.incident();
        assert_eq!(incident["id"], opened["id"], "{incident:#}");
        assert_eq!(incident["state"], "closed", "{incident:#}");
        assert_eq!(incident["closed_because"], because, "{incident:#}");
        assert_eq!(incident["reopened"], 0, "it closed before: {incident:#}");
        assert_eq!(incident["causes"][0]["cause"], self.cause, "{incident:#}");
        let opened = events_of(netmon, "incident_opened", self.server);
        let same = opened
            .iter()
            .filter(|event| event.incident()["kind"] == self.kind);
        assert_eq!(same.count(), 1, "{opened:#?}");
        incident.clone()
    }
}

/// Insists on the errors of an incident: so many of one code, and none of another, all of them verified.
#[track_caller]
pub fn assert_errors(incident: &Value, code: &str, count: u64) {
    let errors = incident["errors"].as_object().expect("an incident has errors");
    for (name, errors) in errors {
        let expected = if name == code { count } else { 0 };
        assert_eq!(*errors, expected, "{name}: {incident:#}");
    }
    assert_eq!(incident["verified"], count, "{incident:#}");
}

/// Insists that an incident has errors of one code alone, all of them verified: as it opens, it has those of a tenth of a
/// second.
#[track_caller]
pub fn assert_only_errors(incident: &Value, code: &str) {
    let errors = incident["errors"][code].as_u64().expect("a count");
    assert!(errors > 0, "{incident:#}");
    assert_errors(incident, code, errors);
}

/// Insists on the queries and answers of an incident, give or take one: live they are counted by whole seconds, and
/// a packet near the border of two may be counted for the other one.
#[track_caller]
pub fn assert_flow(incident: &Value, queries: u64, answers: u64) {
    for (name, expected) in [("queries", queries), ("answers", answers)] {
        let counted = incident[name].as_u64().expect("a count");
        assert!(counted.abs_diff(expected) <= 1, "{expected} {name}: {incident:#}");
    }
}

/// Insists that the evidence of the first cause says this.
#[track_caller]
pub fn assert_evidence(incident: &Value, words: &str) {
    let evidence = incident["causes"][0]["evidence"].as_str().expect("evidence");
    assert!(evidence.contains(words), "{evidence}");
}

/// Waits until the incident of that server and kind has so many names: for `failing`, an answer is decided on five seconds
/// after its query.
#[track_caller]
pub fn wait_for_names(netmon: &Netmon, expected: &Expected<'_>, names: usize) -> Value {
    let server = expected.server.to_string();
    let has_all = |event: &Event| {
        let incident = event.incident();
        let is_it = incident["server"] == server.as_str() && incident["kind"] == expected.kind;
        is_it && incident["names"].as_array().map_or(0, Vec::len) == names
    };
    let event = netmon.wait_for(&format!("{names} names of {server}"), PATIENCE, has_all);
    event.expect("an event").incident().clone()
}

/// The events of that name about that server so far.
pub fn events_of(netmon: &Netmon, name: &str, server: IpAddr) -> Vec<Event> {
    let mut events = netmon.events_named(name).expect("events");
    events.retain(|event| event.incident()["server"] == server.to_string());
    events
}

/// Insists that no incident opened at all.
#[track_caller]
pub fn assert_no_incident(netmon: &Netmon) {
    let opened = netmon.events_named("incident_opened").expect("events");
    assert!(opened.is_empty(), "{opened:#?}");
}

/// How long after another moment one of them was, both as netmon prints them.
#[track_caller]
pub fn since(later: &Value, earlier: &Value) -> Duration {
    time(later)
        .duration_since(time(earlier))
        .expect("they are in this order")
}

/// A moment that netmon printed.
#[track_caller]
pub fn time(text: &Value) -> SystemTime {
    let time: jiff::Timestamp = text.as_str().expect("a time").parse().expect("a time");
    time.into()
}

#[track_caller]
fn next(netmon: &Netmon, name: &str, server: IpAddr, kind: &str) -> Event {
    let server = server.to_string();
    netmon
        .wait_for(&format!("{name} of {server}"), PATIENCE, |event| {
            let incident = event.incident();
            event.name() == name && incident["server"] == server.as_str() && incident["kind"] == kind
        })
        .expect("an event")
}
