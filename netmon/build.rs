//! Compiles the kernel programs and leaves the objects in `OUT_DIR`, for `include_bytes!`.
//!
//! Two objects: `netmon-ebpf-log` with aya-log, for `--log-level debug`, and `netmon-ebpf` without. Kernel
//! logging brings a map of the legacy kind, which libbpf and bpftool cannot read, and it costs time on
//! every packet; so it is a build of its own, not a switch at run time.
//!
//! This refuses to install anything: a build must not change the machine. `cargo xtask build` does.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use aya_build::Package;

#[path = "../xtask/src/toolchain.rs"]
#[expect(dead_code, reason = "set-up needs more of it than the build does")]
mod toolchain;

/// The kernel crate, and the name of the object that it leaves.
const KERNEL: &str = "netmon-ebpf";

fn main() -> anyhow::Result<()> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("this crate has no parent")?;
    let out = PathBuf::from(env::var_os("OUT_DIR").context("cargo sets OUT_DIR")?);

    // aya-build tells cargo to watch the kernel crate; the rest of what goes into the objects is this.
    for part in [
        "netmon-common/Cargo.toml",
        "netmon-common/src",
        "Cargo.toml",
        "Cargo.lock",
    ] {
        println!("cargo:rerun-if-changed={}", workspace.join(part).display());
    }
    for variable in [toolchain::VARIABLE, toolchain::LINKER_VARIABLE] {
        println!("cargo:rerun-if-env-changed={variable}");
    }

    let toolchain =
        toolchain::find().context("`cargo xtask build` sets one up; docs/building.md says how by hand")?;
    choose_linker(workspace)?;
    // SAFETY: a build script has one thread, and none was started before.
    unsafe { env::set_var("RUSTC_BOOTSTRAP", toolchain.bootstrap()) };

    build(&toolchain.name, &["log"])?;
    let with_log = out.join(format!("{KERNEL}-log"));
    fs::copy(out.join(KERNEL), &with_log).with_context(|| {
        format!(
            "cannot copy the kernel object with logging to {}",
            with_log.display()
        )
    })?;
    build(&toolchain.name, &[])
}

/// Builds the kernel crate in a target directory below `OUT_DIR` and copies its objects there. The two
/// sets of features lie side by side in it: neither build makes the other one anew.
fn build(toolchain: &str, features: &[&str]) -> anyhow::Result<()> {
    let package = Package {
        name: KERNEL,
        root_dir: concat!(env!("CARGO_MANIFEST_DIR"), "/../netmon-ebpf"),
        no_default_features: true,
        features,
    };
    aya_build::build_ebpf([package], aya_build::Toolchain::Custom(toolchain)).with_context(|| {
        format!("cannot build {KERNEL} with the toolchain {toolchain}, features {features:?}")
    })
}

/// Tells the cargo that aya-build starts to use the linker of set-up, unless the developer named one.
fn choose_linker(workspace: &Path) -> anyhow::Result<()> {
    if env::var_os(toolchain::LINKER_VARIABLE).is_some() {
        return Ok(());
    }
    let own = toolchain::own_linker(workspace);
    if own.exists() {
        println!("cargo:rerun-if-changed={}", own.display());
        // SAFETY: a build script has one thread, and none was started before.
        unsafe { env::set_var(toolchain::LINKER_VARIABLE, own) };
        return Ok(());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    if !env::split_paths(&path).any(|directory| directory.join("bpf-linker").exists()) {
        bail!(
            "there is no bpf-linker in {} nor on PATH; `cargo xtask build` builds it",
            own.display()
        );
    }
    Ok(())
}
