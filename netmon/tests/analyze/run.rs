//! Runs the program under test.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The program under test.
pub const NETMON: &str = env!("CARGO_BIN_EXE_netmon");

/// What a run came to.
#[derive(Debug)]
pub struct Run {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Run {
    /// The JSON document that it printed, and nothing else, with this status.
    #[track_caller]
    pub fn document(&self, status: i32) -> Value {
        assert_eq!(self.status, Some(status), "{self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The document of a run that ended well and said nothing beside.
    #[track_caller]
    pub fn good(&self) -> Value {
        assert_eq!(self.err, "");
        self.document(0)
    }
}

/// A command that analyses, in an environment that changes nothing.
pub fn command() -> Command {
    let mut command = Command::new(NETMON);
    command
        .arg("analyze")
        .env("TZ", "UTC")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR");
    command
}

/// Analyses to the end.
pub fn analyze(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Run {
    let mut command = command();
    command.args(arguments).stdin(Stdio::null());
    command.output().unwrap().into()
}

/// Analyses what it is given on standard input.
pub fn analyze_input(arguments: &[&str], input: &[u8]) -> Run {
    let mut child = command()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap().into()
}

/// Files that are gone with this.
pub struct Files(TempDir);

impl Files {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// A file of this name in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

/// The document of one file of these bytes, which is analysed with these arguments and this status.
#[track_caller]
pub fn document_of(bytes: &[u8], arguments: &[&str], status: i32) -> Value {
    let files = Files::new();
    // Its name must not matter.
    let path = files.write("file", bytes);
    let mut all = vec![OsStr::new("--format"), OsStr::new("json"), path.as_os_str()];
    all.extend(arguments.iter().map(OsStr::new));
    analyze(all).document(status)
}
