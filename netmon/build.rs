//! Compiles the kernel programs and leaves the objects in `OUT_DIR`, for `include_bytes!`.
//!
//! Two objects: `netmon-ebpf-log` with aya-log, for `--log-level debug`, and `netmon-ebpf` without. Kernel
//! logging brings a map of the legacy kind, which libbpf and bpftool cannot read, and it costs time on
//! every packet; so it is a build of its own, not a switch at run time.
//!
//! This refuses to install anything: a build must not change the machine. `cargo xtask build` does.

use std::{
    env,
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow, bail};
use aya_build::Package;

#[path = "../xtask/src/toolchain.rs"]
#[expect(dead_code, reason = "set-up needs more of it than the build does")]
mod toolchain;

/// The kernel crate, and the name of the object that it leaves.
const KERNEL: &str = "netmon-ebpf";

fn main() {
    if let Err(error) = run() {
        // Cargo shows this as its own error; a panic, or an error returned, would bury it in a backtrace.
        println!("cargo::error={error:#}");
        std::process::exit(1);
    }
}

fn run() -> anyhow::Result<()> {
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
    for variable in [toolchain::VARIABLE, toolchain::LINKER_VARIABLE, "RUSTUP_HOME"] {
        println!("cargo:rerun-if-env-changed={variable}");
    }

    let toolchain = toolchain::find().map_err(|error| {
        anyhow!("{error}. `cargo xtask build` sets one up; docs/building.md says how by hand")
    })?;
    // A compiler that was upgraded makes other objects.
    println!(
        "cargo:rerun-if-changed={}",
        toolchain.directory.join("bin/rustc").display()
    );
    choose_linker(workspace)?;
    // SAFETY: a build script has one thread, and none was started before.
    unsafe { env::set_var("RUSTC_BOOTSTRAP", toolchain.bootstrap()) };
    // aya-build turns each line of that cargo into a warning of this one. Errors still come through.
    // SAFETY: as above.
    unsafe { env::set_var("CARGO_TERM_QUIET", "true") };

    let _lock = share_target(&out)?;
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

/// Builds the kernel crate and copies its objects to `OUT_DIR`. The two sets of features lie side by side
/// in the target directory: neither build makes the other one anew.
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

/// Makes all builds of this crate share one target directory for the kernel side: its objects are the same
/// for debug and release, for a check and for a test, and need half a minute. aya-build works below
/// `OUT_DIR/aya-build`; that becomes a link. The lock lasts as long as the file that is returned, because
/// cargo's own is gone before aya-build copies the object.
fn share_target(out: &Path) -> anyhow::Result<File> {
    // OUT_DIR is target/{debug,release}/build/netmon-<hash>/out.
    let shared = out
        .ancestors()
        .nth(4)
        .context("OUT_DIR is not below a target directory")?
        .join("kernel");
    fs::create_dir_all(&shared).with_context(|| format!("cannot make {}", shared.display()))?;
    let lock = shared.join("lock");
    let lock = File::create(&lock)
        .and_then(|file| file.lock().map(|()| file))
        .with_context(|| format!("cannot lock {}", lock.display()))?;
    let link = out.join("aya-build");
    if !fs::read_link(&link).is_ok_and(|present| present == shared) {
        if link.is_symlink() {
            fs::remove_file(&link).with_context(|| format!("cannot remove {}", link.display()))?;
        } else if link.exists() {
            fs::remove_dir_all(&link).with_context(|| format!("cannot remove {}", link.display()))?;
        }
        symlink(&shared, &link).with_context(|| format!("cannot link {}", link.display()))?;
    }
    Ok(lock)
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
