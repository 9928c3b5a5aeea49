//! A configuration file, and what netmon says of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

/// The program under test.
pub const NETMON: &str = env!("CARGO_BIN_EXE_netmon");
/// Wrong usage or configuration.
pub const USAGE: i32 = 2;

/// The values that hold, by key, each with where it comes from.
pub type Shown = BTreeMap<String, (String, String)>;

/// A configuration file with this text.
pub struct Written {
    pub folder: TempDir,
    pub file: PathBuf,
}

impl Written {
    pub fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("netmon.toml");
        fs::write(&file, text).unwrap();
        Self { folder, file }
    }

    pub fn netmon(&self, action: &str, flags: &[&str]) -> Output {
        Command::new(NETMON)
            .args(["config", action, "--config"])
            .arg(&self.file)
            .args(flags)
            .output()
            .unwrap()
    }

    /// What is wrong, without the file's name.
    pub fn problems(&self, flags: &[&str]) -> Vec<String> {
        let output = self.netmon("check", flags);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(USAGE), "{said}");
        assert!(output.stdout.is_empty());
        let said = said.strip_prefix("netmon: error: ").unwrap();
        let file = format!("{}:", self.file.display());
        said.lines().map(|line| line.replace(&file, "")).collect()
    }

    /// The values that hold, by key, each with where it comes from.
    pub fn shown(&self, flags: &[&str]) -> Shown {
        let output = self.netmon("show", flags);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let mut table = String::new();
        let mut shown = BTreeMap::new();
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            if let Some(name) = line.strip_prefix('[') {
                table = name.replace(']', ".");
            } else if let Some((name, rest)) = line.split_once(" = ") {
                let (value, origin) = rest.rsplit_once(" # ").unwrap();
                shown.insert(
                    format!("{table}{name}"),
                    (value.trim().to_owned(), origin.to_owned()),
                );
            }
        }
        shown
    }
}
