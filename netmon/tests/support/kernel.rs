//! What the kernel under test lacks: tests of `cargo xtask kernels` run on old ones too.

use netmon::kernel::features;
use netmon::kernel::version::{MAPS_UNLOCKED, Running, TCX, XDP_FRAGS};

/// The word for how netmon attaches to TC here.
pub fn tc_link() -> &'static str {
    if has_tcx() { "tcx" } else { "clsact" }
}

/// Whether there are TCX links.
pub fn has_tcx() -> bool {
    !Running::now().is_older_than(TCX)
}

/// Whether a test must end because the kernel does not run netmon's XDP program. Says so.
pub fn lacks_xdp() -> bool {
    let lacks = !features::has_xdp_frags();
    if lacks {
        println!("SKIPPED: the kernel has no XDP programs for packets in several buffers ({XDP_FRAGS})");
    }
    lacks
}

/// Whether a test must end because nothing at TC can be pinned. Says so.
pub fn lacks_tcx() -> bool {
    if !has_tcx() {
        println!("SKIPPED: the kernel has no TCX links ({TCX}), and filters of clsact cannot be pinned");
    }
    !has_tcx()
}

/// Whether a test must end because maps are no memory of the control group. Says so.
pub fn lacks_memory_of_maps() -> bool {
    let lacks = Running::now().is_older_than(MAPS_UNLOCKED);
    if lacks {
        println!(
            "SKIPPED: the kernel counts maps as locked memory, and not as the control group's ({MAPS_UNLOCKED})"
        );
    }
    lacks
}
