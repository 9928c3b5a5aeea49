//! Two servers with the same link-local address, on two links: only the interface says which of them is asked.

use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};
use std::process::Command;
use std::thread::sleep;

use netmon_testkit::lab::{Namespace, Netmon, Recording, Scripted, cable};
use serde_json::Value;

use crate::support::doors::{BOTH_HAVE_JUDGED, analyzed, assert_same, incidents_of};
use crate::support::incident::assert_errors;
use crate::support::{PATIENCE, assert_adds_up, watch};
use crate::trouble::{answers, assert_exact};

const SERVER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x53);

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
        let link = self.host.ip("-oneline link show to-client").unwrap();
        let index = link.split(':').next().unwrap().parse().unwrap();
        let at = SocketAddr::V6(SocketAddrV6::new(SERVER, 53, 0, index));
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
