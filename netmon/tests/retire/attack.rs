//! Queries to random addresses, as many as this machine can send, from strangers or from a thousand clients, and forged errors
//! beside them. Meanwhile a server that is known goes down, and a new one is down: both are reported, exactly, and nothing else is.

use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, Ipv4Addr};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant, SystemTime};

use netmon_testkit::lab::attack::{Attack, anywhere, clients, strangers};
use netmon_testkit::lab::{
    Asker, CLIENT_V4, DnsServer, Event, Forger, Namespace, Netmon, Reply, SERVER_V4, SERVER_V6, two_hosts,
    with_router,
};
use serde_json::Value;

use crate::blinded::{LIES, lie, retired_and_overflow, warnings};
use crate::support::incident::{assert_errors, since};
use crate::support::{PATIENCE, ask_answered, assert_counts, assert_sums, destination, watch};

/// A server that nobody asks before the attack.
const NEW: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 3));

/// Of each family so many that nobody asks before its end, anywhere.
const LATER: u16 = 8;

/// How long the attack lasts before the outage, and after the last error about it.
const LEAD: Duration = Duration::from_secs(1);
const ATTACK: Duration = Duration::from_secs(6);

/// Errors about each outage.
const ERRORS: u64 = 5;

/// How often a client asks for each of them: queues overflow, and queries and errors are lost in them like anything else.
const ATTEMPTS: u16 = 100;
const WAIT: Duration = Duration::from_millis(500);

/// What became of a server that is down.
struct Outage {
    server: IpAddr,
    queries: u64,
    opened: Value,
    /// From when the client had the first error until netmon had reported it.
    after: Duration,
}

/// Asks until so many errors came, and waits until they are reported.
fn outage(client: &Namespace, netmon: &Netmon, server: IpAddr) -> Outage {
    let asker = Asker::of(client, CLIENT_V4, server).unwrap();
    let (mut queries, mut errors, mut first) = (0, 0, None);
    while errors < ERRORS {
        assert!(queries < ATTEMPTS, "{errors} errors of {server} came");
        let reply = asker.ask(queries, &format!("real{queries}.test"), WAIT).unwrap();
        queries += 1;
        if matches!(reply, Reply::Refused(_)) {
            first.get_or_insert_with(SystemTime::now);
            errors += 1;
        }
    }
    let is_it =
        |event: &Event| event.name() == "incident_opened" && event.incident()["server"] == server.to_string();
    let opened = netmon.wait_for("the outage", PATIENCE, is_it).unwrap();
    Outage {
        server,
        queries: queries.into(),
        after: opened.at.duration_since(first.unwrap()).unwrap_or_default(),
        opened: opened.incident().clone(),
    }
}

/// The host that is attacked, and the one with the servers.
struct Scene<'a> {
    client: &'a Namespace,
    servers: &'a Namespace,
    /// The interface of each towards the other one.
    interfaces: [&'a str; 2],
    /// Who forwards between them.
    router: Option<&'a Namespace>,
}

impl Scene<'_> {
    /// Has both outages happen while the attack goes on, and insists on what is reported.
    fn play(&self, attack: impl FnOnce() -> String + Send) {
        let [watched, serving] = self.interfaces;
        let seed = RandomState::new().hash_one(0);
        let later = anywhere(LATER, seed);
        println!("seed {seed}: {later:?}");
        for address in later.iter().copied().chain([NEW]) {
            self.servers.add_address(address, serving).unwrap();
            if let Some(router) = self.router.filter(|_| address != NEW) {
                let family = if address.is_ipv4() { "-4" } else { "-6" };
                let via = if address.is_ipv4() { SERVER_V4 } else { SERVER_V6 };
                router
                    .ip(&format!("{family} route add {address} via {via}"))
                    .unwrap();
            }
        }
        self.servers.limit_no_errors().unwrap();
        let mut known = DnsServer::new(self.servers, &[SERVER_V4]).unwrap();
        let mut netmon = watch(self.client, &["--interface", watched]);
        ask_answered(self.client, SERVER_V4, 3);
        known.stop().unwrap();
        let outages = scope(|scope| {
            let attack = scope.spawn(attack);
            sleep(LEAD);
            let outages = [SERVER_V4, NEW].map(|server| outage(self.client, &netmon, server));
            println!("{}", attack.join().unwrap());
            outages
        });
        for outage in &outages {
            println!(
                "{}: reported {:?} after the client had the error",
                outage.server, outage.after
            );
        }
        // From then on there is room for everybody.
        sleep(Duration::from_secs(5));
        let all = [[SERVER_V4, NEW].as_slice(), &later].concat();
        let _well = DnsServer::new(self.servers, &all).unwrap();
        for server in &all {
            ask_answered(self.client, *server, 3);
        }
        for outage in &outages {
            outage.assert_closes(&netmon);
        }
        let is_over =
            |event: &Event| event.value["warning"] == "table_pressure" && event.value["state"] == "over";
        netmon
            .wait_for("the end of table_pressure", PATIENCE, is_over)
            .unwrap();
        let events = netmon.events().unwrap();
        assert_eq!(netmon.events_named("incident_opened").unwrap().len(), 2);
        // A flood that slackens may begin it again, even now.
        let pressure = warnings(&events, "table_pressure").len();
        assert!(pressure >= 2, "{pressure}");
        let all = events.iter().filter(|event| event.name() == "warning");
        let others: Vec<_> = all
            .map(|event| &event.value)
            .filter(|value| value["warning"] != "table_pressure" && value["warning"] != "traces_overwritten")
            .collect();
        assert!(
            others.is_empty(),
            "what an attack costs, and nothing else: {others:#?}"
        );
        let stopped = netmon.stop().unwrap();
        assert_sums(&stopped);
        let (retired, overflow) = retired_and_overflow(&stopped);
        println!("{retired} packets are retired, {overflow} found no place");
        assert!(retired + overflow > 50_000, "hardly an attack");
        for server in &later {
            assert_counts(&stopped, *server, 3, 3, 0);
            assert_eq!(destination(&stopped, *server)["latency_us"]["count"], 3);
        }
        let [known, _] = &outages;
        assert_counts(&stopped, SERVER_V4, 6 + known.queries, 6, ERRORS);
    }
}

impl Outage {
    /// Its end is reported, and its numbers are exact.
    fn assert_closes(&self, netmon: &Netmon) {
        let is_it = |event: &Event| {
            event.name() == "incident_closed" && event.incident()["server"] == self.server.to_string()
        };
        let closed = netmon.wait_for("the end", PATIENCE, is_it).unwrap();
        let incident = closed.incident();
        assert_eq!(incident["id"], self.opened["id"], "{incident:#}");
        assert_eq!(incident["kind"], "unreachable", "{incident:#}");
        assert_eq!(incident["closed_because"], "answered", "{incident:#}");
        assert_eq!(incident["reopened"], 0, "{incident:#}");
        assert_eq!(incident["answers"], 0, "{incident:#}");
        assert_errors(incident, "port", ERRORS);
        // Those that were lost before the first error may count or not.
        let queries = incident["queries"].as_u64().unwrap();
        assert!((ERRORS..=self.queries).contains(&queries), "{incident:#}");
        assert!(since(&incident["recovered"], &incident["last_seen"]) > Duration::ZERO);
    }
}

#[test]
#[ignore = "needs root: network namespaces, TC and raw sockets"]
fn queries_to_random_addresses_and_forged_errors_hide_no_outage() {
    /// Forged errors a second.
    const RATE: u32 = 20_000;
    let hosts = two_hosts().unwrap();
    let attack = Attack::new(&hosts.server, "to-client", &hosts.client, "to-server").unwrap();
    let forger = Forger::new(&hosts.server).unwrap();
    let lies: Vec<_> = (0..LIES).map(lie).collect();
    let scene = Scene {
        client: &hosts.client,
        servers: &hosts.server,
        interfaces: ["to-server", "to-client"],
        router: None,
    };
    scene.play(|| {
        scope(|scope| {
            let lying = scope.spawn(|| forger.flood(&lies, RATE, ATTACK).unwrap());
            let began = Instant::now();
            let (_sent, rate) = attack.send(|| began.elapsed() < ATTACK, strangers());
            let flood = lying.join().unwrap();
            format!(
                "{rate:.0} queries a second; {} forged errors in {:?}",
                flood.packets, flood.time
            )
        })
    });
}

#[test]
#[ignore = "needs root: network namespaces, TC and raw sockets"]
fn a_thousand_clients_that_ask_a_thousand_addresses_each_hide_no_outage() {
    const CLIENTS: u32 = 1_000;
    const ADDRESSES: u32 = 1_000;
    /// At most, where the machine is slow.
    const TIME: Duration = Duration::from_secs(20);
    let hosts = with_router().unwrap();
    hosts.router.ip("route add blackhole 11.0.0.0/8").unwrap();
    let attack = Attack::new(&hosts.client, "to-router", &hosts.router, "to-client").unwrap();
    let scene = Scene {
        client: &hosts.client,
        servers: &hosts.server,
        interfaces: ["to-router", "to-router"],
        router: Some(&hosts.router),
    };
    scene.play(|| {
        let began = Instant::now();
        let (sent, rate) = attack.send(|| began.elapsed() < TIME, clients(CLIENTS, ADDRESSES));
        format!("{sent} queries of {CLIENTS} clients, {rate:.0} a second")
    });
}
