//! Forged errors for random servers, from anybody, and real outages among them. How many there are and for how long,
//! the test run and the soak choose.

use std::net::{IpAddr, SocketAddr};
use std::process::Command;
use std::thread;
use std::time::Duration;

use netmon_testkit::lab::icmp::{query_packet, unreachable};
use netmon_testkit::lab::{
    DnsServer, FAMILIES, Family, Forger, Hook, Namespace, Reply, Rules, SERVER_V4, SERVER_V6, TYPE_A, dig,
    query, two_hosts,
};

use crate::support::incident::{Expected, refusal};
use crate::support::{ask_answered, assert_adds_up, destination, watch};

/// Different servers that the errors are about: many more than are counted apart.
const SERVERS: u32 = 40_000;

/// How often a real client asks, and how long it waits.
const ATTEMPTS: u32 = 20;
const WAIT: Duration = Duration::from_secs(1);

/// Addresses of the server that nobody asks before the flood.
const NEVER_ASKED: [&str; 2] = ["203.0.113.3", "2001:db8:2::3"];

/// Addresses that the client's own firewall rejects.
const REJECTED: [&str; 2] = ["203.0.113.9", "2001:db8:2::9"];

/// The real outages: a server that answered before, one that was never asked, and one that the client's own host
/// does not let it ask.
fn outages(family: &Family) -> [Expected<'static>; 3] {
    let index = usize::from(family.server.is_ipv6());
    let [never_asked, rejected] = [NEVER_ASKED, REJECTED].map(|addresses| addresses[index].parse().unwrap());
    let server_says = |server| refusal(family.client, server);
    let host_says = Expected {
        cause: "firewall-reject",
        reporter: Some(family.client),
        ..server_says(rejected)
    };
    [server_says(family.server), server_says(never_asked), host_says]
}

/// Errors about queries that the client never sent, to servers all over the Internet.
pub fn lies() -> Vec<(Vec<u8>, IpAddr)> {
    let both = |number| FAMILIES.each_ref().map(|family| lie(family, number));
    (0..SERVERS / 2).flat_map(both).collect()
}

fn lie(family: &Family, number: u32) -> (Vec<u8>, IpAddr) {
    // Spread over the whole Internet; which addresses does not matter.
    let [a, b, c, d] = number.wrapping_mul(2_654_435_761).to_be_bytes();
    let server = match family.server {
        IpAddr::V4(_) => IpAddr::from([a % 127 + 1, b, c, d]),
        IpAddr::V6(_) => IpAddr::from([
            0x2400,
            0,
            0,
            0,
            0,
            0,
            u16::from_be_bytes([a, b]),
            u16::from_be_bytes([c, d]),
        ]),
    };
    let client = SocketAddr::new(family.client, 30_000 + u16::from_be_bytes([c, d]) % 20_000);
    let message = query(u16::from_be_bytes([a, b]), "forged.test", TYPE_A);
    let quoted = query_packet(client, SocketAddr::new(server, 53), &message);
    let code = if family.client.is_ipv6() { 4 } else { 3 };
    (unreachable(server, family.client, code, &quoted), family.client)
}

/// Sends so many forged errors a second, of both families together, for so long, and insists that they hide no outage.
pub fn a_flood_hides_no_real_outage(rate: u32, time: Duration) {
    let hosts = two_hosts().unwrap();
    for address in NEVER_ASKED {
        hosts
            .server
            .add_address(address.parse().unwrap(), "to-client")
            .unwrap();
    }
    let rules = REJECTED.map(|address| {
        let protocol = if address.contains(':') { "ip6" } else { "ip" };
        format!("{protocol} daddr {address} udp dport 53 reject")
    });
    let _rules = Rules::new(&hosts.client, Hook::Output, &rules.each_ref().map(String::as_str)).unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let mut netmon = watch(&hosts.client, &[]);
    for family in &FAMILIES {
        ask_answered(&hosts.client, family.server, 1);
    }
    server.stop().unwrap();
    let forger = Forger::new(&hosts.server).unwrap();
    let lies = lies();
    let before = arrived(&hosts.client);
    let flood = thread::scope(|scope| {
        let flood = scope.spawn(|| forger.flood(&lies, rate, time).unwrap());
        thread::sleep(time / 4);
        for family in &FAMILIES {
            for outage in outages(family) {
                ask_until_refused(&hosts.client, outage.server);
                let incident = outage.opened(&netmon);
                assert_eq!(incident["verified"], 1, "{incident:#}");
            }
        }
        flood.join().unwrap()
    });
    let arrived = arrived(&hosts.client) - before;
    println!("{} packets in {:?}, {arrived} arrived", flood.packets, flood.time);
    let stopped = netmon.stop().unwrap();
    assert_eq!(netmon.events_named("incident_opened").unwrap().len(), 6);
    let total = |name: &str| stopped.value["totals"][name].as_u64().unwrap();
    // Some of the lies have this host's own address as their source.
    let (unsolicited, not_ours) = (total("unsolicited"), total("not_ours"));
    assert!(unsolicited <= flood.packets, "{unsolicited}");
    // How many of them get into the client's queue is up to how busy the machine is. But of those that did, none but the
    // real outages' few packets (queries that were answered, errors, neighbours' solicitations) is anything else.
    assert!(
        unsolicited + not_ours + 200 >= arrived,
        "{unsolicited} and {not_ours} of {arrived}"
    );
    assert!(arrived >= flood.packets / 4, "hardly a flood: {arrived}");
    for family in &FAMILIES {
        let counts = destination(&stopped, family.server);
        // One that was answered, and at least one that was not.
        assert!(counts["dns_queries"].as_u64() >= Some(2), "{counts:#}");
        assert_eq!(counts["dns_unreachable"]["port"], 1, "{counts:#}");
    }
    assert_adds_up(&stopped);
}

/// How many packets have arrived at this host, as its interface counts them.
fn arrived(host: &Namespace) -> u64 {
    let statistics =
        host.exec(Command::new("ip").args(["-json", "-statistics", "link", "show", "to-server"]));
    let statistics: serde_json::Value = serde_json::from_str(&statistics.unwrap()).unwrap();
    statistics[0]["stats64"]["rx"]["packets"].as_u64().unwrap()
}

/// Asks until an error comes: a flood fills queues, and queries and errors get lost in them like anything else.
fn ask_until_refused(client: &Namespace, server: IpAddr) {
    for _ in 0..ATTEMPTS {
        if let Reply::Refused(_) = dig(client, server, "real.test", WAIT).unwrap() {
            return;
        }
    }
    panic!("{server} was asked {ATTEMPTS} times, and no error came");
}
