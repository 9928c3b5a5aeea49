//! Sets up systemd-resolved for the tests that run it: its package is unpacked into `.tools/resolved`, not installed, because then it
//! would take over `/etc/resolv.conf` of this machine.

use std::path::Path;
use std::{fs, process::Command};

use anyhow::{Context as _, Result};

use super::{apt::Apt, say};
use crate::{manual::Manual, process, workspace};

/// The program, on older and newer Debian; `/` has it where the package is installed.
const PROGRAMS: [&str; 2] = ["lib/systemd/systemd-resolved", "usr/lib/systemd/systemd-resolved"];

/// Both are of one version: the program needs the library's.
const PACKAGES: [&str; 2] = ["systemd-resolved", "libsystemd-shared"];

/// Makes sure that there is one.
pub fn ensure(apt: &mut Apt) -> Result<()> {
    let to = workspace::tools().join("resolved");
    let is_in = |root: &Path| PROGRAMS.iter().any(|program| root.join(program).exists());
    if is_in(Path::new("/")) || is_in(&to) {
        return Ok(());
    }
    if process::find("dpkg-deb").is_none() {
        return Err(Manual::new(
            "there is no dpkg-deb here to unpack systemd-resolved",
            ["# install systemd-resolved with this system's package manager".to_owned()],
        )
        .into());
    }
    // Made whole elsewhere, so that one that is there is whole.
    let new = workspace::tools().join("resolved.new");
    if new.exists() {
        fs::remove_dir_all(&new).with_context(|| format!("cannot remove {}", new.display()))?;
    }
    fs::create_dir_all(&new).with_context(|| format!("cannot make {}", new.display()))?;
    apt.download(&PACKAGES, &new)?;
    say("unpacking systemd-resolved into .tools/resolved");
    for entry in fs::read_dir(&new)? {
        let package = entry?.path();
        if package.extension().is_some_and(|extension| extension == "deb") {
            process::run(Command::new("dpkg-deb").arg("-x").arg(&package).arg(&new))?;
            fs::remove_file(&package)?;
        }
    }
    fs::rename(&new, &to).with_context(|| format!("cannot rename {}", new.display()))
}
