//! A small disk that can be full or read-only: a tmpfs, unmounted with its guard.

use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};

/// A mounted disk of 2 MiB.
pub struct Disk {
    path: PathBuf,
}

impl Disk {
    /// Mounts one there.
    pub fn new(path: &Path) -> Self {
        std::fs::create_dir(path).unwrap();
        mount(
            Some("netmon-test"),
            path,
            Some("tmpfs"),
            MsFlags::empty(),
            Some("size=2m"),
        )
        .unwrap();
        Self {
            path: path.to_owned(),
        }
    }

    /// Fills it to the last byte.
    pub fn fill(&self) {
        let error = std::fs::write(self.path.join("filler"), vec![0; 4 << 20]).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    }

    /// Makes room again.
    pub fn free(&self) {
        std::fs::remove_file(self.path.join("filler")).unwrap();
    }

    /// Allows no more writing, or allows it again.
    pub fn set_read_only(&self, read_only: bool) {
        let flags = if read_only {
            MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY
        } else {
            MsFlags::MS_REMOUNT
        };
        mount(None::<&str>, &self.path, None::<&str>, flags, None::<&str>).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Detached, because netmon may still have files open there.
        let _gone = umount2(&self.path, MntFlags::MNT_DETACH);
    }
}
