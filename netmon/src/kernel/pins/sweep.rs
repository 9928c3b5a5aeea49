//! Takes pins away, as root, out of a directory that another user may own (the service's user owns its own).
//!
//! Whoever owns a directory can put a symbolic link in place of what is expected there, at any moment. So everything
//! is opened by descriptor, relative to the directory that was opened before it, and never through a link
//! (`O_NOFOLLOW`, openat(2)); and only entries of a BPF file system are removed, which holds no ordinary files.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, open, openat};
use nix::sys::stat::Mode;
use nix::sys::statfs::{BPF_FS_MAGIC, fstatfs};
use nix::unistd::{UnlinkatFlags, unlinkat};

const DIRECTORY: OFlag = OFlag::O_DIRECTORY
    .union(OFlag::O_NOFOLLOW)
    .union(OFlag::O_RDONLY)
    .union(OFlag::O_CLOEXEC);

/// A directory of a BPF file system, held open.
pub(super) struct Sweep(OwnedFd);

impl Sweep {
    /// Opens the directory; `None` if there is none. A link, or a directory of another file system, is an error.
    pub fn open(path: &Path) -> io::Result<Option<Self>> {
        match open(path, DIRECTORY, Mode::empty()) {
            Ok(directory) => Self::checked(directory).map(Some),
            Err(Errno::ENOENT) => Ok(None),
            Err(error) => Err(explained(error)),
        }
    }

    /// Removes the entries of a directory below, and that directory; how many entries it had.
    pub fn empty(&self, below: &str) -> io::Result<usize> {
        let directory = match openat(&self.0, below, DIRECTORY, Mode::empty()) {
            Ok(directory) => Self::checked(directory)?,
            Err(Errno::ENOENT) => return Ok(0),
            Err(error) => return Err(explained(error)),
        };
        let mut entries = Dir::from_fd(directory.0.try_clone()?)?;
        let mut count = 0;
        for entry in entries.iter() {
            let entry = entry?;
            let name = entry.file_name();
            if name == c"." || name == c".." {
                continue;
            }
            // Never follows a link: it would remove the link itself.
            unlinkat(&directory.0, name, UnlinkatFlags::NoRemoveDir)?;
            count += 1;
        }
        unlinkat(&self.0, below, UnlinkatFlags::RemoveDir)?;
        Ok(count)
    }

    /// Removes an entry, if there is one of that name.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        match unlinkat(&self.0, name, UnlinkatFlags::NoRemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn checked(directory: OwnedFd) -> io::Result<Self> {
        if fstatfs(directory.as_fd())?.filesystem_type() == BPF_FS_MAGIC {
            return Ok(Self(directory));
        }
        Err(io::Error::other(
            "it is not on a BPF file system, so that netmon pinned nothing there",
        ))
    }
}

/// Removes a directory that is empty.
pub(super) fn remove_directory(path: &Path) -> io::Result<()> {
    unlinkat(AT_FDCWD, path, UnlinkatFlags::RemoveDir)?;
    Ok(())
}

/// What open(2) answers for a symbolic link where `O_NOFOLLOW` and `O_DIRECTORY` ask for a directory.
fn explained(error: Errno) -> io::Error {
    match error {
        Errno::ELOOP | Errno::ENOTDIR => io::Error::other("it is a link or a file, not a directory"),
        error => error.into(),
    }
}
