//! Rows of the history, over any bytes: an incident and, behind a zero byte, what the decider kept of it. The decider goes on
//! with whatever can be understood.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use netmon::detect::{Decider, Scope, Thresholds};
use netmon::model::{Incident, Memory, Remembered};
use netmon::time::{Time, WallOffset};

/// 2026-11-24T13:00:00Z, in nanoseconds of Unix time.
const WALL: i64 = 1_795_525_200_000_000_000;

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let Ok(incident) = serde_json::from_slice::<Incident>(part()) else {
        return;
    };
    let memory = serde_json::from_slice::<Memory>(part()).unwrap_or_default();
    let now = Time::at_second(1_000);
    let mut decider = Decider::new(Thresholds::default(), Scope::default());
    decider.set_offset(WallOffset::new(WALL, now.nanos()));
    decider.restore(now, [Remembered { incident, memory }]);
    for incident in decider.open_incidents() {
        let written = serde_json::to_vec(&incident).expect("incidents can be written");
        let read: Incident = serde_json::from_slice(&written).expect("and read again");
        assert_eq!(read, incident);
    }
    // Nobody asks: in the end it closes.
    for minute in 1..=12 {
        decider.advance(now.after(Duration::from_mins(minute)), &|_| true);
    }
    assert_eq!(decider.open_incidents(), []);
});
