//! What this process may do.

use std::fs;

use super::findings::Finding;
use crate::rights;

pub(super) fn capabilities() -> Vec<Finding> {
    const CHECK: &str = "rights";
    let missing = match rights::missing() {
        Ok(missing) if missing.is_empty() => {
            return vec![Finding::ok(CHECK, "this process may load and attach programs")];
        }
        Ok(missing) => missing,
        Err(error) => {
            let finding = format!("the capabilities of this process cannot be read: {error}");
            return vec![Finding::warning(CHECK, finding, "see whether netmon run starts")];
        }
    };
    let names: Vec<String> = missing.iter().map(|(name, _)| name.to_string()).collect();
    let reasons: Vec<String> = missing
        .iter()
        .map(|(name, reason)| format!("{name} {reason}"))
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

fn unprivileged() -> &'static str {
    match fs::read_to_string("/proc/sys/kernel/unprivileged_bpf_disabled") {
        Ok(value) if value.trim() == "0" => "enabled",
        Ok(_) => "disabled",
        Err(_) => "unknown",
    }
}
