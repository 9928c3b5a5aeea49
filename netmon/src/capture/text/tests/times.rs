//! Time stamps in all forms, over midnight and in all zones.

use jiff::civil::date;
use jiff::tz::TimeZone;

use super::build::{CLIENT, QUERY, SERVER, UDP, frame, ipv4, udp};
use super::tcpdump::{self, ETHERNET, START_US, STEP_US};
use super::{Options, options, read, read_with};
use crate::time::WallOffset;

/// The packets' times, in microseconds.
pub fn times(options: Options, text: &str) -> Vec<u64> {
    read_with(options, text)
        .0
        .iter()
        .map(|packet| packet.time.nanos() / 1_000)
        .collect()
}

/// The packets' times, as the contract prints them, without the date and the final letter.
pub fn clocks(text: &str) -> Vec<String> {
    let (packets, _) = read(text);
    packets
        .iter()
        .map(|packet| WallOffset::NONE.rfc3339(packet.time)[8..26].to_owned())
        .collect()
}

/// A log with these time stamps.
pub fn log(stamps: &[&str]) -> String {
    let query = format!(" IP {CLIENT}.52444 > {SERVER}.53: 35084+ A? example.org. (29)\n");
    stamps.iter().flat_map(|stamp| [*stamp, &query]).collect()
}

#[test]
fn every_form_of_time_stamp_gives_the_times_of_the_capture() {
    let query = frame(&ipv4(CLIENT, SERVER, UDP, &udp(52444, 53, &QUERY.bytes())));
    let file = tcpdump::capture(ETHERNET, 65_535, std::iter::repeat_n(query.as_slice(), 20));
    // Deltas begin at the start of the date.
    let midnight = 1_732_406_400_000_000;
    for (form, start) in [
        (&["-n"][..], START_US),
        (&["-tt"], START_US),
        (&["-tttt"], START_US),
        (&["--nano"], START_US),
        (&["-tt", "--nano"], START_US),
        (&["-ttt"], midnight),
        (&["-ttttt"], midnight),
        (&["-ttt", "-#"], midnight),
    ] {
        let Some(text) = tcpdump::print(&file, form) else {
            return;
        };
        let expected: Vec<u64> = (0..20).map(|number| start + number * STEP_US).collect();
        assert_eq!(times(options(), &text), expected, "{form:?}");
    }
}

#[test]
fn whole_seconds_of_an_old_tshark_are_those_since_the_capture_began() {
    let text = "  1          0  10.244.0.22 -> 10.96.0.10   DNS 109 Standard query 0xad93  A a.test\n  \
        2          3   10.96.0.10 -> 10.244.0.22  ICMP 137 Destination unreachable (Host unreachable)\n \
        10         14  10.244.0.22 -> 10.96.0.10   DNS 109 Standard query 0xad94  A a.test\n";
    assert_eq!(
        clocks(text),
        ["24T00:00:00.000000", "24T00:00:03.000000", "24T00:00:14.000000"]
    );
}

#[test]
fn without_times_all_packets_are_at_the_start_of_the_date_and_a_warning_says_so() {
    let text = "IP 192.51.100.15.52444 > 203.0.113.2.53: 35084+ A? example.org. (29)\n".repeat(3);
    assert_eq!(clocks(&text), ["24T00:00:00.000000"; 3]);
    let (_, warnings) = read(&text);
    assert_eq!(
        warnings
            .iter()
            .map(|warning| warning.warning.name())
            .collect::<Vec<_>>(),
        ["no_times"]
    );
}

#[test]
fn a_clock_that_goes_back_begins_the_next_day() {
    let cases: &[(&str, &[&str], &[&str])] = &[
        (
            "once",
            &["23:59:59.9", "00:00:00.1"],
            &["24T23:59:59.900000", "25T00:00:00.100000"],
        ),
        (
            "twice",
            &["23:00:00.0", "01:00:00.0", "12:59:00.0", "00:58:00.0"],
            &[
                "24T23:00:00.000000",
                "25T01:00:00.000000",
                "25T12:59:00.000000",
                "26T00:58:00.000000",
            ],
        ),
        (
            "after a night of less than twelve hours",
            &["20:00:45.0", "09:00:00.0", "09:02:00.0"],
            &["24T20:00:45.000000", "25T09:00:00.000000", "25T09:02:00.000000"],
        ),
        (
            "after nearly a day",
            &["11:00:00.0", "10:58:59.9"],
            &["24T11:00:00.000000", "25T10:58:59.900000"],
        ),
        (
            "not within a minute",
            &["11:00:00.0", "10:59:00.0", "11:00:01.0"],
            &["24T11:00:00.000000", "24T10:59:00.000000", "24T11:00:01.000000"],
        ),
        (
            "not out of order",
            &["13:00:00.2", "13:00:00.1"],
            &["24T13:00:00.200000", "24T13:00:00.100000"],
        ),
        (
            "out of order around midnight",
            &["23:59:59.8", "00:00:00.1", "23:59:59.9", "00:00:00.2"],
            &[
                "24T23:59:59.800000",
                "25T00:00:00.100000",
                "24T23:59:59.900000",
                "25T00:00:00.200000",
            ],
        ),
        (
            "not where dates are printed",
            &["2024-11-24 23:59:59.9", "2024-11-24 00:00:00.1"],
            &["24T23:59:59.900000", "24T00:00:00.100000"],
        ),
    ];
    for (case, stamps, expected) in cases {
        assert_eq!(clocks(&log(stamps)), *expected, "{case}");
    }
}

#[test]
fn deltas_are_known_by_the_zero_that_they_begin_with() {
    let zero = "00:00:00.000000";
    let cases: &[(&str, &[&str], &[&str])] = &[
        (
            "since the packet before",
            &[zero, "00:00:03.9", "00:01:56.1", "00:00:43.7"],
            &[
                "24T00:00:00.000000",
                "24T00:00:03.900000",
                "24T00:02:00.000000",
                "24T00:02:43.700000",
            ],
        ),
        (
            "since the first packet",
            &[zero, "00:00:03.9", "00:02:00.0", "00:02:43.7"],
            &[
                "24T00:00:00.000000",
                "24T00:00:03.900000",
                "24T00:02:00.000000",
                "24T00:02:43.700000",
            ],
        ),
        (
            "since the first packet, two out of order and two at once",
            &[
                zero,
                "00:00:01.0",
                "00:00:02.0",
                "00:00:03.0",
                "00:00:04.0",
                "00:00:05.0",
                "00:00:06.0",
                "00:00:07.0",
                "00:00:08.0",
                "00:00:09.0",
                "00:00:09.0",
                "00:00:10.0",
                "00:00:11.0",
                "00:00:12.0",
                "00:00:13.0",
                "00:00:14.0",
                "00:00:15.0",
                "00:00:16.0",
                "00:00:18.0",
                "00:00:17.9",
            ],
            &[
                "24T00:00:00.000000",
                "24T00:00:01.000000",
                "24T00:00:02.000000",
                "24T00:00:03.000000",
                "24T00:00:04.000000",
                "24T00:00:05.000000",
                "24T00:00:06.000000",
                "24T00:00:07.000000",
                "24T00:00:08.000000",
                "24T00:00:09.000000",
                "24T00:00:09.000000",
                "24T00:00:10.000000",
                "24T00:00:11.000000",
                "24T00:00:12.000000",
                "24T00:00:13.000000",
                "24T00:00:14.000000",
                "24T00:00:15.000000",
                "24T00:00:16.000000",
                "24T00:00:18.000000",
                "24T00:00:17.900000",
            ],
        ),
        (
            "since the packet before, two out of order",
            &[zero, "00:00:01.0", "-00:00:00.000001", "00:00:01.0"],
            &[
                "24T00:00:00.000000",
                "24T00:00:01.000000",
                "24T00:00:00.999999",
                "24T00:00:01.999999",
            ],
        ),
        (
            "since the first packet, for more than a day",
            &[zero, "13:00:00.0", "23:00:00.0", "01:00:00.0"],
            &[
                "24T00:00:00.000000",
                "24T13:00:00.000000",
                "24T23:00:00.000000",
                "25T01:00:00.000000",
            ],
        ),
    ];
    for (case, stamps, expected) in cases {
        assert_eq!(clocks(&log(stamps)), *expected, "{case}");
    }
}

#[test]
fn a_long_log_of_deltas_is_not_held_back() {
    let stamps: Vec<String> = (0..3_000)
        .map(|n| format!("00:{:02}:{:02}.000000", n / 60, n % 60))
        .collect();
    let stamps: Vec<&str> = stamps.iter().map(String::as_str).collect();
    let mut reader = super::TextReader::new(options());
    let mut packets = Vec::new();
    for line in log(&stamps).lines() {
        reader.push_line(line, &mut packets);
    }
    assert_eq!(packets.len(), 2_999);
    assert_eq!(packets[2_998].time.second() % 86_400, 2_998);
}

#[test]
fn a_clock_is_read_in_the_zone_that_is_given() {
    let zone = |name| Options {
        zone: TimeZone::get(name).unwrap(),
        ..options()
    };
    let text = log(&["13:24:32.192571"]);
    let utc = times(options(), &text)[0];
    let hour = 3_600_000_000;
    assert_eq!(times(zone("Europe/Berlin"), &text), [utc - hour]);
    assert_eq!(times(zone("America/New_York"), &text), [utc + 5 * hour]);
    // Summer time began: from 01:59:59 to 03:00:00 is one second.
    let gap = times(
        Options {
            date: date(2024, 3, 31),
            ..zone("Europe/Berlin")
        },
        &log(&["01:59:59.0", "03:00:00.0"]),
    );
    assert_eq!(gap[1] - gap[0], 1_000_000);
    // Seconds since 1970 are the same everywhere.
    assert_eq!(
        times(zone("Asia/Tokyo"), &log(&["1732455872.192571"])),
        [START_US]
    );
}

#[test]
fn a_record_that_cannot_be_read_still_moves_the_clock() {
    let text = log(&["00:00:00.000000"])
        + "00:00:02.000000 nonsense\n"
        + &log(&["00:00:01.000000", "00:00:00.400000"]);
    assert_eq!(
        clocks(&text),
        ["24T00:00:00.000000", "24T00:00:03.000000", "24T00:00:03.400000"]
    );
}

#[test]
fn times_beyond_what_can_be_told_do_not_overflow() {
    let far = Options {
        date: date(9999, 12, 31),
        ..options()
    };
    assert_eq!(times(far, &log(&["23:59:59.9", "00:00:00.1"])).len(), 2);
    let before = Options {
        date: date(1900, 1, 1),
        ..options()
    };
    assert_eq!(times(before, &log(&["23:59:59.9"])), [0]);
}
