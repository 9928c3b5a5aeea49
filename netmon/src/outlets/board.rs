//! What only the running process knows, where `netmon status` finds it: in files in memory that the process holds open. Nobody
//! is asked for it, nothing listens, and nothing remains when the process ends.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;

use nix::sys::memfd::{MFdFlags, memfd_create};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How much each outlet has dropped. By this name the file is found among those of a process.
pub const DROPPED: &str = "netmon-dropped";

/// The resolvers of this host, and how it stands with each.
pub const RESOLVERS: &str = "netmon-resolvers";

/// How often a reader may find that the text changes just then.
const ATTEMPTS: usize = 10;

/// The running process' side.
#[derive(Debug)]
pub struct Board {
    name: &'static str,
    file: Option<File>,
    written: Vec<u8>,
}

impl Board {
    /// One of that name, which says nothing yet.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            file: None,
            written: Vec::new(),
        }
    }

    /// Writes that, if it has changed.
    pub fn write(&mut self, what: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_vec(what)?;
        if text == self.written {
            return Ok(());
        }
        let file = match &self.file {
            Some(file) => file,
            None => self
                .file
                .insert(memfd_create(self.name, MFdFlags::MFD_CLOEXEC)?.into()),
        };
        // A reader that comes between finds no JSON, and reads again.
        file.write_all_at(&text, 0)?;
        file.set_len(text.len() as u64)?;
        self.written = text;
        Ok(())
    }
}

/// What a process has written by that name; `None` where it has no such file, or may not be looked at.
pub fn read<T: DeserializeOwned>(pid: u32, name: &str) -> Option<T> {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    let path = files.flatten().map(|file| file.path()).find(|path| {
        fs::read_link(path).is_ok_and(|target| target.to_string_lossy().contains(&format!("memfd:{name} ")))
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
        if now == before
            && let Ok(read) = serde_json::from_slice(&now)
        {
            return Some(read);
        }
        before = now;
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn what_was_written_last_is_read_back() {
        let read = || read::<BTreeMap<String, u64>>(std::process::id(), DROPPED);
        assert_eq!(read(), None);
        let mut board = Board::new(DROPPED);
        for count in [0, 123_456, 7] {
            board
                .write(&BTreeMap::from([("history", count), ("stdout", 3)]))
                .unwrap();
            let read = read().unwrap();
            assert_eq!((read["history"], read["stdout"]), (count, 3));
        }
    }
}
