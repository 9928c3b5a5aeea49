//! The archive: the binary, and all that belongs to it.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use super::directory;
use crate::{process, workspace};

/// Packs the directory so that the same files make the same archive, whoever packs them and when.
pub fn make(tree: &Path) -> Result<PathBuf> {
    let name = tree
        .file_name()
        .context("a directory has a name")?
        .to_string_lossy()
        .into_owned();
    let directory = directory()?;
    let archive = directory.join(format!("{name}.tar.gz"));
    let script = "tar --create --sort=name --format=gnu --owner=0 --group=0 --numeric-owner \
                  --mode=u=rwX,go=rX --mtime=@\"$SOURCE_DATE_EPOCH\" \"$0\" | gzip --best --no-name >\"$1\"";
    let mut tar = Command::new("bash");
    tar.args(["-o", "pipefail", "-c", script, &name])
        .arg(&archive)
        .current_dir(directory)
        .env("SOURCE_DATE_EPOCH", workspace::epoch()?);
    process::run(&mut tar)?;
    Ok(archive)
}
