//! The laboratory itself: what it sets up works, and nothing of it stays behind.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

use std::{
    fs,
    net::UdpSocket,
    panic,
    process::{Child, Command},
    thread,
    time::Duration,
};

use netmon_testkit::lab::{
    ANSWER_V4, CLIENT_V4, CLIENT_V6, DnsServer, Namespace, Reply, SERVER_V4, SERVER_V6, dig, kdig, two_hosts,
    with_router,
};
use nix::sys::signal::Signal;

const PATIENCE: Duration = Duration::from_secs(2);

fn answered() -> Reply {
    Reply::Answered(vec![ANSWER_V4.to_string()])
}

fn refused() -> Reply {
    Reply::Refused("connection refused".to_owned())
}

#[test]
#[ignore = "needs root: makes a network namespace"]
fn a_namespace_appears_and_vanishes_also_when_its_test_panics() {
    let namespace = Namespace::new("appears").unwrap();
    let path = namespace.path();
    assert!(path.exists());
    assert!(
        namespace
            .ip("-brief link show lo")
            .unwrap()
            .contains("LOOPBACK,UP")
    );
    let panicked = panic::catch_unwind(move || {
        let _owned = namespace;
        panic!("on purpose");
    });
    assert!(panicked.is_err());
    assert!(!path.exists());
}

#[test]
#[ignore = "needs root: makes a network namespace"]
fn what_runs_inside_sees_only_the_inside() {
    let namespace = Namespace::new("inside").unwrap();
    let links = namespace
        .exec(Command::new("ip").args(["-oneline", "link"]))
        .unwrap();
    assert_eq!(links.lines().count(), 1, "{links}");
    let failed = namespace.output(&mut Command::new("false")).unwrap();
    assert_eq!(failed.status.code(), Some(1));
    let error = namespace
        .exec(Command::new("ls").arg("/no/such/file"))
        .unwrap_err();
    assert!(error.to_string().contains("No such file"), "{error}");
}

#[test]
#[ignore = "needs root: makes a network namespace"]
fn a_process_is_read_line_by_line_and_ends_with_its_guard() {
    let namespace = Namespace::new("process").unwrap();
    let mut process = namespace
        .spawn(Command::new("sh").args(["-c", "echo one; echo two >&2; exec sleep 60"]))
        .unwrap();
    process
        .wait_for("line", PATIENCE, |line| line.text == "one")
        .unwrap();
    process
        .wait_for("line", PATIENCE, |line| line.text == "two")
        .unwrap();
    let error = process
        .wait_for("third", Duration::from_millis(20), |_| false)
        .unwrap_err();
    assert!(error.to_string().contains("Out: one"), "{error}");
    process.signal(Signal::SIGTERM).unwrap();
    assert!(!process.wait(PATIENCE).unwrap().success());

    let sleeping = namespace.spawn(Command::new("sleep").arg("60")).unwrap();
    let directory = format!("/proc/{}", sleeping.id());
    assert!(fs::exists(&directory).unwrap());
    drop(sleeping);
    assert!(!fs::exists(&directory).unwrap());
}

#[test]
#[ignore = "needs root: makes network namespaces"]
fn a_server_answers_refuses_once_stopped_and_answers_again() {
    let hosts = two_hosts().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    for address in [SERVER_V4, SERVER_V6] {
        assert_eq!(
            dig(&hosts.client, address, "one.test", PATIENCE).unwrap(),
            answered()
        );
        assert_eq!(
            kdig(&hosts.client, address, "two.test", PATIENCE).unwrap(),
            answered()
        );
    }
    server.stop().unwrap();
    for address in [SERVER_V4, SERVER_V6] {
        assert_eq!(
            dig(&hosts.client, address, "one.test", PATIENCE).unwrap(),
            refused()
        );
        assert_eq!(
            kdig(&hosts.client, address, "two.test", PATIENCE).unwrap(),
            Reply::Silence
        );
    }
    server.start().unwrap();
    for address in [SERVER_V4, SERVER_V6] {
        assert_eq!(
            dig(&hosts.client, address, "one.test", PATIENCE).unwrap(),
            answered()
        );
    }
}

#[test]
#[ignore = "needs root: makes network namespaces"]
fn a_router_forwards_queries_and_errors() {
    let hosts = with_router().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    for address in [SERVER_V4, SERVER_V6] {
        assert_eq!(
            dig(&hosts.client, address, "one.test", PATIENCE).unwrap(),
            answered()
        );
    }
    server.stop().unwrap();
    for address in [SERVER_V4, SERVER_V6] {
        assert_eq!(
            dig(&hosts.client, address, "one.test", PATIENCE).unwrap(),
            refused()
        );
    }
}

#[test]
#[ignore = "needs root: makes network namespaces"]
fn a_socket_made_inside_stays_inside() {
    let hosts = two_hosts().unwrap();
    for (client, server) in [(CLIENT_V4, SERVER_V4), (CLIENT_V6, SERVER_V6)] {
        let asks = hosts
            .client
            .enter(|| UdpSocket::bind((client, 0)))
            .unwrap()
            .unwrap();
        let hears = hosts
            .server
            .enter(|| UdpSocket::bind((server, 5300)))
            .unwrap()
            .unwrap();
        hears.set_read_timeout(Some(PATIENCE)).unwrap();
        asks.send_to(b"hello", (server, 5300)).unwrap();
        let mut buffer = [0; 16];
        let (length, from) = hears.recv_from(&mut buffer).unwrap();
        assert_eq!((length, from), (5, asks.local_addr().unwrap()));
    }
}

/// A namespace with a process in it, as a laboratory leaves them that was killed. `None` where another test sweeps it away before it
/// is whole.
fn stale_namespace() -> Option<(String, Child)> {
    // A process that has ended, so that its number is free.
    let mut ended = Command::new("true").spawn().unwrap();
    ended.wait().unwrap();
    let name = format!("netmon-{}-0-stale", ended.id());
    let added = Command::new("ip").args(["netns", "add", &name]).status();
    let mut process = Command::new("ip")
        .args(["netns", "exec", &name, "sleep", "60"])
        .spawn()
        .unwrap();
    // `ip` becomes it once it is inside.
    let command = format!("/proc/{}/comm", process.id());
    while fs::read_to_string(&command).unwrap() != "sleep\n" {
        if process.try_wait().unwrap().is_some() {
            return None;
        }
        thread::sleep(Duration::from_millis(10));
    }
    // Whoever sweeps may have looked for processes right before this one came.
    if !added.unwrap().success() || !fs::exists(format!("/run/netns/{name}")).unwrap() {
        process.kill().unwrap();
        process.wait().unwrap();
        return None;
    }
    Some((name, process))
}

#[test]
#[ignore = "needs root: makes a network namespace"]
fn what_a_killed_laboratory_left_is_swept_away() {
    let (name, mut left) = (0..20).find_map(|_| stale_namespace()).unwrap();
    // Sweeping happens once in a process, and other tests of this one may have done it.
    let again = Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "a_namespace_appears_and_vanishes_also_when_its_test_panics",
        ])
        .output()
        .unwrap();
    assert!(again.status.success());
    assert!(!fs::exists(format!("/run/netns/{name}")).unwrap());
    assert!(!left.wait().unwrap().success());
}
