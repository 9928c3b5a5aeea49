//! A progress bar on a terminal, for files that take a while. Nothing when standard error is no terminal.

use std::fs;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};

use super::limits::PROGRESS_FROM;
use crate::capture::Progress;

/// The bar, or nothing.
#[derive(Debug)]
pub(super) struct Bar {
    bar: ProgressBar,
    progress: Progress,
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
            bar,
            progress: progress.clone(),
        }
    }

    /// Shows how far it has come.
    pub fn update(&self) {
        self.bar.set_position(self.progress.bytes());
    }

    /// Takes the bar off the screen.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
