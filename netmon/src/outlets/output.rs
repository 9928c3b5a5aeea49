//! Standard output and standard error: lines wait in a queue, so that a pipe that nobody reads, or a terminal that is
//! stopped, holds up nobody but its own lines.
//!
//! A reader that has gone is no trouble: nobody is left to report to on standard output, and `netmon run` ends quietly, as
//! `netmon run | head` should. Anything else that cannot be written (a full disk) is said once in the log, and the monitor
//! goes on.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::limits::{LINES, PRINT_FLUSH};
use super::queue::{Queue, Worker};

/// Where lines are written. What was written to it goes on its way with `flush`, or when it is dropped.
#[derive(Clone, Debug)]
pub struct Output {
    queue: Queue,
    line: Vec<u8>,
    reader_gone: Arc<Notify>,
}

impl Output {
    /// Standard output.
    pub fn standard() -> io::Result<Self> {
        let reader_gone = Arc::new(Notify::new());
        let gone = Arc::clone(&reader_gone);
        let mut file = duplicate(io::stdout())?;
        let mut is_failing = false;
        let queue = Queue::start("output", LINES, move |line: &Vec<u8>, _: &Worker<_>| {
            match file.write_all(line) {
                Ok(()) => {
                    if std::mem::take(&mut is_failing) {
                        tracing::info!("standard output can be written again");
                    }
                    true
                }
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    gone.notify_one();
                    // Nobody wanted it any more: it is not lost.
                    true
                }
                Err(error) => {
                    if !std::mem::replace(&mut is_failing, true) {
                        let line = String::from_utf8_lossy(line);
                        let start: String = line.trim_end().chars().take(100).collect();
                        tracing::warn!(
                            "standard output cannot be written: {error}; monitoring goes on, but what is printed is lost until it \
                         can be; the first that was lost: {}",
                            start.escape_debug()
                        );
                    }
                    false
                }
            }
        })?;
        Ok(Self {
            queue,
            line: Vec::new(),
            reader_gone,
        })
    }

    /// Standard error, for the log. That it cannot be written can be said nowhere.
    pub fn standard_error() -> io::Result<Self> {
        let mut file = duplicate(io::stderr())?;
        Ok(Self {
            queue: Queue::start("log", LINES, move |line: &Vec<u8>, _: &Worker<_>| {
                file.write_all(line).is_ok()
            })?,
            line: Vec::new(),
            reader_gone: Arc::new(Notify::new()),
        })
    }

    /// Notified when nobody reads it any more.
    pub fn reader_gone(&self) -> Arc<Notify> {
        Arc::clone(&self.reader_gone)
    }

    /// The queue, for its counter.
    pub fn queue(&self) -> Queue {
        self.queue.clone()
    }

    /// Nothing comes any more; does not wait.
    pub fn close(&self) {
        self.queue.close(PRINT_FLUSH);
    }

    /// After [`Self::close`], waits a moment for what is still to be written.
    pub fn wait(&self) {
        self.queue.wait(Duration::ZERO);
    }
}

/// The same file, without a buffer in between.
fn duplicate(of: impl AsFd) -> io::Result<File> {
    Ok(File::from(of.as_fd().try_clone_to_owned()?))
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.line.is_empty() {
            self.queue.put(std::mem::take(&mut self.line));
        }
        Ok(())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        let _cannot_fail = self.flush();
    }
}
