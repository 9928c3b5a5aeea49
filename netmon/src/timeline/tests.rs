use std::time::Duration;

use super::*;

const MS: u64 = 1_000_000;
const S: u64 = 1_000 * MS;

const QUERY: Activity = Activity {
    queries: 1,
    answers: 0,
    failures: 0,
    errors: 0,
};
const ERROR: Activity = Activity {
    queries: 0,
    answers: 0,
    failures: 0,
    errors: 1,
};

fn server(number: u32) -> Address {
    std::net::Ipv4Addr::from_bits(0x0a00_0000 + number).into()
}

fn at(nanos: u64) -> Time {
    Time::from_nanos(nanos)
}

fn queries(parts: &[Activity]) -> Vec<u64> {
    parts.iter().map(|part| part.queries).collect()
}

#[test]
fn lengths_divide_each_other_so_that_buckets_can_be_merged() {
    let mut length = FINEST;
    for _ in 0..30 {
        let (longer, factor) = coarser(length);
        assert_eq!(length * factor, longer);
        assert!((2..=5).contains(&factor), "{length} to {longer}");
        length = longer;
    }
}

#[test]
fn buckets_begin_at_whole_multiples_of_their_length_and_grow_with_the_time_they_span() {
    // (case, moments, the length of a bucket, buckets)
    let cases: &[(&str, &[u64], u64, usize)] = &[
        ("one moment", &[7 * S], MS, 1),
        (
            "511 ms later is the last bucket",
            &[7 * S, 7 * S + 511 * MS],
            MS,
            512,
        ),
        (
            "512 ms later needs longer ones",
            &[7 * S, 7 * S + 512 * MS],
            2 * MS,
            257,
        ),
        ("an odd start", &[7 * S + 3 * MS, 7 * S + 515 * MS], 2 * MS, 257),
        ("the textbook incident", &[32 * S, 290 * S], S, 259),
        ("a year", &[0, 365 * 86_400 * S], 86_400 * S, 366),
        ("all of time", &[0, u64::MAX], 512 * 86_400 * S, 417),
        ("an earlier moment counts as the first", &[7 * S, 6 * S], MS, 1),
    ];
    for &(case, moments, length, parts) in cases {
        let mut timeline = Timeline::new();
        for &moment in moments {
            timeline.add(at(moment), server(1), QUERY);
        }
        let axis = timeline.axis(BUCKETS).unwrap();
        assert_eq!(axis.length(), Duration::from_nanos(length), "{case}");
        assert_eq!(axis.parts(), parts, "{case}");
        assert_eq!(axis.start().nanos() % length, 0, "{case}");
        let sum: u64 = queries(&timeline.server(server(1), &axis).unwrap()).iter().sum();
        assert_eq!(sum, moments.len() as u64, "{case}: nothing is lost by merging");
    }
}

#[test]
fn each_packet_is_in_the_part_of_its_moment_however_often_buckets_were_merged() {
    let mut timeline = Timeline::new();
    let moments = [
        100 * S + 1,
        100 * S + 250 * MS,
        104 * S,
        131 * S + 999 * MS,
        400 * S,
    ];
    for moment in moments {
        timeline.add(at(moment), server(1), QUERY);
    }
    let axis = timeline.axis(400).unwrap();
    assert_eq!(axis.length(), Duration::from_secs(1));
    let parts = queries(&timeline.server(server(1), &axis).unwrap());
    let seen: Vec<_> = (0..parts.len())
        .filter(|&part| parts[part] > 0)
        .map(|part| (part, parts[part]))
        .collect();
    assert_eq!(seen, [(0, 2), (4, 1), (31, 1), (300, 1)]);
}

#[test]
fn an_axis_has_no_more_parts_than_asked_for() {
    let mut timeline = Timeline::new();
    timeline.add(at(32 * S), server(1), QUERY);
    timeline.add(at(290 * S), server(1), QUERY);
    for (asked, parts, seconds) in [(512, 259, 1), (160, 130, 2), (60, 27, 10), (1, 1, 300)] {
        let axis = timeline.axis(asked).unwrap();
        assert_eq!(
            (axis.parts(), axis.length().as_secs()),
            (parts, seconds),
            "{asked}"
        );
    }
    assert_eq!(timeline.axis(0), None);
    assert_eq!(Timeline::new().axis(10), None);
}

#[test]
fn what_was_before_a_moment_never_counts_what_came_after() {
    let mut timeline = Timeline::new();
    for second in [10, 11, 12, 300] {
        timeline.add(at(second * S + 500 * MS), server(1), QUERY);
    }
    assert_eq!(timeline.axis(BUCKETS).unwrap().length(), Duration::from_secs(1));
    for (moment, before) in [
        (10 * S, 0),
        (11 * S, 1),
        (11 * S + 900 * MS, 1),
        (13 * S, 3),
        (999 * S, 4),
    ] {
        assert_eq!(timeline.before(at(moment), server(1)).queries, before, "{moment}");
    }
    assert_eq!(timeline.before(at(999 * S), server(2)), Activity::default());
}

/// With every place taken by servers that had two queries each.
fn full() -> Timeline {
    let mut timeline = Timeline::new();
    for number in 0..u32::try_from(SERVERS).unwrap() * 2 {
        timeline.add(at(S), server(number % 256), QUERY);
    }
    timeline
}

#[test]
fn a_server_too_many_is_summed_until_it_proves_busy() {
    let mut timeline = full();
    let late = server(1_000);
    let axis = timeline.axis(1).unwrap();
    timeline.add(at(S), late, QUERY);
    assert_eq!(timeline.server(late, &axis), None);
    assert_eq!(queries(&timeline.rest(&axis)), [1]);
    for _ in 0..1_000 {
        timeline.add(at(S), late, QUERY);
    }
    let (kept, rest) = (timeline.server(late, &axis).unwrap(), timeline.rest(&axis));
    assert_eq!(queries(&kept), [1_001 - PATIENCE]);
    assert_eq!(
        queries(&rest),
        [PATIENCE + 2],
        "and the two of the one that it replaced"
    );
    assert_eq!(timeline.servers().len(), SERVERS);
}

#[test]
fn a_server_with_failures_replaces_one_without() {
    let mut timeline = full();
    timeline.add(at(S), server(1_000), ERROR);
    let axis = timeline.axis(1).unwrap();
    assert_eq!(timeline.server(server(1_000), &axis).unwrap()[0], ERROR);
}

#[test]
fn servers_that_pass_once_do_not_push_out_a_busy_one_with_failures() {
    let mut timeline = full();
    for _ in 0..1_000 {
        timeline.add(at(S), server(1_000), ERROR);
    }
    let mut packets = 512 + 1_000;
    for number in 2_000..30_000 {
        let activity = if number % 3 == 0 { ERROR } else { QUERY };
        timeline.add(at(S), server(number), activity);
        packets += 1;
    }
    let axis = timeline.axis(1).unwrap();
    assert_eq!(timeline.server(server(1_000), &axis).unwrap()[0].errors, 1_000);
    let kept: u64 = timeline.servers().iter().map(|(_, total)| total.packets()).sum();
    let rest: u64 = timeline.rest(&axis).iter().map(Activity::packets).sum();
    assert_eq!(kept + rest, packets);
}

#[test]
fn the_busiest_server_comes_first() {
    let mut timeline = Timeline::new();
    timeline.add(at(S), server(3), QUERY);
    for _ in 0..2 {
        timeline.add(at(S), server(2), QUERY);
    }
    timeline.add(at(S), server(1), ERROR);
    let order: Vec<_> = timeline.servers().into_iter().map(|(server, _)| server).collect();
    assert_eq!(order, [server(2), server(1), server(3)]);
}

#[test]
fn what_does_not_count_any_more_is_taken_off_where_it_was_added() {
    let mut timeline = Timeline::new();
    for second in [1, 2, 3] {
        timeline.add(at(second * S), server(1), QUERY);
    }
    timeline.take_off(at(2 * S), server(1));
    timeline.add(at(3 * S), server(1), QUERY);
    let axis = timeline.axis(3).unwrap();
    assert_eq!(queries(&timeline.server(server(1), &axis).unwrap()), [1, 0, 2]);
    assert_eq!(timeline.servers()[0].1.queries, 3);
}
