//! `cargo xtask supply-chain`: whether what netmon is made of may be in it. deny.toml says what may; cargo-deny judges.

use std::process::Stdio;

use anyhow::Result;

use crate::{
    process,
    setup::{self, Task, crates},
};

/// Both workspaces, and what deny.toml may allow that is not in them: one file says it for both.
const MANIFESTS: [(&str, &[&str]); 2] = [
    ("Cargo.toml", &["license-exception-not-encountered"]),
    (
        "fuzz/Cargo.toml",
        &[
            "license-exception-not-encountered",
            "license-not-encountered",
            "unmatched-skip",
        ],
    ),
];

/// What needs no data but the lock file's crates.
const CHECKS: [&str; 3] = ["bans", "licenses", "sources"];

pub fn run() -> Result<()> {
    setup::ensure(Task::SupplyChain)?;
    let fetched = crates::command("cargo-deny")
        .args(["fetch", "db"])
        .stderr(Stdio::null())
        .status();
    let has_advisories = fetched.is_ok_and(|status| status.success());
    for (manifest, unused) in MANIFESTS {
        let mut deny = crates::command("cargo-deny");
        deny.args([
            "--manifest-path",
            manifest,
            "--config",
            "deny.toml",
            "--locked",
            "check",
        ])
        .args(["--hide-inclusion-graph", "--deny", "warnings"]);
        for lint in unused {
            deny.args(["--allow", lint]);
        }
        deny.args(CHECKS);
        if has_advisories {
            deny.args(["advisories", "--disable-fetch"]);
        }
        process::run(&mut deny)?;
    }
    if !has_advisories {
        println!(
            "supply-chain: NOT CHECKED: advisories, because RustSec's database cannot be fetched from here"
        );
    }
    Ok(())
}
