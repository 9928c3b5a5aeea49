//! The textbook incident (docs/contract.md, section 5), times exact.

use netmon_common::Code;

use super::scenario::{Error, Scenario};

const CLIENT: &str = "192.51.100.15";
const NAME: &str = "yummyrecipesforme.com";

/// Seconds from 13:00:00.
fn minutes(minutes: u32, seconds: f64) -> f64 {
    f64::from(minutes) * 60.0 + seconds
}

/// When each query was sent, and when its error came.
fn pairs() -> [(f64, f64); 3] {
    [
        (minutes(24, 32.192_571), minutes(24, 36.098_564)),
        (minutes(26, 32.192_571), minutes(27, 15.934_126)),
        (minutes(28, 32.192_571), minutes(28, 50.022_967)),
    ]
}

#[test]
fn the_textbook_log_is_one_incident_at_the_first_error() {
    let mut scenario = Scenario::new();
    for (sent, failed) in pairs() {
        scenario.query(sent, CLIENT, NAME).error(
            failed,
            &Error {
                client: CLIENT,
                sent,
                name: Some(NAME),
                ..Error::default()
            },
        );
    }
    let incident = scenario.incident();
    assert_eq!(scenario.story(), ["opened unreachable"]);
    assert_eq!(
        incident.id,
        "2026-11-24T13:24:36.098564Z-unreachable-203.0.113.2-53-udp"
    );
    let json = serde_json::to_value(&incident).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "id": "2026-11-24T13:24:36.098564Z-unreachable-203.0.113.2-53-udp",
            "server": "203.0.113.2", "port": 53, "transport": "udp", "interface": null,
            "kind": "unreachable", "state": "open", "severity": "down",
            "began": "2026-11-24T13:24:32.192571Z", "opened": "2026-11-24T13:24:36.098564Z",
            "last_seen": "2026-11-24T13:28:50.022967Z",
            "recovered": null, "closed": null, "closed_because": null, "reopened": 0,
            "queries": 3, "answers": 0,
            "errors": { "net": 0, "host": 0, "protocol": 0, "port": 3, "admin": 0, "other": 0 },
            "verified": 3,
            "reporters": ["203.0.113.2"], "clients": ["192.51.100.15"], "clients_more": 0,
            "names": ["yummyrecipesforme.com"], "names_more": 0, "server_info": null, "resolver": null, "askers": null, "askers_more": null, "probe": null, "accepted": null,
            "because_of": null, "failover": {"lookups": 0, "waited_p50_ms": null, "waited_max_ms": null, "sample": false},
            "causes": [{
                "cause": "service-down", "likelihood": "likely",
                "evidence": "3 of 3 errors say \"port unreachable\" and come from 203.0.113.2 itself: nothing listens on UDP port 53 \
                             there, or that host's own firewall rejects",
            }],
        })
    );
}

#[test]
fn it_is_told_at_its_first_packet_with_one_query_and_one_error() {
    let mut scenario = Scenario::new();
    let [(sent, failed), ..] = pairs();
    scenario.query(sent, CLIENT, NAME).error(
        failed,
        &Error {
            client: CLIENT,
            sent,
            code: Code::Port,
            ..Error::default()
        },
    );
    let incident = scenario.opened();
    assert_eq!(
        (incident.queries, incident.errors.port, incident.verified),
        (1, 1, 1)
    );
}
