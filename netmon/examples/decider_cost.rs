//! What the decider costs an observation: `cargo run --release -p netmon --example decider_cost`.
//!
//! A capture of 2.5 million DNS packets is decided while it is read, so each must cost well below the 150 ns
//! that reading it takes.

use std::collections::HashMap;
use std::hint::black_box;
use std::net::Ipv4Addr;
use std::time::Instant;

use netmon::detect::{Decider, Scope, Thresholds};
use netmon::observation::{
    Answered, Asked, Counts, Details, Failed, Faults, Name, Observation, Proof, Seconds, Service, Side, What,
};
use netmon::time::{SECOND_NS, Time};
use netmon_common::{Address, Code, Rcode, Transport};

/// As many packets; each comes with the counts of its second.
const OBSERVATIONS: usize = 1_250_000;

/// Traffic to measure.
struct Traffic {
    what: &'static str,
    servers: usize,
    names: usize,
    clients: usize,
    /// Observations a second.
    rate: u64,
    /// What follows a query.
    reply: Reply,
}

#[derive(Clone, Copy)]
enum Reply {
    Answer(Rcode),
    Nothing,
    Error,
}

const TRAFFIC: [Traffic; 7] = [
    traffic(
        "one busy server",
        1,
        1_000,
        50,
        100_000,
        Reply::Answer(Rcode::NoError),
    ),
    traffic(
        "four servers at an ordinary rate",
        4,
        1_000,
        50,
        1_000,
        Reply::Answer(Rcode::NoError),
    ),
    traffic(
        "4,000 servers",
        4_000,
        1_000,
        50,
        10_000,
        Reply::Answer(Rcode::NoError),
    ),
    traffic(
        "more servers than are tracked",
        50_000,
        1_000,
        50,
        10_000,
        Reply::Answer(Rcode::NoError),
    ),
    traffic("nothing comes back", 4, 1_000, 50, 1_000, Reply::Nothing),
    traffic(
        "all answers fail",
        4,
        1_000,
        50,
        1_000,
        Reply::Answer(Rcode::ServFail),
    ),
    traffic("all is rejected", 4, 1_000, 50, 1_000, Reply::Error),
];

const fn traffic(
    what: &'static str,
    servers: usize,
    names: usize,
    clients: usize,
    rate: u64,
    reply: Reply,
) -> Traffic {
    Traffic {
        what,
        servers,
        names,
        clients,
        rate,
        reply,
    }
}

impl Traffic {
    /// The observations, made beforehand: names cost their door, not the decider.
    fn observations(&self) -> Vec<Observation> {
        let names: Vec<Name> = (0..self.names)
            .map(|n| Name::new(&format!("host-{n}.example.test")))
            .collect();
        (0..OBSERVATIONS).map(|n| self.observation(n, &names)).collect()
    }

    fn observation(&self, n: usize, names: &[Name]) -> Observation {
        let time = |n: usize| Time::from_nanos(1_000_000 * SECOND_NS + n as u64 * SECOND_NS / self.rate);
        let pair = n / 2;
        let client = address(0xc000_0200, pair % self.clients);
        let server = address(0x0a00_0000, pair % self.servers);
        let name = names.get(pair % self.names).cloned();
        let is_query = n.is_multiple_of(2) || matches!(self.reply, Reply::Nothing);
        let what = match self.reply {
            _ if is_query => What::Asked(Asked {
                client,
                name,
                recursion_desired: true,
                is_syn: false,
                details: Details::default(),
            }),
            Reply::Error => What::Failed(Failed {
                client,
                side: Side::Only,
                reporter: server,
                code: Code::Port,
                proof: Proof::QuerySeen(time(n - 1)),
                name,
                recursion_desired: true,
                last_answer: None,
                details: Details::default(),
            }),
            Reply::Answer(rcode) => What::Answered(Answered {
                client,
                side: Side::Only,
                sent: time(n - 1),
                earlier: Vec::new(),
                rcode: Some(rcode),
                standard: true,
                name,
                recursion_desired: true,
                details: Details::default(),
            }),
            Reply::Nothing => unreachable!("all are queries"),
        };
        Observation {
            time: time(n),
            service: Service {
                server,
                port: 53,
                transport: Transport::Udp,
                interface: 0,
            },
            what,
        }
    }
}

/// The counts by second that a door reports beside each packet of an exchange.
fn seconds(observation: &Observation, known: &mut HashMap<(Service, u64), Counts>) -> Observation {
    let sent = match &observation.what {
        What::Answered(answered) => answered.sent,
        What::Failed(failed) => failed.proof.sent().unwrap_or(observation.time),
        _ => observation.time,
    };
    let counts = known.entry((observation.service, sent.second())).or_default();
    match &observation.what {
        What::Answered(answered) => {
            counts.answered += 1;
            counts.faults = Faults {
                servfail: counts.faults.servfail + u32::from(answered.rcode == Some(Rcode::ServFail)),
                ..counts.faults
            };
        }
        What::Failed(_) => counts.failed += 1,
        _ => counts.asked += 1,
    }
    Observation {
        time: observation.time,
        service: observation.service,
        what: What::Seconds(Seconds {
            second: sent.second(),
            iterative: false,
            counts: *counts,
        }),
    }
}

fn address(first: u32, n: usize) -> Address {
    Ipv4Addr::from_bits(first + u32::try_from(n).unwrap_or(0)).into()
}

fn main() {
    for traffic in &TRAFFIC {
        let mut known = HashMap::new();
        let observations: Vec<Observation> = traffic
            .observations()
            .into_iter()
            .flat_map(|observation| [seconds(&observation, &mut known), observation])
            .collect();
        let mut decider = Decider::new(Thresholds::default(), Scope::default());
        let mut changes = 0;
        let start = Instant::now();
        for observation in &observations {
            decider.advance(observation.time, &|_| true);
            decider.observe(black_box(observation));
            // A door looks for changes when a second has ended.
            if observation.time.nanos().is_multiple_of(SECOND_NS) {
                changes += decider.take_changes().len();
            }
        }
        let nanos = start.elapsed().as_nanos() / OBSERVATIONS as u128;
        println!(
            "{:<34} {nanos:>4} ns a packet, {changes} changes, {:?}",
            traffic.what,
            decider.tallies()
        );
    }
}
