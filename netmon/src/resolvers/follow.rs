//! Follows the lists: by inotify through renames and symbolic links, and by reading again once a minute, for what inotify
//! does not see (another mount, a file system of another host).

use std::collections::BTreeSet;
use std::fs;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::{Instant, sleep_until};

use super::{Files, Resolvers};
use crate::clock;

/// How long after a change the files are read: whoever writes one may write more.
const SETTLE: Duration = Duration::from_millis(100);

/// How often they are read although nothing seems to have changed.
const ANYWAY: Duration = Duration::from_mins(1);

/// Symbolic links that are followed, as many as the kernel follows.
const LINKS: usize = 40;

/// Of directories and of files. Not `IN_MODIFY`: a file that is being written is not read.
const CHANGES: AddWatchFlags = AddWatchFlags::IN_CLOSE_WRITE
    .union(AddWatchFlags::IN_CREATE)
    .union(AddWatchFlags::IN_DELETE)
    .union(AddWatchFlags::IN_DELETE_SELF)
    .union(AddWatchFlags::IN_MOVED_FROM)
    .union(AddWatchFlags::IN_MOVED_TO)
    .union(AddWatchFlags::IN_MOVE_SELF);

/// The list, as long as somebody waits for its changes.
#[derive(Debug)]
pub struct Followed {
    files: Files,
    now: Resolvers,
    /// `None` where there is no inotify to be had.
    watch: Option<AsyncFd<Descriptor>>,
    /// When the files are read next.
    due: Instant,
}

/// nix' own type shows its descriptor only as `AsFd`.
#[derive(Debug)]
struct Descriptor(Inotify);

impl AsRawFd for Descriptor {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl Followed {
    /// Reads the files, and follows them. Must be called in the runtime.
    pub fn start(files: Files) -> Self {
        let mut followed = Self {
            files,
            now: Resolvers::default(),
            watch: None,
            due: Instant::from_std(clock::instant()),
        };
        followed.read();
        if followed.watch.is_none() {
            tracing::warn!("changes of the resolvers are seen once a minute: inotify cannot be used");
        }
        followed
    }

    /// As they are now.
    pub const fn now(&self) -> &Resolvers {
        &self.now
    }

    /// Waits until they have changed. May be given up and called again: nothing is lost.
    pub async fn changed(&mut self) {
        loop {
            tokio::select! {
                () = written(self.watch.as_ref()) => {
                    self.due = self.due.min(Instant::from_std(clock::instant()) + SETTLE);
                }
                () = sleep_until(self.due) => {
                    if self.read() {
                        return;
                    }
                }
            }
        }
    }

    /// Reads the files. Whether they say something else than before.
    fn read(&mut self) -> bool {
        // Before they are read, so that no change falls between. A new instance forgets what need not be watched any more.
        self.watch = watch(&self.files);
        self.due = Instant::from_std(clock::instant()) + ANYWAY;
        let before = std::mem::replace(&mut self.now, Resolvers::read(&self.files));
        before != self.now
    }
}

/// Waits until something is written that is watched.
async fn written(watch: Option<&AsyncFd<Descriptor>>) {
    let Some(watch) = watch else {
        return std::future::pending().await;
    };
    loop {
        let Ok(mut ready) = watch.readable().await else {
            return std::future::pending().await;
        };
        let events = watch.get_ref().0.read_events();
        if events.as_ref().err() == Some(&Errno::EAGAIN) {
            ready.clear_ready();
        } else {
            return;
        }
    }
}

/// Watches each file, each symbolic link on the way to it, and the directories that they are in.
fn watch(files: &Files) -> Option<AsyncFd<Descriptor>> {
    let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).ok()?;
    let mut paths = BTreeSet::new();
    for file in files.all() {
        for path in links(file) {
            paths.insert(directory(&path));
            paths.insert(path);
        }
    }
    for path in paths {
        // What is not there yet shows in its directory.
        let _watched = inotify.add_watch(&path, CHANGES);
    }
    // SAFETY: the descriptor belongs to the instance, which nothing else has and which is closed with it.
    unsafe { AsyncFd::register_with_interest(Descriptor(inotify), Interest::READABLE) }.ok()
}

/// The file, and what it links to.
fn links(file: &Path) -> Vec<PathBuf> {
    let mut links = vec![file.to_owned()];
    let mut path = file.to_owned();
    while links.len() < LINKS
        && let Ok(target) = fs::read_link(&path)
    {
        path = path
            .parent()
            .map_or_else(|| target.clone(), |parent| parent.join(&target));
        links.push(path.clone());
    }
    links
}

/// The directory that a file is in, or the nearest one above that exists.
fn directory(path: &Path) -> PathBuf {
    let mut above = path.ancestors().skip(1);
    above
        .find(|path| path.is_dir())
        .map_or_else(|| PathBuf::from("."), Path::to_owned)
}
