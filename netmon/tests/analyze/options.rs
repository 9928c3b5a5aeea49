//! What may be told about the host where a capture was made, and what that changes.

use netmon_testkit::captures::{Link, Pcap, textbook};
use netmon_testkit::frames::build::prelude::*;
use serde_json::{Value, json};

use super::run::document_of;

const SECOND: u64 = 1_000_000_000;

/// Packets a second after each other.
fn file(packets: impl IntoIterator<Item = Stack>) -> Vec<u8> {
    let framed = |(number, packet): (u64, Stack)| {
        (
            1_773_907_200 * SECOND + number * SECOND,
            Link::Ethernet.wrap(&packet.bytes()),
        )
    };
    Pcap::USUAL.file(&(0..).zip(packets).map(framed).collect::<Vec<_>>())
}

fn incidents(document: &Value) -> usize {
    document["incidents"].as_array().unwrap().len()
}

#[test]
fn another_dns_port_is_watched_in_place_of_53() {
    let asked = || packet() / ipv4(CLIENT, SERVER) / udp(40_000, 5_353) / query("a.test");
    let refused = packet() / ipv4(SERVER, CLIENT) / unreachable(3) / asked();
    let capture = file([asked(), refused]);
    let usual = document_of(&capture, &[], 0);
    assert_eq!(
        (incidents(&usual), &usual["totals"]["dns_queries"]),
        (0, &json!(0))
    );
    let told = document_of(&capture, &["--port", "5353"], 0);
    assert_eq!(told["totals"]["dns_queries"], 1);
    assert_eq!(told["incidents"][0]["port"], 5_353);
    let both = document_of(&capture, &["--port", "53", "--port", "5353"], 0);
    assert_eq!(both["incidents"], told["incidents"]);
    let textbook = Pcap::USUAL.file(&textbook::frames(Link::Ethernet));
    assert_eq!(incidents(&document_of(&textbook, &["--port", "5353"], 0)), 0);
}

#[test]
fn failures_of_the_capturing_host_count_once_it_has_answered_or_is_named() {
    let asked = || packet() / ipv4(CLIENT, SERVER) / udp(40_000, 53) / query("a.test");
    let answered = || packet() / ipv4(SERVER, CLIENT) / udp(53, 40_000) / response("a.test");
    let refused = || packet() / ipv4(SERVER, CLIENT) / unreachable(3) / asked();
    let scanned = file([asked(), refused()]);
    let served = file([asked(), answered(), asked(), refused()]);
    let address = SERVER.to_string();
    let local = ["--local", &address];
    let named = ["--local", &address, "--server", &address];
    for (case, capture, arguments, opened, not_served) in [
        ("somebody else's", &scanned, &[][..], 1, 0),
        ("a scan of this host", &scanned, &local[..], 0, 1),
        ("a server of this host, named", &scanned, &named[..], 1, 0),
        (
            "a server of this host that has answered",
            &served,
            &local[..],
            1,
            0,
        ),
    ] {
        let document = document_of(capture, arguments, 0);
        assert_eq!(incidents(&document), opened, "{case}");
        assert_eq!(document["totals"]["not_served"], not_served, "{case}");
    }
}

#[test]
fn iterative_queries_open_incidents_only_if_that_is_wanted() {
    let asked = || packet() / ipv4(CLIENT, SERVER) / udp(40_000, 53) / query("a.test").iterative();
    let refused = packet() / ipv4(SERVER, CLIENT) / unreachable(3) / asked();
    let capture = file([asked(), refused]);
    let address = SERVER.to_string();
    for (arguments, opened) in [
        (&[][..], 0),
        (&["--iterative"][..], 1),
        (&["--server", &address][..], 1),
    ] {
        let document = document_of(&capture, arguments, 0);
        assert_eq!(incidents(&document), opened, "{arguments:?}");
        assert_eq!(document["totals"]["dns_unreachable"], 1);
    }
}
