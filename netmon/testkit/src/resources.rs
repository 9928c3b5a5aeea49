//! What a process holds: memory, threads, descriptors, and the kernel memory of its BPF maps.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;

use anyhow::{Context as _, Result};

/// What a process holds at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resources {
    /// Memory that is resident, in KiB.
    pub resident_kib: u64,
    /// Threads.
    pub threads: u64,
    /// Open descriptors.
    pub descriptors: u64,
    /// The kernel memory of the maps that it has open, in bytes.
    pub maps: u64,
}

impl Resources {
    /// Of the process with that id; `self` is this one.
    ///
    /// # Errors
    /// Where there is no such process, or it is another user's.
    pub fn of(process: impl Display) -> Result<Self> {
        let path = format!("/proc/{process}/status");
        let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let field = |name: &str| -> Result<u64> {
            let value = status.lines().find_map(|line| line.strip_prefix(name));
            let value = value.with_context(|| format!("{path} has no line {name}"))?;
            Ok(value.trim().trim_end_matches(" kB").parse()?)
        };
        Ok(Self {
            resident_kib: field("VmRSS:")?,
            threads: field("Threads:")?,
            descriptors: fs::read_dir(format!("/proc/{process}/fd"))?.count() as u64,
            maps: maps(&process)?.values().sum(),
        })
    }
}

/// The maps that a process has open, by their ids, each with how many bytes it takes, as the kernel accounts for it.
///
/// # Errors
/// As [`Resources::of`].
pub fn maps(process: impl Display) -> Result<BTreeMap<u32, u64>> {
    let mut maps = BTreeMap::new();
    for entry in fs::read_dir(format!("/proc/{process}/fdinfo"))? {
        // It may be closed by then, as that by which the directory is read.
        let Ok(text) = fs::read_to_string(entry?.path()) else {
            continue;
        };
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
        if let (Some(id), Some(bytes)) = (field("map_id:"), field("memlock:")) {
            maps.insert(id.trim().parse()?, bytes.trim().parse()?);
        }
    }
    Ok(maps)
}
