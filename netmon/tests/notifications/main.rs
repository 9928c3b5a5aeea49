//! Who is to be notified is notified: a real HTTP server, which also fails or hangs, and a real program, which may
//! never end. Whatever they do, the monitor goes on.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]

#[path = "../support/mod.rs"]
mod support;

mod receiver;

use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use netmon_testkit::lab::{
    DnsServer, Event, Forwarder, Line, Netmon, Process, SERVER_V4, SERVER_V6, Stream, TwoHosts, eventually,
    kdig, two_hosts,
};
use nix::sys::signal::Signal;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use receiver::{Posted, Reaction, Receiver};
use ring::hmac;
use serde_json::Value;
use support::{NETMON, PATIENCE, ask_answered, ask_refused, watch};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

const WATCH: [&str; 4] = ["--hook", "xdp-native", "--interface", "to-server"];

fn start(hosts: &TwoHosts, arguments: &[&str]) -> Netmon {
    watch(&hosts.client, &[&WATCH, arguments].concat())
}

/// A warning in the log.
fn says(words: &'static str) -> impl Fn(&Line) -> bool {
    move |line| line.stream == Stream::Err && line.text.contains(words)
}

/// The notification as it is without this host's name, which must be there.
fn without_host(mut notification: Value) -> Value {
    let host = notification.as_object_mut().unwrap().remove("host");
    let expected = nix::sys::utsname::uname().unwrap();
    assert_eq!(host.unwrap(), *expected.nodename().to_string_lossy());
    notification
}

fn assert_signed(posted: &Posted, secret: &[u8]) {
    let signature = posted
        .header("x-netmon-signature")
        .strip_prefix("sha256=")
        .unwrap();
    let digits = |at: usize| u8::from_str_radix(&signature[at..at + 2], 16).unwrap();
    let tag: Vec<u8> = (0..signature.len()).step_by(2).map(digits).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hmac::verify(&key, &posted.body, &tag).unwrap();
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn a_webhook_and_a_command_get_what_opens_and_what_closes_as_it_was_printed() {
    let hosts = two_hosts().unwrap();
    let receiver = Receiver::new(&hosts.client, &[]);
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "sehr geheim\n").unwrap();
    let taken = folder.path().join("taken");
    let script = format!("cat >>{}", taken.display());
    let mut netmon = start(
        &hosts,
        &[
            "--threshold=unreachable_quiet=1s",
            &format!("--webhook={}", receiver.url()),
            &format!("--webhook-secret-file={}", secret.display()),
            "--notify-command=/bin/sh",
            "--notify-command=-c",
            &format!("--notify-command={script}"),
        ],
    );
    // Nobody listens yet.
    ask_refused(&hosts.client, SERVER_V4, 2);
    let opened = receiver.next(PATIENCE);
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    ask_answered(&hosts.client, SERVER_V4, 1);
    let closed = receiver.next(PATIENCE);
    let printed =
        ["incident_opened", "incident_closed"].map(|name| netmon.wait_event(name, PATIENCE).unwrap().value);
    for (posted, printed) in [opened, closed].iter().zip(&printed) {
        assert_eq!(posted.line, "POST /hook?token=geheim");
        assert_eq!(posted.header("content-type"), "application/json");
        assert!(posted.header("user-agent").starts_with("netmon/"));
        assert_signed(posted, b"sehr geheim");
        assert_eq!(same_moment(without_host(posted.json()), printed), *printed);
    }
    netmon.stop().unwrap();
    receiver.assert_no_more();
    let taken = fs::read_to_string(taken).unwrap();
    let taken: Vec<Value> = taken
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(taken.len(), 2, "{taken:#?}");
    for (taken, printed) in taken.into_iter().zip(&printed) {
        assert_eq!(same_moment(without_host(taken), printed), *printed);
    }
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn webhook_and_command_hear_of_the_server_and_not_of_the_forwarder_that_it_explains() {
    const STUB: [u8; 4] = [127, 0, 0, 53];
    let stub = IpAddr::from(STUB);
    let hosts = two_hosts().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let _forwarder = Forwarder::start(&hosts.client, stub, &[SERVER_V4]).unwrap();
    let receiver = Receiver::new(&hosts.client, &[]);
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("taken");
    let script = format!("cat >>{}", taken.display());
    let netmon = watch(
        &hosts.client,
        &[
            "--interface=lo",
            "--interface=to-server",
            "--threshold=unreachable_quiet=1s",
            "--notify-event=opened",
            "--notify-event=updated",
            "--notify-event=closed",
            &format!("--webhook={}", receiver.url()),
            "--notify-command=/bin/sh",
            "--notify-command=-c",
            &format!("--notify-command={script}"),
        ],
    );
    ask_answered(&hosts.client, stub, 1);
    // Queries to a server that answered within the last second are not reported one by one.
    std::thread::sleep(Duration::from_millis(1_100));
    server.stop().unwrap();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let client = &hosts.client;
            scope.spawn(move || {
                kdig(client, stub, &format!("n{number}.com"), Duration::from_secs(2)).unwrap()
            });
        }
    });
    let is_explained = |event: &Event| {
        event.name() == "incident_opened"
            && event.incident()["server"] == "127.0.0.53"
            && !event.incident()["because_of"].is_null()
    };
    netmon
        .wait_for("the forwarder's incident, explained", PATIENCE, is_explained)
        .unwrap();
    server.start().unwrap();
    for closed in [stub, SERVER_V4] {
        let is_closed = |event: &Event| {
            event.name() == "incident_closed" && event.incident()["server"] == closed.to_string()
        };
        ask_answered(&hosts.client, stub, 2);
        netmon
            .wait_for(&format!("the end of {closed}'s"), PATIENCE, is_closed)
            .unwrap();
    }
    let posted = receiver.until(PATIENCE, |posted| posted.json()["event"] == "incident_closed");
    let taken = || -> Vec<Value> {
        let text = fs::read_to_string(&taken).unwrap_or_default();
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    };
    let taken = eventually("end for the command", taken, |taken| {
        taken.iter().any(|one| one["event"] == "incident_closed")
    });
    for (who, all) in [
        ("webhook", posted.iter().map(Posted::json).collect()),
        ("command", taken),
    ] {
        assert_eq!(all[0]["event"], "incident_opened", "{who}");
        assert!(
            all.iter()
                .all(|one| one["incident"]["server"] == SERVER_V4.to_string()),
            "{who}: {all:#?}"
        );
        let opened = all.iter().filter(|one| one["event"] == "incident_opened");
        assert_eq!(opened.count(), 1, "{who}: {all:#?}");
    }
}

/// Each way has read the clock once for the line; everything else is the same.
fn same_moment(mut notification: Value, printed: &Value) -> Value {
    notification["time"] = printed["time"].clone();
    notification
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn a_receiver_that_fails_is_tried_again_and_one_that_refuses_is_not() {
    let hosts = two_hosts().unwrap();
    let failing = Receiver::new(&hosts.client, &[Reaction::Answer(503), Reaction::Answer(500)]);
    let mut netmon = start(&hosts, &["--webhook", &failing.url()]);
    ask_refused(&hosts.client, SERVER_V4, 1);
    let attempts = [(); 3].map(|()| failing.next(PATIENCE));
    let pauses = [0, 1].map(|n| attempts[n + 1].at.duration_since(attempts[n].at).unwrap());
    assert!(attempts.iter().all(|attempt| attempt.body == attempts[0].body));
    // Half of it to all of it, of half a second and of a second.
    assert!(pauses[0] >= Duration::from_millis(250), "{pauses:?}");
    assert!(pauses[1] >= Duration::from_millis(500), "{pauses:?}");
    netmon
        .process()
        .wait_for("warning", PATIENCE, says("is tried again: it answered 503"))
        .unwrap();
    netmon.stop().unwrap();
    failing.assert_no_more();

    let refusing = Receiver::new(&hosts.client, &[Reaction::Answer(404)]);
    let mut netmon = start(&hosts, &["--webhook", &refusing.url()]);
    ask_refused(&hosts.client, SERVER_V4, 1);
    refusing.next(PATIENCE);
    netmon
        .process()
        .wait_for(
            "warning",
            PATIENCE,
            says("is given up after 1 attempt: it answered 404"),
        )
        .unwrap();
    netmon.stop().unwrap();
    refusing.assert_no_more();
    let log = netmon.process().transcript();
    assert_eq!(
        log.matches("geheim").count(),
        1,
        "only in its command line: {log}"
    );
}

/// Starts netmon with what the JSON harness has no room for: an environment, and an end that may take its time.
fn spawn(hosts: &TwoHosts, arguments: &[&str], environment: &[(&str, &str)]) -> Process {
    let mut command = Command::new(NETMON);
    command
        .args(["run", "--config", "/dev/null"])
        .args(WATCH)
        .args(arguments)
        .envs(environment.iter().copied())
        .env_remove("RUST_LOG");
    let netmon = hosts.client.spawn(&mut command).unwrap();
    let is_attached = |line: &Line| line.text.contains("to-server");
    netmon
        .wait_for("sign that it is attached", PATIENCE, is_attached)
        .unwrap();
    netmon
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn receivers_that_hang_hold_up_neither_the_first_line_nor_the_end() {
    let hosts = two_hosts().unwrap();
    let receiver = Receiver::new(&hosts.client, &[Reaction::Hang; 100]);
    let pid = tempfile::NamedTempFile::new().unwrap();
    let mut netmon = spawn(
        &hosts,
        &[
            &format!("--webhook={}", receiver.url()),
            "--webhook-timeout=60s",
            "--notify-command=/bin/sh",
            "--notify-command=-c",
            &format!(
                "--notify-command=echo $$ >{}; sleep 1000 & sleep 1000",
                pid.path().display()
            ),
            "--notify-command-timeout=10m",
        ],
        &[],
    );
    // The first one is stuck when the second opens, of the same server by its other address.
    ask_refused(&hosts.client, SERVER_V4, 1);
    receiver.next(PATIENCE);
    ask_refused(&hosts.client, SERVER_V6, 1);
    let words = format!("{SERVER_V6} udp port 53 is unreachable");
    let heading = |line: &Line| line.text.contains(&words);
    netmon.wait_for("heading", PATIENCE, heading).unwrap();
    receiver.assert_no_more();

    // Before either of the two timeouts that were asked for.
    netmon.signal(Signal::SIGINT).unwrap();
    assert!(netmon.wait(PATIENCE * 3 / 4).unwrap().success());
    let log = netmon.transcript();
    assert!(log.contains("2 were still to be delivered at the end"), "{log}");
    assert_eq!(
        log.matches("geheim").count(),
        1,
        "only in its command line: {log}"
    );
    assert_gone(pid.path());
}

/// Insists that the process whose id the file holds has ended.
fn assert_gone(pid: &Path) {
    let pid = fs::read_to_string(pid).unwrap();
    let status = fs::read_to_string(format!("/proc/{}/status", pid.trim())).unwrap_or_default();
    assert!(status.is_empty() || status.contains("State:\tZ"), "{status}");
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn a_command_that_does_not_end_is_killed_and_one_that_fails_is_told() {
    let hosts = two_hosts().unwrap();
    let pid = tempfile::NamedTempFile::new().unwrap();
    let mut netmon = start(
        &hosts,
        &[
            "--notify-command=/bin/sh",
            "--notify-command=-c",
            &format!("--notify-command=echo $$ >{}; sleep 1000", pid.path().display()),
            "--notify-command-timeout=300ms",
        ],
    );
    ask_refused(&hosts.client, SERVER_V4, 1);
    let killed =
        says("a notification of the command is given up after 1 attempt: it took too long and was killed");
    netmon.process().wait_for("warning", PATIENCE, killed).unwrap();
    assert_gone(pid.path());
    netmon.stop().unwrap();

    let mut netmon = start(&hosts, &["--notify-command=/bin/false"]);
    ask_refused(&hosts.client, SERVER_V4, 1);
    let failed = says("it ended with exit status: 1");
    netmon.process().wait_for("warning", PATIENCE, failed).unwrap();
    netmon.stop().unwrap();
}

/// A certificate for localhost, and, as PEM, the authority that vouches for it.
fn certificate() -> (ServerConfig, String) {
    let mut authority = CertificateParams::new([]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (config, authority.pem())
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn https_goes_to_whom_the_system_trusts_and_to_nobody_else() {
    let hosts = two_hosts().unwrap();
    let (tls, authority) = certificate();
    let trusted = tempfile::NamedTempFile::new().unwrap();
    fs::write(trusted.path(), authority).unwrap();
    let receiver = Receiver::with_tls(&hosts.client, tls);
    let webhook = format!("--webhook={}", receiver.tls_url());
    let trust = [("SSL_CERT_FILE", trusted.path().to_str().unwrap())];

    let netmon = spawn(&hosts, &[&webhook], &trust);
    ask_refused(&hosts.client, SERVER_V4, 1);
    assert_eq!(receiver.next(PATIENCE).json()["event"], "incident_opened");
    drop(netmon);

    let (_, other) = certificate();
    fs::write(trusted.path(), other).unwrap();
    let netmon = spawn(&hosts, &[&webhook], &trust);
    ask_refused(&hosts.client, SERVER_V4, 1);
    netmon.wait_for("warning", PATIENCE, says("certificate")).unwrap();
    receiver.assert_no_more();
}
