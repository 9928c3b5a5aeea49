//! The clock: events are stamped by the boot clock, which nobody can set, and shown by the wall clock.

use jiff::Timestamp;

use crate::clock;
use crate::report::findings::Finding;

/// Nobody runs this netmon before that: 2024-01-01.
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
            format!("{finding}, which cannot be"),
            "set the clock: all times that netmon shows are wrong",
        )
    } else {
        match clock::is_synchronised() {
            Some(true) => Finding::ok(CHECK, format!("{finding}, synchronised")),
            Some(false) => Finding::warning(
                CHECK,
                format!("{finding}, and not synchronised"),
                "run chrony or systemd-timesyncd, else times of several hosts cannot be compared",
            ),
            None => Finding::warning(
                CHECK,
                format!("{finding}; whether it is synchronised cannot be asked"),
                "allow the system call adjtimex",
            ),
        }
    }]
}
