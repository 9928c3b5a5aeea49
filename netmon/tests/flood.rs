//! 100,000 forged errors a second, for random servers, from anybody: they hide no real outage, and cost user space
//! next to nothing. Alone in its program, because it measures.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]

mod support;

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use netmon_testkit::lab::icmp::{query_packet, unreachable};
use netmon_testkit::lab::{
    DnsServer, FAMILIES, Family, Flood, Forger, Hook, Namespace, Netmon, Reply, Rules, SERVER_V4, SERVER_V6,
    TYPE_A, dig, query, two_hosts,
};
use nix::unistd::{SysconfVar, sysconf};
use support::incident::{Expected, time};
use support::{SOON, ask_answered, assert_adds_up, destination, watch};

/// Forged errors a second, of both families together.
const RATE: u32 = 100_000;

/// How long the flood lasts.
const TIME: Duration = Duration::from_secs(8);

/// Different servers that the errors are about: many more than are counted apart.
const SERVERS: u32 = 40_000;

/// How often a real client asks, and how long it waits.
const ATTEMPTS: u32 = 5;
const PATIENCE: Duration = Duration::from_secs(1);

/// How soon a real incident must open.
const A_SECOND: Duration = Duration::from_secs(1);

/// What netmon may take of one core.
const CPU: f64 = 0.10;

/// How much its memory may grow, KiB: all tables are bounded.
const GROWTH: u64 = 32 * 1_024;

/// Addresses of the server that nobody asks before the flood.
const NEVER_ASKED: [&str; 2] = ["203.0.113.3", "2001:db8:2::3"];

/// Addresses that the client's own firewall rejects.
const REJECTED: [&str; 2] = ["203.0.113.9", "2001:db8:2::9"];

/// The real outages: a server that answered before, one that was never asked, and one that the client's own host
/// does not let it ask.
fn outages(family: &Family) -> [Expected<'static>; 3] {
    let index = usize::from(family.server.is_ipv6());
    let [never_asked, rejected] = [NEVER_ASKED, REJECTED].map(|addresses| addresses[index].parse().unwrap());
    let server_says = |server| Expected {
        server,
        transport: "udp",
        kind: "unreachable",
        severity: "down",
        cause: "service-down",
        reporter: Some(server),
        client: family.client,
    };
    let host_says = Expected {
        cause: "firewall-reject",
        reporter: Some(family.client),
        ..server_says(rejected)
    };
    [server_says(family.server), server_says(never_asked), host_says]
}

/// Errors about queries that the client never sent, to servers all over the Internet.
fn lies() -> Vec<(Vec<u8>, IpAddr)> {
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

/// What a process has used.
struct Used {
    at: Instant,
    cpu: Duration,
    memory_kib: u64,
}

fn used(netmon: &Netmon) -> Used {
    let id = netmon.process().id();
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    // proc_pid_stat(5): the name may have spaces; after it, utime and stime are the 12th and 13th.
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let ticks: u64 = fields
        .split(' ')
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().unwrap())
        .sum();
    let a_second = u64::try_from(sysconf(SysconfVar::CLK_TCK).unwrap().unwrap()).unwrap();
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    Used {
        at: Instant::now(),
        cpu: Duration::from_millis(ticks * 1_000 / a_second),
        memory_kib: resident.split_whitespace().next().unwrap().parse().unwrap(),
    }
}

#[test]
#[ignore = "needs root: network namespaces, TC and raw sockets"]
fn a_flood_of_forged_errors_hides_no_real_outage_and_costs_user_space_little() {
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
    let before = used(&netmon);
    let flood = thread::scope(|scope| {
        let flood = scope.spawn(|| forger.flood(&lies, RATE, TIME).unwrap());
        thread::sleep(Duration::from_secs(2));
        for family in &FAMILIES {
            for outage in outages(family) {
                let asked = ask_until_refused(&hosts.client, outage.server);
                let incident = outage.opened(&netmon, SOON);
                let delay = time(&incident["opened"]).duration_since(asked).unwrap();
                assert!(delay < A_SECOND, "{delay:?}: {incident:#}");
                assert_eq!(incident["verified"], 1, "{incident:#}");
            }
        }
        flood.join().unwrap()
    });
    let after = used(&netmon);
    let share = after.cpu.saturating_sub(before.cpu).as_secs_f64() / (after.at - before.at).as_secs_f64();
    let growth = after.memory_kib.saturating_sub(before.memory_kib);
    println!(
        "{} packets in {:?}; user space: {:.1} % of a core, {growth} KiB more",
        flood.packets,
        flood.time,
        share * 100.0
    );
    assert_flooded(&flood);
    assert!(share < CPU, "{share}");
    assert!(growth < GROWTH, "{growth} KiB");

    let stopped = netmon.stop().unwrap();
    assert_eq!(netmon.events_named("incident_opened").unwrap().len(), 6);
    let unsolicited = stopped.value["totals"]["unsolicited"].as_u64().unwrap();
    assert!(unsolicited <= flood.packets, "{unsolicited}");
    // A full queue between the hosts may lose some.
    assert!(unsolicited >= flood.packets * 9 / 10, "{unsolicited}");
    for family in &FAMILIES {
        let counts = destination(&stopped, family.server);
        // One that was answered, and at least one that was not.
        assert!(counts["dns_queries"].as_u64() >= Some(2), "{counts:#}");
        assert_eq!(counts["dns_unreachable"]["port"], 1, "{counts:#}");
    }
    assert_adds_up(&stopped);
}

/// Asks until an error comes: a flood fills queues, and queries and errors get lost in them like anything else.
/// When it asked for the last time.
fn ask_until_refused(client: &Namespace, server: IpAddr) -> SystemTime {
    for _ in 0..ATTEMPTS {
        let asked = SystemTime::now();
        if let Reply::Refused(_) = dig(client, server, "real.test", PATIENCE).unwrap() {
            return asked;
        }
    }
    panic!("{server} was asked {ATTEMPTS} times, and no error came");
}

/// Insists that the machine could send nearly as fast as it should.
#[track_caller]
fn assert_flooded(flood: &Flood) {
    let nearly = u64::from(RATE) * TIME.as_secs() * 9 / 10;
    let in_time = flood.time < TIME * 11 / 10;
    assert!(flood.packets > nearly && in_time, "{flood:?} is too slow to tell");
}
