//! Times in which nobody watches, as long as they are in life: longer than a query waits for its answer. In a slice a tenth
//! of that, as in `netmon/tests/never_wrong`.

#[path = "../never_wrong/pause/scene.rs"]
mod scene;

use std::time::Duration;

use scene::{How, QUICK, Times, a_pause_says_nothing_about_healthy_servers};

/// A seldom asked server, and longer than anything of it is waited for.
const LONG: Times = Times {
    every: Duration::from_secs(11),
    pause: Duration::from_secs(75),
    thresholds: &[],
};

fn times() -> Times {
    if crate::is_slice() { QUICK } else { LONG }
}

#[test]
#[ignore = "needs root: network namespaces and TC; three minutes"]
fn a_netmon_that_was_stopped_for_long_takes_nothing_that_was_answered_for_silence() {
    a_pause_says_nothing_about_healthy_servers(How::Stopped, times());
}

#[test]
#[ignore = "needs root: network namespaces, TC and pins; three minutes"]
fn a_netmon_that_starts_on_old_pins_takes_nothing_that_was_answered_for_silence() {
    a_pause_says_nothing_about_healthy_servers(How::Restarted, times());
}
