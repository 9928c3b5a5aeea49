//! `netmon doctor` and `netmon status`, as root and as nobody.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

mod support;

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Output};

use netmon_testkit::executable;
use netmon_testkit::lab::{
    DnsServer, Namespace, Position, SERVER_V4, Seen, TcxProgram, XdpProgram, two_hosts,
};
use serde_json::Value;
use support::kernel::lacks_tcx;
use support::{NETMON, ask_answered, ask_refused, start};

fn json(output: &Output) -> Value {
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{words}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn ask(host: &Namespace, command: &str) -> Value {
    let mut netmon = Command::new(NETMON);
    json(&host.output(netmon.args([command, "--format", "json"])).unwrap())
}

/// What was found of a check or an interface.
fn findings<'a>(document: &'a Value, check: &str) -> Vec<&'a Value> {
    let all = document["checks"].as_array().unwrap();
    all.iter().filter(|finding| finding["check"] == check).collect()
}

#[track_caller]
fn assert_found(document: &Value, check: &str, verdict: &str, words: &str) {
    let found = findings(document, check);
    assert!(
        found
            .iter()
            .any(|one| one["verdict"] == verdict && one["finding"].as_str().unwrap().contains(words)),
        "{check}: {verdict} `{words}` is not in {found:#?}"
    );
}

#[test]
#[ignore = "needs root: network namespaces, and loads programs"]
fn the_doctor_finds_nothing_here_that_would_stop_netmon() {
    let hosts = two_hosts().unwrap();
    let document = ask(&hosts.client, "doctor");
    assert_ne!(document["verdict"], "failure", "{document:#}");
    assert_found(&document, "kernel", "ok", "Linux");
    assert_found(&document, "programs", "ok", "the verifier accepts the programs");
    assert_found(&document, "to-server", "ok", "--hook auto would take TC");
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn the_doctor_says_which_hook_each_interface_gets_and_who_is_there() {
    let hosts = two_hosts().unwrap();
    for name in ["free", "taken"] {
        hosts.client.ip(&format!("tuntap add {name} mode tap")).unwrap();
    }
    hosts.client.ip("tuntap add tunnel mode tun").unwrap();
    let mut other = start(&hosts.client, &["--hook", "xdp-native", "--interface", "taken"]);
    let document = ask(&hosts.client, "doctor");
    for (check, words) in [
        ("kernel", "Linux"),
        ("rights", "may load and attach"),
        ("programs", "the verifier accepts the programs"),
        ("interfaces", "watches lo, to-server"),
        ("lo", "TC: netmon sees each packet once"),
        ("to-server", "driver veth; --hook auto would take TC"),
        (
            "free",
            "driver tun; --hook auto would take native XDP: the driver has it",
        ),
        ("taken", "--hook auto would take TC: the XDP hook is taken"),
        ("taken", "`netmon_xdp` (id "),
    ] {
        assert_found(&document, check, "ok", words);
    }
    let tunnel = "driver tun, a tunnel, which --all-interfaces leaves out; --hook auto would take TC: its packets have no Ethernet header";
    assert_found(&document, "tunnel", "ok", tunnel);
    // Looking leaves no trace.
    assert_eq!(findings(&document, "free").len(), 1);
    other.stop().unwrap();
    support::assert_nothing_attached(&hosts.client);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn the_doctor_says_who_has_the_xdp_hook_and_who_takes_packets_past_netmon() {
    let hosts = two_hosts().unwrap();
    for name in ["plain", "several", "sockets"] {
        hosts.client.ip(&format!("tuntap add {name} mode tap")).unwrap();
    }
    // What a DNS server by AF_XDP has: a socket, and a program that hands packets to it.
    let mut server = Command::new("perl");
    server.args(["-e", "socket(my $one, 44, 3, 0) or die; sleep"]);
    let server = hosts.client.spawn(&mut server).unwrap();
    let attach = |interface: &str, name: &str, sockets| {
        XdpProgram::attach(&hosts.client, interface, name, sockets).unwrap()
    };
    let _plain = attach("plain", "somebody", false);
    let _several = attach("several", "xdp_dispatcher", false);
    let sockets = attach("sockets", "kresd_like", true);
    let whose = format!(
        "AF_XDP sockets of perl (process {}): netmon sees neither",
        server.id()
    );
    let hidden = |document: &Value| {
        let found = findings(document, "sockets");
        let text = |one: &Value| one["finding"].as_str().unwrap().to_owned();
        found
            .into_iter()
            .map(text)
            .any(|finding| finding.contains("AF_XDP"))
    };
    let document = ask(&hosts.client, "doctor");
    assert_found(&document, "plain", "warning", "`somebody` (id ");
    assert_found(&document, "several", "warning", "is libxdp's dispatcher");
    assert_found(&document, "sockets", "warning", &whose);
    assert!(
        findings(&document, "plain")
            .iter()
            .all(|one| !one["finding"].as_str().unwrap().contains("AF_XDP"))
    );
    drop(sockets);
    assert!(!hidden(&ask(&hosts.client, "doctor")));
}

#[test]
#[ignore = "needs root: network namespaces and TCX"]
fn the_doctor_says_who_decides_at_tcx_what_netmon_sees() {
    const BEFORE: &str = "runs before netmon's program at TCX ingress";
    if lacks_tcx() {
        return;
    }
    let hosts = two_hosts().unwrap();
    let attach = |position| {
        TcxProgram::attach(&hosts.client, "to-server", "somebody", Seen::Arriving, position).unwrap()
    };
    let said = |words: &str| {
        let document = ask(&hosts.client, "doctor");
        let found = findings(&document, "to-server");
        let mut texts = found
            .iter()
            .map(|one| one["finding"].as_str().unwrap().to_owned());
        texts.any(|text| text.contains(words))
    };
    let first = attach(Position::Last);
    assert!(
        said("`somebody` (id ") && !said(BEFORE),
        "netmon will run before it"
    );
    let mut netmon = start(&hosts.client, &["--hook", "tc", "--interface", "to-server"]);
    assert!(!said(BEFORE));
    let _before = attach(Position::First);
    assert!(said(BEFORE));
    netmon.stop().unwrap();
    assert!(!said(BEFORE));
    drop(first);
}

#[test]
#[ignore = "needs root: changes its user"]
fn nobody_is_told_what_the_doctor_cannot_see_and_that_status_needs_root() {
    const NOBODY: u32 = 65_534;
    let (_directory, binary) = executable::for_everybody(NETMON).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&binary);
        command.args(arguments).uid(NOBODY).gid(NOBODY).output().unwrap()
    };
    let document = json(&run(&["doctor", "--format", "json"]));
    assert_eq!(document["verdict"], "warning");
    for (check, words) in [
        ("rights", "lacks CAP_BPF"),
        ("programs", "not permitted"),
        ("others", "only root"),
    ] {
        assert_found(&document, check, "warning", words);
    }
    assert_found(&document, "lo", "ok", "TC");
    let refused = run(&["status"]);
    assert_eq!(refused.status.code(), Some(3));
    let words = String::from_utf8_lossy(&refused.stderr);
    assert!(words.contains("only root"), "{words}");
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn status_tells_of_each_netmon_what_it_watches_and_has_counted() {
    let hosts = two_hosts().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let mut one = start(
        &hosts.client,
        &["--hook", "xdp-native", "--interface", "to-server"],
    );
    let mut other = start(&hosts.client, &["--interface", "lo", "--interface", "to-server"]);
    ask_answered(&hosts.client, SERVER_V4, 3);
    server.stop().unwrap();
    ask_refused(&hosts.client, SERVER_V4, 2);
    let document = ask(&hosts.client, "status");
    let of = |pid: u32| {
        let instances = document["instances"].as_array().unwrap();
        let mut mine = instances
            .iter()
            .filter(|instance| instance["pids"] == serde_json::json!([pid]));
        let found = mine.next().unwrap_or(&Value::Null).clone();
        assert!(mine.next().is_none(), "{document:#}");
        found
    };
    let first = of(one.process().id());
    let second = of(other.process().id());
    let hooks = |name: &str, ingress: &str, egress: Value| serde_json::json!({"name": name, "ingress": ingress, "egress": egress});
    assert_eq!(
        first["interfaces"],
        serde_json::json!([hooks("to-server", "xdp-native", "tcx".into())])
    );
    assert_eq!(
        second["interfaces"],
        serde_json::json!([
            hooks("lo", "tc", Value::Null),
            hooks("to-server", "tc", "tcx".into())
        ])
    );
    // The second one has no interface for XDP.
    for (instance, programs) in [(&first, 3), (&second, 2)] {
        assert_eq!(
            instance["programs"].as_array().unwrap().len(),
            programs,
            "{instance:#}"
        );
        assert_eq!(instance["totals"]["dns_queries"], 5, "{instance:#}");
        assert_eq!(instance["totals"]["not_served"], Value::Null);
        let destination = &instance["destinations"][0];
        assert_eq!(destination["address"], SERVER_V4.to_string());
        assert_eq!(destination["dns_responses"], 3);
        assert_eq!(destination["icmp_unreachable"]["port"], 2);
        assert_eq!(destination["latency_us"]["count"], 3);
    }
    let text = hosts.client.exec(Command::new(NETMON).arg("status")).unwrap();
    for words in [
        &format!("netmon, process {}, since 20", one.process().id()),
        "  to-server: what arrives by xdp-native, what leaves by tcx\n",
        "    203.0.113.2: 5 queries, 3 responses, 2 ICMP errors\n",
    ] {
        assert!(text.contains(words), "`{words}` is not in {text}");
    }
    // From another namespace it is not seen where they are attached, and that is said.
    let elsewhere = hosts.server.exec(Command::new(NETMON).arg("status")).unwrap();
    assert!(
        elsewhere.contains("attached to nothing in this network namespace; try nsenter"),
        "{elsewhere}"
    );
    one.stop().unwrap();
    other.stop().unwrap();
    let gone = ask(&hosts.client, "status");
    let pids = |instance: &Value| instance["pids"][0].as_u64();
    let instances = gone["instances"].as_array().unwrap();
    let ended = [one.process().id(), other.process().id()].map(|pid| Some(u64::from(pid)));
    assert!(
        instances.iter().all(|instance| !ended.contains(&pids(instance))),
        "{gone:#}"
    );
}
