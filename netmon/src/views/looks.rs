//! Whether anybody looks. What costs much to read and nobody else needs, how long answers took, is read only then.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;
use tokio::time::timeout;

use super::limits::{LOOK, LOOK_PATIENCE};
use crate::clock;
use crate::time::Time;

/// What those who look and the event loop share.
#[derive(Clone, Debug, Default)]
pub struct Looks(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// When somebody looked last, by the boot clock; 0: never.
    last: AtomicU64,
    wanted: Notify,
    came: Notify,
}

/// The end of those who look.
impl Looks {
    /// Somebody looks.
    pub fn look(&self) {
        self.0.last.store(clock::boot_now().nanos(), Ordering::Relaxed);
    }

    /// Waits for a reading that has all; not for long, as there may be none.
    pub async fn wait(&self) {
        let came = self.0.came.notified();
        self.0.wanted.notify_one();
        let _in_time = timeout(LOOK_PATIENCE, came).await;
    }

    /// A reading that has all has come.
    pub fn came(&self) {
        self.0.came.notify_waiters();
    }
}

/// The event loop's end.
impl Looks {
    /// Whether somebody has looked lately.
    pub fn are_recent(&self) -> bool {
        let last = self.0.last.load(Ordering::Relaxed);
        last > 0 && clock::boot_now().since(Time::from_nanos(last)) < LOOK
    }

    /// Returns when somebody waits for a reading.
    pub async fn wanted(&self) {
        self.0.wanted.notified().await;
    }
}
