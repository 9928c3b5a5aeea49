//! Of which day a packet is: what loggers, months and days without a year, and clocks that are set back say of it.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

use super::tcpdump::START_US;
use super::times::{log, times};
use super::{Options, TextReader, options, read, read_with};
use crate::capture::text::Assumed;
use crate::time::WallOffset;

const QUERY: &str = "IP 192.51.100.15.52444 > 203.0.113.2.53: 35084+ A? example.org. (29)";

/// The times of lines that begin so, as the contract prints them, without the final letter; and what was assumed.
fn moments(options: Options, starts: &[&str]) -> (Vec<String>, Assumed) {
    let mut reader = TextReader::new(options);
    let mut packets = Vec::new();
    for line in lines(starts).lines() {
        reader.push_line(line, &mut packets);
    }
    reader.finish(&mut packets);
    let moments = packets
        .iter()
        .map(|packet| WallOffset::NONE.rfc3339(packet.time)[..26].to_owned());
    (moments.collect(), reader.assumed())
}

/// With this date given.
fn given(date: Date) -> Options {
    Options { date, ..options() }
}

/// A log of lines that begin so.
fn lines(starts: &[&str]) -> String {
    let lines: Vec<String> = starts.iter().map(|start| format!("{start} {QUERY}\n")).collect();
    lines.concat()
}

#[test]
fn a_packet_is_of_the_day_that_is_nearest_to_what_its_logger_says() {
    let cases: &[(&str, &[&str], &[&str])] = &[
        (
            "syslog",
            &[
                "Nov 28 10:00:00 fw1 tcpdump[1]: 10:00:00.000001",
                "Nov 29 11:00:00 fw1 tcpdump[1]: 11:00:00.000001",
                "Nov 30 09:00:00 fw1 tcpdump[1]: 09:00:00.000001",
            ],
            &[
                "2024-11-28T10:00:00.000001",
                "2024-11-29T11:00:00.000001",
                "2024-11-30T09:00:00.000001",
            ],
        ),
        (
            "CRI",
            &[
                "2024-11-28T10:00:00.123456Z stdout F 10:00:00.000001",
                "2024-11-29T11:00:00.123456Z stdout F 11:00:00.000001",
                "2024-11-30T09:00:00.123456Z stdout F 09:00:00.000001",
            ],
            &[
                "2024-11-28T10:00:00.000001",
                "2024-11-29T11:00:00.000001",
                "2024-11-30T09:00:00.000001",
            ],
        ),
        (
            "a logger that is an hour ahead",
            &[
                "2024-11-29T00:30:00+01:00 fw1 tcpdump: 23:29:59.900000",
                "Nov 29 00:30:05 fw1 tcpdump[1]: 23:30:04.900000",
                "Nov 29 01:30:05 fw1 tcpdump[1]: 00:30:04.900000",
            ],
            &[
                "2024-11-28T23:29:59.900000",
                "2024-11-28T23:30:04.900000",
                "2024-11-29T00:30:04.900000",
            ],
        ),
        (
            "a logger that is eight hours behind",
            &[
                "Nov 28 16:30:00 fw1 tcpdump[1]: 00:29:59.900000",
                "Nov 28 23:30:00 fw1 tcpdump[1]: 07:29:59.900000",
            ],
            &["2024-11-29T00:29:59.900000", "2024-11-29T07:29:59.900000"],
        ),
        (
            "some lines without",
            &[
                "2024-11-28 20:00:00 20:00:00.000001",
                "20:00:45.000001",
                "09:00:00.000001",
                "2024-11-29 09:00:05 09:00:05.000001",
            ],
            &[
                "2024-11-28T20:00:00.000001",
                "2024-11-28T20:00:45.000001",
                "2024-11-29T09:00:00.000001",
                "2024-11-29T09:00:05.000001",
            ],
        ),
        (
            "with times of their own",
            &["2024-11-28 20:00:00 2024-11-20 20:00:00.000001"],
            &["2024-11-20T20:00:00.000001"],
        ),
    ];
    for (case, starts, expected) in cases {
        let (moments, assumed) = moments(given(date(2024, 12, 5)), starts);
        assert_eq!(moments, *expected, "{case}");
        assert!(!assumed.date, "{case}");
    }
}

#[test]
fn a_month_and_a_day_are_of_the_year_that_fits_the_lines_before() {
    // (the date that is given, the stamps, the days)
    let cases: &[(Date, &[&str], &[&str])] = &[
        (
            date(2024, 12, 5),
            &["Nov 24 10:00:00.0", "Nov 27 11:00:00.0"],
            &["2024-11-24", "2024-11-27"],
        ),
        // Later than the date that is given, which may be the first packet's.
        (
            date(2024, 11, 24),
            &["Nov 24 10:00:00.0", "Nov 27 11:00:00.0", "Nov 27 11:05:00.0"],
            &["2024-11-24", "2024-11-27", "2024-11-27"],
        ),
        (
            date(2025, 1, 3),
            &["Dec 31 23:59:58.0", "Jan  1 00:00:03.0", "Jan  3 11:05:00.0"],
            &["2024-12-31", "2025-01-01", "2025-01-03"],
        ),
        (
            date(2024, 12, 31),
            &["Dec 31 23:59:58.0", "Jan  1 00:00:03.0", "Jan  3 11:05:00.0"],
            &["2024-12-31", "2025-01-01", "2025-01-03"],
        ),
        (
            date(2025, 1, 1),
            &["Dec 31 23:59:58.0", "Jan  1 00:00:03.0", "Dec 31 23:59:59.0"],
            &["2024-12-31", "2025-01-01", "2024-12-31"],
        ),
        (
            date(2024, 12, 5),
            &["Mar  1 10:00:00.0", "Oct  1 10:00:00.0"],
            &["2024-03-01", "2024-10-01"],
        ),
        (date(2025, 3, 1), &["Feb 29 10:00:00.0"], &["2024-02-29"]),
        (
            date(2025, 1, 3),
            &[
                "Dec 31 23:59:58 fw1 tcpdump[1]: 23:59:58.0",
                "Jan  1 00:00:03 fw1 tcpdump[1]: 00:00:03.0",
                "Jan  3 11:05:00 fw1 tcpdump[1]: 11:05:00.0",
            ],
            &["2024-12-31", "2025-01-01", "2025-01-03"],
        ),
    ];
    for (date, starts, expected) in cases {
        let (moments, assumed) = moments(given(*date), starts);
        let days: Vec<&str> = moments.iter().map(|moment| &moment[..10]).collect();
        assert_eq!(days, *expected, "{date} {starts:?}");
        assert!(assumed.year && !assumed.days.next, "{date} {starts:?}");
    }
}

#[test]
fn an_hour_that_the_zone_repeats_is_its_second_where_it_would_go_back() {
    let berlin = |date| Options {
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        ..given(date)
    };
    let stamps = ["02:59:45.0", "02:00:01.0", "02:30:00.0", "03:00:00.0"];
    let dated = stamps.map(|stamp| format!("2024-10-27 {stamp}"));
    let logged = stamps.map(|stamp| format!("Oct 27 {stamp} fw1 tcpdump[1]: {stamp}"));
    for starts in [&stamps.map(str::to_owned), &dated, &logged] {
        let starts: Vec<&str> = starts.iter().map(String::as_str).collect();
        let (moments, assumed) = moments(berlin(date(2024, 10, 27)), &starts);
        let expected = [
            "2024-10-27T00:59:45.000000",
            "2024-10-27T01:00:01.000000",
            "2024-10-27T01:30:00.000000",
            "2024-10-27T02:00:00.000000",
        ];
        assert_eq!(moments, expected, "{starts:?}");
        assert!(!assumed.days.next, "{starts:?}");
    }
    let (moments, _) = moments(berlin(date(2024, 10, 28)), &stamps[..2]);
    assert_eq!(
        moments,
        ["2024-10-28T01:59:45.000000", "2024-10-29T01:00:01.000000"]
    );
}

#[test]
fn a_new_day_is_said_to_be_assumed_where_no_date_says_it() {
    let cases: &[(&str, &[&str], bool)] = &[
        ("the next morning", &["20:00:45.0", "09:00:00.0"], true),
        ("midnight", &["23:59:59.9", "00:00:00.1"], true),
        ("one day", &["20:00:45.0", "20:00:44.9"], false),
        (
            "dates",
            &["2024-11-24 20:00:45.0", "2024-11-25 09:00:00.0"],
            false,
        ),
        (
            "a logger",
            &[
                "Nov 24 20:00:45 fw1: 20:00:45.0",
                "Nov 25 09:00:00 fw1: 09:00:00.0",
            ],
            false,
        ),
    ];
    for (case, starts, is_assumed) in cases {
        let (_, assumed) = moments(options(), starts);
        assert_eq!(assumed.days.next, *is_assumed, "{case}");
        let warnings: Vec<_> = assumed.days.warnings().collect();
        let names: Vec<_> = warnings.iter().map(|warning| warning.warning.name()).collect();
        assert_eq!(names, ["next_day"][..usize::from(*is_assumed)], "{case}");
    }
}

#[test]
fn seconds_since_1970_are_found_behind_whatever_is_stuck_to_them() {
    for prefix in [
        "1:",
        "a.log:",
        "a.log-12-",
        "\"",
        "'",
        "[",
        "(",
        "+",
        "#",
        "- \"",
        "- '",
        "|",
        "| ",
        "~",
    ] {
        let text = format!("{prefix}1732455872.192571 {QUERY}\n");
        assert_eq!(times(options(), &text.repeat(2)), [START_US; 2], "{prefix}");
        assert!(read(&text.repeat(2)).1.is_empty(), "{prefix}");
    }
    let glued = format!("1732455872.192571 {QUERY}").repeat(3);
    assert_eq!(times(options(), &glued), [START_US; 3]);
}

#[test]
fn two_logs_of_one_day_in_one_text_are_of_two_days() {
    let text = log(&["13:24:32.0", "13:28:50.0"]) + &log(&["09:00:00.0", "09:01:00.0"]);
    let (packets, _) = read_with(options(), &text);
    let days: Vec<u64> = packets
        .iter()
        .map(|packet| (packet.time.second() - 1_732_406_400) / 86_400)
        .collect();
    assert_eq!(days, [0, 0, 1, 1]);
}
