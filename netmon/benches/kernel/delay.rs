//! What a query and its answer take longer on their way through a virtual cable because both hosts watch it: as the client
//! measures it, at the median and for the slowest one of a hundred.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use netmon_testkit::figures::{Figure, Figures, median};
use netmon_testkit::lab::{End, Netmon, SERVER_V4, TYPE_A, TwoHosts, query, respond, two_hosts};

/// How often all are measured, one after the other.
const ROUNDS: usize = 9;
/// Queries in a round.
const QUERIES: u16 = 10_000;
/// How long the server waits until it looks whether it is to end.
const STEP: Duration = Duration::from_millis(100);

/// Who watches, by name: nobody, or netmon on both hosts at this hook.
const WAYS: [(&str, Option<&str>); 3] = [
    ("bare cable", None),
    ("TC", Some("tc")),
    ("native XDP and TC", Some("xdp-native")),
];

/// Of one round: the median, and what one of a hundred exceeds, in nanoseconds.
#[derive(Clone, Copy)]
struct Round {
    p50: f64,
    p99: f64,
}

/// Measures each way in turn.
pub fn measure(figures: &mut Figures<'_>) -> Result<()> {
    const NAME: &str = "delay of a query and its answer";
    if !figures.wants(NAME) {
        return Ok(());
    }
    figures.heading("delay on a virtual cable, watched at both ends");
    let hosts = two_hosts()?;
    let ended = AtomicBool::new(false);
    let server = hosts
        .server
        .enter(|| UdpSocket::bind(SocketAddr::from((SERVER_V4, 53))))??;
    server.set_read_timeout(Some(STEP))?;
    let mut rounds = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| answer(&server, &ended));
        let _end = End(&ended);
        for _ in 0..ROUNDS {
            let round = WAYS.map(|(_, hook)| ask(&hosts, hook));
            let [bare, tc, xdp] = round;
            rounds.push([bare?, tc?, xdp?]);
        }
        anyhow::Ok(())
    })?;
    for (way, (name, hook)) in WAYS.into_iter().enumerate() {
        for (part, value) in [
            ("p50", (|round| round.p50) as fn(Round) -> f64),
            ("p99", |round| round.p99),
        ] {
            let of = |round: &[Round; 3]| round.get(way).map(|one| value(*one));
            let each: Vec<f64> = rounds.iter().filter_map(of).collect();
            let added = |round: &[Round; 3]| Some(of(round)? - value(round[0]));
            let figure = if hook.is_none() {
                Figure::new(format!("{NAME}: {name}, {part}"), median(each), "ns")
            } else {
                let added: Vec<f64> = rounds.iter().filter_map(added).collect();
                Figure::new(format!("{NAME}: {name} adds, {part}"), median(added), "ns")
                    .note(format!("to {:.0} ns", median(each)))
            };
            figures.take(figure);
        }
    }
    Ok(())
}

/// Answers what it is asked, until it is told to end.
fn answer(server: &UdpSocket, ended: &AtomicBool) {
    let mut buffer = [0; 512];
    while !ended.load(Ordering::Relaxed) {
        if let Ok((len, client)) = server.recv_from(&mut buffer)
            && let Some(query) = buffer.get(..len)
        {
            // Whoever waits in vain says so.
            let _sent = server.send_to(&respond(query, 0), client);
        }
    }
}

/// Asks one query after the other, each as soon as the one before was answered.
fn ask(hosts: &TwoHosts, hook: Option<&str>) -> Result<Round> {
    let netmons = match hook {
        Some(hook) => watch(hosts, hook)?,
        None => Vec::new(),
    };
    let client = hosts.client.udp_socket()?;
    client.connect((SERVER_V4, 53))?;
    client.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut taken = Vec::with_capacity(QUERIES.into());
    let mut buffer = [0; 512];
    for id in 0..QUERIES {
        let message = query(id, "delay.test", TYPE_A);
        let began = Instant::now();
        client.send(&message)?;
        let len = client.recv(&mut buffer).context("no answer came")?;
        taken.push(began.elapsed());
        if buffer.get(..2) != message.get(..2) {
            bail!("{len} bytes that answer another query");
        }
    }
    for mut netmon in netmons {
        netmon.stop()?;
    }
    taken.sort_unstable();
    let at = |percent: usize| -> Result<f64> {
        let one = taken.get(taken.len() * percent / 100).context("no query")?;
        Ok(one.as_secs_f64() * 1e9)
    };
    Ok(Round {
        p50: at(50)?,
        p99: at(99)?,
    })
}

fn watch(hosts: &TwoHosts, hook: &str) -> Result<Vec<Netmon>> {
    [(&hosts.client, "to-server"), (&hosts.server, "to-client")]
        .into_iter()
        .map(|(host, interface)| {
            let arguments = ["--interface", interface, "--hook", hook];
            Netmon::start_without_snapshots(host, env!("CARGO_BIN_EXE_netmon"), &arguments)
        })
        .collect()
}
