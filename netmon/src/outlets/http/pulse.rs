//! How long a connection may still last.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock;
use crate::outlets::limits::LIFETIME;
use crate::time::Time;

/// The end of a connection, unless its pulse beats again: a stream beats each time that its reader took something, so that one
/// who stops reading is dropped and never waited for.
#[derive(Clone, Debug)]
pub struct Pulse(Arc<AtomicU64>);

impl Default for Pulse {
    fn default() -> Self {
        let pulse = Self(Arc::default());
        pulse.beat();
        pulse
    }
}

impl Pulse {
    /// It may last from now for as long as a new one.
    pub fn beat(&self) {
        let end = clock::boot_now().after(LIFETIME);
        self.0.store(end.nanos(), Ordering::Relaxed);
    }

    /// Returns when its time is over.
    pub(super) async fn is_over(&self) {
        loop {
            let end = Time::from_nanos(self.0.load(Ordering::Relaxed));
            let rest = end.since(clock::boot_now());
            if rest.is_zero() {
                return;
            }
            tokio::time::sleep(rest).await;
        }
    }
}
