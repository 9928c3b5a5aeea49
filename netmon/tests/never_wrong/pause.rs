//! Times in which nobody watches, a tenth as long as they are in life; `netmon/tests/soak` has them in full.

mod scene;

use scene::{How, QUICK, a_pause_says_nothing_about_healthy_servers};

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_netmon_that_was_stopped_takes_nothing_that_was_answered_for_silence() {
    a_pause_says_nothing_about_healthy_servers(How::Stopped, QUICK);
}

#[test]
#[ignore = "needs root: network namespaces, TC and pins"]
fn a_netmon_that_starts_on_pins_takes_nothing_that_was_answered_for_silence() {
    a_pause_says_nothing_about_healthy_servers(How::Restarted, QUICK);
}
