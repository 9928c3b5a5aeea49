//! `cargo xtask demo --view top|web`: the same incident, to be looked at: in netmon's terminal view, or on its web page.

use std::{
    io::{self, Read as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::Command,
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use netmon_testkit::lab::{DnsServer, Namespace, PATIENCE, SERVER_V4, TwoHosts, dig, two_hosts};
use nix::sys::signal::Signal;

const NAME: &str = "yummyrecipesforme.com";
/// How long each act lasts, in queries, one every [`PAUSE`].
const ACTS: [u32; 3] = [8, 12, 24];
const PAUSE: Duration = Duration::from_millis(700);
const ANSWER: Duration = Duration::from_secs(1);

const PAGE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 19_054);

/// What is open while the incident is re-enacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum View {
    /// netmon top, in this terminal
    Top,
    /// The web page, in a browser of this machine
    Web,
}

/// Runs it with this netmon, as root.
pub fn run(binary: &Path, view: View) -> Result<()> {
    let hosts = two_hosts()?;
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4])?;
    let socket = std::env::temp_dir().join(format!("netmon-demo-{}.sock", std::process::id()));
    let mut command = Command::new(binary);
    command
        .args([
            "run",
            "--config",
            "/dev/null",
            "--interface",
            "to-server",
            "--web",
        ])
        .arg(PAGE.to_string())
        .arg("--socket")
        .arg(&socket)
        .env_remove("RUST_LOG");
    let mut netmon = hosts.client.spawn(&mut command)?;
    netmon.wait_for("sign that it is attached", PATIENCE, |line| {
        line.text.contains("to-server")
    })?;
    let shown = match view {
        View::Top => thread::scope(|scope| {
            scope.spawn(|| play(&hosts, &mut server));
            let mut top = Command::new(binary);
            let status = top.arg("top").arg("--socket").arg(&socket).status();
            status.context("cannot start netmon top").map(|_| ())
        }),
        View::Web => web(&hosts, &mut server),
    };
    netmon.signal(Signal::SIGINT)?;
    netmon.wait(PATIENCE)?;
    shown
}

/// The server works, stops, and works again, and a client asks it all the time. What it asks may fail: that is the story.
fn play(hosts: &TwoHosts, server: &mut DnsServer<'_>) {
    for (act, queries) in ACTS.into_iter().enumerate() {
        let _told = match act {
            0 => Ok(()),
            1 => server.stop(),
            _ => server.start(),
        };
        for _ in 0..queries {
            let _failed = dig(&hosts.client, SERVER_V4, NAME, ANSWER);
            thread::sleep(PAUSE);
        }
    }
}

fn web(hosts: &TwoHosts, server: &mut DnsServer<'_>) -> Result<()> {
    let listener = TcpListener::bind(PAGE).with_context(|| format!("cannot listen at {PAGE}"))?;
    println!("Open http://{PAGE}/ in a browser of this machine: the incident begins when the page is open.");
    let (first, _) = listener.accept()?;
    thread::scope(|scope| {
        let client = &hosts.client;
        pass_on(first, client)?;
        // It ends with this process: what it listens at is its own.
        let accepting = listener.try_clone()?;
        accepting.set_nonblocking(true)?;
        let playing = scope.spawn(|| play(hosts, server));
        println!("Enter ends it, once the story is over.");
        let over = scope.spawn(move || {
            let _died = playing.join();
            io::stdin().read(&mut [0])
        });
        while !over.is_finished() {
            take(&accepting, client)?;
        }
        Ok(())
    })
}

fn take(listener: &TcpListener, client: &Namespace) -> Result<()> {
    match listener.accept() {
        Ok((stream, _)) => {
            stream.set_nonblocking(false)?;
            pass_on(stream, client)
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            thread::sleep(Duration::from_millis(20));
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// The page is served in the client's network, which a browser of this machine does not reach.
fn pass_on(from: TcpStream, client: &Namespace) -> Result<()> {
    let to = client.enter(|| TcpStream::connect(PAGE))??;
    let ways = [(from.try_clone()?, to.try_clone()?), (to, from)];
    for (mut read, mut write) in ways {
        thread::spawn(move || {
            let _over = io::copy(&mut read, &mut write);
            let _over = write.shutdown(std::net::Shutdown::Write);
        });
    }
    Ok(())
}
