//! Text of which somebody left out lines, or the ends of lines: what is left of a packet is told, and is no other packet.

use super::{TextWhat, read};

const VERBOSE: &str = "\
13:44:32.192571 IP (tos 0x0, ttl 64, id 8, offset 0, flags [DF], proto UDP (17), length 60)
    192.0.2.15.40000 > 203.0.113.2.53: 100+ A? h0.example.com. (32)
13:44:32.195571 IP (tos 0xc0, ttl 64, id 15, offset 0, flags [DF], proto ICMP (1), length 88)
    203.0.113.2 > 192.0.2.15: ICMP 203.0.113.2 udp port 53 unreachable, length 68
\tIP (tos 0x0, ttl 64, id 8, offset 0, flags [DF], proto UDP (17), length 60)
    192.0.2.15.40000 > 203.0.113.2.53: 100+ A? h0.example.com. (32)
13:44:37.192571 IP (tos 0x0, ttl 64, id 22, offset 0, flags [DF], proto UDP (17), length 60)
    192.0.2.15.40001 > 203.0.113.2.53: 101+ A? h1.example.com. (32)
";

/// How many queries and errors a text has, and whether it warns.
fn counts(text: &str) -> (usize, usize, bool) {
    let (packets, warnings) = read(text);
    let count = |is: fn(&TextWhat) -> bool| packets.iter().filter(|packet| is(&packet.what)).count();
    (
        count(|what| matches!(what, TextWhat::Query(_))),
        count(|what| matches!(what, TextWhat::Unreachable(_))),
        !warnings.is_empty(),
    )
}

/// The lines that are kept, with `--` where some are not.
fn grep(text: &str, is_kept: impl Fn(&str) -> bool) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let is_near = |place: usize| {
        let near = place.saturating_sub(1)..(place + 2).min(lines.len());
        lines[near].iter().any(|line| is_kept(line))
    };
    let mut kept = String::new();
    for (place, line) in lines.iter().enumerate() {
        if is_near(place) {
            kept.extend([*line, "\n"]);
        } else {
            kept += "--\n";
        }
    }
    kept
}

#[test]
fn a_quoted_packet_is_no_query_where_the_line_before_is_missing() {
    assert_eq!(counts(VERBOSE), (2, 1, false));
    let left_out: String = VERBOSE
        .lines()
        .filter(|line| !line.contains("unreachable"))
        .flat_map(|line| [line, "\n"])
        .collect();
    assert_eq!(counts(&left_out), (2, 0, true));
    assert_eq!(counts(&grep(VERBOSE, |line| line.contains("A?"))), (2, 0, true));
    // What a tunnel carries is no query either.
    assert_eq!(counts(&left_out.replace("ICMP (1)", "GRE (47)")), (2, 0, true));
}

/// A packet that holds something.
const SEGMENT: &str = "\
13:44:36.192571 IP (tos 0x0, ttl 64, id 120, offset 0, flags [DF], proto TCP (6), length 60)
    192.0.2.15.5555 > 198.51.100.53.443: Flags [P.], cksum 0x4927 (correct), seq 1:9, ack 1, win 64240, length 8
";

#[test]
fn a_quoted_packet_is_no_query_behind_the_time_of_a_logger() {
    let mut time = "";
    let text = format!("{SEGMENT}{VERBOSE}{SEGMENT}");
    let lines = text.lines().map(|line| {
        time = line
            .split(' ')
            .next()
            .filter(|time| !time.is_empty() && !time.starts_with('\t'))
            .unwrap_or(time);
        let line = line.strip_prefix(time).map_or(line, str::trim_start);
        format!("2024-11-24T{time}000Z {line}\n")
    });
    let text: String = lines.collect();
    assert_eq!(counts(&text), (2, 1, false), "{text}");
    assert_eq!(read(&text).0.len(), 5, "{text}");
}

#[test]
fn what_grep_left_out_is_no_part_of_a_packet() {
    let text = "\
13:44:32.192571 IP 192.0.2.15.40000 > 203.0.113.2.53:
--
100+ A? h0.example.com. (32)
";
    assert_eq!(counts(text), (0, 0, true));
}

#[test]
fn an_error_whose_line_is_cut_within_its_address_or_its_port_is_not_read() {
    const START: &str = "13:44:32.202571 IP6 2001:db8:1::1 > 2001:db8:1::15: ICMP6, destination unreachable,";
    for (end, is_read) in [
        ("unreachable address 2001:db8:53::100, length 88", true),
        ("unreachable address 2001:db8:53::100", false),
        ("unreachable address 2001:db8:53::10", false),
        ("unreachable address 2001:db8:53::", false),
        ("unreachable address 2001:db8", false),
        (
            "unreachable port, 2001:db8:53::53 udp port domain, length 88",
            true,
        ),
        ("unreachable port, 2001:db8:53::53 udp port domain", true),
        ("unreachable port, 2001:db8:53::53 udp port dom", false),
        ("unreachable port, 2001:db8:53::53 udp port 5", false),
    ] {
        assert_eq!(
            counts(&format!("{START} {end}\n")),
            (0, usize::from(is_read), !is_read),
            "{end}"
        );
    }
}

#[test]
fn lines_that_are_cut_are_told_with_what_that_means() {
    let query = |number: u32| {
        format!("13:44:3{number}.192571 IP 192.0.2.15.40000 > 203.0.113.2.53: 1+ A? w{number}.example.\n")
    };
    let cut: String = (0..4).map(query).collect();
    let (packets, warnings) = read(&cut);
    assert_eq!(packets.len(), 4);
    let words: Vec<&str> = warnings.iter().map(|warning| warning.warning.name()).collect();
    assert_eq!(words, ["cut_names"], "{warnings:?}");
    let unread = cut.replace(" 1+ A?", " 1+ A").replacen(" 1+ A ", " 1+ A? ", 1);
    let (packets, warnings) = read(&unread);
    assert_eq!(packets.len(), 1, "{packets:?}");
    let words: Vec<&str> = warnings.iter().map(|warning| warning.warning.name()).collect();
    assert_eq!(
        words,
        ["unreadable_lines", "cut_names", "unread_packets"],
        "{warnings:?}"
    );
    assert!(warnings[2].message.contains("3 of 4 packets"), "{warnings:?}");
}

#[test]
fn numbers_of_packets_are_none_of_what_they_hold_where_line_ends_got_lost() {
    let text = "\
   9  13:44:32.195571 IP 192.0.2.15.50000 > 203.0.113.2.53: Flags [S], seq 1, win 64240, length 0 \
  10  13:44:32.202571 IP 203.0.113.2.53 > 192.0.2.15.50000: Flags [S.], seq 7, ack 2, win 64240, length 0 \
  11  13:44:32.292571 IP 192.0.2.15.40000 > 203.0.113.2.53: 1+ A? a.example. (27)
";
    let (packets, warnings) = read(text);
    assert_eq!(
        (packets.len(), warnings.len()),
        (3, 0),
        "{packets:?} {warnings:?}"
    );
}
