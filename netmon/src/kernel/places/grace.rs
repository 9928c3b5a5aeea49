//! Waits until no program runs any more that ran when it was asked.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use tokio::sync::Notify;

use crate::rights;

/// What is waited where the kernel does not say when they are over: programs take microseconds.
const LONG_ENOUGH: Duration = Duration::from_secs(1);

/// A thread that waits, so that the monitor does not.
#[derive(Debug)]
pub(super) struct Grace {
    ask: SyncSender<()>,
    over: Arc<Notify>,
}

impl Grace {
    /// Starts the thread. It ends with this.
    pub fn new() -> io::Result<Self> {
        let (ask, asked) = sync_channel(1);
        let over = Arc::new(Notify::new());
        let notify = Arc::clone(&over);
        rights::spawn("grace", move || {
            while asked.recv().is_ok() {
                wait();
                notify.notify_one();
            }
        })?;
        Ok(Self { ask, over })
    }

    /// Begins to wait; [`Self::over`] says when it is over.
    pub fn begin(&self) {
        let _one_at_a_time = self.ask.try_send(());
    }

    /// When it is over.
    pub async fn over(&self) {
        self.over.notified().await;
    }
}

/// Waits for a grace period of RCU, which every program runs in (`membarrier(2)`, `MEMBARRIER_CMD_GLOBAL`: `synchronize_rcu` in
/// `kernel/sched/membarrier.c`).
pub(super) fn wait() {
    const GLOBAL: libc::c_int = 1;
    // SAFETY: it takes numbers only.
    let result = unsafe { libc::syscall(libc::SYS_membarrier, GLOBAL, 0, 0) };
    if result != 0 {
        // A kernel without it, or one whose CPUs run without a tick.
        thread::sleep(LONG_ENOUGH);
    }
}
