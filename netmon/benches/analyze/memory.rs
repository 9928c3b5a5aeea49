//! How much memory it takes, which must not depend on the size of the file.

use std::process::Command;

use anyhow::Result;
use netmon_testkit::cost;
use netmon_testkit::figures::{Figure, Figures};

use crate::{Capture, Captures};

const MOST_MIB: f64 = 64.0;

/// Measures it for two sizes.
pub fn measure(captures: &Captures, figures: &mut Figures<'_>) -> Result<()> {
    for (name, capture) in [
        ("mixed, 1 GiB, resident memory", Capture::MIXED),
        ("mixed, 4 GiB, resident memory", Capture::MIXED_LARGE),
    ] {
        if !figures.wants(name) {
            continue;
        }
        let mut netmon = Command::new(env!("CARGO_BIN_EXE_netmon"));
        let taken = cost::run(netmon.arg("analyze").arg(captures.path(capture)?))?;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let mib = taken.resident_kib as f64 / 1_024.0;
        let note = format!("{:.2} s", taken.time.as_secs_f64());
        figures.take(Figure::new(name, mib, "MiB").at_most(MOST_MIB).note(note));
        captures.remove(capture)?;
    }
    Ok(())
}
