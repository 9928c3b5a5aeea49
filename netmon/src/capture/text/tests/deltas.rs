//! Times that are counted from another packet, where a text was cut, has packets at once, or has several forms.

use super::options;
use super::times::{clocks, log};
use super::{TextReader, read};

const ZERO: &str = "00:00:00.000000";

/// What the times are, as they are printed, as they are read, and the warnings.
type Case<'a> = (&'a str, &'a [&'a str], &'a [&'a str], &'a [&'a str]);

/// The warnings of a text about its times.
fn warnings(text: &str) -> Vec<&'static str> {
    let mut reader = TextReader::new(options());
    let mut packets = Vec::new();
    for line in text.lines() {
        reader.push_line(line, &mut packets);
    }
    reader.finish(&mut packets);
    let days = reader.assumed().days.warnings();
    let all = reader.warnings().into_iter().chain(days);
    all.map(|warning| warning.warning.name()).collect()
}

#[test]
fn deltas_without_the_first_line_are_known_by_their_falls() {
    let cases: &[Case<'_>] = &[
        (
            "since the packet before",
            &["00:00:00.003", "00:00:04.997", "00:00:00.003", "00:00:14.997"],
            &[
                "24T00:00:00.003000",
                "24T00:00:05.000000",
                "24T00:00:05.003000",
                "24T00:00:20.000000",
            ],
            &["relative_times"],
        ),
        (
            "since the packet before, without halves",
            &["00:00:01.48", "00:00:01.5", "00:00:01.2", "00:00:01.3"],
            &[
                "24T00:00:01.480000",
                "24T00:00:02.980000",
                "24T00:00:04.180000",
                "24T00:00:05.480000",
            ],
            &["relative_times"],
        ),
        (
            "since the packet before, and a pause",
            &["00:00:04.0", "00:00:00.5", "05:00:00.0", "00:00:01.0"],
            &[
                "24T00:00:04.000000",
                "24T00:00:04.500000",
                "24T05:00:04.500000",
                "24T05:00:05.500000",
            ],
            &["relative_times"],
        ),
        (
            "since the first packet, or the time of day",
            &["00:00:00.5", "00:00:00.52", "00:00:02.0", "00:00:40.0"],
            &[
                "24T00:00:00.500000",
                "24T00:00:00.520000",
                "24T00:00:02.000000",
                "24T00:00:40.000000",
            ],
            &["relative_times"],
        ),
        (
            "the time of day",
            &["00:50:00.0", "00:50:00.02", "00:50:00.019", "01:05:00.0"],
            &[
                "24T00:50:00.000000",
                "24T00:50:00.020000",
                "24T00:50:00.019000",
                "24T01:05:00.000000",
            ],
            &[],
        ),
        (
            "midnight, to the second",
            &["23:59:59.0", ZERO, "00:00:02.0", "00:00:01.0"],
            &[
                "24T23:59:59.000000",
                "25T00:00:00.000000",
                "25T00:00:02.000000",
                "25T00:00:01.000000",
            ],
            &["next_day"],
        ),
    ];
    for (case, stamps, expected, expected_warnings) in cases {
        assert_eq!(clocks(&log(stamps)), *expected, "{case}");
        assert_eq!(warnings(&log(stamps)), *expected_warnings, "{case}");
    }
}

#[test]
fn packets_at_once_do_not_make_deltas_those_since_the_packet_before() {
    // Each query twice, for A and AAAA, and an answer.
    let stamps: Vec<String> = (0..12)
        .flat_map(|second| [0, 0, 20].map(|milli| format!("00:00:{second:02}.{milli:03}000")))
        .collect();
    let stamps: Vec<&str> = stamps.iter().map(String::as_str).collect();
    let expected: Vec<String> = stamps.iter().map(|stamp| format!("24T{stamp}")).collect();
    assert_eq!(clocks(&log(&stamps)), expected);
    assert_eq!(warnings(&log(&stamps)), ["relative_times"]);
    let text = log(&stamps);
    let (_, found) = read(&text);
    assert!(found[0].message.contains("`tcpdump -ttttt`"), "{found:?}");
}

#[test]
fn of_several_forms_in_one_text_none_is_passed_over() {
    let untimed = "IP 192.0.2.15.52444 > 203.0.113.2.53: 35084+ A? example.org. (29)\n";
    let dated = log(&["2024-11-24 13:24:32.0", "2024-11-24 13:24:36.0"]);
    let deltas = log(&[ZERO, "00:00:03.9", "00:00:00.1"]);
    let since_first = log(&[ZERO, "00:00:03.9", "00:00:04.0"]);
    let times = ["24T13:24:32.000000", "24T13:24:36.000000"];
    let cases: &[(&str, String, &[&str], &[&str])] = &[
        (
            "-ttt, then -tttt",
            deltas.clone() + &dated,
            &["24T00:00:00.000000", "24T00:00:03.900000", "24T00:00:04.000000"],
            &["relative_times"],
        ),
        (
            "-ttttt, then -tttt",
            since_first + &dated,
            &["24T00:00:00.000000", "24T00:00:03.900000", "24T00:00:04.000000"],
            &["relative_times"],
        ),
        (
            "-t, then -tttt",
            untimed.repeat(2) + &dated,
            &["24T00:00:00.000000", "24T00:00:00.000000"],
            &["no_times"],
        ),
        (
            "-tttt behind a line whose stamp was not pasted",
            untimed.to_owned() + &dated,
            &["24T00:00:00.000000"],
            &[],
        ),
    ];
    for (case, text, before, expected) in cases {
        assert_eq!(clocks(text), [*before, &times].concat(), "{case}");
        assert_eq!(warnings(text), *expected, "{case}");
    }
    let behind = ["25T00:00:00.000000", "25T00:00:03.900000", "25T00:00:04.000000"];
    for wall in [dated, log(&["13:24:32.0", "13:24:36.0"])] {
        let text = wall + &deltas;
        assert_eq!(clocks(&text), [&times[..], &behind].concat());
        assert_eq!(warnings(&text), ["relative_times", "next_day"]);
    }
}
