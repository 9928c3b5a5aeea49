//! A directory of the BPF file system for a test.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use netmon::kernel::Pins;

/// A directory of a test's own, which is removed with everything that is pinned in it.
pub struct Directory(pub PathBuf);

impl Directory {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self(PathBuf::from(format!(
            "/sys/fs/bpf/netmon-test-{}-{number}",
            std::process::id()
        )))
    }

    pub fn text(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _none_is_left = Pins::remove(&self.0);
    }
}
