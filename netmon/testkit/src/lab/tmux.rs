//! A real terminal: tmux, which keeps a screen that can be read.

use std::process::Command;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use super::namespace::Namespace;

/// A terminal of its own in a host, with a program in it; it goes with its guard.
#[derive(Debug)]
pub struct Tmux<'lab> {
    host: &'lab Namespace,
    directory: TempDir,
}

impl<'lab> Tmux<'lab> {
    /// Starts the program, as a shell reads it, in a terminal of so many columns and rows.
    pub fn start(host: &'lab Namespace, [columns, rows]: [&str; 2], program: &str) -> Result<Self> {
        let tmux = Self {
            host,
            directory: tempfile::tempdir().context("no directory for tmux")?,
        };
        tmux.run(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            columns,
            "-y",
            rows,
            program,
        ])?;
        Ok(tmux)
    }

    /// Runs a command of tmux, and gives back what it prints.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(self.directory.path().join("tmux"));
        command
            .args(arguments)
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR");
        self.host.exec(&mut command)
    }
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        let _ended = self.run(&["kill-server"]);
    }
}
