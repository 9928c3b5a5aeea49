//! `cargo xtask demo`: the textbook incident, re-enacted by two hosts in network namespaces, with netmon
//! watching on the client's. Real addresses of the log, a real server, real queries, and the kernel's own
//! errors; only faster. What netmon prints is shown as it comes, behind a bar.

use std::{
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use netmon_testkit::lab::{
    CLIENT_V4, DnsServer, PATIENCE, Process, Reply, SERVER_V4, TwoHosts, dig, two_hosts, use_resolvers,
    with_own_mounts,
};
use nix::sys::signal::Signal;

const NAME: &str = "yummyrecipesforme.com";

/// In the log the client tried three times.
const ATTEMPTS: u32 = 3;

/// Between two attempts; in the log it is two minutes and one minute.
const PAUSE: Duration = Duration::from_millis(1_200);

/// How long a client waits for an answer.
const ANSWER: Duration = Duration::from_secs(2);

/// Runs the demonstration with this netmon, as root.
pub fn run(binary: &Path) -> Result<()> {
    // The client's host is configured to use the server. This machine's own /etc/resolv.conf stays as it is.
    with_own_mounts(|| play(binary))?
}

fn play(binary: &Path) -> Result<()> {
    let began = Instant::now();
    step(&format!(
        "Two hosts on one cable: a client, {CLIENT_V4}, and a DNS server, {SERVER_V4} (dnsmasq). It works:"
    ));
    let hosts = two_hosts()?;
    let _configured = use_resolvers(&[SERVER_V4])?;
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4])?;
    ask(&hosts, "an answer", Reply::is_answer)?;

    step("netmon starts on the client's host, with its XDP program in the network driver:");
    let mut netmon = watch(&hosts, binary)?;

    step("The DNS service stops; its host stays up. The client tries three times:");
    server.stop()?;
    for _ in 0..ATTEMPTS {
        ask(&hosts, "a refusal", |reply| matches!(reply, Reply::Refused(_)))?;
        // For those who watch: at this pace it can be read.
        thread::sleep(PAUSE);
    }

    step("The DNS service is started again. netmon believes it after ten seconds without an error:");
    server.start()?;
    ask(&hosts, "an answer", Reply::is_answer)?;
    netmon.wait_for("closed incident", PATIENCE, |line| {
        line.text.contains("without an answer")
    })?;

    step("Ctrl-C:");
    netmon.signal(Signal::SIGINT)?;
    let status = netmon.wait(PATIENCE)?;
    ensure!(status.success(), "netmon ended with {status}");
    drop((netmon, server));
    drop(hosts);
    step(&format!(
        "Done in {:.1} s; the hosts, their cable and all programs are gone.",
        began.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// Starts netmon on the client's host, shows what it prints as it comes, and returns once it is attached.
fn watch(hosts: &TwoHosts, binary: &Path) -> Result<Process> {
    let arguments = ["run", "--hook", "xdp-native", "--interface", "to-server"];
    println!("    # netmon {}", arguments.join(" "));
    let mut command = Command::new(binary);
    command.args(arguments).env_remove("RUST_LOG");
    let netmon = hosts
        .client
        .spawn_observed(&mut command, |line| println!("    | {}", line.text))?;
    // The last line that it prints when it starts.
    netmon.wait_for("sign that it is attached", PATIENCE, |line| {
        line.text.contains("resolvers of this host")
    })?;
    Ok(netmon)
}

/// Asks the server once, shows what comes of it, and insists that it is what the story needs.
fn ask(hosts: &TwoHosts, what: &str, expected: impl Fn(&Reply) -> bool) -> Result<()> {
    let reply = dig(&hosts.client, SERVER_V4, NAME, ANSWER)?;
    let words = match &reply {
        Reply::Answered(lines) => lines.join(" "),
        Reply::Refused(words) => words.clone(),
        Reply::Silence => "no answer".to_owned(),
    };
    println!("    $ dig @{SERVER_V4} {NAME}  ->  {words}");
    ensure!(expected(&reply), "the client should have got {what}");
    Ok(())
}

fn step(words: &str) {
    println!("\n{words}");
}
