//! What it costs processes that netmon knows who asks: real calls of `connect` and `sendmsg`, with the programs attached at the root
//! of the control groups, with programs that do nothing there, and without any, in turn. Two figures come of that: what
//! netmon's programs add to those that do nothing, and what the kernel's way to any program takes.
//!
//! What is judged goes to an address that a route prohibits: the program runs, and then the call fails. So it takes little time, and few
//! nanoseconds more or less can be seen. What is sent goes over a cable to a host that drops it at once, because it is for another one.

use std::any::Any;
use std::fs::File;
use std::io;
use std::net::{Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result};
use netmon_testkit::figures::{Figures, median};
use netmon_testkit::lab::{Namespace, cable};
use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrStorage, connect, socket};

use crate::compare::Added;
use crate::loaded;
use crate::reference::Reference;
use crate::runner::thread_time;

/// How much longer a call may take that has nothing to do with DNS.
const OTHERS_NS: f64 = 25.0;
/// How often all are measured.
const ROUNDS: usize = 25;
const SETTLE: Duration = Duration::from_millis(200);
/// Calls of a block, about a millisecond, and blocks of a round. The median of the blocks counts.
const CALLS: u32 = 2_000;
const BLOCKS: usize = 11;

/// At the other end of the cable, as the host believes.
const PEER: &str = "198.18.0.2";
const ADDRESS: &str = "198.18.0.1";
/// Where no route leads.
const PROHIBITED: [&str; 2] = ["198.19.0.2", "fd00:19::2"];

/// What is attached at the root of the control groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attached {
    Nothing,
    /// Programs that do nothing.
    Noops,
    Netmon,
}

impl Attached {
    const ALL: [Self; 3] = [Self::Nothing, Self::Noops, Self::Netmon];
}

/// A call, made once.
type Call = Box<dyn FnMut() -> io::Result<()>>;

/// Sets a call up, to that address and port.
type SetUp = fn(SocketAddr) -> Result<Call>;

/// What is called, where to, and how much longer it may take.
const CASES: [(&str, SetUp, &str, u16, Option<f64>); 10] = [
    (
        "sendmsg to UDP port 443",
        send,
        PROHIBITED[0],
        443,
        Some(OTHERS_NS),
    ),
    (
        "sendmsg to UDP port 443, IPv6",
        send,
        PROHIBITED[1],
        443,
        Some(OTHERS_NS),
    ),
    (
        "connect to UDP port 443",
        connect_udp,
        PROHIBITED[0],
        443,
        Some(OTHERS_NS),
    ),
    (
        "connect to UDP port 443, IPv6",
        connect_udp,
        PROHIBITED[1],
        443,
        Some(OTHERS_NS),
    ),
    (
        "connect to TCP port 443",
        connect_tcp,
        PROHIBITED[0],
        443,
        Some(OTHERS_NS),
    ),
    (
        "connect to TCP port 443, IPv6",
        connect_tcp,
        PROHIBITED[1],
        443,
        Some(OTHERS_NS),
    ),
    ("sendmsg to UDP port 53", send, PROHIBITED[0], 53, None),
    ("sendmsg to UDP port 443, sent", send, PEER, 443, None),
    ("sendmsg to UDP port 53, sent", send, PEER, 53, None),
    (
        "connect to UDP port 53, of a new socket each time",
        connect_new,
        PEER,
        53,
        None,
    ),
];

/// Measures each call.
pub fn measure(figures: &mut Figures<'_>) -> Result<()> {
    figures.heading("who asks: what calls take longer with the programs attached than without");
    let root = netmon::askers::root().context("the second version of control groups is mounted nowhere")?;
    let [host, _silent] = hosts()?;
    let cases = CASES.map(|(what, set_up, server, port, most_ns)| {
        (format!("who: {what}"), set_up, (server, port), most_ns)
    });
    let cases: Vec<_> = cases
        .into_iter()
        .filter(|(name, ..)| figures.wants(name))
        .collect();
    let group = File::open(&root).with_context(|| format!("cannot open {}", root.display()))?;
    let mut reference = Reference::load()?;
    let mut all: Vec<[Vec<f64>; Attached::ALL.len()]> = cases.iter().map(|_| Default::default()).collect();
    for round in 0..ROUNDS {
        // Loaded for all, so that it disturbs none more than the others.
        let mut kernel = loaded::load_asking()?;
        // Each is the first one in turn.
        let mut turns = Attached::ALL;
        turns.rotate_left(round % Attached::ALL.len());
        for turn in turns {
            let attached: Box<dyn Any> = match turn {
                Attached::Nothing => Box::new(()),
                Attached::Noops => Box::new(reference.programs.attach_noops(&group)?),
                Attached::Netmon => Box::new(kernel.askers(&root, false)?),
            };
            // The kernel frees what is gone.
            sleep(SETTLE);
            for ((_, set_up, (server, port), _), times) in cases.iter().zip(&mut all) {
                let to = SocketAddr::new(server.parse()?, *port);
                let nanos = host.enter(|| time(&mut set_up(to)?))??;
                times
                    .get_mut(turn as usize)
                    .context("there is such a turn")?
                    .push(nanos);
            }
            drop(attached);
        }
    }
    for ((name, _, _, most_ns), [nothing, noops, netmon]) in cases.iter().zip(all) {
        let pairs = |with: &[f64], without: &[f64]| -> Vec<[f64; 2]> {
            without
                .iter()
                .zip(with)
                .map(|(without, with)| [*without, *with])
                .collect()
        };
        let own = Added::of(&pairs(&netmon, &noops));
        figures.take(own.figure(name, *most_ns));
        let way = Added::of(&pairs(&noops, &nothing));
        figures.take(way.figure(&format!("{name}: the kernel's way there"), None));
    }
    Ok(())
}

/// A host that can send anything, and one that takes nothing of it.
fn hosts() -> Result<[Namespace; 2]> {
    let (host, silent) = (Namespace::new("calls")?, Namespace::new("silent")?);
    cable((&host, "quiet"), (&silent, "end"))?;
    host.add_address(ADDRESS.parse()?, "quiet")?;
    // Nobody's.
    host.ip(&format!(
        "neighbour add {PEER} lladdr 02:00:5e:00:53:99 dev quiet nud permanent"
    ))?;
    for address in PROHIBITED {
        host.ip(&format!("route add prohibit {address}"))?;
    }
    Ok([host, silent])
}

/// How many nanoseconds of this thread's time a call takes.
fn time(call: &mut Call) -> Result<f64> {
    let mut blocks = Vec::new();
    // The first one warms up.
    for block in 0..=BLOCKS {
        let before = thread_time()?;
        (0..CALLS).try_for_each(|_| call())?;
        let taken = thread_time()?.saturating_sub(before);
        if block > 0 {
            blocks.push(taken.as_secs_f64() * 1e9 / f64::from(CALLS));
        }
    }
    Ok(median(blocks))
}

fn unconnected(to: SocketAddr) -> io::Result<UdpSocket> {
    if to.is_ipv6() {
        UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))
    } else {
        UdpSocket::bind("0.0.0.0:0")
    }
}

/// What a call that must go well, or must fail because a route prohibits it, comes to.
fn expect(prohibited: bool, outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if prohibited && error.raw_os_error() == Some(Errno::EACCES as i32) => Ok(()),
        Ok(()) if prohibited => Err(io::Error::other("a route that prohibits leads somewhere")),
        outcome => outcome,
    }
}

fn is_prohibited(to: SocketAddr) -> bool {
    PROHIBITED.contains(&to.ip().to_string().as_str())
}

fn send(to: SocketAddr) -> Result<Call> {
    const MESSAGE: [u8; 32] = [0; 32];
    let (socket, prohibited) = (unconnected(to)?, is_prohibited(to));
    Ok(Box::new(move || {
        expect(prohibited, socket.send_to(&MESSAGE, to).map(|_sent| ()))
    }))
}

fn connect_udp(to: SocketAddr) -> Result<Call> {
    let (socket, prohibited) = (unconnected(to)?, is_prohibited(to));
    Ok(Box::new(move || expect(prohibited, socket.connect(to))))
}

/// As a stub resolver does it: one socket for each lookup.
fn connect_new(to: SocketAddr) -> Result<Call> {
    // One that works before it is measured.
    unconnected(to)?;
    Ok(Box::new(move || unconnected(to)?.connect(to)))
}

fn connect_tcp(to: SocketAddr) -> Result<Call> {
    let family = if to.is_ipv6() {
        AddressFamily::Inet6
    } else {
        AddressFamily::Inet
    };
    let (socket, prohibited) = (
        socket(family, SockType::Stream, SockFlag::empty(), None)?,
        is_prohibited(to),
    );
    let to = SockaddrStorage::from(to);
    Ok(Box::new(move || {
        expect(
            prohibited,
            connect(socket.as_raw_fd(), &to).map_err(io::Error::from),
        )
    }))
}
