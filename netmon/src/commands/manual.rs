//! `netmon completions` and `netmon man`.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use flate2::Compression;
use flate2::write::GzEncoder;
use netmon::cli::{Completions, Manual};
use netmon::manual::{Page, completions as completions_of, pages};

use super::USAGE;

/// Prints the completions of a shell.
pub fn completions(arguments: &Completions) -> anyhow::Result<ExitCode> {
    print(&completions_of(arguments.shell))
}

/// Prints a manual page, or writes all of them.
pub fn manual(arguments: &Manual) -> anyhow::Result<ExitCode> {
    let pages = pages().context("cannot write the manual pages")?;
    if let Some(directory) = &arguments.directory {
        fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
        pages.iter().try_for_each(|page| write(page, directory))?;
        return Ok(ExitCode::SUCCESS);
    }
    let wanted = [&["netmon".to_owned()], arguments.command.as_slice()]
        .concat()
        .join("-");
    if let Some(page) = pages.iter().find(|page| page.name == wanted) {
        return print(&page.text);
    }
    let names: Vec<&str> = pages.iter().map(|page| page.name.as_str()).collect();
    eprintln!(
        "netmon: error: there is no manual page {wanted}; there are: {}",
        names.join(", ")
    );
    Ok(ExitCode::from(USAGE))
}

/// Compressed, as distributions have them.
fn write(page: &Page, directory: &Path) -> anyhow::Result<()> {
    let file = directory.join(format!("{}.1.gz", page.name));
    let mut compressed = GzEncoder::new(Vec::new(), Compression::best());
    compressed
        .write_all(&page.text)
        .and_then(|()| fs::write(&file, compressed.finish()?))
        .with_context(|| format!("cannot write {}", file.display()))
}

fn print(text: &[u8]) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    out.write_all(text)
        .and_then(|()| out.flush())
        .context("cannot write")?;
    Ok(ExitCode::SUCCESS)
}
