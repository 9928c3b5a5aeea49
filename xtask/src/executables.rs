//! Builds with cargo and asks it for the executables, instead of guessing their names.
//!
//! So a test or a benchmark is built by the developer and only run by root: `target/` stays theirs.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{process, workspace};

/// An executable that cargo has built.
pub struct Executable {
    /// The file.
    pub path: PathBuf,
    /// The directory of its package, in which cargo would run a test of it.
    pub package: PathBuf,
    /// The name of the target in the package: `netmon`, or the stem of a file in `tests/`.
    pub name: String,
    /// Whether it holds tests, or benchmarks.
    pub is_test: bool,
}

/// Runs cargo with these arguments and lists the executables of the build, fresh ones too.
pub fn build(arguments: &[&str]) -> Result<Vec<Executable>> {
    let mut cargo = workspace::cargo();
    cargo
        .args(arguments)
        .arg("--message-format=json-render-diagnostics");
    let messages = process::output(&mut cargo)?;
    messages
        .lines()
        .filter_map(|line| executable(line).transpose())
        .collect()
}

/// The same, for arguments that name one executable.
pub fn build_one(arguments: &[&str], name: &str) -> Result<Executable> {
    build(arguments)?
        .into_iter()
        .find(|executable| executable.name == name)
        .with_context(|| format!("`cargo {}` built no executable named {name}", arguments.join(" ")))
}

fn executable(line: &str) -> Result<Option<Executable>> {
    let message: Value =
        serde_json::from_str(line).with_context(|| format!("cargo printed no JSON, but: {line}"))?;
    let Some(path) = message.get("executable").and_then(Value::as_str) else {
        return Ok(None);
    };
    let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str);
    let manifest = text("/manifest_path").context("cargo names no manifest for an executable")?;
    Ok(Some(Executable {
        path: path.into(),
        package: PathBuf::from(manifest)
            .parent()
            .context("a manifest lies in a directory")?
            .into(),
        name: text("/target/name").unwrap_or_default().to_owned(),
        is_test: message
            .pointer("/profile/test")
            .and_then(Value::as_bool)
            .unwrap_or(false),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_executable_is_read_from_cargos_message_and_other_messages_are_passed_over() {
        let line = r#"{"reason":"compiler-artifact","manifest_path":"/w/netmon/Cargo.toml",
            "target":{"name":"e2e"},"profile":{"test":true},"executable":"/w/target/debug/deps/e2e-1"}"#;
        let found = executable(line).unwrap().unwrap();
        assert_eq!(found.path, PathBuf::from("/w/target/debug/deps/e2e-1"));
        assert_eq!(found.package, PathBuf::from("/w/netmon"));
        assert_eq!(found.name, "e2e");
        assert!(found.is_test);
        assert!(
            executable(r#"{"reason":"compiler-artifact","executable":null}"#)
                .unwrap()
                .is_none()
        );
        assert!(executable("Hello").is_err());
    }
}
