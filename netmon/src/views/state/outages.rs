//! When a server was in trouble: its incidents over time, as a bar shows them.

use jiff::Timestamp;

use crate::model::view::{Health, Outages};
use crate::model::{Incident, Wall};

/// How many steps a bar has.
const STEPS: i64 = 60;
/// How long a step may be, in seconds: the bar spans an hour, six hours, a day, a week, thirty days.
const SPANS: [i64; 5] = [60, 360, 1_440, 10_080, 43_200];

/// The last steps up to now: the shortest span that has the beginning of the oldest of these incidents, or the longest. Steps
/// begin at multiples of their length, so that a bar of the same incidents stays as it is until the next one.
pub fn outages(incidents: &[Incident], now: Timestamp) -> Outages {
    let now = now.as_second();
    let first = |step: i64| now.div_euclid(step) - (STEPS - 1);
    let oldest = incidents
        .iter()
        .map(|incident| incident.began.0.as_second())
        .min();
    let has = |step: &i64| oldest.is_none_or(|oldest| oldest.div_euclid(*step) >= first(*step));
    let [.., longest] = SPANS;
    let step = SPANS.into_iter().find(has).unwrap_or(longest);
    let first = first(step);
    let state = |place: i64| {
        let in_step = |incident: &&Incident| {
            let end = incident.recovered.or(incident.closed);
            incident.began.0.as_second().div_euclid(step) <= place
                && end.is_none_or(|end| end.0.as_second().div_euclid(step) >= place)
        };
        super::worst(incidents.iter().filter(in_step))
    };
    let from = Timestamp::from_second(first * step).unwrap_or(Timestamp::MIN);
    let states: Vec<Health> = (first..first + STEPS).map(state).collect();
    Outages {
        from: Wall(from),
        step_s: step.unsigned_abs(),
        states,
    }
}
