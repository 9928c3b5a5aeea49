//! Sets up bpf-linker, which makes one BPF object of the bitcode of all crates, into `.tools/`.
//!
//! It is built here because its LLVM must not be older than the compiler's, and what lies elsewhere on
//! PATH does not tell which it has.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, ensure};

use super::{apt::Apt, say};
use crate::manual::Manual;
use crate::{
    process,
    toolchain::{self, LINKER_LLVM},
    workspace,
};

const VERSION: &str = "0.13.0";

/// Makes sure that there is a linker.
pub fn ensure(apt: &mut Apt) -> Result<()> {
    let own = toolchain::own_linker(workspace::root());
    // A developer who names another linker knows why.
    if env::var_os(toolchain::LINKER_VARIABLE).is_some() || works(&own) {
        return Ok(());
    }
    match build(&own, apt) {
        Ok(()) => Ok(()),
        Err(error) if process::find("bpf-linker").is_some() => {
            say(format!(
                "{error:#}; taking the bpf-linker on PATH, whatever LLVM it has"
            ));
            Ok(())
        }
        Err(error) => Err(by_hand(&error).into()),
    }
}

/// Whether it is the version we want, and finds its libLLVM.
fn works(linker: &Path) -> bool {
    Command::new(linker)
        .arg("--version")
        .output()
        .is_ok_and(|output| {
            output.stdout.strip_suffix(b"\n") == Some(format!("bpf-linker {VERSION}").as_bytes())
        })
}

fn build(own: &Path, apt: &mut Apt) -> Result<()> {
    if llvm().is_none() {
        apt.install(&[&format!("llvm-{LINKER_LLVM}-dev")])?;
        if works(own) {
            return Ok(()); // It only lacked its library.
        }
    }
    let llvm = llvm().unwrap_or_else(debian_prefix);
    say(format!(
        "building bpf-linker {VERSION} with {} into .tools/ (about a minute)",
        llvm.display()
    ));
    let mut cargo = install("bpf-linker", VERSION);
    cargo.args(["--no-default-features", "--features", &feature()]);
    process::run(cargo.env("LLVM_PREFIX", &llvm).env(llvm_sys_variable(), &llvm))?;
    ensure!(works(own), "{} was built, but does not run", own.display());
    Ok(())
}

/// `cargo install` of a tool into `.tools/`, by the toolchain that runs us, whatever the build is set to.
pub fn install(name: &str, version: &str) -> Command {
    let mut cargo = workspace::cargo();
    cargo.args([
        "install",
        name,
        "--version",
        version,
        "--locked",
        "--force",
        "--quiet",
        "--root",
    ]);
    cargo.arg(workspace::tools());
    // A temporary directory instead: what is left of it would be of no use to anyone.
    cargo
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("CARGO_BUILD_TARGET");
    cargo
}

/// The prefix of an LLVM of our version with which one can build.
fn llvm() -> Option<PathBuf> {
    let named = env::var_os("LLVM_PREFIX").map(PathBuf::from);
    let places = [
        debian_prefix(),
        format!("/usr/lib64/llvm{LINKER_LLVM}").into(),
        "/usr".into(),
    ];
    named
        .into_iter()
        .chain(places)
        .find(|prefix| has_development_files(prefix))
}

fn debian_prefix() -> PathBuf {
    format!("/usr/lib/llvm-{LINKER_LLVM}").into()
}

fn has_development_files(prefix: &Path) -> bool {
    Command::new(prefix.join("bin/llvm-config"))
        .arg("--version")
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).starts_with(&format!("{LINKER_LLVM}.")))
        && prefix.join("include/llvm-c").is_dir()
}

/// The feature of bpf-linker that chooses the LLVM.
fn feature() -> String {
    format!("llvm-{LINKER_LLVM}")
}

/// Where the crate llvm-sys 221 looks for LLVM 22.1.
fn llvm_sys_variable() -> String {
    format!("LLVM_SYS_{LINKER_LLVM}1_PREFIX")
}

fn by_hand(error: &anyhow::Error) -> Manual {
    Manual::new(
        format!("bpf-linker {VERSION} cannot be built: {error:#}"),
        [
            format!("# install LLVM {LINKER_LLVM} with its development files, then, with its prefix:"),
            format!(
                "LLVM_PREFIX=/usr/lib/llvm-{LINKER_LLVM} {}=/usr/lib/llvm-{LINKER_LLVM} cargo install bpf-linker \
                 --version {VERSION} --no-default-features --features {} --locked --root {}",
                llvm_sys_variable(),
                feature(),
                workspace::tools().display()
            ),
        ],
    )
}
