//! The static binary, built by zig for C and as a linker, with the names of no directory of this machine.

use std::{env, path::PathBuf, process::Command};

use anyhow::Result;

use super::Target;
use crate::{process, remap, setup::python, toolchain, workspace};

/// Where a build takes its sources from, and where it leaves what it makes.
pub struct Place {
    /// The workspace.
    pub sources: PathBuf,
    /// Cargo's target directory.
    pub target: PathBuf,
    /// Cargo's home, if not this user's.
    pub cargo_home: Option<PathBuf>,
}

impl Place {
    /// This workspace.
    pub fn here() -> Self {
        Self {
            sources: workspace::root().to_owned(),
            target: workspace::target(),
            cargo_home: None,
        }
    }

    /// Where the binary of that name is.
    pub fn path(&self, target: &Target, name: &str) -> PathBuf {
        self.target.join(target.triple).join("shipped").join(name)
    }

    /// Builds the binary of that name, of the package of that name, and says where it is.
    pub fn build(&self, target: &Target, name: &str) -> Result<PathBuf> {
        let sysroot = workspace::sysroot(&self.sources)?;
        let renamed = remap::renamed(&self.sources, &sysroot, self.cargo_home.as_deref());
        let mut cargo = Command::new(python::ZIG.directory().join("bin/cargo-zigbuild"));
        cargo
            .args([
                "zigbuild",
                "--locked",
                "--profile",
                "shipped",
                "--package",
                name,
                "--bin",
                name,
            ])
            .args(["--target", target.triple, "--target-dir"])
            .arg(&self.target)
            .current_dir(&self.sources)
            .env("PYTHONPATH", python::ZIG.directory())
            .env(
                "CARGO_ENCODED_RUSTFLAGS",
                remap::flags("--remap-path-prefix", &renamed).join("\x1f"),
            )
            .env("CFLAGS", remap::flags("-ffile-prefix-map", &renamed).join(" "))
            .env(toolchain::LINKER_VARIABLE, linker());
        if let Some(home) = &self.cargo_home {
            cargo.env("CARGO_HOME", home);
        }
        process::run(&mut cargo)?;
        Ok(self.path(target, name))
    }
}

/// The linker of the kernel programs: this workspace's, wherever the sources are.
fn linker() -> PathBuf {
    env::var_os(toolchain::LINKER_VARIABLE)
        .map_or_else(|| toolchain::own_linker(workspace::root()), PathBuf::from)
}
