//! A host whose resolv.conf names two servers, and a third one that it does not name: each incident says which of the host's
//! resolvers it is about, and how it stands with the other.

use std::fs;
use std::net::IpAddr;

use netmon_testkit::lab::{DnsServer, Event, SERVER_V4, switched};
use serde_json::{Value, json};

use crate::support::{PATIENCE, ask_answered, ask_refused, watch};

const SECOND: &str = "203.0.113.3";
const STRANGER: &str = "203.0.113.4";

/// The next event about a server that says that of its resolver.
fn says(resolver: Value) -> impl Fn(&Event) -> bool {
    move |event| event.incident()["resolver"] == resolver
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_incident_says_which_resolver_of_this_host_it_is_and_how_it_stands_with_the_others() {
    let hosts = switched().unwrap();
    let [second, stranger]: [IpAddr; 2] = [SECOND, STRANGER].map(|address| address.parse().unwrap());
    for address in [second, stranger] {
        hosts.server.add_address(address, "to-client").unwrap();
    }
    let mut first = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let mut other = DnsServer::new(&hosts.server, &[second]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("resolv.conf");
    fs::write(&file, format!("nameserver {SERVER_V4}\nnameserver {SECOND}\n")).unwrap();
    let by = file.to_str().unwrap();
    let netmon = watch(
        &hosts.client,
        &[
            "--interface",
            "to-server",
            "--interface",
            "lo",
            "--resolv-conf",
            by,
        ],
    );
    let listed = |position, server: &str| json!({"server": server, "interface": null, "position": position, "of": 2, "by": by, "state": "unknown"});
    assert_eq!(
        netmon.started().value["resolvers"],
        json!([listed(1, &SERVER_V4.to_string()), listed(2, SECOND)])
    );

    let which = |position, server: &str, state: &str| json!({"configured": true, "position": position, "of": 2, "by": by, "others": [{"server": server, "state": state}]});
    ask_answered(&hosts.client, second, 1);
    first.stop().unwrap();
    ask_refused(&hosts.client, SERVER_V4, 1);
    let opened = netmon.wait_event("incident_opened", PATIENCE).unwrap();
    assert_eq!(opened.incident()["server"], SERVER_V4.to_string());
    assert_eq!(opened.incident()["resolver"], which(1, SECOND, "up"));

    // The control: nothing says that this host uses it.
    ask_refused(&hosts.client, stranger, 1);
    let none = json!({"configured": false, "position": null, "of": 2, "by": null, "others": []});
    let about = netmon.wait_for("the other server", PATIENCE, says(none)).unwrap();
    assert_eq!(about.incident()["server"], STRANGER);

    other.stop().unwrap();
    ask_refused(&hosts.client, second, 1);
    let first_is = which(1, SECOND, "down");
    let second_is = which(2, &SERVER_V4.to_string(), "down");
    netmon
        .wait_for("both are down", PATIENCE, says(second_is))
        .unwrap();
    let updated = netmon
        .wait_for("the first hears of it", PATIENCE, says(first_is))
        .unwrap();
    assert_eq!(updated.name(), "incident_updated");

    fs::write(directory.path().join("new"), format!("nameserver {STRANGER}\n")).unwrap();
    fs::rename(directory.path().join("new"), &file).unwrap();
    let warning = netmon
        .wait_for("other resolvers", PATIENCE, |event| {
            event.value["warning"] == "resolvers_changed"
        })
        .unwrap();
    let message = warning.value["message"].as_str().unwrap();
    assert!(
        message.contains(&format!(
            "are now {STRANGER} ({by}); they were {SERVER_V4}, {SECOND}"
        )),
        "{message}"
    );
    let stranger_is = json!({"configured": true, "position": 1, "of": 1, "by": by, "others": []});
    netmon
        .wait_for("the stranger is one now", PATIENCE, says(stranger_is))
        .unwrap();
}
