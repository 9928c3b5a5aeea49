//! What packets hold was written by anybody: it makes no packet, however it is printed.

use proptest::prelude::*;

use super::textbook::{TEXTBOOK, assert_textbook, observe};
use super::{TextWhat, read};

/// A query that waits while an answer comes that holds what looks like a packet, `{}`.
const WAITING: &str = "\
13:44:48.192571 IP 192.0.2.15.40009 > 203.0.113.2.53: 109+ A? slow.example.com. (34)
13:44:48.292571 IP 192.0.2.15.40010 > 203.0.113.2.53: 110+ TXT? tt.example.com. (32)
{}
13:44:48.692571 IP 203.0.113.2.53 > 192.0.2.15.40009: 109 1/0/0 A 1.2.3.4 (66)
";

const FORGED: &str =
    "13:44:48.300001 IP 203.0.113.2 > 192.0.2.15: ICMP 203.0.113.2 udp port 53 unreachable, length 68";

/// The lines of the answer.
fn answer(held: &str) -> String {
    format!("13:44:48.312571 IP 203.0.113.2.53 > 192.0.2.15.40010: 110 1/0/0 {held} (155)")
}

/// That a text has two queries and two answers, and warns or not.
#[track_caller]
fn assert_nothing_forged(text: &str, warns: bool) {
    let (packets, warnings) = read(text);
    let outcomes = |is: fn(&TextWhat) -> bool| packets.iter().filter(|packet| is(&packet.what)).count();
    assert_eq!(
        outcomes(|what| matches!(what, TextWhat::Query(_))),
        2,
        "{text}{packets:?}"
    );
    assert_eq!(
        outcomes(|what| matches!(what, TextWhat::Unreachable(_))),
        0,
        "{text}{packets:?}"
    );
    assert_eq!(
        outcomes(|what| matches!(what, TextWhat::Response(_))),
        2,
        "{text}{packets:?}"
    );
    assert_eq!(!warnings.is_empty(), warns, "{text}{warnings:?}");
    let (_, observations) = observe(&packets);
    assert_eq!(observations.len(), 4, "{text}{observations:?}");
}

#[test]
fn what_a_record_holds_is_no_packet() {
    let cases = [
        ("a text", format!("TXT \"{FORGED}\""), false),
        ("behind a line end", format!("TXT \"x^J{FORGED}^J\""), false),
        ("behind a line end as programs write it", format!("TXT \"x\\n{FORGED}\\n\""), false),
        ("behind what ends a text", format!("TXT \"x\" (24) {FORGED}"), true),
        ("a name", format!("CNAME x. (24) {FORGED}."), true),
        (
            "what pktmon prints",
            "TXT \"::13:44:48.3 [ PktGroupId LoggedSize 1 IP 203.0.113.2 > 192.0.2.15: ICMP 203.0.113.2 udp port 53 unreachable\"".to_owned(),
            false,
        ),
    ];
    for (case, held, warns) in cases {
        println!("{case}");
        assert_nothing_forged(&WAITING.replace("{}", &answer(&held)), warns);
    }
}

#[test]
fn what_a_record_holds_is_no_packet_with_v() {
    let held = answer(&format!("TXT \"x^J{FORGED}^J\""));
    let text = WAITING.replace("{}", &held).replacen(
        " IP ",
        " IP (tos 0x0, ttl 64, id 1, proto UDP (17), length 62)\n    ",
        3,
    );
    assert_nothing_forged(&text, false);
}

#[test]
fn what_a_record_holds_is_no_packet_where_it_comes_first_or_last() {
    let held = answer(&format!("TXT \"x\" (24) {FORGED}"));
    let first = format!("{held}\n{}", WAITING.replace("{}\n", ""));
    let last = format!("{}{held}\n", WAITING.replace("{}\n", ""));
    for text in [first, last] {
        let (packets, warnings) = read(&text);
        assert_eq!(packets.len(), 4, "{text}{packets:?}");
        assert!(
            !packets
                .iter()
                .any(|packet| matches!(packet.what, TextWhat::Unreachable(_))),
            "{text}"
        );
        assert_eq!(warnings.len(), 2, "{text}{warnings:?}");
    }
}

#[test]
fn a_query_for_what_looks_like_a_packet_is_one_query() {
    let name = "x. (24) 13:44:48.300001 IP 192.0.2.15.40009 > 203.0.113.2.53: 77+ A? evil";
    let query = format!("13:44:48.312571 IP 192.0.2.15.40011 > 203.0.113.2.53: 111+ A? {name}. (155)");
    let text = WAITING.replace("{}", &query);
    let (packets, warnings) = read(&text);
    assert_eq!(packets.len(), 4, "{packets:?}");
    assert!(
        warnings
            .iter()
            .any(|warning| warning.warning.name() == "unreadable_lines"),
        "{warnings:?}"
    );
}

#[test]
fn what_other_protocols_hold_is_no_packet() {
    const HEADER: &str = "13:44:48.312571 IP (tos 0x0, ttl 64, id 134, offset 0, flags [DF], proto TCP (6), length 158)
    192.0.2.80.80 > 192.0.2.15.6000: Flags [P.], cksum 0x70cc (correct), seq 1:119, ack 1, win 64240, length 118: HTTP, length: 118";
    let (time, packet) = FORGED.split_once(' ').unwrap();
    let verbose = WAITING.replace(
        " IP ",
        " IP (tos 0x0, ttl 64, id 106, offset 0, flags [DF], proto UDP (17), length 62)\n    ",
    );
    for body in [
        format!("\t{FORGED}"),
        format!("\tx {FORGED}"),
        format!("\t{time}\n\t{packet}"),
        format!("\t{{\"log\":\"{FORGED}\"}}"),
        format!("\t^C{FORGED}"),
    ] {
        for prefix in ["", "fw1 tcpdump[4711]: ", "2024-11-24T13:44:48.192571000Z "] {
            let text = verbose.replace("{}", &format!("{HEADER}\n\tHTTP/1.1 200 OK\n\t\n{body}"));
            let text: String = text.lines().flat_map(|line| [prefix, line, "\n"]).collect();
            let (packets, warnings) = read(&text);
            assert_eq!(packets.len(), 4, "{text}{packets:?}");
            assert!(
                !packets
                    .iter()
                    .any(|packet| matches!(packet.what, TextWhat::Unreachable(_))),
                "{text}"
            );
            assert!(!warnings.is_empty(), "{text}");
        }
    }
}

#[test]
fn what_is_dumped_in_ascii_is_no_packet() {
    let answer = answer(&format!("TXT \"x^J{FORGED}^J\"")).replace("155", "158");
    let header = "E....x@.@.;...q......5.J...6.n...........tt.example.com......tt.example.com........<.dcx";
    let dumped = format!("{answer}\n{header}\n{FORGED}\n");
    assert_nothing_forged(&WAITING.replace("{}", &dumped), false);
    let glued = answer.replace("x^J", "").replace("^J", "");
    let dumped = format!("{glued}\n{header}{FORGED}");
    assert_nothing_forged(&WAITING.replace("{}", &dumped), false);
}

#[test]
fn a_log_that_lost_a_line_end_is_read_but_for_that() {
    let joined = TEXTBOOK.replacen("(24)\n", "(24) ", 3);
    for text in [joined, TEXTBOOK.replace('\n', " "), TEXTBOOK.replace('\n', "\r")] {
        assert_textbook(&read(&text).0);
    }
    let lines: Vec<&str> = TEXTBOOK.lines().collect();
    let (packets, warnings) = read(&format!(
        "{}\n{} {}\n{}\n",
        lines[0], lines[1], lines[2], lines[3]
    ));
    assert_eq!(packets.len(), 3, "{packets:?}");
    assert!(
        warnings
            .iter()
            .any(|warning| warning.message.contains("line 2 (")),
        "{warnings:?}"
    );
}

proptest! {
    #[test]
    fn no_text_record_makes_a_packet(words in prop::collection::vec(prop::sample::select(PIECES), 1..30)) {
        let text = WAITING.replace("{}", &answer(&format!("TXT \"{}\"", words.join(" "))));
        let (packets, _) = read(&text);
        let others = packets.iter().filter(|packet| packet.line != 3);
        prop_assert!(packets.len() <= 4 && others.count() == 3, "{}{:?}", text, packets);
    }
}

/// Of which packets are made.
const PIECES: &[&str] = &[
    "13:44:48.300001",
    "2024-11-24",
    "Nov",
    "28",
    "1732455888.300001",
    "IP",
    "203.0.113.2",
    ">",
    "192.0.2.15:",
    "192.0.2.15.40009",
    "203.0.113.2.53:",
    "77+",
    "A?",
    "evil.",
    "(24)",
    "(155)",
    "\"",
    "\" (24)",
    "ICMP",
    "udp",
    "port",
    "53",
    "unreachable,",
    "unreachable",
    "length",
    "68",
    "\\n",
    "\\n13:44:48.300001",
    "x\"13:44:48.300001",
    "ServFail",
    "0/0/0",
    "1",
    "|",
    "eth0",
    "In",
];
