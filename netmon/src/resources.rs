//! What the system gives this process: open files and threads. Too few of either are said in words, before anything is loaded
//! where that can be known.

use std::sync::RwLock;
use std::thread::{self, Builder};
use std::{fmt, io};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Threads of the event loop that wait for the kernel: one attaches, one reads the interfaces, one reads the translations.
pub const WAITING: usize = 3;

/// Lookups of the webhook's name that may go on at once: netmon gives each up after `webhook-timeout`, a second at least, and tries
/// again after pauses that grow from half a second; the C library goes on for up to 30 s (`resolv.conf(5)`: 3 servers, 2 attempts
/// of 5 s).
const LOOKUPS: usize = 6;

/// Threads that netmon has at most: the event loop and those that wait for it, the printer, the log, the history's writer, two that
/// notify, the lookups, the one that waits for a grace period, the one that probes, the one that answers with metrics, the one that
/// answers with views and its reader of the history.
pub const THREADS: usize = 11 + WAITING + LOOKUPS;

/// The system gives netmon too few threads.
#[derive(Debug, thiserror::Error)]
#[error(
    "netmon may need {THREADS} threads, and cannot have them: {0}; raise the limit of this user (ulimit -u), of the service \
     (TasksMax= in the unit) or of the container (--pids-limit)"
)]
pub struct TooFewThreads(pub io::Error);

/// Insists that there are as many threads as netmon may need. Else whatever starts one would find out in the middle of its work.
pub fn check_threads() -> Result<(), TooFewThreads> {
    let all_are_there = RwLock::new(());
    thread::scope(|scope| {
        let _waiting = all_are_there.write();
        for _ in 1..THREADS {
            let wait = || drop(all_are_there.read());
            Builder::new().spawn_scoped(scope, wait).map_err(TooFewThreads)?;
        }
        Ok(())
    })
}

/// Raises the number of files that this process may open to the most that it is allowed: each interface needs some, and each
/// connection.
pub fn raise_open_files() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
        && let Err(error) = setrlimit(Resource::RLIMIT_NOFILE, hard, hard)
    {
        tracing::debug!("the limit of open files stays {soft}: {error}");
    }
}

/// How many files this process may open, and how to have more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenFiles;

impl fmt::Display for OpenFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Ok((_soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
            write!(f, "it may open {hard}; ")?;
        }
        f.write_str("raise the limit (ulimit -Hn, or LimitNOFILE= in the unit)")
    }
}
