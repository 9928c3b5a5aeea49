//! Text as people paste it: wrapped, quoted, listed, fenced, edited by word processors.

use std::sync::OnceLock;

use proptest::prelude::*;

use super::tcpdump::{self, ETHERNET};
use super::textbook::{TEXTBOOK, assert_textbook};
use super::{Hosts, TextReader, TextWhat, options, read};
use super::{frames, frames_of_errors};

/// What matters of a text's packets: not on which line each began.
fn packets(text: &str) -> Vec<(u64, Option<u32>, TextWhat)> {
    let (packets, _) = read(text);
    packets
        .into_iter()
        .map(|packet| (packet.time.nanos(), packet.bytes, packet.what))
        .collect()
}

/// The text with each line broken at its spaces where `breaks` says so, in turn.
fn broken(text: &str, breaks: &[bool]) -> String {
    let mut breaks = breaks.iter().cycle();
    let mut broken = String::new();
    for line in text.lines() {
        for (place, word) in line.trim_start().split(' ').enumerate() {
            if place > 0 {
                broken.push(if *breaks.next().unwrap() { '\n' } else { ' ' });
            }
            broken.push_str(word);
        }
        broken.push('\n');
    }
    broken
}

/// The text as a terminal so wide shows it: each line cut at its edge, be it within a word.
fn cut_at_edge(text: &str, width: usize) -> String {
    let lines = text.lines().flat_map(|line| line.as_bytes().chunks(width));
    lines
        .flat_map(|piece| [std::str::from_utf8(piece).unwrap(), "\n"])
        .collect()
}

/// As most editors do it: at the last space before a column.
fn wrapped(text: &str, width: usize) -> String {
    let mut wrapped = String::new();
    for line in text.lines() {
        let mut column = 0;
        for word in line.split(' ') {
            if column > 0 && column + 1 + word.len() > width {
                wrapped.push('\n');
                column = 0;
            } else if column > 0 {
                wrapped.push(' ');
                column += 1;
            }
            wrapped.push_str(word);
            column += word.len();
        }
        wrapped.push('\n');
    }
    wrapped
}

const FORMS: [&[&str]; 9] = [
    &["-n"],
    &[],
    &["-v"],
    &["-vv"],
    &["-e"],
    &["-e", "-v"],
    &["-tt"],
    &["-tttt"],
    &["-q"],
];

/// What tcpdump prints of most frames in these forms; nothing where there is no tcpdump.
fn printed() -> &'static [String] {
    static PRINTED: OnceLock<Vec<String>> = OnceLock::new();
    PRINTED.get_or_init(|| {
        let all = [
            frames::queries(),
            frames::carriers(),
            frames::responses(),
            frames_of_errors::unreachables(),
            frames::segments(),
            frames::extended(),
        ]
        .concat();
        // Broken at the space within it, this name is another.
        let frames = all
            .iter()
            .filter(|named| named.name != "query for a strange name");
        let capture = tcpdump::capture(ETHERNET, 65_535, frames.map(|named| named.frame.as_slice()));
        FORMS
            .iter()
            .filter_map(|form| tcpdump::print(&capture, form))
            .map(|text| text.replace("  ", " "))
            .collect()
    })
}

#[test]
fn the_textbook_log_is_read_however_it_was_pasted() {
    let each_line = |prefix: &str, suffix: &str| -> String {
        TEXTBOOK
            .lines()
            .flat_map(|line| [prefix, line, suffix, "\n"])
            .collect()
    };
    let cases = [
        ("indented", each_line("    ", "")),
        ("with Windows line ends", each_line("", "\r")),
        ("quoted", each_line("> ", "")),
        ("quoted twice", each_line("> > ", "")),
        ("quoted tightly", each_line(">>", "")),
        ("listed", each_line("- ", "")),
        ("listed with stars", each_line("* ", "")),
        ("listed with dots", each_line("\u{2022} ", "")),
        (
            "numbered",
            TEXTBOOK
                .lines()
                .zip(["1. ", "2. ", "3) ", "4: ", "5 ", "6. "])
                .flat_map(|(line, number)| [number, line, "\n"])
                .collect(),
        ),
        ("in a table", each_line("| ", " |")),
        ("fenced", format!("```text\n{TEXTBOOK}```\n")),
        ("as code", each_line("`", "`")),
        ("with empty lines between", TEXTBOOK.replace('\n', "\n\n")),
        ("with non-breaking spaces", TEXTBOOK.replace(' ', "\u{a0}")),
        ("with tabs", TEXTBOOK.replace(' ', "\t")),
        ("with wide gaps", TEXTBOOK.replace(' ', "   ")),
        ("with dashes for arrows", TEXTBOOK.replace('>', "\u{2013}")),
        ("with arrows", TEXTBOOK.replace('>', "\u{2192}")),
        ("from a web page's source", TEXTBOOK.replace('>', "&gt;")),
        ("with breaks that nobody sees", TEXTBOOK.replace('.', ".\u{200b}")),
        ("behind a byte order mark", format!("\u{feff}{TEXTBOOK}")),
        (
            "as a mail in quoted-printable",
            TEXTBOOK
                .lines()
                .flat_map(|line| [&line[..70], "=\n", &line[70..], "\n"])
                .collect(),
        ),
        (
            "with named entities",
            TEXTBOOK.replace('>', "&gt;").replace('?', "&quest;"),
        ),
        ("without a final line end", TEXTBOOK.trim_end().to_owned()),
        (
            "after the command",
            format!(
                "Script started on 2026-11-24\n$ sudo tcpdump -i eth0 port 53 or icmp\ntcpdump: verbose output suppressed, use -v[v]... for full protocol decode\nlistening on eth0, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n{TEXTBOOK}^C\n6 packets captured\n6 packets received by filter\n0 packets dropped by kernel\n"
            ),
        ),
    ];
    for (case, text) in cases {
        println!("{case}");
        assert_textbook(&read(&text).0);
        assert_eq!(read(&text).1, [], "{case}");
    }
}

#[test]
fn quoting_and_list_marks_are_not_mistaken_for_arrows_and_dashes() {
    for width in 20..110 {
        for prefix in ["> ", "- ", "  * "] {
            let text: String = wrapped(TEXTBOOK, width)
                .lines()
                .flat_map(|line| [prefix, line, "\n"])
                .collect();
            assert_textbook(&read(&text).0);
        }
    }
}

#[test]
fn the_textbook_log_is_read_wrapped_at_any_column() {
    for width in 1..110 {
        assert_textbook(&read(&wrapped(TEXTBOOK, width)).0);
        assert_eq!(read(&wrapped(TEXTBOOK, width)).1, [], "{width}");
    }
}

#[test]
fn the_textbook_log_is_read_cut_at_a_terminals_edge() {
    // Not at the very column where the time ends and the next line would begin like a record.
    for width in 40..110 {
        println!("{width}\n{}", cut_at_edge(TEXTBOOK, width));
        assert_textbook(&read(&cut_at_edge(TEXTBOOK, width)).0);
    }
}

#[test]
fn what_is_not_tcpdumps_is_told_with_its_place() {
    let text =
        format!("# The log\n\nHere is what I captured:\n\n{TEXTBOOK}And this is what I think of it.\n");
    let (packets, warnings) = read(&text);
    assert_textbook(&packets);
    let messages: Vec<&str> = warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "2 lines are not what tcpdump prints: lines 3 (`Here is what I captured:`) and 11 (`And this is what I think of it.`)"
        ]
    );
}

#[test]
fn what_is_cut_at_a_terminals_edge_is_read_as_it_was_or_said_to_be_unread() {
    const V6: &str = "\
14:04:32.192571 IP6 (hlim 64, next-header UDP (17) payload length: 40) 2001:db8:1::15.40000 > 2001:db8:2::53.53: [udp sum ok] 100+ A? h0.example.net. (32)
14:04:32.492571 IP6 (hlim 64, next-header ICMPv6 (58) payload length: 88) 2001:db8:2::53 > 2001:db8:1::15: [icmp6 sum ok] ICMP6, destination unreachable, unreachable port, 2001:db8:2::53 udp port 53
";
    const V4: &str = "\
14:04:32.192571 02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype IPv4 (0x0800), length 74: 192.51.100.15.40000 > 203.0.113.2.53: 100+ A? h0.example.net. (32)
14:04:32.492571 02:00:00:00:00:02 > 02:00:00:00:00:01, ethertype IPv4 (0x0800), length 102: 192.51.100.1 > 192.51.100.15: ICMP host 203.0.113.2 unreachable - admin prohibited, length 68
";
    const ROUTE: &str = "\
14:04:32.192571 IP6 2001:db8:1::15.40000 > 2001:db8:2::100.53: 100+ A? h0.example.net. (32)
14:04:32.492571 IP6 (hlim 64, next-header ICMPv6 (58) payload length: 88) 2001:db8:1:: > 2001:db8:1::15: [icmp6 sum ok] ICMP6, destination unreachable, unreachable address 2001:db8:2::100
";
    const NAMED: &str = "\
14:04:32.192571 IP6 2001:db8:1::15.40000 > 2001:db8:2::53.domain: 100+ A? h0.example.net. (32)
14:04:32.492571 IP6 2001:db8:2::53 > 2001:db8:1::15: ICMP6, destination unreachable, unreachable port, 2001:db8:2::53 udp port domain, length 88
14:04:32.592571 IP 192.0.2.15.50001 > 203.0.113.2.53: Flags [P.], seq 1:35, ack 1, win 64240, length 34 201+ TXT? t.example.org. (32)
";
    /// What verdicts rest on.
    fn matters(text: &str) -> Vec<String> {
        let packets = packets(text).into_iter();
        let each = packets.map(|(_, _, what)| match what {
            TextWhat::Unreachable(error) => format!(
                "{:?} {:?} {:?} {:?}",
                error.reporter, error.code, error.destination, error.about
            ),
            what => format!("{:?}", what.destination()),
        });
        each.collect()
    }
    for (text, least) in [(V6, 85), (V4, 85), (ROUTE, 85), (NAMED, 80)] {
        let whole = matters(text);
        let (mut same, mut wrong) = (0, Vec::new());
        for width in 40..=140 {
            let cut = cut_at_edge(text, width);
            let is_same = matters(&cut) == whole;
            same += usize::from(is_same);
            if !is_same && read(&cut).1.is_empty() {
                wrong.push(cut);
            }
        }
        assert_eq!(wrong, [""; 0]);
        assert!(same >= least, "{same} of 101 widths:\n{text}");
    }
}

#[test]
fn what_is_whole_is_not_put_together_to_be_another_packet() {
    // A third tag, which makes it no IP packet for netmon.
    let text = "\
13:45:50.312431 02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype 802.1Q (0x8100), length 93: vlan 5, p 0, ethertype 802.1Q (0x8100), vlan 6, p 0, ethertype
802.1Q (0x8100), vlan 7, p 0, ethertype IPv4 (0x0800), 192.51.100.15.52444 > 203.0.113.2.domain: 35084+ A? yummyrecipesforme.com. (39)
";
    let [(_, _, what)] = packets(text).try_into().unwrap();
    assert_eq!(what, TextWhat::NotIp);
    assert_eq!(packets(text), packets(&text.replace("ethertype\n", "ethertype ")));
}

#[test]
fn a_line_that_was_cut_off_is_told_with_its_place() {
    let whole = TEXTBOOK.trim_end();
    // From here on what is cut off can be nothing else.
    let told = whole.rfind(" unreachable").unwrap() + " u".len();
    let start = whole.rfind('\n').unwrap() + 1;
    for end in start + 16..told {
        let (packets, warnings) = read(&whole[..end]);
        assert_eq!(packets.len(), 5, "{}", &whole[..end]);
        assert!(
            warnings
                .iter()
                .all(|warning| warning.message.contains("line 6 (")),
            "{warnings:?}"
        );
        let words: Vec<&str> = warnings.iter().map(|warning| warning.warning.name()).collect();
        // From `udp p` on it is an error of DNS, or of another port: then it is not judged.
        let is_error = end > whole.rfind("udp ").unwrap() + "udp ".len();
        let expected: &[&str] = if is_error {
            &["unreadable_lines", "unread_errors"]
        } else {
            &["unreadable_lines"]
        };
        assert_eq!(words, expected, "{}", &whole[..end]);
    }
    for end in told..whole.len() {
        assert_textbook(&read(&whole[..end]).0);
    }
}

#[test]
fn a_host_that_is_named_is_a_host_by_that_name() {
    for name in [
        "ns.example.org",
        "dns.google",
        "203.0.113.xx",
        "x.x.x.x",
        "*.*.*.*",
        "ip-10-0-0-2.ec2.internal",
    ] {
        let text = TEXTBOOK.replace(" 203.0.113.2", &format!(" {name}"));
        let hosts = Hosts::default();
        let mut reader = TextReader::new(options()).with_hosts(hosts.clone());
        let mut packets = Vec::new();
        text.lines().for_each(|line| reader.push_line(line, &mut packets));
        reader.finish(&mut packets);
        assert_eq!(packets.len(), 6, "{name}");
        for packet in &packets {
            let server = packet.what.destination().unwrap();
            assert_eq!(hosts.name(server).as_deref(), Some(name));
        }
        let warnings = reader.warnings();
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert_eq!(warnings[0].warning.name(), "host_names");
        assert!(warnings[0].message.contains(name), "{warnings:?}");
    }
}

#[test]
fn pieces_of_addresses_are_no_names() {
    for piece in ["203.0.1", "203.0.113.", "203.0.113.256", "(203)"] {
        let text = TEXTBOOK.replace(" 203.0.113.2", &format!(" {piece}"));
        let (packets, warnings) = read(&text);
        assert_eq!(packets, [], "{piece}");
        let words: Vec<&str> = warnings.iter().map(|warning| warning.warning.name()).collect();
        assert!(
            words.contains(&"unreadable_lines") && words.contains(&"unread_errors"),
            "{piece}: {words:?}"
        );
    }
}

#[test]
fn a_record_without_end_is_cut_off_and_told() {
    let text = TEXTBOOK.to_owned() + &"and so on\n".repeat(100_000);
    let (packets, warnings) = read(&text);
    assert_textbook(&packets);
    assert!(
        warnings
            .iter()
            .any(|warning| warning.warning.name() == "overlong_text"),
        "{warnings:?}"
    );
    let lines = warnings
        .iter()
        .find(|warning| warning.warning.name() == "unreadable_lines")
        .unwrap();
    assert!(lines.message.len() < 1_000, "{lines:?}");
}

proptest! {
    #[test]
    fn the_textbook_log_is_read_broken_at_any_spaces(breaks in prop::collection::vec(any::<bool>(), 64)) {
        assert_textbook(&read(&broken(TEXTBOOK, &breaks)).0);
    }

    #[test]
    fn all_that_tcpdump_prints_is_read_broken_at_any_spaces(
        form in 0..FORMS.len(),
        breaks in prop::collection::vec(any::<bool>(), 200),
    ) {
        let Some(text) = printed().get(form) else { return Ok(()) };
        let (broken, whole) = (broken(text, &breaks), packets(text));
        let read = packets(&broken);
        for (read, expected) in read.iter().zip(&whole) {
            prop_assert_eq!(read, expected, "{}", broken);
        }
        prop_assert_eq!(read.len(), whole.len());
    }
}
