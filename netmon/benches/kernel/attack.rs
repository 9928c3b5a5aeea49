//! How soon an outage is reported under attack: queries to random addresses as fast as they can be sent, from strangers who forge
//! errors as well, or from a thousand clients of this host.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, ensure};
use netmon_testkit::figures::{Figure, Figures, median};
use netmon_testkit::lab::attack::{Attack, clients, strangers};
use netmon_testkit::lab::{
    Asker, Event, Forger, Namespace, Netmon, PATIENCE, Reply, Scripted, respond, two_hosts, with_router,
};
use serde_json::Value;

use crate::strangers::lie;

/// How many servers that are known go down, and how many that are new.
const ROUNDS: u8 = 9;
const MOST_MS: f64 = 200.0;

/// How long the attack lasts before the first outage.
const LEAD: Duration = Duration::from_secs(2);
/// Forged errors a second, about so many servers.
const RATE: u32 = 20_000;
const LIES: u32 = 8_300;

/// Errors about each outage.
const ERRORS: u64 = 5;
/// How often a client asks for each of them: queues overflow, and queries and errors are lost in them like anything else.
const ATTEMPTS: u16 = 200;
const WAIT: Duration = Duration::from_millis(500);

/// Measures both attacks.
pub fn measure(figures: &mut Figures<'_>) -> Result<()> {
    figures.heading("under attack");
    outside(figures)?;
    inside(figures)
}

fn outside(figures: &mut Figures<'_>) -> Result<()> {
    const NAME: &str = "attack from outside";
    let names = names(NAME);
    if !names.iter().any(|name| figures.wants(name)) {
        return Ok(());
    }
    let hosts = two_hosts()?;
    let attack = Attack::new(&hosts.server, "to-client", &hosts.client, "to-server")?;
    let forger = Forger::new(&hosts.server)?;
    let lies: Vec<_> = (0..LIES).map(lie).collect();
    let scene = Scene {
        client: &hosts.client,
        servers: &hosts.server,
        interfaces: ["to-server", "to-client"],
    };
    let taken = scene.play(|goes_on| {
        scope(|scope| {
            let lying = scope.spawn(|| -> Result<u64> {
                let mut packets = 0;
                while goes_on() {
                    packets += forger.flood(&lies, RATE, Duration::from_secs(1))?.packets;
                }
                Ok(packets)
            });
            let (sent, rate) = attack.send(goes_on, strangers());
            let errors = lying.join().map_err(|_panic| anyhow::anyhow!("a panic"))??;
            Ok(format!(
                "{sent} queries, {rate:.0} a second; {errors} forged errors"
            ))
        })
    })?;
    taken.take(figures, names);
    Ok(())
}

fn inside(figures: &mut Figures<'_>) -> Result<()> {
    const NAME: &str = "attack of 1,000 clients";
    const CLIENTS: u32 = 1_000;
    const ADDRESSES: u32 = 1_000;
    let names = names(NAME);
    if !names.iter().any(|name| figures.wants(name)) {
        return Ok(());
    }
    let hosts = with_router()?;
    hosts.router.ip("route add blackhole 11.0.0.0/8")?;
    let attack = Attack::new(&hosts.client, "to-router", &hosts.router, "to-client")?;
    let scene = Scene {
        client: &hosts.client,
        servers: &hosts.server,
        interfaces: ["to-router", "to-router"],
    };
    let taken = scene.play(|goes_on| {
        // Again and again, where netmon takes its time.
        let all = std::iter::repeat_with(|| clients(CLIENTS, ADDRESSES)).flatten();
        let (sent, rate) = attack.send(goes_on, all);
        Ok(format!("{sent} queries, {rate:.0} a second"))
    })?;
    taken.take(figures, names);
    Ok(())
}

fn names(attack: &str) -> [String; 2] {
    ["known", "new"].map(|server| format!("{attack}: until an outage is reported, {server} server"))
}

/// The host that is attacked, and the one with the servers.
struct Scene<'a> {
    client: &'a Namespace,
    servers: &'a Namespace,
    /// The interface of each towards the other one.
    interfaces: [&'a str; 2],
}

/// How long it took for each, in milliseconds.
struct Taken {
    known: Vec<f64>,
    new: Vec<f64>,
    attack: String,
}

impl Taken {
    fn take(self, figures: &mut Figures<'_>, [known, new]: [String; 2]) {
        for (name, taken) in [(known, self.known), (new, self.new)] {
            let longest = taken.iter().copied().fold(0.0, f64::max);
            let note = format!("{ROUNDS} rounds, longest {longest:.0}; {}", self.attack);
            figures.take(Figure::new(name, median(taken), "ms").at_most(MOST_MS).note(note));
        }
    }
}

/// One outage.
struct Outage {
    server: IpAddr,
    queries: u64,
}

impl Scene<'_> {
    /// Has servers go down, one after the other, while the attack goes on, which is told whether it still does.
    fn play(
        &self,
        attack: impl FnOnce(&(dyn Fn() -> bool + Sync)) -> Result<String> + Send,
    ) -> Result<Taken> {
        let [watched, serving] = self.interfaces;
        let known = |round| IpAddr::V4(Ipv4Addr::new(203, 0, 113, 20 + round));
        let new = |round| IpAddr::V4(Ipv4Addr::new(203, 0, 113, 120 + round));
        let client = |round| IpAddr::V4(Ipv4Addr::new(192, 51, 100, 20 + round));
        for round in 0..ROUNDS {
            self.servers.add_address(known(round), serving)?;
            self.servers.add_address(new(round), serving)?;
            self.client.add_address(client(round), watched)?;
        }
        self.servers.limit_no_errors()?;
        let serve = |server| {
            let at = SocketAddr::new(server, 53);
            Scripted::start(self.servers, at, |query| Some(respond(query, 0)))
        };
        let mut well = (0..ROUNDS)
            .map(|round| serve(known(round)))
            .collect::<Result<Vec<_>>>()?;
        let arguments = ["--interface", watched];
        let mut netmon =
            Netmon::start_without_snapshots(self.client, env!("CARGO_BIN_EXE_netmon"), &arguments)?;
        for round in 0..ROUNDS {
            self.ask_answered(client(round), known(round))?;
        }
        let is_over = AtomicBool::new(false);
        let goes_on = || !is_over.load(Ordering::Relaxed);
        let mut taken = Taken {
            known: Vec::new(),
            new: Vec::new(),
            attack: String::new(),
        };
        let mut outages = Vec::new();
        taken.attack = scope(|scope| -> Result<String> {
            let attack = scope.spawn(|| attack(&goes_on));
            sleep(LEAD);
            let rounds = (0..ROUNDS).rev().try_for_each(|round| -> Result<()> {
                // The last one of them goes down.
                drop(well.pop());
                for (server, times) in [(known(round), &mut taken.known), (new(round), &mut taken.new)] {
                    let (outage, time) = self.outage(&netmon, client(round), server)?;
                    outages.push(outage);
                    times.push(time.as_secs_f64() * 1e3);
                }
                Ok(())
            });
            is_over.store(true, Ordering::Relaxed);
            let attack = attack.join().map_err(|_panic| anyhow::anyhow!("a panic"))?;
            rounds.and(attack)
        })?;
        // All recover, and each is reported exactly.
        let _well = outages
            .iter()
            .map(|outage| serve(outage.server))
            .collect::<Result<Vec<_>>>()?;
        for round in 0..ROUNDS {
            self.ask_answered(client(round), known(round))?;
            self.ask_answered(client(round), new(round))?;
        }
        for outage in &outages {
            outage.closes(&netmon)?;
        }
        let opened = netmon.events_named("incident_opened")?;
        ensure!(opened.len() == outages.len(), "{} incidents opened", opened.len());
        netmon.stop()?;
        Ok(taken)
    }

    /// Asks until so many errors came: how many queries that were, and how long after the first error it was reported.
    fn outage(&self, netmon: &Netmon, client: IpAddr, server: IpAddr) -> Result<(Outage, Duration)> {
        let asker = Asker::of(self.client, client, server)?;
        let (mut queries, mut errors, mut first) = (0, 0, None);
        while errors < ERRORS {
            ensure!(queries < ATTEMPTS, "{errors} errors of {server} came");
            let reply = asker.ask(queries, &format!("real{queries}.test"), WAIT)?;
            queries += 1;
            if matches!(reply, Reply::Refused(_)) {
                first.get_or_insert_with(SystemTime::now);
                errors += 1;
            }
        }
        let opened = netmon.wait_for("the outage", PATIENCE, |event| {
            is(event, "incident_opened", server)
        })?;
        let first = first.context("an error came")?;
        let outage = Outage {
            server,
            queries: queries.into(),
        };
        Ok((outage, opened.at.duration_since(first).unwrap_or_default()))
    }

    fn ask_answered(&self, client: IpAddr, server: IpAddr) -> Result<()> {
        let asker = Asker::of(self.client, client, server)?;
        for number in 0..3 {
            let reply = asker.ask(number, &format!("well{number}.test"), PATIENCE)?;
            ensure!(matches!(reply, Reply::Answered(_)), "{server}: {reply:?}");
        }
        Ok(())
    }
}

fn is(event: &Event, name: &str, server: IpAddr) -> bool {
    event.name() == name
        && event
            .incident()
            .get("server")
            .is_some_and(|is| *is == server.to_string())
}

impl Outage {
    /// Its end is reported, and its numbers are exact.
    fn closes(&self, netmon: &Netmon) -> Result<()> {
        let server = self.server;
        let closed = netmon.wait_for("the end", PATIENCE, |event| is(event, "incident_closed", server))?;
        let incident = closed.incident();
        let number = |path| incident.pointer(path).and_then(Value::as_u64);
        ensure!(number("/errors/port") == Some(ERRORS), "{incident:#}");
        ensure!(number("/verified") == Some(ERRORS), "{incident:#}");
        ensure!(number("/answers") == Some(0), "{incident:#}");
        // Those that were lost before the first error may count or not.
        let queries = number("/queries").unwrap_or(0);
        ensure!((ERRORS..=self.queries).contains(&queries), "{incident:#}");
        ensure!(
            incident
                .get("closed_because")
                .is_some_and(|because| *because == "answered"),
            "{incident:#}"
        );
        Ok(())
    }
}
