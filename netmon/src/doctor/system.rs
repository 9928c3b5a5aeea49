//! The kernel, and what must be set up on the machine.

use std::path::Path;

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use nix::sys::statfs::{BPF_FS_MAGIC, statfs};
use nix::sys::utsname::uname;

use crate::kernel::{Kernel, KernelError, Settings};
use crate::report::findings::Finding;

/// Where pins are kept.
const BPFFS: &str = "/sys/fs/bpf";
/// The kernel's own types.
const TYPES: &str = "/sys/kernel/btf/vmlinux";

/// What a kernel of a version lacks, newest first.
const LACKING: [((u32, u32), &str); 3] = [
    (
        (6, 6),
        "it has no TCX links (6.6): filters of the clsact qdisc are used, which cannot be pinned",
    ),
    ((6, 3), "it does not tell which drivers have native XDP (6.3)"),
    (
        (5, 18),
        "native XDP does not take frames of several buffers (5.18): interfaces with a large MTU are watched by TC",
    ),
];

/// The oldest kernel.
const OLDEST: (u32, u32) = (5, 15);

pub(super) fn kernel() -> Vec<Finding> {
    const CHECK: &str = "kernel";
    let release = uname().map(|name| name.release().to_string_lossy().into_owned());
    let release = release.unwrap_or_default();
    let Some(version) = version(&release) else {
        let finding = format!("the release `{release}` is no version");
        return vec![Finding::warning(CHECK, finding, "see whether netmon run starts")];
    };
    let lacking: Vec<&str> = LACKING
        .iter()
        .filter(|(since, _)| version < *since)
        .map(|(_, words)| *words)
        .collect();
    vec![if version < OLDEST {
        let remedy = format!("netmon needs Linux {}.{}", OLDEST.0, OLDEST.1);
        Finding::failure(CHECK, format!("Linux {release} is too old"), remedy)
    } else if lacking.is_empty() {
        Finding::ok(CHECK, format!("Linux {release} has all that netmon makes use of"))
    } else {
        Finding::ok(CHECK, format!("Linux {release}; {}", lacking.join("; ")))
    }]
}

/// Loads the real programs and reads their tables: ring buffer, batch look-up, all types of maps.
pub(super) fn programs() -> Vec<Finding> {
    const CHECK: &str = "programs";
    let tried = Kernel::load(&Settings::default()).and_then(|mut kernel| kernel.poller()?.counts());
    vec![match tried {
        Ok(_) => Finding::ok(
            CHECK,
            "the verifier takes all three, and their maps can be made and read",
        ),
        Err(error @ KernelError::NotPermitted { .. }) => {
            Finding::warning(CHECK, error.to_string(), "run netmon doctor as root to try them")
        }
        Err(error) => Finding::failure(CHECK, error.to_string(), "netmon run says the same, see there"),
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
            "netmon works without; for bpftool's names of types, a kernel with CONFIG_DEBUG_INFO_BTF",
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
            format!("not mounted at {BPFFS}: nothing can outlive a restart"),
            format!("mount -t bpf bpf {BPFFS}"),
        )
    }]
}

pub(super) fn locked_memory() -> Vec<Finding> {
    const CHECK: &str = "memlock";
    /// Since then maps count for the memory of the control group.
    const NOT_COUNTED: (u32, u32) = (5, 11);
    let counted = uname()
        .ok()
        .and_then(|name| version(&name.release().to_string_lossy()))
        .is_some_and(|version| version < NOT_COUNTED);
    let limit = getrlimit(Resource::RLIMIT_MEMLOCK).map_or(0, |(soft, _)| soft);
    let words = if limit == RLIM_INFINITY {
        "without limit".to_owned()
    } else {
        format!("{} KiB", limit / 1024)
    };
    vec![if counted && limit != RLIM_INFINITY {
        Finding::warning(
            CHECK,
            format!("locked memory is {words}, and maps count as such before Linux 5.11"),
            "ulimit -l unlimited, or LimitMEMLOCK=infinity in the unit",
        )
    } else {
        Finding::ok(
            CHECK,
            format!("locked memory is {words}, and maps do not count as such"),
        )
    }]
}

/// Major and minor number of a release such as `6.18.44-fc-v595`.
fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read_as_versions() {
        for (release, expected) in [
            ("6.18.44-fc-v595", Some((6, 18))),
            ("5.15.0-92-generic", Some((5, 15))),
            ("6.6-rc1", Some((6, 6))),
            ("next", None),
            ("", None),
        ] {
            assert_eq!(version(release), expected, "{release}");
        }
    }
}
