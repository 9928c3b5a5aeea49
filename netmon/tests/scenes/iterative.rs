//! A recursive resolver at work in a small Internet: a root server, a top-level domain, and zones of which each
//! has two servers, one of them dead. Its clients get all their answers, and nobody is to be woken up for it.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use netmon_testkit::lab::{FAMILIES, Family, Namespace, Netmon, Switched, Unbound, kdig, switched};

use crate::support::incident::{Expected, assert_no_incident, events_of, refusal};
use crate::support::{assert_adds_up, destination, watch};

/// Zones under the top-level domain. The resolver picks a server of each by chance: that it picks the living one
/// of all of them happens once in four thousand times.
const ZONES: usize = 24;

/// How long a client waits. The resolver must find out first that a server is dead.
const RESOLVED: Duration = Duration::from_secs(30);

/// Where the servers of the Internet are.
struct Internet {
    root: IpAddr,
    top_level: IpAddr,
    alive: IpAddr,
    /// A host on which nothing listens.
    deaf: IpAddr,
    /// No host at all.
    gone: IpAddr,
}

impl Internet {
    fn new(family: &Family) -> Self {
        let address = |last: u8| match family.server {
            IpAddr::V4(_) => IpAddr::from([198, 51, 100, last]),
            IpAddr::V6(_) => IpAddr::from([0x2001, 0xdb8, 3, 0, 0, 0, 0, u16::from(last)]),
        };
        Self {
            root: address(1),
            top_level: address(2),
            alive: address(3),
            deaf: address(4),
            gone: address(5),
        }
    }

    /// A host with all of their addresses that there are.
    fn host(&self, hosts: &Switched) -> Namespace {
        let host = Namespace::new("internet").unwrap();
        hosts.switch.plug(&host, "to-resolver").unwrap();
        let flag = if self.root.is_ipv6() { "-6" } else { "-4" };
        for address in [self.root, self.top_level, self.alive, self.deaf] {
            host.add_address(address, "to-resolver").unwrap();
        }
        host.ip(&format!("{flag} route add default dev to-resolver"))
            .unwrap();
        host
    }

    /// The servers that live.
    fn servers(&self, host: &Namespace) -> [Unbound; 3] {
        let kind = if self.root.is_ipv6() { "AAAA" } else { "A" };
        let soa = "3600 IN SOA ns.lab. hostmaster.lab. 1 3600 600 86400 60\n";
        let root = format!(
            ". {soa}. 3600 IN NS a.root.\na.root. 3600 IN {kind} {}\nlab. 3600 IN NS ns.lab.\n\
             ns.lab. 3600 IN {kind} {}\n",
            self.root, self.top_level
        );
        let mut lab = format!(
            "lab. {soa}lab. 3600 IN NS ns.lab.\nns.lab. 3600 IN {kind} {}\n",
            self.top_level
        );
        let mut configuration = String::new();
        let mut files = Vec::new();
        for zone in 0..ZONES {
            let dead = if zone % 2 == 0 { self.deaf } else { self.gone };
            let servers = format!(
                "z{zone}.lab. 3600 IN NS alive.z{zone}.lab.\nz{zone}.lab. 3600 IN NS dead.z{zone}.lab.\n\
                 alive.z{zone}.lab. 3600 IN {kind} {}\ndead.z{zone}.lab. 3600 IN {kind} {dead}\n",
                self.alive
            );
            lab.push_str(&servers);
            configuration.push_str(&zone_of(&format!("z{zone}.lab.")));
            let text = format!("z{zone}.lab. {soa}{servers}*.z{zone}.lab. 3600 IN A 192.0.2.80\n");
            files.push((format!("z{zone}.lab.zone"), text));
        }
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        [
            Unbound::start(host, &[self.root], &zone_of("."), &[(".zone", &root)]).unwrap(),
            Unbound::start(host, &[self.top_level], &zone_of("lab."), &[("lab.zone", &lab)]).unwrap(),
            Unbound::start(host, &[self.alive], &configuration, &files).unwrap(),
        ]
    }

    fn resolver(&self, host: &Namespace, address: IpAddr) -> Unbound {
        let kind = if self.root.is_ipv6() { "AAAA" } else { "A" };
        let hints = format!(". 3600 IN NS a.root.\na.root. 3600 IN {kind} {}\n", self.root);
        let configuration = "server:\n    module-config: \"iterator\"\n    root-hints: \"hints\"\n    \
                             target-fetch-policy: \"0 0 0 0 0\"\n    discard-timeout: 0\n";
        Unbound::start(host, &[address], configuration, &[("hints", &hints)]).unwrap()
    }
}

/// A zone that is served from a file of its name.
fn zone_of(name: &str) -> String {
    let mut text = String::new();
    let file = name.strip_suffix('.').unwrap_or(name);
    let _infallible = write!(
        text,
        "auth-zone:\n    name: \"{name}\"\n    zonefile: \"{file}.zone\"\n    for-downstream: yes\n    \
         for-upstream: no\n    fallback-enabled: no\n"
    );
    text
}

fn iterates(family: &Family) {
    let hosts = switched().unwrap();
    let internet = Internet::new(family);
    let host = internet.host(&hosts);
    let _servers = internet.servers(&host);
    let _resolver = internet.resolver(&hosts.server, family.server);
    let deaf = internet.deaf.to_string();
    let mut plain = watch(&hosts.server, &[]);
    let mut iterative = watch(&hosts.server, &["--iterative"]);
    let mut named = watch(&hosts.server, &["--server", &deaf]);
    std::thread::scope(|scope| {
        for zone in 0..ZONES {
            let hosts = &hosts;
            scope.spawn(move || {
                let name = format!("www.z{zone}.lab");
                let reply = kdig(&hosts.client, family.server, &name, RESOLVED).unwrap();
                assert!(reply.is_answer(), "{name}: {reply:?}");
            });
        }
    });

    let deaf = refusal(family.server, internet.deaf);
    let gone = Expected {
        server: internet.gone,
        cause: "host-down",
        reporter: Some(family.server),
        ..deaf
    };
    deaf.opened(&named);
    deaf.opened(&iterative);
    gone.opened(&iterative);
    assert!(events_of(&named, "incident_opened", internet.gone).is_empty());
    assert_no_incident(&plain);
    for netmon in [&mut plain, &mut iterative, &mut named] {
        assert_counted(netmon, &internet, family.server);
    }
}

/// What iterates is counted like everything else.
#[track_caller]
fn assert_counted(netmon: &mut Netmon, internet: &Internet, resolver: IpAddr) {
    let stopped = netmon.stop().unwrap();
    for (server, code) in [(internet.deaf, "port"), (internet.gone, "host")] {
        let counts = destination(&stopped, server);
        assert!(
            counts["dns_unreachable"][code].as_u64().unwrap() > 0,
            "{counts:#}"
        );
        assert_eq!(counts["dns_responses"], 0, "{counts:#}");
    }
    let counts = destination(&stopped, resolver);
    assert_eq!(counts["dns_queries"], ZONES, "{counts:#}");
    assert_eq!(counts["rcodes"]["noerror"], ZONES, "{counts:#}");
    assert_adds_up(&stopped);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_resolver_meets_dead_servers_and_only_who_asks_for_it_is_told() {
    iterates(&FAMILIES[0]);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_resolver_meets_dead_servers_over_ipv6_and_only_who_asks_for_it_is_told() {
    iterates(&FAMILIES[1]);
}
