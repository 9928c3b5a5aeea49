//! A small company: an office of clients, a router, and a host with resolvers of all sorts. Each has a netmon.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use netmon_testkit::lab::{
    DnsServer, Event, Forwarder, Hook, Namespace, Netmon, Routed, Rules, Scripted, Unbound, respond,
    with_router,
};
use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::support::{assert_sums, watch};
use crate::trouble::port_53;

/// How many clients there are.
pub const CLIENTS: u8 = 20;

/// Of a hundred packets so many are lost, each way.
const LOST: u8 = 2;

/// The resolvers that the office may ask.
pub const UNBOUND: IpAddr = server(20);
pub const DNSMASQ: IpAddr = server(21);
pub const FORWARDER: IpAddr = server(22);
/// A pod, behind the service address.
const POD: IpAddr = server(23);
pub const SERVICE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 96, 0, 10));
/// A resolver that is slow at times.
pub const SLOW: IpAddr = server(24);
/// One that only clients ask which keep a log.
pub const LOGGED: IpAddr = server(25);
/// On the office's host itself.
pub const STUB: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 53));
/// Whom the resolvers ask.
const UPSTREAM: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));

/// Service addresses of the faults, and their pods: see [`World::service_of`].
const SERVICES: Ipv4Addr = Ipv4Addr::new(10, 96, 1, 0);

const fn server(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, last))
}

/// The address of a client.
pub fn client(number: u8) -> IpAddr {
    Ipv4Addr::new(192, 51, 100, 100 + number).into()
}

/// All hosts.
pub struct World {
    pub hosts: Routed,
    upstream: Namespace,
    folder: TempDir,
}

/// What runs, and ends with its guard.
pub struct Resolvers<'lab> {
    _servers: [DnsServer<'lab>; 3],
    _unbound: Unbound,
    _forwarders: [Forwarder; 2],
    _scripted: [Scripted; 2],
}

impl World {
    pub fn new() -> Self {
        let hosts = with_router().unwrap();
        for host in [&hosts.router, &hosts.server, &hosts.client] {
            host.limit_no_errors().unwrap();
        }
        for number in 0..CLIENTS {
            hosts.client.add_address(client(number), "to-router").unwrap();
        }
        for address in [UNBOUND, DNSMASQ, FORWARDER, POD, SLOW, LOGGED] {
            hosts.server.add_address(address, "to-router").unwrap();
        }
        let upstream = Namespace::new("upstream").unwrap();
        hosts.switch.plug(&upstream, "to-resolver").unwrap();
        upstream.add_address(UPSTREAM, "to-resolver").unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self {
            hosts,
            upstream,
            folder,
        }
    }

    /// Starts all resolvers, and what stands before and behind them.
    pub fn resolvers(&self) -> Resolvers<'_> {
        // Forwards, has one domain that is broken, and one in which nothing is.
        let configuration = format!(
            "server:\n    module-config: \"iterator\"\n    local-zone: \"test.\" nodefault\n    local-zone: \
             \"empty.test.\" static\nforward-zone:\n    name: \".\"\n    forward-addr: {UPSTREAM}\nforward-zone:\n    \
             name: \"broken.test.\"\n    forward-addr: 127.0.0.9\n"
        );
        let host = &self.hosts.server;
        // One in ten answers comes after its client has asked again, and closed the socket.
        let mut number = 0;
        let slow = Scripted::start_late(host, port_53(SLOW), move |query| {
            number += 1;
            let late = Duration::from_secs(if number % 10 == 0 { 3 } else { 0 });
            Some((late, respond(query, 0)))
        });
        Resolvers {
            _servers: [
                DnsServer::new(&self.upstream, &[UPSTREAM]).unwrap(),
                DnsServer::new(host, &[DNSMASQ]).unwrap(),
                DnsServer::new(host, &[POD]).unwrap(),
            ],
            _unbound: Unbound::start(host, &[UNBOUND], &configuration, &[]).unwrap(),
            _forwarders: [
                Forwarder::start(host, FORWARDER, &[UNBOUND]).unwrap(),
                // Of the same view of the broken domain: else it would be lost whenever the stub changes to the other one.
                Forwarder::start(&self.hosts.client, STUB, &[UNBOUND, FORWARDER]).unwrap(),
            ],
            _scripted: [
                slow.unwrap(),
                Scripted::start(host, port_53(LOGGED), |query| Some(respond(query, 0))).unwrap(),
            ],
        }
    }

    /// Packets are lost between office and resolvers, and between these and whom they ask; and the router translates
    /// service addresses.
    pub fn losses(&self) -> [Rules<'_>; 4] {
        let lost = format!("numgen random mod 100 < {LOST} drop");
        let resolvers = format!("{{ {UNBOUND}, {DNSMASQ}, {FORWARDER}, {POD}, {SLOW}, {LOGGED} }}");
        let both_ways = [
            format!("ip daddr {resolvers} udp dport 53 {lost}"),
            format!("ip saddr {resolvers} udp sport 53 {lost}"),
        ];
        let from_upstream = format!("ip saddr {UPSTREAM} udp sport 53 {lost}");
        let to_upstream = format!("udp dport 53 {lost}");
        let services: Vec<String> = (0..40_u8)
            .map(|number| {
                let (service, pod) = (Self::service_of(number), Self::fault_address(number));
                format!("ip daddr {service} udp dport 53 dnat ip to {pod}")
            })
            .chain([format!("ip daddr {SERVICE} udp dport 53 dnat ip to {POD}")])
            .collect();
        let services: Vec<&str> = services.iter().map(String::as_str).collect();
        let Routed { router, server, .. } = &self.hosts;
        [
            Rules::new(router, Hook::Forward, &both_ways.each_ref().map(String::as_str)).unwrap(),
            Rules::new(server, Hook::Input, &[&from_upstream]).unwrap(),
            Rules::new(&self.upstream, Hook::Input, &[&to_upstream]).unwrap(),
            Rules::new(router, Hook::Redirect, &services).unwrap(),
        ]
    }

    /// The address of the service to which that fault happens.
    pub fn fault_address(number: u8) -> IpAddr {
        server(100 + number)
    }

    /// The same over IPv6.
    pub fn fault_address_v6(number: u8) -> IpAddr {
        Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 0x100 + u16::from(number)).into()
    }

    /// A service address whose pod has the fault's.
    pub fn service_of(number: u8) -> IpAddr {
        let [a, b, c, _] = SERVICES.octets();
        Ipv4Addr::new(a, b, c, number).into()
    }

    /// A netmon in the office, and one on the router.
    pub fn watchers(&self) -> Vec<Watcher<'_>> {
        let Routed { client, router, .. } = &self.hosts;
        vec![
            Watcher::start(self, client, "office", &["to-router", "lo"], "10m"),
            Watcher::start(self, router, "router", &["to-client", "to-server"], "10m"),
        ]
    }

    /// One more in the office, for a long life. What is idle makes room soon, so that its tables are as full after minutes as after
    /// hours.
    pub fn steady(&self) -> Watcher<'_> {
        Watcher::start(self, &self.hosts.client, "steady", &["to-router", "lo"], "1m")
    }
}

/// A netmon that may be started again: all of its lives have one history, and one configuration.
pub struct Watcher<'lab> {
    host: &'lab Namespace,
    pub name: &'static str,
    arguments: Vec<String>,
    configuration: PathBuf,
    interfaces: &'static [&'static str],
    idle_entries: &'static str,
    /// What runs now.
    running: Netmon,
}

impl<'lab> Watcher<'lab> {
    fn start(
        world: &World,
        host: &'lab Namespace,
        name: &'static str,
        interfaces: &'static [&'static str],
        idle_entries: &'static str,
    ) -> Self {
        let file = |kind: &str| world.folder.path().join(format!("{name}.{kind}"));
        let configuration = file("toml");
        write_configuration(&configuration, interfaces, idle_entries, 0);
        let arguments = vec![
            format!("--config={}", configuration.display()),
            format!("--history={}", file("db").display()),
        ];
        Self {
            host,
            name,
            running: watch(host, &texts(&arguments)),
            arguments,
            configuration,
            interfaces,
            idle_entries,
        }
    }

    pub const fn netmon(&self) -> &Netmon {
        &self.running
    }

    /// It reads its configuration again, in which something is different that says nothing.
    pub fn reload(&self, number: usize) {
        write_configuration(&self.configuration, self.interfaces, self.idle_entries, number);
        self.running.process().signal(Signal::SIGHUP).unwrap();
    }

    /// What happens to a monitor.
    pub fn trouble(&mut self, number: usize) {
        match number % 4 {
            0 => self.reload(number),
            1 => {
                self.running.process().signal(Signal::SIGKILL).unwrap();
                self.running.wait().unwrap();
                self.running = watch(self.host, &texts(&self.arguments));
            }
            2 => {
                self.running.process().suspend().unwrap();
                sleep(Duration::from_secs(3));
                self.running.process().signal(Signal::SIGCONT).unwrap();
            }
            _ => {
                let stopped = self.running.stop().unwrap();
                assert_sums(&stopped);
                self.running = watch(self.host, &texts(&self.arguments));
            }
        }
    }

    /// Stops it, and insists that no incident is open, and on how many there were in its last life. What it said at its end.
    pub fn finish(&mut self, faults: usize) -> Event {
        let stopped = self.running.stop().unwrap();
        assert_sums(&stopped);
        let incidents = crate::support::doors::incidents_of(&self.running);
        assert!(incidents.len() >= faults, "{}: {incidents:#?}", self.name);
        let open: Vec<_> = incidents
            .iter()
            .filter(|incident| incident["state"] != "closed")
            .collect();
        assert!(open.is_empty(), "{}: {open:#?}", self.name);
        stopped
    }
}

fn texts(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

/// Each time something is different that says nothing.
fn write_configuration(file: &PathBuf, interfaces: &[&str], idle_entries: &str, number: usize) {
    let idle = 600 + number;
    let text = format!(
        "interface = {interfaces:?}\nidle-entries = \"{idle_entries}\"\n[thresholds]\nidle = \"{idle}s\"\n"
    );
    fs::write(file, text).unwrap();
}
