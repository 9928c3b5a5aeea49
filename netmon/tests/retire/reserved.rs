//! Servers that are named, and those that this host is configured to use, have places before anybody asks them.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use netmon::kernel::{Kernel, Settings};
use netmon::time::Time;
use netmon_common::records::ServiceKey;
use netmon_common::{Address, Transport};
use netmon_testkit::lab::{Namespace, eventually, two_hosts};
use nix::sys::signal::Signal;

use crate::killed::ask;
use crate::support::http::get;
use crate::support::{PATIENCE, destination, watch};

const METRICS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 19_054);

fn service(number: u8) -> ServiceKey {
    let server: Address = Ipv4Addr::new(10, 0, 0, number).into();
    ServiceKey::new(server, 53, Transport::Udp, 0, false)
}

#[test]
#[ignore = "needs root: loads programs"]
fn what_fills_the_tables_takes_no_reserved_place() {
    const DESTINATIONS: u32 = 64;
    const RESERVED: u8 = 200;
    let settings = Settings {
        destinations: DESTINATIONS,
        ..Settings::default()
    };
    let mut kernel = Kernel::load(&settings).unwrap();
    let (mut poller, mut switches) = (kernel.poller().unwrap(), kernel.switches().unwrap());
    assert_eq!(
        poller.reserve(vec![service(RESERVED)], &mut switches).unwrap(),
        []
    );
    // Once more, it has them already.
    assert_eq!(
        poller.reserve(vec![service(RESERVED)], &mut switches).unwrap(),
        []
    );
    poller.look_at_destinations(Time::from_nanos(1), |_, _, _| panic!("nobody was asked"));
    assert_eq!(poller.destinations(), 1);
    assert!(
        poller.counts().unwrap().destinations.is_empty(),
        "nobody was asked"
    );
    ask(&mut kernel, 0..100);
    ask(&mut kernel, RESERVED..RESERVED + 1);
    let counts = poller.counts().unwrap();
    assert!(counts.add_up(), "{counts:#?}");
    assert!(counts.totals.overflow > 0, "the table is not full");
    let reserved = &counts.destinations[&service(RESERVED).server];
    assert_eq!(reserved.dns_queries, 1);
    assert_eq!(poller.service(service(RESERVED)).unwrap().unwrap().queries, 1);
    // What is for others is taken last, and then there is none.
    let more: Vec<_> = (100..150).map(service).collect();
    let without = poller.reserve(more.clone(), &mut switches).unwrap();
    assert_eq!(without, more[16..]);
    assert!(poller.counts().unwrap().add_up());
}

/// How many destinations have places, as the metrics say.
fn places(host: &Namespace) -> Option<String> {
    let page = host.enter(|| get(METRICS, "/metrics")).unwrap().body;
    let line = page
        .lines()
        .find(|line| line.starts_with("netmon_table_entries{table=\"destinations\"}"));
    line.and_then(|line| Some(line.rsplit_once(' ')?.1.to_owned()))
}

#[track_caller]
fn wait_for_places(host: &Namespace, expected: &str) {
    let what = format!("{expected} places");
    eventually(&what, || places(host), |now| now.as_deref() == Some(expected));
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn named_and_configured_servers_have_places_from_the_start_and_after_a_reload() {
    let hosts = two_hosts().unwrap();
    let files = tempfile::tempdir().unwrap();
    let [config, resolv_conf] = ["netmon.toml", "resolv.conf"].map(|name| files.path().join(name));
    let named = |servers: &str| format!("interface = [\"to-server\"]\nserver = [{servers}]\n");
    fs::write(&config, named("\"203.0.113.3\"")).unwrap();
    fs::write(&resolv_conf, "nameserver 203.0.113.4\n").unwrap();
    let arguments = [
        &format!("--config={}", config.display()),
        &format!("--resolv-conf={}", resolv_conf.display()),
        &format!("--metrics={METRICS}"),
    ];
    let mut netmon = watch(&hosts.client, &arguments.map(String::as_str));
    wait_for_places(&hosts.client, "2");
    fs::write(&config, named("\"203.0.113.3\", \"203.0.113.5\"")).unwrap();
    netmon.process().signal(Signal::SIGHUP).unwrap();
    wait_for_places(&hosts.client, "3");
    fs::write(&resolv_conf, "nameserver 203.0.113.6\n").unwrap();
    netmon.wait_event("warning", PATIENCE).unwrap();
    wait_for_places(&hosts.client, "4");
    let stopped = netmon.stop().unwrap();
    // Nobody has asked any of them.
    assert!(destination(&stopped, IpAddr::V4(Ipv4Addr::new(203, 0, 113, 3))).is_null());
}
