//! netmon's own queries (`--probe`): they confirm an outage or do not, at most one a second, and nothing is judged by them. The
//! control: without the flag a record of the wire holds no packet of netmon's.

use std::net::IpAddr;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use netmon_testkit::lab::{
    CLIENT_V4, DnsServer, Event, Hook, Namespace, Netmon, Record, Recording, Rules, SERVER_V4, SERVER_V6,
    two_hosts, with_router,
};
use serde_json::{Value, json};

use crate::support::{PATIENCE, ask_answered, ask_failing, ask_refused, destination, watch};

/// More than both queries and their pauses take where nobody is silent.
const BOTH: Duration = Duration::from_secs(4);

/// The incident of the server once netmon's own queries have been replied to.
#[track_caller]
fn probed(netmon: &Netmon, server: IpAddr) -> Value {
    let about = |event: &Event| {
        event.name() == "incident_updated"
            && event.incident()["server"] == server.to_string()
            && event.incident()["probe"] != Value::Null
    };
    let what = format!("what netmon's queries to {server} came to");
    netmon
        .wait_for(&what, PATIENCE, about)
        .unwrap()
        .incident()
        .clone()
}

/// Packets of a record from that address: when each was sent, in seconds, and from which port to which one.
fn sent_by(record: &Record, from: IpAddr) -> Vec<(f64, u16, u16)> {
    let output = Command::new("tshark")
        .arg("-r")
        .arg(record.file())
        .args([
            "-Y",
            &format!("ip.src=={from} && (udp || tcp) && !icmp"),
            "-T",
            "fields",
        ])
        .args([
            "-e",
            "frame.time_epoch",
            "-e",
            "udp.srcport",
            "-e",
            "tcp.srcport",
            "-e",
            "udp.dstport",
            "-e",
            "tcp.dstport",
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| {
        let mut fields = line.split('\t').filter(|field| !field.is_empty());
        let mut next = || fields.next().unwrap().to_owned();
        (
            next().parse().unwrap(),
            next().parse().unwrap(),
            next().parse().unwrap(),
        )
    });
    lines.collect()
}

fn recorded<'lab>(client: &'lab Namespace, arguments: &[&str]) -> (Netmon, Recording, &'lab Namespace) {
    let recording = Recording::start(client, "to-server").unwrap();
    let watched = ["--interface", "to-server", "--interface", "lo"];
    (watch(client, &[&watched, arguments].concat()), recording, client)
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_outage_is_confirmed_by_queries_by_which_nothing_is_judged() {
    let hosts = two_hosts().unwrap();
    let (mut netmon, recording, client) = recorded(&hosts.client, &["--probe"]);
    let local: IpAddr = [127, 0, 0, 53].into();
    for server in [SERVER_V4, SERVER_V6, local] {
        ask_refused(client, server, 1);
    }
    for server in [SERVER_V4, SERVER_V6, local] {
        let incident = probed(&netmon, server);
        let probe = &incident["probe"];
        assert_eq!(
            (&probe["confirmed"], &probe["udp"], &probe["tcp"]),
            (&json!(true), &json!("error"), &json!("error")),
            "{incident:#}"
        );
        assert_eq!(
            (&incident["queries"], &incident["verified"]),
            (&json!(1), &json!(1)),
            "{incident:#}"
        );
        assert_eq!(incident["errors"]["port"], 1, "{incident:#}");
        assert_eq!(incident["askers"][0]["process"], "dig", "{incident:#}");
        assert_eq!(incident["askers"].as_array().unwrap().len(), 1, "{incident:#}");
    }
    let stopped = netmon.stop().unwrap();
    let opened = netmon.events_named("incident_opened").unwrap();
    assert_eq!(opened.len(), 3, "one over UDP each, and none over TCP");
    let counts = destination(&stopped, SERVER_V4);
    assert_eq!(
        (&counts["dns_queries"], &counts["tcp"]["tcp_connects"]),
        (&json!(2), &json!(1)),
        "{counts:#}"
    );

    let sent = sent_by(&recording.finish().unwrap(), CLIENT_V4);
    // Of three packets over IPv4 one is dig's; the others come from one port, a second apart.
    assert_eq!(sent.len(), 3, "{sent:?}");
    let own: Vec<_> = sent.iter().filter(|(_, port, _)| *port == sent[2].1).collect();
    assert_eq!(own.len(), 2, "{sent:?}");
    assert!(own[1].0 - own[0].0 >= 0.99, "{sent:?}");
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_outage_that_others_have_is_not_confirmed_from_this_host_and_does_not_end_by_that() {
    let hosts = with_router().unwrap();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let netmon = watch(
        &hosts.router,
        &[
            "--interface",
            "to-client",
            "--interface",
            "to-server",
            "--interface",
            "lo",
            "--probe",
        ],
    );
    let reject = "udp dport 53 reject with icmpx type admin-prohibited";
    let rejects = Rules::new(&hosts.router, Hook::Forward, &[reject]).unwrap();
    ask_failing(&hosts.client, SERVER_V4, 2);
    let incident = probed(&netmon, SERVER_V4);
    let probe = &incident["probe"];
    assert_eq!(
        (&probe["confirmed"], &probe["udp"], &probe["tcp"]),
        (&json!(false), &json!("answered"), &json!("answered")),
        "{incident:#}"
    );
    assert_eq!(
        (
            &incident["state"],
            &incident["recovered"],
            &incident["answers"],
            &incident["severity"]
        ),
        (&json!("open"), &Value::Null, &json!(0), &json!("down")),
        "{incident:#}"
    );
    drop(rejects);
    ask_answered(&hosts.client, SERVER_V4, 2);
    let closed = netmon.wait_event("incident_closed", PATIENCE).unwrap();
    assert_eq!(closed.incident()["probe"], *probe, "{:#}", closed.incident());
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn without_the_flag_nothing_is_ever_sent() {
    let hosts = two_hosts().unwrap();
    let (mut netmon, recording, client) = recorded(&hosts.client, &[]);
    ask_refused(client, SERVER_V4, 1);
    netmon.wait_event("incident_opened", PATIENCE).unwrap();
    sleep(BOTH);
    netmon.stop().unwrap();
    let sent = sent_by(&recording.finish().unwrap(), CLIENT_V4);
    assert_eq!(sent.len(), 1, "dig's query: {sent:?}");
}
