//! Both doors: netmon on a host, and beside it a record of what passes the interfaces that it watches. At the end
//! `netmon analyze` must find in the record what the live monitor found.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use netmon_testkit::lab::{Event, Namespace, Netmon, Record, Recording};
use serde_json::Value;

use super::{NETMON, watch};

/// What two runs over the same packets cannot have in common: times, and the id, which holds one.
const TIMES: [&str; 6] = ["id", "began", "opened", "last_seen", "recovered", "closed"];

/// What a capture does not say: how the host is configured.
pub const ONLY_LIVE: [&str; 5] = ["resolver", "askers", "askers_more", "accepted", "probe"];

/// The live monitor judges when a second of the boot clock has ended, a capture when one of the wall clock has. A second
/// later, and a tenth for what settles, both have judged what had passed.
pub const BOTH_HAVE_JUDGED: Duration = Duration::from_millis(1_500);

/// A running monitor, and records of the interfaces.
pub struct BothDoors<'lab> {
    host: &'lab Namespace,
    netmon: Netmon,
    recordings: Vec<Recording>,
    judging: Vec<String>,
}

impl<'lab> BothDoors<'lab> {
    /// Starts the records and then netmon, which watches these interfaces. `judging` are arguments that both `netmon run`
    /// and `netmon analyze` take.
    pub fn open(host: &'lab Namespace, interfaces: &[&str], judging: &[&str]) -> Self {
        Self::open_with(host, interfaces, judging, &[])
    }

    /// The same, with arguments that only `netmon run` takes.
    pub fn open_with(host: &'lab Namespace, interfaces: &[&str], judging: &[&str], live: &[&str]) -> Self {
        let recordings = interfaces
            .iter()
            .map(|name| Recording::start(host, name).unwrap());
        let recordings = recordings.collect();
        let watched = interfaces.iter().flat_map(|name| ["--interface", name]);
        let arguments: Vec<&str> = watched.chain([judging, live].concat()).collect();
        Self {
            host,
            netmon: watch(host, &arguments),
            recordings,
            judging: judging.iter().map(|&argument| argument.to_owned()).collect(),
        }
    }

    /// Stops netmon, insists that the record holds the same incidents, and gives back netmon's last word.
    #[track_caller]
    pub fn stop(&mut self) -> anyhow::Result<Event> {
        sleep(BOTH_HAVE_JUDGED);
        let stopped = self.netmon.stop()?;
        sleep(BOTH_HAVE_JUDGED);
        let records: anyhow::Result<Vec<Record>> = self.recordings.drain(..).map(Recording::finish).collect();
        let captured = analyzed(self.host, &records?, &self.judging);
        assert_same(&incidents_of(&self.netmon), &captured);
        Ok(stopped)
    }
}

impl Deref for BothDoors<'_> {
    type Target = Netmon;

    fn deref(&self) -> &Netmon {
        &self.netmon
    }
}

/// The incidents of a live run, each as it was reported last, in the order in which they opened.
pub fn incidents_of(netmon: &Netmon) -> Vec<Value> {
    let mut order = Vec::new();
    let mut last = BTreeMap::new();
    for event in netmon.events().unwrap() {
        let incident = event.incident();
        if let Some(id) = incident["id"].as_str()
            && last.insert(id.to_owned(), incident.clone()).is_none()
        {
            order.push(id.to_owned());
        }
    }
    order.iter().filter_map(|id| last.remove(id)).collect()
}

/// The incidents that `netmon analyze` finds in the records of a host.
pub fn analyzed(host: &Namespace, records: &[Record], judging: &[String]) -> Vec<Value> {
    let mut command = Command::new(NETMON);
    command.args(["analyze", "--format", "json"]).args(judging);
    for address in addresses_of(host) {
        command.arg(format!("--local={address}"));
    }
    command.args(records.iter().map(Record::file));
    let output = host.exec(&mut command).unwrap();
    let document: Value = serde_json::from_str(&output).unwrap();
    document["incidents"].as_array().expect("incidents").clone()
}

/// The addresses of a host. That all of 127.0.0.0/8 is its own, netmon knows.
fn addresses_of(host: &Namespace) -> Vec<String> {
    let list = host.ip("-oneline address show").unwrap();
    let address = |line: &str| {
        let mut words = line
            .split_whitespace()
            .skip_while(|word| !word.starts_with("inet"));
        let (address, _length) = words.nth(1)?.split_once('/')?;
        Some(address.to_owned())
    };
    list.lines().filter_map(address).collect()
}

/// Insists that both runs found the same: each field of each incident, but for times, of which only is compared
/// whether they are known.
#[track_caller]
pub fn assert_same(live: &[Value], captured: &[Value]) {
    let [live, captured] = [live, captured].map(|incidents| {
        let mut all: Vec<Value> = incidents.iter().map(without_times).collect();
        all.sort_by_key(|incident| {
            ["server", "interface", "port", "transport", "kind"].map(|name| incident[name].to_string())
        });
        all
    });
    let differences: Vec<String> = differences(&live, &captured);
    assert!(
        differences.is_empty(),
        "live and from the capture:\n{}\nlive: {live:#?}\nfrom the capture: {captured:#?}",
        differences.join("\n")
    );
}

fn without_times(incident: &Value) -> Value {
    let mut incident = incident.clone();
    for name in ONLY_LIVE {
        incident[name] = Value::Null;
    }
    for name in TIMES {
        let time = &mut incident[name];
        if !time.is_null() {
            *time = Value::from("known");
        }
    }
    // Only the live door does not look at all queries.
    if incident["failover"].is_object() {
        incident["failover"]["sample"] = Value::Null;
    }
    // The id of the other one.
    if !incident["because_of"].is_null() {
        incident["because_of"] = Value::from("known");
    }
    // Both read the time of a packet, but not at the same moment.
    for name in ["waited_p50_ms", "waited_max_ms"] {
        let waited = &mut incident["failover"][name];
        if !waited.is_null() {
            *waited = Value::from("known");
        }
    }
    // In order of appearance; of packets that pass two interfaces at once, either may be first.
    for name in ["clients", "names", "reporters"] {
        if let Some(list) = incident[name].as_array_mut() {
            list.sort_by_key(ToString::to_string);
        }
    }
    incident
}

/// What is different, a line each.
fn differences(live: &[Value], captured: &[Value]) -> Vec<String> {
    if live.len() != captured.len() {
        return vec![format!("{} incidents, and {}", live.len(), captured.len())];
    }
    let mut lines = Vec::new();
    for (live, captured) in live.iter().zip(captured) {
        for (name, value) in live.as_object().expect("an incident") {
            if captured[name] != *value {
                let who = format!("{} {}", live["server"], live["kind"]);
                lines.push(format!("{who}: {name}: {value}, and {}", captured[name]));
            }
        }
    }
    lines
}
