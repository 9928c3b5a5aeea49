//! The kernel, and what must be set up on the machine.

use std::path::Path;

use nix::sys::statfs::{BPF_FS_MAGIC, statfs};

use super::findings::Finding;
use crate::kernel::version::{self, MAPS_UNLOCKED, OLDEST, OLDEST_BRINGS, Running, Version, XDP_FRAGS};
use crate::kernel::{Kernel, KernelError, Settings, features, locked};

/// Where pins are kept.
const BPFFS: &str = "/sys/fs/bpf";
/// The kernel's own types.
const TYPES: &str = "/sys/kernel/btf/vmlinux";

/// What netmon does without where the kernel is older, newest first.
const LACKING: [(Version, &str); 2] = [
    (
        version::TCX,
        "it has no TCX links (6.6): netmon uses filters of the clsact qdisc, which cannot be pinned",
    ),
    (
        version::XDP_FEATURES,
        "its drivers do not say whether they have native XDP (6.3)",
    ),
];

pub(super) fn kernel() -> Vec<Finding> {
    const CHECK: &str = "kernel";
    let running = Running::now();
    let release = &running.release;
    if running.version.is_none() {
        let finding = format!("the release `{release}` names no version");
        let remedy = format!("netmon needs Linux {OLDEST} or newer; see whether netmon run starts");
        return vec![Finding::warning(CHECK, finding, remedy)];
    }
    if running.is_older_than(OLDEST) {
        let finding = format!("Linux {release} is too old: it lacks {OLDEST_BRINGS}");
        return vec![Finding::failure(
            CHECK,
            finding,
            format!("install Linux {OLDEST} or newer"),
        )];
    }
    let mut lacking: Vec<String> = LACKING
        .iter()
        .filter(|(since, _)| running.is_older_than(*since))
        .map(|(_, words)| (*words).to_owned())
        .collect();
    if !features::has_xdp_frags() {
        lacking.push(format!(
            "it has no XDP programs for packets in several buffers ({XDP_FRAGS}): netmon uses TC for what arrives"
        ));
    }
    vec![if lacking.is_empty() {
        Finding::ok(CHECK, format!("Linux {release} has everything that netmon uses"))
    } else {
        Finding::ok(CHECK, format!("Linux {release}; {}", lacking.join("; ")))
    }]
}

/// Loads the real programs and reads their tables: ring buffer, batch look-up, all types of maps.
pub(super) fn programs() -> Vec<Finding> {
    const CHECK: &str = "programs";
    let tried = Kernel::load(&Settings::default()).and_then(|mut kernel| {
        kernel.load_all()?;
        kernel.poller()?.counts()
    });
    vec![match tried {
        Ok(_) => Finding::ok(
            CHECK,
            "the verifier accepts the programs, and their maps can be made and read",
        ),
        Err(error @ KernelError::NotPermitted { .. }) => {
            Finding::warning(CHECK, error.to_string(), "run netmon doctor as root to try them")
        }
        Err(error) => Finding::failure(
            CHECK,
            error.to_string(),
            "netmon run would fail with the same error",
        ),
    }]
}

pub(super) fn types() -> Vec<Finding> {
    const CHECK: &str = "btf";
    vec![if Path::new(TYPES).exists() {
        Finding::ok(CHECK, format!("the kernel has type information ({TYPES})"))
    } else {
        Finding::warning(
            CHECK,
            format!("there is no {TYPES}"),
            "nothing: netmon does not need it; a kernel with CONFIG_DEBUG_INFO_BTF, if bpftool is to show names of types",
        )
    }]
}

pub(super) fn bpffs() -> Vec<Finding> {
    const CHECK: &str = "bpffs";
    let mounted = statfs(BPFFS).is_ok_and(|is| is.filesystem_type() == BPF_FS_MAGIC);
    vec![if mounted {
        Finding::ok(CHECK, format!("mounted at {BPFFS}"))
    } else {
        Finding::warning(
            CHECK,
            format!("not mounted at {BPFFS}: counts cannot survive a restart"),
            format!("mount -t bpf bpf {BPFFS}"),
        )
    }]
}

pub(super) fn locked_memory() -> Vec<Finding> {
    const CHECK: &str = "memlock";
    let words = locked::limit().map_or_else(|| "unlimited".to_owned(), |limit| format!("{limit} KiB"));
    vec![match (locked::counts(), locked::limit()) {
        (true, Some(_)) => Finding::warning(
            CHECK,
            format!("locked memory is {words}, and before Linux {MAPS_UNLOCKED} maps count as locked memory"),
            "ulimit -l unlimited, or LimitMEMLOCK=infinity in the unit",
        ),
        (true, None) => Finding::ok(CHECK, "locked memory, as which maps count here, is unlimited"),
        (false, _) => Finding::ok(
            CHECK,
            format!("locked memory is {words}; maps do not count as locked memory"),
        ),
    }]
}
