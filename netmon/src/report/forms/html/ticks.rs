//! Where an axis of time has its marks, and what they say.

use jiff::Timestamp;

use crate::report::story::numbers::Clock;
use crate::time::{SECOND_NS, Time};
use crate::timeline::Axis;

/// Marks on an axis at most.
const MOST: u64 = 8;

const MINUTE: u64 = 60 * SECOND_NS;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Steps between marks that people count in, with how a mark is written.
const STEPS: &[(u64, &str)] = &[
    (SECOND_NS / 1_000, "%H:%M:%S%.3f"),
    (SECOND_NS / 200, "%H:%M:%S%.3f"),
    (SECOND_NS / 100, "%H:%M:%S%.2f"),
    (SECOND_NS / 20, "%H:%M:%S%.2f"),
    (SECOND_NS / 10, "%H:%M:%S%.1f"),
    (SECOND_NS / 2, "%H:%M:%S%.1f"),
    (SECOND_NS, "%H:%M:%S"),
    (2 * SECOND_NS, "%H:%M:%S"),
    (5 * SECOND_NS, "%H:%M:%S"),
    (10 * SECOND_NS, "%H:%M:%S"),
    (30 * SECOND_NS, "%H:%M:%S"),
    (MINUTE, "%H:%M"),
    (2 * MINUTE, "%H:%M"),
    (5 * MINUTE, "%H:%M"),
    (10 * MINUTE, "%H:%M"),
    (30 * MINUTE, "%H:%M"),
    (HOUR, "%H:%M"),
    (3 * HOUR, "%-d %b %H:%M"),
    (6 * HOUR, "%-d %b %H:%M"),
    (12 * HOUR, "%-d %b %H:%M"),
    (DAY, "%-d %b"),
    (2 * DAY, "%-d %b"),
    (7 * DAY, "%-d %b"),
    (14 * DAY, "%-d %b %Y"),
    (28 * DAY, "%-d %b %Y"),
    (112 * DAY, "%-d %b %Y"),
    (364 * DAY, "%-d %b %Y"),
    (3_640 * DAY, "%-d %b %Y"),
    (36_400 * DAY, "%-d %b %Y"),
];

/// A mark.
#[derive(Debug, PartialEq)]
pub struct Tick {
    /// Between the axis' start (0) and end (1).
    pub position: f64,
    /// What it says.
    pub label: String,
}

/// The marks of an axis, at whole multiples of a step on the reader's clock.
pub fn ticks(axis: &Axis, clock: &Clock) -> Vec<Tick> {
    let ahead = clock.ahead_of_utc(axis.start());
    let (start, end) = (axis.start().nanos() + ahead, axis.end().nanos() + ahead);
    let fits = |step: &u64| end / step - start.div_ceil(*step) < MOST;
    let Some(&(step, format)) = STEPS
        .iter()
        .find(|(step, _)| start.div_ceil(*step) <= end / step && fits(step))
    else {
        return Vec::new();
    };
    (start.div_ceil(step)..=end / step)
        .filter_map(|number| {
            let time = number.checked_mul(step)?.checked_sub(ahead)?;
            let moment = Timestamp::from_nanosecond(time.into()).ok()?;
            Some(Tick {
                position: axis.position(Time::from_nanos(time)),
                label: clock.mark(moment, format),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::story::numbers::UTC;
    use crate::timeline::{Activity, BUCKETS, Timeline};

    #[test]
    fn marks_stand_at_round_times_and_are_few() {
        const START: u64 = 1_795_526_672 * SECOND_NS; // 2026-11-24T13:24:32Z
        let activity = Activity {
            queries: 1,
            ..Activity::default()
        };
        // (length, the first mark, how many)
        let cases = [
            (0, "13:24:32.000", 2),
            (SECOND_NS / 4, "13:24:32.00", 6),
            (4 * SECOND_NS, "13:24:32", 5),
            (258 * SECOND_NS, "13:25:00", 8),
            (HOUR, "13:30", 6),
            (DAY, "24 Nov 15:00", 8),
            (30 * DAY, "26 Nov", 5),
            (4_000 * DAY, "18 Oct 2029", 1),
        ];
        for (length, first, count) in cases {
            let mut timeline = Timeline::new();
            let server = netmon_common::Address::UNSPECIFIED;
            timeline.add(Time::from_nanos(START), server, activity);
            timeline.add(Time::from_nanos(START + length), server, activity);
            let marks = ticks(&timeline.axis(BUCKETS).unwrap(), &UTC);
            let labels: Vec<_> = marks.iter().map(|mark| mark.label.as_str()).collect();
            assert_eq!((labels[0], labels.len()), (first, count), "{length}: {labels:?}");
            assert!(marks.iter().all(|mark| (0.0..=1.0).contains(&mark.position)));
        }
    }
}
