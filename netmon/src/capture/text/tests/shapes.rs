//! One short log in all the shapes in which people post it: two queries and two errors in each.

use super::read;
use super::textbook::observe;
use crate::observation::{Proof, What};

const LINES: [&str; 4] = [
    "13:24:32.192571 IP 192.0.2.15.52444 > 203.0.113.2.domain: 35084+ A? www.example.com. (33)",
    "13:24:32.198564 IP 203.0.113.2 > 192.0.2.15: ICMP 203.0.113.2 udp port 53 unreachable, length 69",
    "13:24:37.192571 IP 192.0.2.15.52444 > 203.0.113.2.domain: 35084+ A? www.example.com. (33)",
    "13:24:37.934126 IP 203.0.113.2 > 192.0.2.15: ICMP 203.0.113.2 udp port 53 unreachable, length 69",
];

/// The same with -v.
const VERBOSE: &str = "\
13:24:32.192571 IP (tos 0x0, ttl 64, id 30808, offset 0, flags [DF], proto UDP (17), length 79)
    192.0.2.15.34616 > 203.0.113.2.domain: 13241+ [1au] A? example.com. (51)
13:24:32.296487 IP (tos 0xc0, ttl 64, id 29017, offset 0, flags [none], proto ICMP (1), length 107)
    203.0.113.2 > 192.0.2.15: ICMP 203.0.113.2 udp port domain unreachable, length 87
\tIP (tos 0x0, ttl 64, id 30808, offset 0, flags [DF], proto UDP (17), length 79)
    192.0.2.15.34616 > 203.0.113.2.domain: 13241+ [1au] A? example.com. (51)
13:24:37.192571 IP (tos 0x0, ttl 64, id 30809, offset 0, flags [DF], proto UDP (17), length 79)
    192.0.2.15.34616 > 203.0.113.2.domain: 13242+ [1au] A? example.com. (51)
13:24:37.296487 IP (tos 0xc0, ttl 64, id 29018, offset 0, flags [none], proto ICMP (1), length 107)
    203.0.113.2 > 192.0.2.15: ICMP 203.0.113.2 udp port domain unreachable, length 87
\tIP (tos 0x0, ttl 64, id 30809, offset 0, flags [DF], proto UDP (17), length 79)
    192.0.2.15.34616 > 203.0.113.2.domain: 13242+ [1au] A? example.com. (51)
";

/// In columns, but for the times and what stands between the addresses.
const COLUMNS: &str = "    \
1 {0}    192.0.2.15 {a} 203.0.113.2  DNS 82 Standard query 0x890c A www.example.com OPT
    2 {1}  203.0.113.2 {a} 192.0.2.15    ICMP 110 Destination unreachable (Port unreachable)
    3 {2}    192.0.2.15 {a} 203.0.113.2  DNS 82 Standard query 0x890c A www.example.com OPT
    4 {3}  203.0.113.2 {a} 192.0.2.15    ICMP 110 Destination unreachable (Port unreachable)
";

/// What people's tools put in front of a line.
const PREFIXES: &[&str] = &[
    "Nov 28 13:24:32 fw1 tcpdump[4711]: ",
    "Nov  8 13:24:32 fw1 tcpdump: ",
    "2026-11-28T13:24:32.123456+01:00 fw1 tcpdump[4711]: ",
    "<30>Nov 28 13:24:32 fw1 tcpdump[4711]: ",
    "<30>1 2026-11-28T13:24:32.123Z fw1 tcpdump 4711 - - ",
    "dns-1  | ",
    "dns-1  | 2026-11-28T13:24:32.123456789Z ",
    "[pod/dns-6b7f/tcpdump] ",
    "2026-11-28T13:24:32.123456789Z ",
    "2026-11-28T13:24:32.123456789Z stdout F ",
    "Nov 28 13:24:32 ",
    "00:00:05 ",
    "1795872272.192571 ",
    "2026-11-28T13:24:32+0000 ",
    "2026-11-28 13:24:32 ",
    "12:",
    "capture.log:",
    "/var/log/capture.log:12:",
    "     1\t",
    "> ",
    "dns-6b7f tcpdump ",
    "INFO:root:",
    "2026-11-28 13:24:32,123 INFO [main] ",
    "[13:24:32] ",
    "(1) ",
    "# ",
    "^C",
    "\"",
];

#[track_caller]
fn assert_read(case: &str, text: &str) {
    let (packets, warnings) = read(text);
    let (_, observations) = observe(&packets);
    let queries = observations
        .iter()
        .filter(|one| matches!(one.what, What::Asked(_)));
    let failures = observations.iter().filter(
        |one| matches!(&one.what, What::Failed(failure) if matches!(failure.proof, Proof::QuerySeen(_))),
    );
    assert_eq!(
        (queries.count(), failures.count()),
        (2, 2),
        "{case}: {warnings:?}\n{text}"
    );
    let unread = warnings
        .iter()
        .filter(|warning| warning.warning.name() == "unread_errors");
    assert_eq!(unread.count(), 0, "{case}: {warnings:?}");
}

fn each(change: impl Fn(usize, &str) -> String) -> String {
    let lines = LINES.iter().enumerate();
    lines.map(|(place, line)| change(place, line) + "\n").collect()
}

fn query_as(message: &str) -> String {
    each(|_, line| line.replace("35084+ A? www.example.com. (33)", message))
}

#[test]
fn behind_any_prefix() {
    for prefix in PREFIXES {
        assert_read(prefix, &each(|_, line| format!("{prefix}{line}")));
        let verbose: String = (VERBOSE.lines()).flat_map(|line| [prefix, line, "\n"]).collect();
        assert_read(prefix, &verbose);
    }
    let grep = each(|place, line| format!("{}{}{line}", place + 9, [":", "-"][place % 2]));
    assert_read("grep -C", &grep);
}

#[test]
fn with_the_times_of_whoever_logged_it() {
    for prefix in [
        "Nov 28 13:24:3# fw1 tcpdump[4711]: ",
        "2026-11-28T13:24:3#.1Z stdout F ",
        "web | ",
    ] {
        let text = each(|place, line| {
            let (_, line) = line.split_once(' ').unwrap();
            prefix.replace('#', &(2 + place).to_string()) + line
        });
        assert_read(prefix, &text);
    }
}

#[test]
fn with_line_ends_lost_or_printed() {
    for between in [" ", "", "; ", "\\n", "\\r\\n", "<br>", "\",\"", " | "] {
        assert_read(between, &LINES.join(between));
    }
    assert_read(
        "two a line",
        &format!("{} {}\n{} {}", LINES[0], LINES[1], LINES[2], LINES[3]),
    );
    assert_read("-v", &VERBOSE.replace('\n', " "));
}

#[test]
fn in_colours_and_as_web_pages_have_it() {
    let text = LINES.join("\n");
    for escape in ["\u{1b}", "^[", "ESC", ""] {
        let mark = |word: &str| format!("{escape}[01;31m{escape}[K{word}{escape}[m{escape}[K");
        let coloured = ["ICMP", "unreachable", "53"]
            .iter()
            .fold(text.clone(), |text, word| {
                text.replace(&format!(" {word}"), &format!(" {}", mark(word)))
            });
        assert_read(escape, &coloured);
    }
    for arrow in [
        "&gt;", "&#62;", "&#x3E;", "&amp;gt;", "->", "=>", "\u{279c}", "\\u003e",
    ] {
        assert_read(arrow, &text.replace('>', arrow));
    }
    assert_read("non-breaking", &text.replace(' ', "&nbsp;"));
    assert_read("preformatted", &format!("<pre><code>{text}</code></pre>"));
    assert_read("emphasis", &text.replace("unreachable", "**unreachable**"));
    assert_read("quotes", &each(|_, line| format!("\u{201c}{line}\u{201d}")));
    let json = |line: &str| {
        serde_json::json!({"log": format!("{line}\n"), "time": "2026-11-28T13:24:32Z"}).to_string()
    };
    assert_read("JSON", &each(|_, line| json(line)));
    assert_read("JSON of Go", &each(|_, line| json(line).replace('>', "\\u003e")));
}

#[test]
fn as_openbsd_and_old_versions_print_it() {
    let old = |line: &str| {
        line.replace(" IP", "")
            .replace("ICMP", "icmp:")
            .replace(", length 69", "")
    };
    assert_read("lower case", &each(|_, line| old(line)));
    assert_read(
        "with flags",
        &each(|_, line| old(line) + " (DF) [tos 0xc0] (ttl 64, id 7, len 61)"),
    );
    assert_read(
        "with month and day",
        &each(|_, line| format!("Nov 28 {}", old(line))),
    );
    assert_read(
        "with link addresses",
        &each(|_, line| {
            line.replace(" IP", " 0:d:b9:1:2:3 00:0d:b9:01:02:04 0800 75:")
                .replace("ICMP", "icmp:")
        }),
    );
    for front in [
        "rule 5.intra.20/0(match): pass in on vr2:",
        "rule 0/0(match) [uid 0, pid 4711] block out on em0:",
        "rule def/(match) pass in on vio0: IP",
    ] {
        assert_read(front, &each(|_, line| line.replace(" IP", &format!(" {front}"))));
    }
    for message in [
        "35084+[|domain]",
        "35084+ A? www.exa[|domain]",
        "35084+[1au][|domain]",
        "35084+ A?[|domain]",
        "udp 33",
        "UDP, length 33",
    ] {
        assert_read(message, &query_as(message));
    }
    assert_read(
        "the quoted packet",
        "10:23:45.678901 192.0.2.15.52444 > 203.0.113.2.53: [udp sum ok] 35084+ A?\n\
         www.example.com. (33) (ttl 64, id 1234, len 61)\n\
         10:23:45.679301 203.0.113.2 > 192.0.2.15: icmp: 203.0.113.2 udp port 53\n\
         unreachable for 192.0.2.15.52444 > 203.0.113.2.53: [|domain] (ttl 64, id 1234,\n\
         len 61) (ttl 255, id 5, len 56)\n\
         10:23:50.678901 192.0.2.15.52444 > 203.0.113.2.53: 35084+ A? www.example.com. (33)\n\
         10:23:50.679301 203.0.113.2 > 192.0.2.15: icmp: 203.0.113.2 udp port 53 unreachable for 192.0.2.15.52444 > 203.0.113.2.53: 35084+ A? www.example.com. (33) (ttl 64, id 1235, len 61) (ttl 255, id 6, len 56)\n",
    );
}

#[test]
fn as_fortigate_prints_it() {
    for stamps in [
        ["2.012345", "2.013345", "17.012345", "17.013345"],
        [
            "2026-11-28 13:24:32.012345",
            "2026-11-28 13:24:32.013345",
            "2026-11-28 13:24:37.012345",
            "2026-11-28 13:24:37.013345",
        ],
    ] {
        for front in ["", "port1 out ", "wan1 -- "] {
            let packets = [
                "192.0.2.15.52444 -> 203.0.113.2.53: udp 33",
                "203.0.113.2 -> 192.0.2.15: icmp: 203.0.113.2 udp port 53 unreachable",
            ];
            let lines = stamps.iter().zip(packets.iter().cycle()).map(|(stamp, packet)| {
                format!("{stamp} {front}{packet}\n0x0000\t 0000 0000 0001 0050 56ab cdef 0800 4500\t.......PV.....E.\n\n")
            });
            let text: String = lines.collect();
            assert_read(
                front,
                &format!("interfaces=[any]\nfilters=[port 53 or icmp]\n{text}"),
            );
        }
    }
}

#[test]
fn in_columns_with_any_clock_and_any_arrow() {
    let clocks = [
        ["0.000000000", "0.000312345", "5.005012345", "5.005298765"],
        ["0.00000", "0.00031", "5.00501", "5.00529"],
        [
            "13:24:32.192571000",
            "13:24:32.198564000",
            "13:24:37.192571000",
            "13:24:37.934126000",
        ],
        [
            "2026-11-28 13:24:32.1",
            "2026-11-28 13:24:32.2",
            "2026-11-28 13:24:37.1",
            "2026-11-28 13:24:37.2",
        ],
        [
            "1795872272.192571000",
            "1795872272.198564000",
            "1795872277.192571000",
            "1795872277.934126000",
        ],
        [
            "Nov 28, 2026 13:24:32.1 UTC",
            "Nov 28, 2026 13:24:32.2 UTC",
            "Nov 28, 2026 13:24:37.1 CET",
            "Nov 28, 2026 13:24:37.2 CET",
        ],
    ];
    for clock in clocks {
        for arrow in ["\u{2192}", "->", "", "?", "\u{e2}\u{2020}\u{2019}"] {
            let text = (0..)
                .zip(clock)
                .fold(COLUMNS.replace("{a}", arrow), |text, (place, time)| {
                    text.replace(&format!("{{{place}}}"), time)
                });
            assert_read(arrow, &text);
            assert_read(
                "names",
                &text
                    .replace("192.0.2.15", "laptop.lan")
                    .replace("203.0.113.2", "dns.google"),
            );
            assert_read("painted over", &text.replace("192.0.2.15", "192.0.2.xx"));
            assert_read(
                "wrapped",
                &text.replace("DNS ", "DNS\n").replace("ICMP ", "ICMP\n"),
            );
            let quoted = text.lines().map(|line| {
                let time = clock.iter().find(|time| line.contains(**time)).unwrap();
                let kept = line.replace(time, "TIME").replace(arrow, "");
                let columns: Vec<&str> = kept.split_whitespace().collect();
                format!("\"{}\"\n", columns.join("\",\"").replace("TIME", time))
            });
            assert_read("CSV", &quoted.collect::<String>());
        }
    }
}

#[test]
fn with_clocks_of_twelve_hours_and_without_fractions() {
    for (from, to) in [
        ("13:24:32.192571", "1:24:32 PM"),
        ("13:24:32.192571", "01:24:32.192571 pm"),
        ("13:24:32.192571", "13:24:32"),
        ("13:24:32.192571", "13:24:32,192571"),
    ] {
        assert_read(to, &LINES.join("\n").replace(from, to));
    }
    let (packets, _) = read(&LINES.join("\n").replace("13:24:32.192571", "1:24:32.192571 PM"));
    assert_eq!(packets[1].time.nanos() - packets[0].time.nanos(), 5_993_000);
}

#[test]
fn with_names_and_addresses_painted_over() {
    for (client, server) in [
        ("localhost", "127.0.0.53"),
        ("localhost", "localhost"),
        ("192.0.2.15", "dns.google"),
        (
            "web-6b7f9.default.pod.cluster.local",
            "kube-dns.kube-system.svc.cluster.local",
        ),
        ("laptop", "_gateway"),
        ("192.0.2.xx", "203.0.113.2"),
        ("x.x.x.x", "203.0.113.2"),
        ("***.***.***.***", "203.0.113.2"),
        ("<client>", "[redacted]"),
        ("192.0.2.\u{2588}\u{2588}", "203.0.x.x"),
    ] {
        let text = LINES
            .join("\n")
            .replace("192.0.2.15", client)
            .replace("203.0.113.2", server);
        assert_read(server, &text);
        let plain = text.replace(" IP", "").replace("ICMP", "icmp:");
        assert_read("without IP", &plain);
    }
}

#[test]
fn an_error_that_is_not_read_is_never_passed_over() {
    for line in [
        "at lunch we saw udp port 53 unreachable all the time",
        "13:24:36.098564 IP 203.0.113 > 192.0.2.15: ICMP 203.0.113.2 udp port 53 unreachable, length 254",
        "13:24:36.098564 IP 203.0.113.2 > 192.0.2.15: ICMP6 203.0.113.2 udp port domain unreachable",
        "kernel: 203.0.113.2 tcp port 53 unreachable",
    ] {
        for text in [
            line.to_owned(),
            format!("{}\n{line}", LINES[0]),
            format!("{line}\n{}", LINES[0]),
        ] {
            let (_, warnings) = read(&text);
            assert!(
                warnings
                    .iter()
                    .any(|warning| warning.warning.name() == "unread_errors"),
                "{text}: {warnings:?}"
            );
        }
    }
}

#[test]
fn what_prints_nearly_like_tcpdump_is_read() {
    let asa = ["   1: {t}       {a}:  udp 33", "   2: {t}       {b} icmp: {c}"];
    let vlan = asa.map(|line| line.replace("{t}", "{t} 802.1Q vlan#10 P0"));
    let pktmon = "{t}000 PktGroupId 1, PktNumber 1, Direction Tx , OriginalSize 81, LoggedSize 81 \n\t08-00-27-AA-BB-CC > \
                  52-54-00-12-35-02, ethertype IPv4 (0x0800), length 81: ";
    let windows =
        ["{a}: 35084+ A? www.example.com. (33)", "{b}: ICMP {c}"].map(|line| format!("{pktmon}{line}"));
    let cut = [
        "{t} IP {a}: 35084+ A? www.exa",
        "{t} IP {b}: ICMP 203.0.113.2 udp port 53 unreac",
    ];
    for shape in [asa.map(str::to_owned), vlan, windows, cut.map(str::to_owned)] {
        let text = each(|place, line| {
            shape[place % 2]
                .replace("{t}", &line[..15])
                .replace("{a}", "192.0.2.15.52444 > 203.0.113.2.53")
                .replace("{b}", "203.0.113.2 > 192.0.2.15")
                .replace("{c}", "203.0.113.2 udp port 53 unreachable")
        });
        assert_read(&shape[0], &text);
    }
}
