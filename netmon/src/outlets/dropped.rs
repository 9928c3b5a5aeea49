//! How much each outlet has dropped, where `netmon status` finds it: in a file in memory that the running process holds
//! open. Nobody is asked for it, nothing listens, and nothing remains when the process ends.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;

use nix::sys::memfd::{MFdFlags, memfd_create};

/// By this name the file is found among those of a process.
const NAME: &str = "netmon-dropped";

/// How often a reader may find that the counters change just then.
const ATTEMPTS: usize = 10;

/// The running process' side.
#[derive(Debug, Default)]
pub struct Board {
    file: Option<File>,
    written: Vec<u8>,
}

impl Board {
    /// Writes the counters, if they have changed.
    pub fn write(&mut self, dropped: &BTreeMap<&'static str, u64>) -> io::Result<()> {
        let text = serde_json::to_vec(dropped)?;
        if text == self.written {
            return Ok(());
        }
        let file = match &self.file {
            Some(file) => file,
            None => self
                .file
                .insert(memfd_create(NAME, MFdFlags::MFD_CLOEXEC)?.into()),
        };
        // Counters only grow: what is written never becomes shorter.
        file.write_all_at(&text, 0)?;
        self.written = text;
        Ok(())
    }
}

/// What the outlets of a process have dropped; `None` where it has no such file, or may not be looked at.
pub fn read(pid: u32) -> Option<BTreeMap<String, u64>> {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    let path = files.flatten().map(|file| file.path()).find(|path| {
        fs::read_link(path).is_ok_and(|target| target.to_string_lossy().contains(&format!("memfd:{NAME} ")))
    })?;
    let text = || {
        let mut text = Vec::new();
        File::open(&path).ok()?.read_to_end(&mut text).ok()?;
        Some(text)
    };
    // What was being written is not read the same twice.
    let mut before = text()?;
    for _ in 0..ATTEMPTS {
        let now = text()?;
        if now == before {
            return serde_json::from_slice(&now).ok();
        }
        before = now;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_last_is_read_back() {
        assert_eq!(read(u32::MAX), None);
        let mut board = Board::default();
        for count in [0, 7, 123_456] {
            board.write(&[("history", count), ("stdout", 3)].into()).unwrap();
            let read = read(std::process::id()).unwrap();
            assert_eq!((read["history"], read["stdout"]), (count, 3));
        }
    }
}
