//! Queries to random addresses, as many as this machine can send, from strangers or from a thousand clients, and forged errors
//! beside them. Meanwhile a server that is known goes down, and a new one is down: both are reported, exactly, and nothing else is.

use std::net::{IpAddr, Ipv4Addr};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant, SystemTime};

use netmon_testkit::frames::build::prelude::{CLIENT, SERVER, frame, ipv4, query, udp};
use netmon_testkit::lab::{
    Asker, CLIENT_V4, DnsServer, Event, Forger, FrameSocket, Namespace, Netmon, Reply, SERVER_V4, two_hosts,
    with_router,
};
use serde_json::Value;

use crate::blinded::{LIES, lie, retired_and_overflow, warnings};
use crate::support::incident::{assert_errors, since};
use crate::support::{PATIENCE, ask_answered, assert_counts, assert_sums, destination, watch};

/// A server that nobody asks before the attack, and some that nobody asks before its end.
const NEW: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 3));
const LATER: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 4)),
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 101)),
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 254)),
];

/// How long the attack lasts before the outage, and after the last error about it.
const LEAD: Duration = Duration::from_secs(1);
const ATTACK: Duration = Duration::from_secs(6);

/// Errors about each outage.
const ERRORS: u64 = 5;

/// How often a client asks for each of them: queues overflow, and queries and errors are lost in them like anything else.
const ATTEMPTS: u16 = 100;
const WAIT: Duration = Duration::from_millis(500);

/// Sends queries that differ in who asks and who is asked.
struct Attack {
    socket: FrameSocket,
    frame: Vec<u8>,
}

impl Attack {
    /// From an interface of a host to the other end of its cable.
    fn new(from: &Namespace, interface: &str, to: &Namespace, other_end: &str) -> Self {
        const NAME: &str = "www.random.test";
        let mut frame = (frame() / ipv4(CLIENT, SERVER) / udp(40_000, 53) / query(NAME)).bytes();
        let links: Value =
            serde_json::from_str(&to.ip(&format!("-json link show {other_end}")).unwrap()).unwrap();
        let mac = links[0]["address"].as_str().unwrap().split(':');
        for (place, byte) in frame.iter_mut().zip(mac) {
            *place = u8::from_str_radix(byte, 16).unwrap();
        }
        Self {
            socket: FrameSocket::open(from, interface, false).unwrap(),
            frame,
        }
    }

    /// As many as can be sent in that time, the next ones of `ends`: who asks and who is asked. How many were sent a second.
    fn send(mut self, time: Duration, ends: impl Iterator<Item = (u32, u32)>) -> f64 {
        let began = Instant::now();
        let mut sent = 0_u32;
        for (client, server) in ends.take_while(|_| began.elapsed() < time) {
            self.frame[26..30].copy_from_slice(&client.to_be_bytes());
            self.frame[30..34].copy_from_slice(&server.to_be_bytes());
            // A full queue: it is too much for now.
            sent += u32::from(self.socket.send(&self.frame).is_ok());
        }
        f64::from(sent) / began.elapsed().as_secs_f64()
    }
}

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
}

impl Scene<'_> {
    /// Has both outages happen while the attack goes on, and insists on what is reported.
    fn play(&self, attack: impl FnOnce() -> String + Send) {
        let [watched, serving] = self.interfaces;
        for address in LATER.into_iter().chain([NEW]) {
            self.servers.add_address(address, serving).unwrap();
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
        let all = [[SERVER_V4, NEW].as_slice(), &LATER].concat();
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
        assert_eq!(warnings(&events, "table_pressure").len(), 2);
        let stopped = netmon.stop().unwrap();
        assert_sums(&stopped);
        let (retired, overflow) = retired_and_overflow(&stopped);
        println!("{retired} packets are retired, {overflow} found no place");
        assert!(retired + overflow > 50_000, "hardly an attack");
        for server in LATER {
            assert_counts(&stopped, server, 3, 3, 0);
            assert_eq!(destination(&stopped, server)["latency_us"]["count"], 3);
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

/// Spreads numbers over 24 bits.
const fn spread(number: u32) -> u32 {
    number.wrapping_mul(2_654_435_761) >> 8
}

#[test]
#[ignore = "needs root: network namespaces, TC and raw sockets"]
fn queries_to_random_addresses_and_forged_errors_hide_no_outage() {
    /// Forged errors a second.
    const RATE: u32 = 20_000;
    let hosts = two_hosts().unwrap();
    let attack = Attack::new(&hosts.server, "to-client", &hosts.client, "to-server");
    let forger = Forger::new(&hosts.server).unwrap();
    let lies: Vec<_> = (0..LIES).map(lie).collect();
    let scene = Scene {
        client: &hosts.client,
        servers: &hosts.server,
        interfaces: ["to-server", "to-client"],
    };
    scene.play(|| {
        scope(|scope| {
            let lying = scope.spawn(|| forger.flood(&lies, RATE, ATTACK).unwrap());
            let ends = (0..).map(|number| {
                (
                    0xac10_0000 + spread(number) % (1 << 20),
                    0x0b00_0000 + spread(number),
                )
            });
            let rate = attack.send(ATTACK, ends);
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
    let attack = Attack::new(&hosts.client, "to-router", &hosts.router, "to-client");
    let scene = Scene {
        client: &hosts.client,
        servers: &hosts.server,
        interfaces: ["to-router", "to-router"],
    };
    scene.play(|| {
        let ends =
            (0..CLIENTS * ADDRESSES).map(|number| (0x0a4d_0000 + number % CLIENTS, 0x0b00_0000 + number));
        let began = Instant::now();
        let rate = attack.send(TIME, ends);
        format!(
            "{rate:.0} queries a second of {CLIENTS} clients, for {:?}",
            began.elapsed()
        )
    });
}
