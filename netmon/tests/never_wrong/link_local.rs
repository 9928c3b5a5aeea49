//! Link-local servers: where two have the same address on two links, only the interface says which of them is asked, and the ports
//! of a bridge are one link.

use std::fs;
use std::net::Ipv6Addr;
use std::process::Command;
use std::thread::sleep;

use netmon_testkit::lab::{Namespace, Netmon, Recording, Scripted, cable};
use serde_json::Value;

use crate::support::doors::{BOTH_HAVE_JUDGED, analyzed, assert_same, incidents_of};
use crate::support::incident::assert_errors;
use crate::support::{PATIENCE, assert_adds_up, destination, watch};
use crate::trouble::{
    NAMES, answers, ask_refused, ask_well, asker_by, assert_exact, assert_nothing_of, port_53_by,
    says_nothing, send_all,
};

const SERVER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x53);
const SILENT: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x54);

/// A host on a link of the client's, with that address.
struct Link {
    host: Namespace,
    /// The client's interface.
    interface: &'static str,
}

impl Link {
    fn new(client: &Namespace, interface: &'static str) -> Self {
        let host = Namespace::new("link").unwrap();
        cable((client, interface), (&host, "to-client")).unwrap();
        host.ip(&format!("address add {SERVER}/64 dev to-client nodad"))
            .unwrap();
        host.limit_no_errors().unwrap();
        Self { host, interface }
    }

    fn serve(&self) -> Scripted {
        let at = port_53_by(&self.host, "to-client", SERVER);
        Scripted::start(&self.host, at, answers).unwrap()
    }

    /// Asks so many times with a real client, and insists on whether it is answered.
    #[track_caller]
    fn ask(&self, client: &Namespace, times: u32, is_answered: bool) {
        for number in 0..times {
            let mut dig = Command::new("dig");
            dig.args(["-r", "+tries=1", "+timeout=20"])
                .arg(format!("@{SERVER}%{}", self.interface))
                .args([&format!("link{number}.test"), "A"]);
            let output = client.output(&mut dig).unwrap();
            let text = String::from_utf8_lossy(&output.stdout);
            assert_eq!(text.contains("status: NOERROR"), is_answered, "{text}");
        }
    }

    #[track_caller]
    fn reported(&self, netmon: &Netmon, name: &str) -> Value {
        let event = netmon.wait_for(&format!("{name} at {}", self.interface), PATIENCE, |event| {
            event.name() == name && event.incident()["interface"] == self.interface
        });
        let incident = event.unwrap().incident().clone();
        assert_eq!(incident["server"], SERVER.to_string(), "{incident:#}");
        assert_eq!(incident["kind"], "unreachable", "{incident:#}");
        assert_eq!(incident["severity"], "down", "{incident:#}");
        incident
    }
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn one_of_two_servers_with_the_same_link_local_address_is_dead_and_is_reported_with_its_interface() {
    let client = Namespace::new("client").unwrap();
    let [alive, dead] = ["to-alive", "to-dead"].map(|interface| Link::new(&client, interface));
    let lives = alive.serve();
    let recording = Recording::start(&client, dead.interface).unwrap();
    let mut netmon = watch(&client, &["--interface=to-alive", "--interface=to-dead"]);
    alive.ask(&client, 2, true);
    dead.ask(&client, 3, false);
    alive.ask(&client, 5, true);
    dead.reported(&netmon, "incident_opened");
    assert_eq!(netmon.events_named("incident_opened").unwrap().len(), 1);

    let serves = dead.serve();
    dead.ask(&client, 2, true);
    let closed = dead.reported(&netmon, "incident_closed");
    assert_errors(&closed, "port", 3);
    assert_exact(&closed, 3, 0);

    // The control: the other one dies.
    drop(lives);
    alive.ask(&client, 2, false);
    alive.reported(&netmon, "incident_opened");
    assert_eq!(netmon.events_named("incident_opened").unwrap().len(), 2);
    dead.ask(&client, 1, true);
    drop(serves);
    assert_adds_up(&netmon.stop().unwrap());
    sleep(BOTH_HAVE_JUDGED);

    // A record of both links would be one of one server: a file of tcpdump's says nothing of interfaces. Of one link, it
    // holds the same, but for the interface.
    let mut of_dead = incidents_of(&netmon);
    of_dead.retain(|incident| incident["interface"] == dead.interface);
    for incident in &mut of_dead {
        incident["interface"] = Value::Null;
    }
    assert_same(&of_dead, &analyzed(&client, &[recording.finish().unwrap()], &[]));
}

/// The incident of that kind that opens about a server, at that interface.
#[track_caller]
pub fn opened(netmon: &Netmon, server: Ipv6Addr, kind: &str, interface: &str) -> Value {
    let what = format!("{kind} of {server} at {interface}");
    let event = netmon.wait_for(&what, PATIENCE, |event| {
        let incident = event.incident();
        event.name() == "incident_opened"
            && incident["server"] == server.to_string()
            && incident["kind"] == kind
            && incident["interface"] == interface
    });
    event.unwrap().incident().clone()
}

/// A host with a bridge, as one for virtual machines is: a guest behind one of its ports, and a router behind the other.
#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_router_that_is_asked_by_one_port_of_a_bridge_and_answers_by_another_is_well() {
    let [host, guest, router] = ["host", "guest", "router"].map(|label| Namespace::new(label).unwrap());
    host.ip("link add bridge type bridge stp_state 0 mcast_snooping 0")
        .unwrap();
    host.ip("link set bridge up").unwrap();
    for (port, other) in [("tap", &guest), ("card", &router)] {
        cable((&host, port), (other, "to-host")).unwrap();
        host.ip(&format!("link set {port} master bridge")).unwrap();
    }
    for address in [SERVER, SILENT] {
        router
            .ip(&format!("address add {address}/64 dev to-host nodad"))
            .unwrap();
    }
    router.limit_no_errors().unwrap();
    let at = |address| port_53_by(&router, "to-host", address);
    let serves = Scripted::start(&router, at(SERVER), answers).unwrap();
    let _silent = Scripted::start(&router, at(SILENT), says_nothing).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("resolv.conf");
    fs::write(&file, format!("nameserver {SERVER}%bridge\n")).unwrap();
    let resolvers = format!("--resolv-conf={}", file.display());
    let mut netmon = watch(&host, &["--all-interfaces", &resolvers]);

    let askers = [(&guest, "to-host"), (&host, "bridge")].map(|(from, by)| asker_by(from, by, SERVER));
    for asker in &askers {
        ask_well(asker, 6);
    }
    // The control: a server that is really silent, by which time the other one would be too.
    send_all(&asker_by(&guest, "to-host", SILENT));
    let silence = opened(&netmon, SILENT, "unanswered", "bridge");
    assert_exact(&silence, NAMES.len() as u64, 0);
    assert_nothing_of(&netmon, [SERVER.into()]);

    drop(serves);
    for asker in &askers {
        ask_refused(asker, 2);
    }
    let refusal = opened(&netmon, SERVER, "unreachable", "bridge");
    assert_eq!(refusal["resolver"]["configured"], true, "{refusal:#}");
    let stopped = netmon.stop().unwrap();
    assert_eq!(stopped.value["totals"]["not_ours"], 0);
    let counts = destination(&stopped, SERVER.into());
    assert_eq!(counts["dns_queries"], 2 * (6 + 2), "{counts:#}");
    assert_eq!(counts["dns_responses"], 2 * 6, "{counts:#}");
    assert_eq!(counts["dns_unreachable"]["port"], 2 * 2, "{counts:#}");
    assert_adds_up(&stopped);
}
