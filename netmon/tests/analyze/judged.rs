//! What captures allow to say: nothing is well that was cut off or has no time, and no error is about a query that waits no more.

use std::fmt::Write as _;
use std::net::Ipv6Addr;

use netmon_testkit::captures::{Link, Order, Pcap, pcapng};
use netmon_testkit::frames::build::prelude::*;
use serde_json::{Value, json};

use super::run::{Files, analyze, document_of};

/// 2026-03-19T13:00:00Z, in nanoseconds since 1970.
const BEGIN: u64 = 1_773_925_200_000_000_000;
const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MILLISECOND;

/// The report for people, in one line.
fn report(bytes: &[u8]) -> String {
    let files = Files::new();
    let path = files.write("file", bytes);
    let run = analyze([path.as_os_str()]);
    run.out.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn asks(port: u16, name: &str) -> Vec<u8> {
    (frame() / ipv4(CLIENT, SERVER) / udp(port, 53) / query(name)).bytes()
}

fn answers(port: u16, name: &str) -> Vec<u8> {
    (frame() / ipv4(SERVER, CLIENT) / udp(53, port) / response(name)).bytes()
}

fn rejects(port: u16, name: &str) -> Vec<u8> {
    let asked = packet() / ipv4(CLIENT, SERVER) / udp(port, 53) / query(name);
    (frame() / ipv4(SERVER, CLIENT) / unreachable(3) / asked).bytes()
}

/// What comes back to a query from that port, for that name.
type ComesBack = fn(u16, &str) -> Option<Vec<u8>>;

/// So many queries for two names, a second apart, each with its time and what comes back 10 ms later.
fn exchanges(count: u16, comes_back: ComesBack) -> Vec<(u64, Vec<u8>)> {
    let mut frames = Vec::new();
    for number in 0..count {
        let (port, at) = (40_000 + number, BEGIN + u64::from(number) * SECOND);
        let name = ["www.example.com", "www.example.net"][usize::from(number % 2)];
        frames.push((at, asks(port, name)));
        frames.extend(comes_back(port, name).map(|frame| (at + 10 * MILLISECOND, frame)));
    }
    frames
}

/// The first is answered, and the others are rejected.
const REJECTED: ComesBack = |port, name| {
    Some(if port == 40_000 {
        answers(port, name)
    } else {
        rejects(port, name)
    })
};

/// The first is answered.
const SILENT: ComesBack = |port, name| (port == 40_000).then(|| answers(port, name));

const ANSWERED: ComesBack = |port, name| Some(answers(port, name));

fn verdict(document: &Value) -> &Value {
    &document["judgement"]["verdict"]
}

#[test]
fn where_errors_may_be_cut_off_none_is_ruled_out() {
    let cut = |frames: &[(u64, Vec<u8>)], len: usize| {
        let records = frames.iter().flat_map(|(nanos, frame)| {
            let captured = frame.get(..len).unwrap_or(frame);
            Pcap::USUAL.record(*nanos, captured, frame.len())
        });
        Pcap::USUAL
            .header()
            .into_iter()
            .chain(records)
            .collect::<Vec<u8>>()
    };
    let rejected = exchanges(51, REJECTED);
    let answered = exchanges(51, ANSWERED);
    // As `tcpdump -s` does. Where the ports of a quoted query are, 70 bytes are enough.
    for (case, file, expected) in [
        ("rejected, cut", cut(&rejected, 64), "cut_packets"),
        (
            "rejected, so cut that nothing is DNS",
            cut(&rejected, 40),
            "cut_packets",
        ),
        ("rejected", cut(&rejected, 1_500), "incident"),
        ("answered, cut", cut(&answered, 64), "no_incident"),
    ] {
        let document = document_of(&file, &[], 0);
        assert_eq!(verdict(&document), expected, "{case}: {document:#}");
        let report = report(&file);
        assert_eq!(
            report.contains("are cut too short to be read. Whether"),
            expected == "cut_packets",
            "{case}: {report}"
        );
        assert_eq!(
            report.contains("No incident"),
            expected == "no_incident",
            "{case}: {report}"
        );
    }
}

#[test]
fn where_packets_have_no_time_no_silence_is_ruled_out() {
    let order = Order::Little;
    let file = |comes_back: ComesBack| {
        let blocks = exchanges(100, comes_back).into_iter().flat_map(|(_, frame)| {
            let len = u32::try_from(frame.len()).unwrap();
            pcapng::simple(order, &frame, len)
        });
        let begin = [pcapng::section(order), pcapng::interface(order, 1, 0, &[])].concat();
        begin.into_iter().chain(blocks).collect::<Vec<u8>>()
    };
    let cases: [(ComesBack, &str); 2] = [(SILENT, "no_times"), (ANSWERED, "no_incident")];
    for (comes_back, expected) in cases {
        let file = file(comes_back);
        let document = document_of(&file, &[], 0);
        assert_eq!(verdict(&document), expected, "{document:#}");
        let report = report(&file);
        let says_so =
            "Cannot be judged: packets of the capture have no time, and not all queries were answered well";
        assert_eq!(report.contains(says_so), expected == "no_times", "{report}");
        assert!(report.contains("The log has no times."), "{report}");
    }
}

#[test]
fn an_error_about_a_query_that_waits_no_more_is_not_said_to_be_about_one_that_is_not_there() {
    for (seconds, expected) in [(59, "incident"), (61, "unproven")] {
        let name = "www.example.com";
        let frames = [
            (BEGIN, asks(40_000, name)),
            (BEGIN + seconds * SECOND, rejects(40_000, name)),
        ];
        let file = Pcap::USUAL.file(&frames);
        let document = document_of(&file, &[], 0);
        assert_eq!(verdict(&document), expected, "{document:#}");
        let report = report(&file);
        for sentence in [
            "Cannot be judged: 1 error quotes no query that was captured and still waited",
            "1 ICMP error about a DNS query that is not in the log or no longer waited: anybody can forge such an error",
            "about no query that was still waiting",
        ] {
            assert_eq!(
                report.contains(sentence),
                expected == "unproven",
                "{sentence:?}: {report}"
            );
        }
    }
}

#[test]
fn however_often_a_query_was_sent_from_one_port_each_error_about_it_is_verified() {
    const COUNT: u16 = 40;
    let mut text = String::new();
    let mut frames = Vec::new();
    for number in 0..COUNT {
        let asked = format!("IP {CLIENT}.40000 > {SERVER}.53: 35084+ A? www.example.com. (33)");
        let error = format!("IP {SERVER} > {CLIENT}: ICMP {SERVER} udp port 53 unreachable, length 69");
        writeln!(text, "13:00:{number:02}.000000 {asked}").unwrap();
        writeln!(text, "13:00:{number:02}.001000 {error}").unwrap();
        let at = BEGIN + u64::from(number) * SECOND;
        frames.push((at, asks(40_000, "www.example.com")));
        frames.push((at + MILLISECOND, rejects(40_000, "www.example.com")));
    }
    for input in [text.into_bytes(), Pcap::USUAL.file(&frames)] {
        let document = document_of(&input, &["--date", "2026-03-19"], 0);
        let incident = &document["incidents"][0];
        let counts = [
            &incident["queries"],
            &incident["errors"]["port"],
            &incident["verified"],
        ];
        assert_eq!(json!(counts), json!([COUNT, COUNT, COUNT]), "{document:#}");
        assert_eq!(document["totals"]["traces_overwritten"], 0, "{document:#}");
    }
}

#[test]
fn incidents_of_link_local_servers_show_their_packets_too() {
    const AT_LINK: [Ipv6Addr; 2] = [
        Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2),
        Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1),
    ];
    for (client, server, interface) in [
        (AT_LINK[0], AT_LINK[1], json!("2")),
        (CLIENT_V6, SERVER_V6, Value::Null),
    ] {
        let asked = || packet() / ipv6(client, server) / udp(40_000, 53) / query("www.example.com");
        let error = packet() / ipv6(server, client) / unreachable_v6(4) / asked();
        let cooked = |packet: &[u8]| Link::CookedV2.wrap(packet);
        let frames = [
            (BEGIN, cooked(&asked().bytes())),
            (BEGIN + MILLISECOND, cooked(&error.bytes())),
        ];
        let file = Pcap {
            link: u32::from(Link::CookedV2.number()),
            ..Pcap::USUAL
        }
        .file(&frames);
        let document = document_of(&file, &[], 0);
        assert_eq!(document["incidents"][0]["interface"], interface, "{document:#}");
        let report = report(&file);
        assert!(report.contains("The packets of the incident:"), "{report}");
        assert!(report.contains("What the lines mean"), "{report}");
    }
}
