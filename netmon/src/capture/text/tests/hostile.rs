//! Text from anybody: whatever it is, reading ends, and memory and warnings stay bounded.

use proptest::prelude::*;

use super::textbook::{TEXTBOOK, observe};
use super::{TextWhat, looks_like_text, read};

/// Pieces that the grammar knows, to get far into it.
const PIECES: &[&str] = &[
    "13:24:32.192571",
    "-00:00:00.000001",
    "2024-11-24",
    "1732455872.192571",
    "00:00:00.000000",
    "IP",
    "IP6",
    "IP6,",
    ">",
    "192.51.100.15.52444",
    "203.0.113.2.domain:",
    "203.0.113.2:",
    "2001:db8::2.53:",
    "::",
    ":::",
    "35084+",
    "35084*-|",
    "[1au]",
    "[0q]",
    "A?",
    "(QM)?",
    "q:",
    "example.org.",
    "(24)",
    "1/0/0",
    "ServFail",
    "notify",
    "ICMP",
    "ICMP6,",
    "icmp",
    "net",
    "host",
    "udp",
    "tcp",
    "protocol",
    "port",
    "53",
    "17",
    "unreachable",
    "unreachable,",
    "destination",
    "route",
    "prohibited",
    "admin",
    "length",
    "254",
    "254:",
    "(tos",
    "0x0,",
    "offset",
    "1480,",
    "proto",
    "UDP",
    "(17),",
    ")",
    "(",
    "[",
    "]",
    "Flags",
    "[S],",
    "[R.],",
    "[|domain]",
    "[|icmp6]",
    "frag",
    "(0|47)",
    "(192|47)",
    "HBH",
    "AH(",
    "ethertype",
    "802.1Q",
    "vlan",
    "unknown",
    "unreach",
    "code",
    "(5)",
    "0x0000:",
    "0105",
    "truncated-ip",
    "bytes",
    "missing!",
    "bad-len",
    "domain",
    "In",
    "eth0",
    "02:00:00:00:00:01",
    "ARP,",
    "\n",
    "\n",
    "\n\t",
    "\r\n",
    "```",
    "#16",
    "UDP,",
    "bad",
    "\u{a0}",
    "\u{200b}",
    "é",
];

fn pieces() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..60).prop_map(|pieces| pieces.join(" "))
}

/// Reads it, and holds the door to its promises.
fn survive(text: &str) {
    let (packets, warnings) = read(text);
    let lines = text.lines().count() as u64;
    assert!(packets.iter().all(|packet| (1..=lines).contains(&packet.line)));
    assert!(warnings.len() <= 5 && warnings.iter().all(|warning| warning.message.len() < 8_000));
    let (door, observations) = observe(&packets);
    assert!(door.counts().add_up());
    assert_eq!(door.counts().totals.frames, packets.len() as u64);
    assert!(observations.len() <= packets.len());
    assert!(observations.is_sorted_by_key(|observation| observation.time));
    looks_like_text(text.as_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_string_is_survived(text in "(?s).{0,400}") {
        survive(&text);
    }

    #[test]
    fn any_words_of_the_grammar_are_survived(text in pieces()) {
        survive(&text);
    }

    #[test]
    fn any_bytes_are_looked_at(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        looks_like_text(&bytes);
    }

    #[test]
    fn a_damaged_log_loses_no_more_than_what_was_damaged(place in 0..TEXTBOOK.len(), damage in "[ -~]{1,10}") {
        let mut text = TEXTBOOK.to_owned();
        let end = (place + damage.len()).min(text.len());
        text.replace_range(place..end, &damage);
        let (packets, _) = read(&text);
        prop_assert!(packets.len() >= 4, "{text}");
        survive(&text);
    }
}

/// How long this thread has run; on a busy machine that is far less than the time that has passed.
fn processor_time() -> std::time::Duration {
    use nix::time::{ClockId, clock_gettime};
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

#[test]
fn of_lines_that_all_look_like_starts_eight_times_as_many_take_no_more_than_some_times_as_long() {
    for line in [
        "IP\n",
        "IP (tos\n",
        "eth0 In IP\n",
        "2024-11-24\n",
        "(\n",
        "1 A? x\n",
        "ICMP\n",
    ] {
        let [few, many] = [30_000, 240_000].map(|bytes| {
            let begun = processor_time();
            let (packets, _) = read(&line.repeat(bytes / line.len()));
            assert_eq!(packets, []);
            processor_time().saturating_sub(begun)
        });
        // 64 times as long would be the square.
        assert!(many < 30 * few, "{line:?}: {few:?}, then {many:?}");
    }
}

#[test]
fn a_line_of_megabytes_is_cut_off() {
    let long = "13:24:32.192571 IP 192.51.100.15.52444 > 203.0.113.2.domain: 35084+ A? ".to_owned()
        + &"x".repeat(10_000_000);
    let (packets, warnings) = read(&(TEXTBOOK.to_owned() + &long));
    assert_eq!(
        packets
            .iter()
            .filter(|packet| matches!(packet.what, TextWhat::Query(_)))
            .count(),
        // Of the long one all but the name is known.
        4
    );
    assert!(
        warnings.iter().all(|warning| warning.message.len() < 1_000),
        "{}",
        warnings.len()
    );
}

#[test]
fn tcpdumps_text_is_known_by_its_first_bytes() {
    let cases: &[(&str, &[u8], bool)] = &[
        ("the textbook log", TEXTBOOK.as_bytes(), true),
        ("a part of its first line", &TEXTBOOK.as_bytes()[..120], true),
        ("host names", b"13:24:32.192571 IP client.lan.52444 > ns.lan.domain: 35084+ A? example.org. (29)\n", true),
        ("without times", b"IP 192.51.100.15.52444 > 203.0.113.2.53: 35084+ A? example.org. (29)\n", true),
        ("an empty capture", b"tcpdump: listening on eth0, link-type EN10MB (Ethernet)\n0 packets captured\n", true),
        ("prose first", b"Hello,\nthis is the log:\n> 13:24:32.192571 IP6 ::1 > ::1: ICMP6, echo request, id 1, seq 1, length 8\n", true),
        ("another protocol", b"13:24:32.192571 ARP, Request who-has 203.0.113.2 tell 192.51.100.15, length 28\n", true),
        ("nothing", b"", false),
        ("prose", b"It was the best of times, it was the worst of times.\n", false),
        ("another log", b"13:24:32.192571 INFO server started\n2024-11-24 13:24:32.192571 ERROR: out of memory\n", false),
        ("a script", b"#!/bin/sh\n# reading\ntcpdump -i eth0\n", false),
        ("JSON", b"{\"time\": \"13:24:32.192571\", \"IP\": \"203.0.113.2\"}\n", false),
        ("pcap", b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x01\x00\x00\x00", false),
        ("gzip", b"\x1f\x8b\x08\x08\x13\x24\x32\x19", false),
    ];
    for (case, bytes, is) in cases {
        assert_eq!(looks_like_text(bytes), *is, "{case}");
    }
}
