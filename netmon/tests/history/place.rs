//! Where a test keeps its history, and what the commands say of it.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use netmon_testkit::executable;
use netmon_testkit::lab::eventually;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::NETMON;

/// A directory of its own, gone with the test.
pub struct Place {
    directory: TempDir,
    pub file: PathBuf,
}

impl Place {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("history.db");
        Self { directory, file }
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub fn file(&self) -> &str {
        self.file.to_str().unwrap()
    }

    /// Has netmon watch an interface by this hook, and keep its history here.
    pub fn watched<'a>(&'a self, hook: &'a str, interface: &'a str) -> [&'a str; 6] {
        ["--hook", hook, "--interface", interface, "--history", self.file()]
    }

    /// What `netmon incidents` says.
    #[track_caller]
    pub fn incidents(&self, arguments: &[&str]) -> Vec<Value> {
        let output = netmon(
            &[
                &["incidents", "--format", "json", "--history", self.file()],
                arguments,
            ]
            .concat(),
        );
        let list: Value = serde_json::from_str(&said(output)).unwrap();
        assert_eq!(list["schema"], 1);
        assert_eq!(list["source"]["kind"], "history");
        list["incidents"].as_array().unwrap().clone()
    }

    /// What `netmon report` says.
    #[track_caller]
    pub fn report(&self, id: &str, format: &str) -> String {
        said(netmon(&[
            "report",
            id,
            "--format",
            format,
            "--history",
            self.file(),
        ]))
    }

    /// Waits until the only incident in the history is as wanted.
    #[track_caller]
    pub fn wait_for(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let incidents = || {
            let output = netmon(&["incidents", "--format", "json", "--history", self.file()]);
            let list: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
            list["incidents"].as_array().cloned().unwrap_or_default()
        };
        let is_wanted = |all: &Vec<Value>| all.len() == 1 && wanted(&all[0]);
        eventually(&format!("{what} in the history"), incidents, is_wanted).remove(0)
    }

    /// Waits until there is a history that can be read.
    #[track_caller]
    pub fn wait_until_made(&self) {
        let read = || netmon(&["incidents", "--history", self.file()]);
        eventually("history", read, |output| output.status.success());
    }

    /// Files in the directory whose names have this in them.
    pub fn files_with(&self, part: &str) -> Vec<PathBuf> {
        let entries = self.file.parent().unwrap().read_dir().unwrap();
        entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap().to_str().unwrap().contains(part))
            .collect()
    }
}

/// Runs the program under test to its end.
pub fn netmon(arguments: &[&str]) -> Output {
    Command::new(NETMON).args(arguments).output().unwrap()
}

/// The same as another user: `nobody`, in that group. A copy, because that user may have no way to where it is built.
pub fn netmon_as_nobody(group: u32, arguments: &[&str]) -> Output {
    const NOBODY: u32 = 65_534;
    let (_directory, netmon) = executable::for_everybody(NETMON).unwrap();
    let mut command = Command::new(netmon);
    // Where a user is set, the standard library drops root's further groups.
    command.args(arguments).uid(NOBODY).gid(group).output().unwrap()
}

/// What it printed, if it ended well.
#[track_caller]
pub fn said(output: Output) -> String {
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}: {complaint}", output.status);
    String::from_utf8(output.stdout).unwrap()
}
