//! A corrupt database is put aside, never deleted: somebody may still save what is in it.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::error::StoreError;
use super::limits::PUT_ASIDE;

/// What SQLite keeps beside a database; it belongs to it under any name.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// The path with something behind its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Renames the file and what belongs to it to `FILE.corrupt-TIME`, which it returns.
pub(super) fn put_aside(path: &Path, now: Timestamp) -> Result<PathBuf, StoreError> {
    let there = corrupt_ones(path);
    if there >= PUT_ASIDE {
        return Err(StoreError::TooManyPutAside(there));
    }
    let stem = format!(".corrupt-{}", now.strftime("%Y%m%dT%H%M%SZ"));
    let mut aside = beside(path, &stem);
    let mut number = 1;
    while aside.exists() {
        number += 1;
        aside = beside(path, &format!("{stem}-{number}"));
    }
    let cannot = |error| StoreError::io(format!("cannot rename it to {}", aside.display()), error);
    fs::rename(path, &aside).map_err(cannot)?;
    for companion in COMPANIONS {
        let from = beside(path, companion);
        // The log of the corrupt one must not be taken for one of the new.
        if from.exists() {
            fs::rename(&from, beside(&aside, companion)).map_err(cannot)?;
        }
    }
    Ok(aside)
}

/// How many corrupt ones lie there already.
fn corrupt_ones(path: &Path) -> usize {
    let directory = path
        .parent()
        .filter(|directory| !directory.as_os_str().is_empty());
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return 0;
    };
    let prefix = format!("{name}.corrupt-");
    let is_one = |entry: &fs::DirEntry| {
        entry.file_name().to_str().is_some_and(|name| {
            name.starts_with(&prefix) && COMPANIONS.iter().all(|companion| !name.ends_with(companion))
        })
    };
    fs::read_dir(directory.unwrap_or(Path::new(".")))
        .map_or(0, |entries| entries.flatten().filter(is_one).count())
}
