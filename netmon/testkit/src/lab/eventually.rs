//! What must come, and nobody says when.

use std::{
    fmt::Debug,
    thread,
    time::{Duration, Instant},
};

use super::PATIENCE;

/// How long it waits between two looks: some of them start a process.
const STEP: Duration = Duration::from_millis(50);

/// Looks again and again until what it sees is so, and gives that back. `what` completes "no ... within a minute".
///
/// # Panics
/// When [`PATIENCE`] is over; it says what it saw last.
#[track_caller]
pub fn eventually<S: Debug>(what: &str, mut look: impl FnMut() -> S, is_so: impl Fn(&S) -> bool) -> S {
    let began = Instant::now();
    loop {
        let seen = look();
        if is_so(&seen) {
            return seen;
        }
        if began.elapsed() > PATIENCE {
            // The lines of a page or a screen stay lines.
            let seen = format!("{seen:#?}").replace("\\n", "\n");
            panic!("no {what} within {PATIENCE:?}; seen last:\n{seen}");
        }
        thread::sleep(STEP);
    }
}
