//! What the contract says of the textbook incident.

use serde_json::{Value, json};

use netmon_testkit::captures::textbook::DATE;

/// Insists that the document holds the textbook incident, with times that are `hour` o'clock where the log says
/// 13, and nothing else.
#[track_caller]
pub fn assert_textbook(document: &Value, hour: u32) {
    let time = |rest: &str| format!("{DATE}T{hour:02}:{rest}Z");
    let opened = time("24:36.098564");
    let expected = json!({
        "id": format!("{opened}-unreachable-203.0.113.2-53-udp"),
        "server": "203.0.113.2", "port": 53, "transport": "udp",
        "kind": "unreachable", "state": "open", "severity": "down",
        "began": time("24:32.192571"), "opened": opened, "last_seen": time("28:50.022967"),
        "recovered": null, "closed": null, "closed_because": null, "reopened": 0, "interface": null,
        "queries": 3, "answers": 0, "errors": port_errors(3), "verified": 3,
        "reporters": ["203.0.113.2"], "clients": ["192.51.100.15"], "clients_more": 0,
        "names": ["yummyrecipesforme.com"], "names_more": 0, "server_info": null, "resolver": null, "askers": null, "askers_more": null, "probe": null, "accepted": null,
        "because_of": null, "failover": {"lookups": 0, "waited_p50_ms": null, "waited_max_ms": null, "sample": false},
        "causes": [{
            "cause": "service-down", "likelihood": "likely",
            "evidence": document["incidents"][0]["causes"][0]["evidence"],
        }],
    });
    assert_eq!(document["incidents"], json!([expected]));
    let evidence = document["incidents"][0]["causes"][0]["evidence"].as_str();
    assert!(evidence.is_some_and(|words| words.contains('3')), "{evidence:?}");

    assert_eq!(document["source"]["first"], json!(time("24:32.192571")));
    assert_eq!(document["source"]["last"], json!(time("28:50.022967")));
    let totals = &document["totals"];
    for (counter, count) in [
        ("frames", 6),
        ("dns_queries", 3),
        ("dns_responses", 0),
        ("icmp_unreachable", 3),
        ("dns_unreachable", 3),
        ("unsolicited", 0),
        ("other", 0),
        ("malformed", 0),
        ("not_ip", 0),
        ("overflow", 0),
    ] {
        assert_eq!(totals[counter], count, "{counter}");
    }
    let destinations = document["destinations"].as_array().unwrap();
    assert_eq!(destinations.len(), 1);
    let server = &destinations[0];
    assert_eq!(server["address"], "203.0.113.2");
    assert_eq!(server["dns_queries"], 3);
    assert_eq!(server["dns_responses"], 0);
    assert_eq!(server["icmp_unreachable"], port_errors(3));
    assert_eq!(server["dns_unreachable"], port_errors(3));
    assert_eq!(server["unsolicited"], 0);
    assert_eq!(
        server["latency_us"],
        json!({"count": 0, "p50": null, "p90": null, "p99": null, "max": null})
    );
    assert_eq!(document["warnings"], json!([]));
}

pub fn port_errors(port: u32) -> Value {
    json!({"net": 0, "host": 0, "protocol": 0, "port": port, "admin": 0, "other": 0})
}
