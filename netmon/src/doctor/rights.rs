//! What this process may do.

use std::fs;

use crate::report::findings::Finding;

/// A capability: its number in `include/uapi/linux/capability.h`, its name, and what it is for.
type Capability = (u32, &'static str, &'static str);

const NEEDED: [Capability; 3] = [
    (39, "CAP_BPF", "to load programs and maps"),
    (12, "CAP_NET_ADMIN", "to attach programs to interfaces"),
    (
        38,
        "CAP_PERFMON",
        "for the verifier to allow arithmetic with pointers",
    ),
];
/// Stands for `CAP_BPF` and `CAP_PERFMON` too.
const CAP_SYS_ADMIN: u32 = 21;
const CAP_NET_ADMIN: u32 = 12;

pub(super) fn capabilities() -> Vec<Finding> {
    const CHECK: &str = "rights";
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let Some(held) = effective(&status) else {
        return vec![Finding::warning(
            CHECK,
            "/proc/self/status does not tell the capabilities of this process",
            "mount /proc",
        )];
    };
    let missing = missing(held);
    if missing.is_empty() {
        return vec![Finding::ok(CHECK, "this process may load and attach programs")];
    }
    let names: Vec<&str> = missing.iter().map(|(_, name, _)| *name).collect();
    let reasons: Vec<String> = missing
        .iter()
        .map(|(_, name, why)| format!("{name} {why}"))
        .collect();
    let finding = format!(
        "this process lacks {}; unprivileged BPF is {}, which would not be enough anyway",
        reasons.join(", "),
        unprivileged()
    );
    let remedy = format!(
        "run as root, or setcap {}=ep on the binary",
        names.join(",").to_ascii_lowercase()
    );
    vec![Finding::warning(CHECK, finding, remedy)]
}

/// The capabilities in force, a bit each.
fn effective(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

fn missing(held: u64) -> Vec<Capability> {
    let has = |number: u32| held & 1 << number != 0;
    NEEDED
        .into_iter()
        .filter(|(number, ..)| !has(*number) && (*number == CAP_NET_ADMIN || !has(CAP_SYS_ADMIN)))
        .collect()
}

fn unprivileged() -> &'static str {
    match fs::read_to_string("/proc/sys/kernel/unprivileged_bpf_disabled") {
        Ok(value) if value.trim() == "0" => "enabled",
        Ok(_) => "disabled",
        Err(_) => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let bit = |number: u32| 1_u64 << number;
        let cases = [
            ("all", bit(39) | bit(12) | bit(38), vec![]),
            ("CAP_SYS_ADMIN for two of them", bit(21) | bit(12), vec![]),
            ("no CAP_NET_ADMIN", bit(21), vec!["CAP_NET_ADMIN"]),
            ("none", 0, vec!["CAP_BPF", "CAP_NET_ADMIN", "CAP_PERFMON"]),
        ];
        for (case, held, expected) in cases {
            let names: Vec<&str> = missing(held).iter().map(|(_, name, _)| *name).collect();
            assert_eq!(names, expected, "{case}");
        }
        assert_eq!(
            effective("Name:\tnetmon\nCapEff:\t000001ffffffffff\n"),
            Some(0x1ff_ffff_ffff)
        );
        assert_eq!(effective("Name:\tnetmon\n"), None);
    }
}
