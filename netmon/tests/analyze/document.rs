//! The JSON document has the fields of docs/contract.md, section 4: none is missing, and none is added.

use std::collections::BTreeSet;

use netmon_testkit::captures::{Link, Pcap, textbook};
use serde_json::{Value, json};

use super::run::document_of;

/// The document as the contract prints it, with one of each list.
fn contract() -> Value {
    let tcp = json!({"dns_queries": 0, "dns_responses": 0, "tcp_connects": 0, "tcp_resets": 0});
    let rcodes = json!({"noerror": 0, "formerr": 0, "servfail": 0, "nxdomain": 0, "notimp": 0, "refused": 0, "other": 0});
    let mut server_tcp = tcp.clone();
    server_tcp["rcodes"] = rcodes.clone();
    let codes = json!({"net": 0, "host": 0, "protocol": 0, "port": 0, "admin": 0, "other": 0});
    let failover = json!({"lookups": 0, "waited_p50_ms": null, "waited_max_ms": null, "sample": false});
    let incident = json!({
        "id": "", "server": "", "port": 0, "transport": "",
        "kind": "", "state": "", "severity": "",
        "began": "", "opened": "", "last_seen": "", "recovered": null, "closed": null, "closed_because": null, "reopened": 0, "interface": null,
        "queries": 0, "answers": 0, "errors": codes, "verified": 0,
        "reporters": [""], "clients": [""], "clients_more": 0, "names": [""], "names_more": 0, "server_info": null, "resolver": null, "askers": null, "askers_more": null, "probe": null, "accepted": null,
        "because_of": null, "failover": failover,
        "causes": [{"cause": "", "likelihood": "", "evidence": ""}],
    });
    json!({
        "schema": 1,
        "source": {"kind": "", "files": [""], "first": "", "last": ""},
        "totals": {
            "frames": 0, "bytes": 0, "dns_queries": 0, "dns_responses": 0, "tcp": tcp,
            "icmp_unreachable": 0, "dns_unreachable": 0, "unsolicited": 0, "late_responses": 0, "not_served": 0,
            "unmatched_responses": 0, "not_ours": 0, "exchanges_overflow": 0,
            "fragments": 0, "malformed": 0, "truncated": 0, "not_ip": 0, "other": 0,
            "retired": 0, "overflow": 0, "events_lost": 0, "traces_overwritten": 0,
        },
        "warnings": [{"warning": "", "message": "", "state": null}],
        "destinations": [{
            "address": "", "dns_queries": 0, "dns_responses": 0, "tcp": server_tcp,
            "rcodes": rcodes, "unmatched_responses": 0, "not_served": 0,
            "icmp_unreachable": codes, "dns_unreachable": codes,
            "late_responses": 0, "unsolicited": 0,
            "latency_us": {"count": 0, "p50": null, "p90": null, "p99": null, "max": null}, "server_info": null,
        }],
        "incidents": [incident],
        "judgement": {"verdict": ""}, "assumed": null,
    })
}

/// The path of each field, and what it holds: text, a number, true or false, or nothing.
fn fields(value: &Value, path: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields_of) => {
            for (name, value) in fields_of {
                fields(value, &format!("{path}.{name}"), into);
            }
        }
        Value::Array(values) => values
            .iter()
            .for_each(|value| fields(value, &format!("{path}[]"), into)),
        Value::String(_) => drop(into.insert(format!("{path}: text"))),
        Value::Number(number) if number.is_u64() => drop(into.insert(format!("{path}: count"))),
        Value::Bool(_) => drop(into.insert(format!("{path}: flag"))),
        Value::Null => drop(into.insert(format!("{path}: null"))),
        other @ Value::Number(_) => panic!("{path} is {other}"),
    }
}

#[test]
fn the_document_has_exactly_the_fields_of_the_contract() {
    let mut file = Pcap::USUAL.file(&textbook::frames(Link::Ethernet));
    // For a warning.
    file.extend([0; 3]);
    let document = document_of(&file, &[], 0);
    let (mut told, mut expected) = (BTreeSet::new(), BTreeSet::new());
    fields(&document, "", &mut told);
    fields(&contract(), "", &mut expected);
    assert_eq!(told, expected);
}

#[test]
fn what_is_unknown_is_null_and_not_missing() {
    let document = document_of(&Pcap::USUAL.header(), &[], 0);
    assert_eq!(document["source"]["kind"], "capture");
    assert_eq!(document["source"]["first"], Value::Null);
    assert_eq!(document["source"]["last"], Value::Null);
    assert!(document["source"].as_object().unwrap().contains_key("first"));
    for list in ["warnings", "destinations", "incidents"] {
        assert_eq!(document[list], json!([]), "{list}");
    }
}
