//! What goes on beside a scene ends with it.

use std::sync::atomic::{AtomicBool, Ordering};

/// Says that it is over when it goes, also where a test dies.
pub struct End<'a>(pub &'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
