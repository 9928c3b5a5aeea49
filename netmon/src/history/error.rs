//! What can be wrong with the history, and what to do about it.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;

/// Why the history cannot be written, or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite says so.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// The system says so.
    #[error("{what}: {source}")]
    Io {
        /// What could not be done.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// A newer netmon wrote it: its schema, and the newest that this one knows.
    #[error("it has schema {0}, of a newer netmon; this one knows schemas up to {1}")]
    Newer(usize, usize),
    /// An older netmon wrote it: its schema, and the one that this one reads.
    #[error("it has schema {0}, of an older netmon; this one reads schema {1}")]
    Older(usize, usize),
    /// Nothing was written yet.
    #[error("nothing is in it yet")]
    Empty,
    /// It belongs to another program.
    #[error("it is a database of another program")]
    Foreign,
    /// Another netmon writes to it.
    #[error("another netmon writes to it")]
    Taken,
    /// Its directory is not there, and is not netmon's to make.
    #[error("there is no directory {}", .0.display())]
    NoDirectory(PathBuf),
    /// It is a directory.
    #[error("it is a directory")]
    IsDirectory,
    /// What stands in it cannot be understood.
    #[error("what stands in it cannot be understood: {0}")]
    Garbled(String),
    /// So many corrupt ones were put aside already that no new one is begun.
    #[error("it is corrupt, and {0} corrupt ones lie beside it already")]
    TooManyPutAside(usize),
}

/// What kind of trouble it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No space is left.
    Full,
    /// It may not be written to.
    ReadOnly,
    /// Another process holds a lock.
    Locked,
    /// The file is damaged.
    Corrupt,
    /// There is no such file, or it may not be opened.
    CannotOpen,
    /// Another netmon, or another program, has it.
    NotOurs,
    /// Anything else.
    Other,
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Garbled(error.to_string())
    }
}

impl StoreError {
    /// An error of the system.
    pub(super) fn io(what: impl Into<String>, source: io::Error) -> Self {
        Self::Io {
            what: what.into(),
            source,
        }
    }

    /// What kind of trouble it is.
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => Trouble::Full,
                Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Trouble::ReadOnly,
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Trouble::Locked,
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Trouble::Corrupt,
                Some(ErrorCode::CannotOpen) => Trouble::CannotOpen,
                _ => Trouble::Other,
            },
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Trouble::Full,
                io::ErrorKind::ReadOnlyFilesystem => Trouble::ReadOnly,
                io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound => Trouble::CannotOpen,
                _ => Trouble::Other,
            },
            Self::NoDirectory(_) => Trouble::CannotOpen,
            Self::IsDirectory
            | Self::Newer(..)
            | Self::Older(..)
            | Self::Empty
            | Self::Foreign
            | Self::Taken => Trouble::NotOurs,
            Self::Garbled(_) => Trouble::Other,
            Self::TooManyPutAside(_) => Trouble::Corrupt,
        }
    }

    /// What whoever runs the monitor can do.
    pub(super) fn remedy_for_writing(&self) -> &'static str {
        match (self, self.trouble()) {
            (Self::Newer(..), _) => "run the newer netmon, or give this one another file with --history",
            (Self::Taken, _) => "give each its own file with --history",
            (Self::NoDirectory(_), _) => "make it (mkdir -p), or name another file with --history",
            (Self::IsDirectory, _) => "name a file in it, such as history.db",
            (Self::TooManyPutAside(_), _) => "check the disk, then move the corrupt ones away",
            (_, Trouble::Full) => "free some space",
            (_, Trouble::ReadOnly) => "make the file, its -wal and -shm, and their directory writable",
            (_, Trouble::Locked) => "end the program that holds the lock (fuser shows it)",
            (_, Trouble::CannotOpen) => "check that its directory exists and is writable",
            (_, Trouble::NotOurs) => "give netmon another file with --history",
            (_, Trouble::Corrupt | Trouble::Other) => "check the disk and the kernel's log",
        }
    }

    /// What whoever reads it can do.
    pub(super) fn remedy_for_reading(&self) -> &'static str {
        match (self, self.trouble()) {
            (Self::Newer(..), _) => "use the netmon that wrote it",
            (Self::Older(..), _) => "start `netmon run --history` with it once: that brings it up to date",
            (Self::IsDirectory, _) => "name the file in it, such as history.db",
            (Self::Empty, _) => "wait until `netmon run --history` has written to it",
            (_, Trouble::Locked) => "end the program that holds the lock (fuser shows it), or try again",
            (_, Trouble::Corrupt) => {
                "`netmon run --history` will put it aside and begin a new one; `sqlite3 FILE .recover` may save what \
                 is in it"
            }
            (_, Trouble::CannotOpen | Trouble::ReadOnly) => {
                "its owner and its group may read it: be one of them, or root"
            }
            (_, Trouble::NotOurs) => "name netmon's own file with --history",
            (_, Trouble::Full | Trouble::Other) => "check the disk and the kernel's log",
        }
    }
}
