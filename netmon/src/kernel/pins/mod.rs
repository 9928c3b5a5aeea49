//! What outlives the process: maps and links that are pinned on the BPF file system, so that the kernel goes on counting
//! while netmon is restarted, upgraded or has crashed.
//!
//! Below the directory lie `maps/<map>` and `links/<interface index>-<hook>`. One netmon uses it at a time, which a lock
//! on the directory ensures. What was pinned by a netmon whose maps are laid out otherwise is refused, never misread.

mod sweep;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use aya::programs::links::{FdLink, PinnedLink};
use nix::fcntl::{Flock, FlockArg};
use nix::sys::statfs::{BPF_FS_MAGIC, statfs};

use super::error::{KernelError, chain};
use super::layout;
use sweep::Sweep;

/// Where it is unless it is said otherwise.
pub const DEFAULT_DIRECTORY: &str = "/sys/fs/bpf/netmon";

/// Where the BPF file system is mounted everywhere.
const BPFFS: &str = "/sys/fs/bpf";
const MAPS: &str = "maps";
const LINKS: &str = "links";

/// A hook that a link is pinned for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    XdpNative,
    XdpGeneric,
    TcIngress,
    TcEgress,
}

impl Place {
    /// Those that see what arrives: an interface has at most one of them.
    pub const INGRESS: [Self; 3] = [Self::XdpNative, Self::XdpGeneric, Self::TcIngress];
    const ALL: [Self; 4] = [Self::XdpNative, Self::XdpGeneric, Self::TcIngress, Self::TcEgress];

    const fn name(self) -> &'static str {
        match self {
            Self::XdpNative => "xdp-native",
            Self::XdpGeneric => "xdp-generic",
            Self::TcIngress => "tc-ingress",
            Self::TcEgress => "tc-egress",
        }
    }
}

/// The pins below one directory. They stay when this is dropped, except what a start left that did not come to its end.
#[derive(Debug)]
pub struct Pins {
    directory: PathBuf,
    is_adopted: bool,
    is_kept: AtomicBool,
    _lock: Flock<File>,
}

/// What was taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Links, which detaches their programs.
    pub links: usize,
    /// Maps, which ends their counts.
    pub maps: usize,
}

impl Pins {
    /// Insists that this directory can be one of pins, and makes nothing.
    pub fn check(directory: &Path) -> Result<(), KernelError> {
        ensure_bpffs(directory)
    }

    /// Opens the directory, and makes it if it is not there; for a table of so many destinations.
    pub fn open(directory: &Path, destinations: u32) -> Result<Self, KernelError> {
        ensure_bpffs(directory)?;
        for directory in [directory.to_owned(), directory.join(MAPS), directory.join(LINKS)] {
            make_directory(&directory)
                .map_err(|error| pin_error("make the directory", &directory, &error))?;
        }
        let lock = lock(directory)?;
        let is_adopted = layout::agree(&directory.join(layout::FILE), destinations)?;
        Ok(Self {
            directory: directory.to_owned(),
            is_adopted,
            is_kept: AtomicBool::new(is_adopted),
            _lock: lock,
        })
    }

    /// The start has come to its end: from here on the pins outlive the process.
    pub fn keep(&self) {
        self.is_kept.store(true, Ordering::Relaxed);
    }

    /// Whether maps were pinned here before, whose counts go on.
    pub const fn is_adopted(&self) -> bool {
        self.is_adopted
    }

    /// Where the random numbers of the table of traces are pinned.
    pub(super) fn keys(&self) -> PathBuf {
        self.directory.join(layout::KEYS_FILE)
    }

    /// Where a map is pinned. The BPF file system takes no name with a dot, which those of sections begin with.
    pub(super) fn map(&self, name: &str) -> PathBuf {
        self.directory.join(MAPS).join(name.trim_start_matches('.'))
    }

    fn link(&self, index: u32, place: Place) -> PathBuf {
        self.directory
            .join(LINKS)
            .join(format!("{index}-{}", place.name()))
    }

    /// The link that is pinned for an interface's hook.
    pub(super) fn pinned(&self, index: u32, place: Place) -> Option<FdLink> {
        PinnedLink::from_pin(self.link(index, place))
            .ok()
            .map(FdLink::from)
    }

    /// Pins a link for an interface's hook.
    pub(super) fn pin(&self, link: FdLink, index: u32, place: Place) -> Result<FdLink, KernelError> {
        let path = self.link(index, place);
        match link.pin(&path) {
            Ok(pinned) => Ok(pinned.into()),
            Err(error) => Err(KernelError::Pin {
                what: "pin a link at",
                path,
                reason: chain(&error),
            }),
        }
    }

    /// Takes the pin of a hook away; the program is detached once nobody else holds the link.
    pub(super) fn unpin(&self, index: u32, place: Place) {
        let path = self.link(index, place);
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!("cannot remove {}: {error}", path.display()),
        }
    }

    /// Takes all pins of an interface away.
    pub(super) fn unpin_interface(&self, index: u32) {
        for place in Place::ALL {
            self.unpin(index, place);
        }
    }

    /// The interfaces that have a pinned link.
    pub(super) fn interfaces(&self) -> BTreeSet<u32> {
        let Ok(entries) = fs::read_dir(self.directory.join(LINKS)) else {
            return BTreeSet::new();
        };
        let index = |name: &OsStr| name.to_str()?.split_once('-')?.0.parse().ok();
        entries
            .filter_map(|entry| index(&entry.ok()?.file_name()))
            .collect()
    }

    /// Removes everything that is pinned in the directory, whatever its layout; `None` if there is no such directory.
    pub fn remove(directory: &Path) -> Result<Option<Removed>, KernelError> {
        let Some(sweep) = Sweep::open(directory).map_err(|error| pin_error("open", directory, &error))?
        else {
            return Ok(None);
        };
        let _lock = lock(directory)?;
        remove_swept(directory, &sweep).map(Some)
    }
}

impl Drop for Pins {
    fn drop(&mut self) {
        if *self.is_kept.get_mut() {
            return;
        }
        let removed = match Sweep::open(&self.directory) {
            Ok(Some(sweep)) => remove_swept(&self.directory, &sweep).map_err(|error| error.to_string()),
            Ok(None) => return,
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = removed {
            tracing::warn!("what this start pinned stays: {error}");
        }
    }
}

/// Removes everything that is pinned in the directory, whose lock is held.
fn remove_swept(directory: &Path, sweep: &Sweep) -> Result<Removed, KernelError> {
    let mut removed = Removed::default();
    // Links first: what counts nothing any more can lose nothing.
    for (name, count) in [(LINKS, &mut removed.links), (MAPS, &mut removed.maps)] {
        let error = |error| pin_error("remove what is in", &directory.join(name), &error);
        *count = sweep.empty(name).map_err(error)?;
    }
    for file in [layout::FILE, layout::KEYS_FILE] {
        let error = |error| pin_error("remove", &directory.join(file), &error);
        sweep.remove(file).map_err(error)?;
    }
    match sweep::remove_directory(directory) {
        Ok(()) => Ok(removed),
        // It is mounted by itself, as in the service's sandbox: empty is all that it can be.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::ResourceBusy | io::ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            Ok(removed)
        }
        Err(error) => Err(pin_error("remove", directory, &error)),
    }
}

/// Insists on a BPF file system. None is mounted here: whoever runs the host decides where there is one.
fn ensure_bpffs(directory: &Path) -> Result<(), KernelError> {
    let is_bpffs = |path: &Path| statfs(path).is_ok_and(|found| found.filesystem_type() == BPF_FS_MAGIC);
    let existing = directory.ancestors().find(|path| path.exists());
    if existing.is_some_and(is_bpffs) {
        return Ok(());
    }
    let no_bpffs = |reason: String| KernelError::NoBpffs {
        directory: directory.to_owned(),
        reason,
    };
    if !directory.starts_with(BPFFS) {
        return Err(no_bpffs(format!("it does not lie below {BPFFS}")));
    }
    Err(no_bpffs(format!("no BPF file system is mounted at {BPFFS}")))
}

/// Makes a directory that only its owner can look into; one that is there is left as it is.
fn make_directory(directory: &Path) -> io::Result<()> {
    match fs::create_dir(directory) {
        Ok(()) => fs::set_permissions(directory, fs::Permissions::from_mode(0o700)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Locks the directory for as long as the lock is held, and the process lives.
fn lock(directory: &Path) -> Result<Flock<File>, KernelError> {
    let file = File::open(directory).map_err(|error| pin_error("open", directory, &error))?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_file, error)| match error {
        nix::Error::EWOULDBLOCK => KernelError::PinsInUse {
            directory: directory.to_owned(),
        },
        error => pin_error("lock", directory, &error.into()),
    })
}

fn pin_error(what: &'static str, path: &Path, error: &io::Error) -> KernelError {
    if error.kind() == io::ErrorKind::PermissionDenied {
        return KernelError::NotPermitted {
            what: format!("cannot {what} {}", path.display()),
        };
    }
    KernelError::Pin {
        what,
        path: path.to_owned(),
        reason: error.to_string(),
    }
}
