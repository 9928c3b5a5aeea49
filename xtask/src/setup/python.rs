//! Tools from `PyPI`, each list into a directory of its own in `.tools/`: in these versions, with these checksums, and nothing else.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context as _, Result};

use super::{Task, say};
use crate::{process, workspace};

/// Tools that belong together.
#[derive(Clone, Copy)]
pub struct Tools {
    name: &'static str,
    list: &'static str,
}

/// zig, as a compiler of C for musl, and cargo-zigbuild.
pub const ZIG: Tools = Tools {
    name: "zig",
    list: include_str!("python/zig.txt"),
};

/// Helm, as a library, and Kubernetes' schemas.
pub const CHART: Tools = Tools {
    name: "chart",
    list: include_str!("python/chart.txt"),
};

/// Installs what the task needs.
pub fn ensure(task: Task) -> Result<()> {
    match task {
        Task::Dist => ZIG.install(),
        Task::Chart => CHART.install(),
        _ => Ok(()),
    }
}

impl Tools {
    /// Where they are.
    pub fn directory(self) -> PathBuf {
        workspace::tools().join(self.name)
    }

    /// Python, which finds them.
    pub fn python(self) -> Command {
        let mut python = Command::new("python3");
        python
            .env("PYTHONPATH", self.directory())
            .current_dir(workspace::root());
        python
    }

    fn install(self) -> Result<()> {
        let directory = self.directory();
        let done = directory.join("installed.txt");
        if fs::read_to_string(&done).is_ok_and(|list| list == self.list) {
            return Ok(());
        }
        say(format!(
            "pip3 install into .tools/{}, by its list of checksums",
            self.name
        ));
        if directory.exists() {
            fs::remove_dir_all(&directory)
                .with_context(|| format!("cannot remove {}", directory.display()))?;
        }
        let list = tempfile::NamedTempFile::new().context("cannot make a file")?;
        fs::write(&list, self.list).context("cannot write the list")?;
        let mut pip = Command::new("pip3");
        pip.args(["install", "--quiet", "--disable-pip-version-check", "--no-deps"])
            .args(["--only-binary", ":all:", "--require-hashes", "--target"])
            .arg(&directory)
            .arg("--requirement")
            .arg(list.path());
        process::run(&mut pip)?;
        fs::write(&done, self.list).with_context(|| format!("cannot write {}", done.display()))
    }
}
