//! A capture of all interfaces of a host that translates a service address (DNAT, as a Kubernetes node does) shows each packet twice,
//! with the addresses of two servers. It is counted once; each side has its exchanges, and the report says of both how they did. The
//! control is the same capture of a host that translates nothing.

use std::net::Ipv4Addr;

use netmon_testkit::captures::translated::{OTHER_QUERIES, POD, Pod, QUERIES, SERVICE, frames};
use netmon_testkit::captures::{Link, Pcap};
use netmon_testkit::frames::build::prelude::CLIENT;
use serde_json::{Value, json};

use super::run::{Files, analyze};

/// The captures of all interfaces.
const ANY: [Link; 2] = [Link::CookedV1, Link::CookedV2];

/// A capture of a host.
struct Host {
    link: Link,
    /// Whom the clients ask.
    asked: Ipv4Addr,
    pod: Pod,
}

impl Host {
    /// The document of it, and the report without its line breaks.
    fn analysed(&self) -> (Value, String) {
        let pcap = Pcap {
            link: self.link.number().into(),
            ..Pcap::USUAL
        };
        let files = Files::new();
        let path = files.write("any.pcap", pcap.file(&frames(self.link, self.asked, self.pod)));
        let path = path.to_str().unwrap();
        let document = analyze(["--format", "json", path]).good();
        let report = analyze(["--format", "text", path]).out;
        assert_eq!(document["totals"]["unsolicited"], 0, "{document:#}");
        assert_eq!(document["totals"]["unmatched_responses"], 0, "{document:#}");
        (document, report.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Whom the queries are to, on either side.
    fn servers(&self) -> Vec<Ipv4Addr> {
        let mut servers = vec![self.asked, POD];
        servers.dedup();
        servers
    }
}

/// A host that translates a service address, and one that does not, each in both forms of captures.
fn hosts(pod: Pod) -> impl Iterator<Item = Host> {
    let asked = [SERVICE, POD];
    ANY.into_iter()
        .flat_map(move |link| asked.map(|asked| Host { link, asked, pod }))
}

/// Queries, responses and port errors that were counted for a server; `None` for one that is not listed.
fn counted(document: &Value, server: Ipv4Addr) -> Option<Value> {
    let mut destinations = document["destinations"].as_array().unwrap().iter();
    let one = destinations.find(|one| one["address"] == server.to_string())?;
    let counts = [
        &one["dns_queries"],
        &one["dns_responses"],
        &one["dns_unreachable"]["port"],
    ];
    Some(json!(counts))
}

/// Insists that so much was counted for the service and the pod; for the pod that is asked itself, all of it.
#[track_caller]
fn assert_counted(document: &Value, host: &Host, of_service: [u64; 3], of_pod: [u64; 3]) {
    let none = |counts: [u64; 3]| (counts != [0; 3]).then(|| json!(counts));
    if host.asked == POD {
        let all: Vec<u64> = of_service
            .iter()
            .zip(of_pod)
            .map(|(one, other)| one + other)
            .collect();
        assert_eq!(counted(document, POD), Some(json!(all)), "{document:#}");
    } else {
        assert_eq!(counted(document, SERVICE), none(of_service), "{document:#}");
        assert_eq!(counted(document, POD), none(of_pod), "{document:#}");
    }
    let packets: u64 = of_service.iter().chain(&of_pod).sum();
    let of_other = 2 * OTHER_QUERIES;
    assert_eq!(document["totals"]["frames"], packets + of_other, "{document:#}");
}

/// Insists on an incident of each side, and on nothing else of these.
#[track_caller]
fn assert_incidents(document: &Value, host: &Host, kind: &str, errors: u64) {
    let incidents = document["incidents"].as_array().unwrap();
    let mut servers = host.servers();
    assert_eq!(incidents.len(), servers.len(), "{incidents:#?}");
    for incident in incidents {
        servers.retain(|server| incident["server"] != server.to_string());
        assert_eq!(incident["kind"], kind, "{incident:#}");
        assert_eq!(incident["severity"], "down", "{incident:#}");
        assert_eq!(incident["clients"], json!([CLIENT.to_string()]), "{incident:#}");
        assert_eq!(incident["errors"]["port"], errors, "{incident:#}");
        assert_eq!(incident["verified"], errors, "{incident:#}");
        let counts = [&incident["queries"], &incident["answers"]];
        assert_eq!(counts, [&json!(QUERIES), &json!(0)], "{incident:#}");
    }
    assert!(servers.is_empty(), "{incidents:#?}");
}

#[track_caller]
fn assert_says(report: &str, sentence: &str) {
    assert!(report.contains(sentence), "{sentence:?} is not in {report}");
}

#[test]
fn a_service_whose_pod_answers_is_well_on_both_sides() {
    for host in hosts(Pod::Answers) {
        let (document, report) = host.analysed();
        assert_counted(&document, &host, [QUERIES, 0, 0], [0, QUERIES, 0]);
        assert_eq!(document["incidents"], json!([]));
        let servers = host.servers();
        let (all, queries) = if host.asked == POD { (2, 12) } else { (3, 22) };
        assert_says(
            &report,
            &format!("{all} DNS servers received {queries} queries; 100% of them were answered."),
        );
        for server in servers {
            assert_says(&report, &format!("{server} answered 10 of 10 queries (100%)."));
            assert_says(&report, &format!("{server} 10 10 100% 0 "));
        }
        assert_says(&report, "DNS queries over UDP 12 DNS answers over UDP 12");
        let warning = "packets were seen again with the address of another server";
        assert_eq!(report.contains(warning), host.asked == SERVICE, "{report}");
    }
}

#[test]
fn a_service_whose_pod_is_dead_is_down_on_both_sides() {
    for host in hosts(Pod::Refuses) {
        let (document, report) = host.analysed();
        assert_counted(&document, &host, [QUERIES, 0, 0], [0, 0, QUERIES]);
        assert_incidents(&document, &host, "unreachable", QUERIES);
        let sides = "The same queries, by client, port and id, were seen on their way to ";
        assert_eq!(report.contains(sides), host.asked == SERVICE, "{report}");
        for server in host.servers() {
            assert_says(&report, &format!("server {server} unreachable on UDP port 53"));
            assert_says(&report, &format!("{server} 10 0 0% 10 "));
        }
        assert_says(&report, "one other server answered 2 of 2 queries (100%).");
    }
}

#[test]
fn a_service_whose_pod_is_silent_is_down_on_both_sides() {
    for host in hosts(Pod::IsSilent) {
        let (document, report) = host.analysed();
        assert_counted(&document, &host, [QUERIES, 0, 0], [0; 3]);
        assert_incidents(&document, &host, "unanswered", 0);
        for server in host.servers() {
            assert_says(&report, &format!("{server} 10 0 0% 0 "));
        }
        assert_says(&report, "holds no answer from this server at all");
        assert_says(&report, "one other server answered 2 of 2 queries (100%).");
    }
}
