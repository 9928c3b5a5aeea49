//! Interfaces come and go while netmon runs: what is watched follows, and no count and no incident is lost.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]

mod back;
mod many;
mod network;
#[path = "../support/mod.rs"]
mod support;
mod taken;

use std::time::Duration;

use netmon_testkit::lab::{CLIENT_V4, CLIENT_V6, Event, Netmon, SERVER_V4, SERVER_V6, TwoHosts};
use support::PATIENCE;

/// Long enough for news to be told that should not be.
const A_WHILE: Duration = Duration::from_millis(600);

fn warnings(netmon: &Netmon) -> Vec<(String, String)> {
    let told = netmon.events_named("warning").unwrap();
    told.iter()
        .map(|event| (word(event, "warning"), word(event, "message")))
        .collect()
}

fn words(netmon: &Netmon) -> Vec<String> {
    warnings(netmon).into_iter().map(|(warning, _)| warning).collect()
}

fn word(event: &Event, name: &str) -> String {
    event.value[name].as_str().unwrap_or_default().to_owned()
}

/// Waits for a warning about an interface.
fn await_warning(netmon: &Netmon, warning: &str, interface: &str) {
    let what = format!("{warning} {interface}");
    let event = netmon.wait_for(&what, PATIENCE, |event| {
        word(event, "warning") == warning && word(event, "message").starts_with(&format!("{interface} "))
    });
    event.unwrap();
}

fn client_addresses(hosts: &TwoHosts) {
    for (family, client, server) in [("-4", CLIENT_V4, SERVER_V4), ("-6", CLIENT_V6, SERVER_V6)] {
        hosts.client.add_address(client, "to-server").unwrap();
        hosts.server.add_address(server, "to-client").unwrap();
        hosts
            .client
            .ip(&format!("{family} route replace default dev to-server"))
            .unwrap();
        hosts
            .server
            .ip(&format!("{family} route replace default dev to-client"))
            .unwrap();
    }
}
