//! A progress bar on a terminal, for files that take a while. Nothing when standard error is no terminal.

use std::fs;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};

use super::limits::{PROGRESS_EVERY, PROGRESS_FROM};
use crate::capture::Progress;

/// The bar, or nothing.
#[derive(Debug)]
pub(super) struct Bar {
    shown: ProgressBar,
    progress: Progress,
    left_to_look: u32,
}

impl Bar {
    /// One that goes to the end of these files; hidden if they are small, or one of them has no known size.
    pub fn over(files: &[PathBuf], progress: &Progress) -> Self {
        let size = |file: &PathBuf| {
            let metadata = fs::metadata(file).ok()?;
            metadata.is_file().then_some(metadata.len())
        };
        let sizes: Option<Vec<u64>> = files.iter().map(size).collect();
        let total: u64 = sizes.unwrap_or_default().iter().sum();
        let bar = if total < PROGRESS_FROM {
            ProgressBar::hidden()
        } else {
            // Draws on standard error, and only if that is a terminal.
            ProgressBar::new(total)
        };
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}, {eta} to go") {
            bar.set_style(style);
        }
        Self {
            shown: bar,
            progress: progress.clone(),
            left_to_look: PROGRESS_EVERY,
        }
    }

    /// One more packet was read: now and then, shows how far it has come.
    #[inline]
    pub fn packet(&mut self) {
        self.left_to_look -= 1;
        if self.left_to_look == 0 {
            self.left_to_look = PROGRESS_EVERY;
            self.shown.set_position(self.progress.bytes());
        }
    }

    /// Takes the bar off the screen.
    pub fn finish(&self) {
        self.shown.finish_and_clear();
    }
}
