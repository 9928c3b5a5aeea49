//! Which compiler builds the kernel programs: the one place that decides it.
//!
//! `netmon/build.rs` includes this file by path, `cargo xtask` as a module, so that what set-up prepares
//! and what the build uses cannot differ. Hence it knows only the standard library, and it only looks: it
//! installs nothing and starts nothing but `rustc`, directly, because rustup's proxy costs more.
//!
//! The order: what `NETMON_BPF_TOOLCHAIN` names, and nothing else then; the linked toolchain `netmon-bpf`;
//! the dated nightly; any other nightly that fits. docs/building.md says why.

use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The variable with which a developer chooses the toolchain.
pub const VARIABLE: &str = "NETMON_BPF_TOOLCHAIN";
/// The name under which set-up links Debian's compiler.
pub const LINKED: &str = "netmon-bpf";
/// The nightly that set-up installs where Debian's compiler is not to be had.
pub const DATED_NIGHTLY: &str = "nightly-2026-05-20";
/// The major version of LLVM in our bpf-linker. It reads bitcode of this version and of older ones.
pub const LINKER_LLVM: u32 = 22;

/// The target of the kernel programs: BPF, in the byte order of the machine.
pub const TARGET: &str = if cfg!(target_endian = "big") {
    "bpfeb-unknown-none"
} else {
    "bpfel-unknown-none"
};

/// Whose layout of registers aya-ebpf has. No program of netmon reads registers, so that one object is right on every machine, and
/// the binaries for all processors hold the same.
pub const BINDINGS: &str = "x86_64";

/// A toolchain that can build the kernel programs.
pub struct Toolchain {
    /// As `rustup run` wants it.
    pub name: String,
    /// Where it lies: `bin/rustc` is below. A linked one is a symbolic link.
    pub directory: PathBuf,
    /// Whether it brings `core` compiled for BPF. Without, `core` is built from `rust-src`.
    pub prebuilt_core: bool,
}

impl Toolchain {
    /// The value of `RUSTC_BOOTSTRAP` to build with. Only aya-ebpf needs an unstable feature; `1` opens all
    /// of them, and makes aya-build compile `core` itself.
    pub const fn bootstrap(&self) -> &'static str {
        if self.prebuilt_core { "aya_ebpf" } else { "1" }
    }
}

/// Why no toolchain was found: what was looked at, and what each lacks.
#[derive(Debug)]
pub struct NotFound {
    /// The toolchain that the developer asked for by name, if one was.
    pub named: Option<String>,
    reasons: Vec<String>,
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no toolchain can build the kernel programs: ")?;
        f.write_str(&self.reasons.join("; "))
    }
}

impl std::error::Error for NotFound {}

/// Finds the toolchain to build the kernel programs with.
pub fn find() -> Result<Toolchain, NotFound> {
    let installed = installed();
    if let Some(name) = env::var(VARIABLE).ok().filter(|name| !name.is_empty()) {
        return inspect(&name, &installed).map_err(|reason| NotFound {
            reasons: vec![format!("{VARIABLE} names {name}, but {reason}")],
            named: Some(name),
        });
    }
    let mut reasons = Vec::new();
    for name in candidates(&installed) {
        match inspect(&name, &installed) {
            Ok(toolchain) => return Ok(toolchain),
            Err(reason) => reasons.push(format!("{name}: {reason}")),
        }
    }
    Err(NotFound { named: None, reasons })
}

/// The names to look at, the best first, the newest of the other nightlies before older ones.
fn candidates(installed: &[PathBuf]) -> Vec<String> {
    let mut nightlies: Vec<String> = installed
        .iter()
        .filter_map(|directory| Some(directory.file_name()?.to_str()?.to_owned()))
        .filter(|name| name.starts_with("nightly-") && !name.starts_with(DATED_NIGHTLY))
        .collect();
    nightlies.sort_unstable_by(|a, b| b.cmp(a));
    let mut names = vec![LINKED.to_owned(), DATED_NIGHTLY.to_owned()];
    names.append(&mut nightlies);
    names
}

/// The directories of the toolchains that rustup knows. A linked one is a symbolic link.
fn installed() -> Vec<PathBuf> {
    let home = env::var_os("RUSTUP_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".rustup")));
    let entries = home.and_then(|home| fs::read_dir(home.join("toolchains")).ok());
    entries
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect()
}

/// Says whether the toolchain of this name can do it, or what it lacks.
fn inspect(name: &str, installed: &[PathBuf]) -> Result<Toolchain, String> {
    let directory = installed
        .iter()
        .find(|directory| directory.file_name().is_some_and(|file| file == name))
        .or_else(|| installed.iter().find(|directory| is_channel(directory, name)))
        .ok_or("it is not installed")?;
    let rustc = directory.join("bin/rustc");
    if !directory.join("bin/cargo").exists() {
        return Err(format!("{} has no bin/cargo", directory.display()));
    }
    let llvm = llvm_major(&ask(&rustc, &["-vV"])?).ok_or("its rustc does not say which LLVM it has")?;
    if llvm > LINKER_LLVM {
        return Err(format!(
            "its LLVM {llvm} is newer than the LLVM {LINKER_LLVM} of bpf-linker"
        ));
    }
    let libraries = Path::new(ask(&rustc, &["--print", "sysroot"])?.trim()).join("lib/rustlib");
    let prebuilt_core = libraries.join(TARGET).is_dir();
    if !prebuilt_core && !libraries.join("src/rust/library/core").is_dir() {
        return Err(format!(
            "it has neither core for {TARGET} nor the component rust-src"
        ));
    }
    Ok(Toolchain {
        name: name.to_owned(),
        directory: directory.clone(),
        prebuilt_core,
    })
}

/// Whether the directory is the channel's for this machine: `nightly` is `nightly-x86_64-unknown-linux-gnu`.
fn is_channel(directory: &Path, name: &str) -> bool {
    let rest = directory
        .file_name()
        .and_then(|file| file.to_str()?.strip_prefix(name)?.strip_prefix('-'));
    rest.is_some_and(|host| host.starts_with(env::consts::ARCH))
}

fn ask(rustc: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(rustc)
        .args(arguments)
        .output()
        .map_err(|error| format!("{} does not run: {error}", rustc.display()))?;
    if !output.status.success() {
        return Err(format!(
            "{} {} failed: {}",
            rustc.display(),
            arguments.join(" "),
            output.status
        ));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The major number in the line `LLVM version: 22.1.8` of `rustc -vV`.
fn llvm_major(version: &str) -> Option<u32> {
    let version = version
        .lines()
        .find_map(|line| line.strip_prefix("LLVM version: "))?;
    version.split('.').next()?.trim().parse().ok()
}

/// The bpf-linker that set-up builds, whether or not it is there yet.
pub fn own_linker(workspace: &Path) -> PathBuf {
    workspace.join(".tools/bin/bpf-linker")
}

/// The variable through which cargo learns which linker to use for BPF.
pub const LINKER_VARIABLE: &str = if cfg!(target_endian = "big") {
    "CARGO_TARGET_BPFEB_UNKNOWN_NONE_LINKER"
} else {
    "CARGO_TARGET_BPFEL_UNKNOWN_NONE_LINKER"
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_llvm_version_is_read_from_rustcs_long_version() {
        let debian = "rustc 1.96.0 (ac68faa20 2026-05-25)\nbinary: rustc\nLLVM version: 22.1.8\n";
        assert_eq!(llvm_major(debian), Some(22));
        assert_eq!(llvm_major("rustc 1.96.0"), None);
    }

    #[test]
    fn a_channel_is_found_under_its_host_triple_and_a_dated_one_is_not_taken_for_it() {
        let arch = env::consts::ARCH;
        let plain = PathBuf::from(format!("/t/nightly-{arch}-unknown-linux-gnu"));
        let dated = PathBuf::from(format!("/t/nightly-2026-05-20-{arch}-unknown-linux-gnu"));
        assert!(is_channel(&plain, "nightly"));
        assert!(!is_channel(&dated, "nightly"));
        assert!(is_channel(&dated, DATED_NIGHTLY));
    }

    #[test]
    fn the_linked_toolchain_comes_first_then_the_dated_nightly_then_newer_ones() {
        let installed = ["nightly-2026-01-02-x", "stable-x", "nightly-2026-06-01-x"];
        let names = candidates(&installed.map(|name| Path::new("/t").join(name)));
        assert_eq!(
            names,
            [
                LINKED,
                DATED_NIGHTLY,
                "nightly-2026-06-01-x",
                "nightly-2026-01-02-x"
            ]
        );
    }

    #[test]
    fn a_toolchain_that_is_not_installed_is_named_as_such() {
        assert_eq!(inspect("netmon-bpf", &[]).err().unwrap(), "it is not installed");
    }
}
