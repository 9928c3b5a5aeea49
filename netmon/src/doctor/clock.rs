//! The clock: events get their time from the boot clock, which nobody can set, and are shown in wall-clock time.

use jiff::Timestamp;

use super::findings::Finding;
use crate::clock;

/// A wall clock before this is wrong: 2024-01-01.
const PLAUSIBLE: i64 = 1_704_067_200;

pub(super) fn all() -> Vec<Finding> {
    const CHECK: &str = "clock";
    let wall = clock::wall_now();
    let shown = wall.strftime("%Y-%m-%d %H:%M:%S UTC");
    let up = clock::boot_now().nanos() / crate::time::SECOND_NS;
    let booted =
        Timestamp::from_second(wall.as_second().saturating_sub_unsigned(up)).unwrap_or(Timestamp::MIN);
    let finding = format!(
        "it is {shown}, booted {}",
        booted.strftime("%Y-%m-%d %H:%M:%S UTC")
    );
    vec![if wall.as_second() < PLAUSIBLE {
        Finding::warning(
            CHECK,
            format!("{finding}, which is impossible"),
            "set the clock: all times that netmon shows are wrong",
        )
    } else {
        match clock::is_synchronised() {
            Some(true) => Finding::ok(CHECK, format!("{finding}, synchronised")),
            Some(false) => Finding::warning(
                CHECK,
                format!("{finding}, and not synchronised"),
                "run chrony or systemd-timesyncd; else you cannot compare the times of several hosts",
            ),
            None => Finding::warning(
                CHECK,
                format!("{finding}; netmon cannot ask whether it is synchronised"),
                "allow the system call adjtimex",
            ),
        }
    }]
}
