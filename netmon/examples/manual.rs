//! Writes the manual pages, one for netmon and one for each command, and the completions of bash, zsh and fish, all from
//! the command line's own description. `cargo xtask deb` runs it: netmon itself needs to know nothing of them.
//!
//! `manual DIRECTORY` writes `DIRECTORY/man/*.1.gz` and `DIRECTORY/completions/*`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;
use flate2::Compression;
use flate2::write::GzEncoder;
use netmon::cli::Arguments;

fn main() -> Result<()> {
    let directory = std::env::args_os().nth(1).context("usage: manual DIRECTORY")?;
    let directory = PathBuf::from(directory);
    manual_pages(&directory.join("man"))?;
    completions(&directory.join("completions"))
}

fn manual_pages(directory: &Path) -> Result<()> {
    make(directory)?;
    let mut netmon = Arguments::command().disable_help_subcommand(true);
    // The names of the pages of commands, `netmon-run`, follow from it.
    netmon.build();
    page(&netmon, directory)
}

/// Writes the page of a command, and those of its own commands.
fn page(command: &Command, directory: &Path) -> Result<()> {
    let name = command
        .get_display_name()
        .unwrap_or(command.get_name())
        .to_owned();
    let manual = Man::new(command.clone().name(name.clone()));
    // Compressed, as Debian has them.
    let mut text = GzEncoder::new(Vec::new(), Compression::best());
    manual
        .render(&mut text)
        .and_then(|()| fs::write(directory.join(format!("{name}.1.gz")), text.finish()?))
        .with_context(|| format!("cannot write the manual page of {name}"))?;
    command
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .try_for_each(|command| page(command, directory))
}

fn completions(directory: &Path) -> Result<()> {
    make(directory)?;
    for (shell, file) in [
        (Shell::Bash, "netmon"),
        (Shell::Zsh, "_netmon"),
        (Shell::Fish, "netmon.fish"),
    ] {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut Arguments::command(), "netmon", &mut text);
        let file = directory.join(file);
        fs::write(&file, &text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn make(directory: &Path) -> Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))
}
