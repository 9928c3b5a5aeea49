//! A capture of port 53 that begins when an outage has begun already: the first packet toward the client is the answer that ends it.

use netmon_testkit::captures::Pcap;
use netmon_testkit::frames::build::prelude::*;
use serde_json::json;

use super::run::{Files, analyze, analyze_input};

/// 2026-03-19T13:00:00Z, in nanoseconds since 1970.
const BEGIN: u64 = 1_773_925_200_000_000_000;
const SECOND: u64 = 1_000_000_000;

/// Thirty queries that nothing comes back to, two seconds apart, and then, if the server comes back, five that are answered.
fn capture(comes_back: bool) -> Vec<u8> {
    let mut frames = Vec::new();
    for number in 0..if comes_back { 35 } else { 30 } {
        let port = 40_000 + u16::try_from(number).unwrap();
        let name = format!("www.site{}.example", number % 4);
        let at = BEGIN + 2 * number * SECOND;
        let asks = frame() / ipv4(CLIENT, SERVER) / udp(port, 53) / query(&name);
        frames.push((at, asks.bytes()));
        if number >= 30 {
            let answers = frame() / ipv4(SERVER, CLIENT) / udp(53, port) / response(&name);
            frames.push((at + SECOND / 50, answers.bytes()));
        }
    }
    Pcap::USUAL.file(&frames)
}

#[test]
fn an_outage_that_a_capture_begins_in_is_found_also_where_its_end_is_the_first_answer() {
    let files = Files::new();
    let path = files.write("begun.pcap", capture(true));
    let document = analyze(["--format=json".as_ref(), path.as_os_str()]).good();
    let [incident] = document["incidents"].as_array().unwrap().as_slice() else {
        panic!("{document:#}");
    };
    assert_eq!(incident["kind"], "unanswered");
    assert_eq!(incident["closed_because"], "answered");
    assert_eq!(incident["recovered"], "2026-03-19T13:01:00.020000Z");
    assert_eq!(
        [&incident["queries"], &incident["answers"]],
        [&json!(30), &json!(0)]
    );
    assert_eq!(document["warnings"], json!([]));
}

#[test]
fn where_no_packet_toward_the_client_is_ever_shown_nothing_is_judged() {
    let files = Files::new();
    let path = files.write("one-way.pcap", capture(false));
    for document in [
        analyze(["--format=json".as_ref(), path.as_os_str()]).good(),
        // What comes by a pipe is read once.
        analyze_input(&["--format=json", "-"], &capture(true)).good(),
    ] {
        assert_eq!(document["incidents"], json!([]));
        assert_eq!(document["warnings"][0]["warning"], "one_direction");
    }
}
