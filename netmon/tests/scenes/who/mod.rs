//! How many queries of short-lived clients are attributed to the process that sent them: dig, kdig, glibc's resolver, musl's, Go's (by
//! promtool, which is a Go program) and Python, each client ten queries. Each server is asked by as many clients as an incident lists, so that none is left out.
//!
//! `NETMON_CLIENTS=1000 cargo test -p netmon --test scenes -- --ignored --nocapture who` measures the whole. That takes five minutes, because
//! kdig and musl's resolver wait for their time to pass even where the server refuses.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use netmon_testkit::lab::{Event, Namespace, two_hosts};

use crate::askers::Group;
use crate::support::doors::incidents_of;
use crate::support::{PATIENCE, watch};

/// Clients of a server, as many as an incident lists.
const LISTED: usize = 16;

/// Queries of each client.
const QUERIES: usize = 10;

/// Clients, if nobody says how many.
const CLIENTS: usize = 64;

/// Servers that are asked at once.
const AT_ONCE: usize = 16;

/// Between clients of a server: netmon looks at 64 queries a second of each one by one.
const PACE: Duration = Duration::from_millis(200);

/// A query, of a socket of its own, for each name.
const PYTHON: &str = r#"
import socket, sys
for name in sys.argv[2:]:
    question = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.connect((sys.argv[1], 53))
    client.settimeout(1)
    try:
        client.send(b"\xbe\xef\x01\0\0\x01\0\0\0\0\0\0" + question + b"\0\0\x01\0\x01")
        client.recv(512)
    except OSError:
        pass
"#;

fn server(batch: usize) -> Ipv4Addr {
    Ipv4Addr::new(203, 0, 113, u8::try_from(10 + batch).unwrap())
}

/// A client of that kind: its command, and how its process is called.
fn client(number: usize, server: Ipv4Addr, directory: &Path) -> (String, &'static str) {
    let mut names = String::new();
    for query in 0..QUERIES {
        write!(names, " q{query}c{number}.test").unwrap();
    }
    let with_file = |attempts: usize, command: &str| {
        let file = directory.join(format!("{server}-{attempts}.conf"));
        fs::write(
            &file,
            format!("nameserver {server}\noptions attempts:{attempts} timeout:1\n"),
        )
        .unwrap();
        let mount = format!("mount --bind {} /etc/resolv.conf", file.display());
        format!("unshare --mount sh -c '{mount} && exec {command}'")
    };
    let (command, process) = match number % 6 {
        0 => (format!("dig -r +tries=1 +timeout=1 @{server}{names}"), "dig"),
        1 => (format!("kdig +retry=0 +timeout=1 @{server}{names}"), "kdig"),
        2 => (with_file(1, &format!("getent ahostsv4{names}")), "getent"),
        3 => (
            with_file(1, &format!("{}{names}", directory.join("ask-musl").display())),
            "ask-musl",
        ),
        4 => {
            // One lookup: for IPv4 and IPv6, again and again.
            let url = format!("http://q0c{number}.test.:9090");
            let command = format!("env GODEBUG=netdns=go promtool query instant {url} up");
            (with_file(QUERIES / 2, &command), "promtool")
        }
        _ => (
            format!(
                "python3 {}{names}",
                format_args!("{} {server}", directory.join("ask.py").display())
            ),
            "python3",
        ),
    };
    (command, process)
}

/// The program that asks by musl's resolver.
pub(crate) fn build(directory: &Path) {
    let built = Command::new("musl-gcc")
        .args(["-static", "-O1", "-o"])
        .arg(directory.join("ask-musl"))
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenes/who/ask.c"))
        .output()
        .unwrap();
    assert!(built.status.success(), "{built:?}");
}

/// Has the clients of a server ask it, and says which process each was.
fn ask(host: &Namespace, group: &Group, batch: usize, directory: &Path) -> BTreeMap<u64, &'static str> {
    let mut clients = BTreeMap::new();
    for number in 0..LISTED {
        let (command, process) = client(batch * LISTED + number, server(batch), directory);
        clients.insert(group.run(host, &command), process);
        sleep(PACE);
    }
    clients
}

#[test]
#[ignore = "needs root: network namespaces, control groups and TC"]
fn nearly_all_queries_of_short_lived_clients_are_attributed_and_none_wrongly() {
    let wanted = std::env::var("NETMON_CLIENTS").map_or(CLIENTS, |clients| clients.parse().unwrap());
    let batches = wanted.div_ceil(LISTED);
    let hosts = two_hosts().unwrap();
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("ask.py"), PYTHON).unwrap();
    build(directory.path());
    hosts.server.limit_no_errors().unwrap();
    let mut arguments = vec!["--interface=to-server".to_owned(), "--interface=lo".to_owned()];
    for batch in 0..batches {
        hosts
            .server
            .add_address(server(batch).into(), "to-client")
            .unwrap();
        // Else a client of so many servers that never answered scans.
        arguments.push(format!("--server={}", server(batch)));
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let netmon = watch(&hosts.client, &arguments);
    let group = Group::new("system.slice/who.service");
    let mut expected = BTreeMap::new();
    for first in (0..batches).step_by(AT_ONCE) {
        std::thread::scope(|scope| {
            let all = first..batches.min(first + AT_ONCE);
            let running: Vec<_> = all
                .map(|batch| {
                    let (client, group, directory) = (&hosts.client, &group, directory.path());
                    (batch, scope.spawn(move || ask(client, group, batch, directory)))
                })
                .collect();
            for (batch, clients) in running {
                expected.insert(IpAddr::from(server(batch)).to_string(), clients.join().unwrap());
            }
        });
    }
    let last = server(batches - 1).to_string();
    let is_last = |event: &Event| event.incident()["server"] == last.as_str();
    netmon
        .wait_for("the last server's incident", PATIENCE, is_last)
        .unwrap();
    sleep(Duration::from_secs(2));
    let (mut right, mut wrong) = (BTreeMap::new(), Vec::new());
    for incident in incidents_of(&netmon) {
        let clients = &expected[incident["server"].as_str().unwrap()];
        assert_eq!(incident["askers_more"], 0, "{incident:#}");
        for asker in incident["askers"].as_array().unwrap() {
            let is_right = |process: &&&str| asker["process"].as_str().unwrap().starts_with(**process);
            let known = asker["pid"]
                .as_u64()
                .and_then(|pid| clients.get(&pid))
                .filter(|one| is_right(one));
            let queries = asker["queries"].as_u64().unwrap();
            match known {
                Some(process) if asker["unit"] == "who.service" => {
                    *right.entry(*process).or_insert(0) += queries;
                }
                _ => wrong.push(asker.clone()),
            }
        }
    }
    let mut sent = BTreeMap::new();
    for process in expected.values().flat_map(BTreeMap::values) {
        *sent.entry(*process).or_insert(0) += QUERIES as u64;
    }
    let all = |of: &BTreeMap<&str, u64>| of.values().sum::<u64>();
    eprintln!(
        "{} clients sent {} queries: {} attributed, {} processes wrongly; by client: sent {sent:?}, attributed {right:?}",
        batches * LISTED,
        all(&sent),
        all(&right),
        wrong.len()
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(all(&right) * 100 >= all(&sent) * 99, "{right:?} of {sent:?}");
}
