//! What passes an interface, recorded by a real `tcpdump`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::{PATIENCE, frame_socket::FrameSocket, namespace::Namespace, process::Process};

/// How often the file is looked at for the frame that ends it.
const STEP: Duration = Duration::from_millis(10);

/// In how many bytes at the end of the file it is looked for.
const LAST: usize = 65_536;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A running record of one interface.
#[derive(Debug)]
pub struct Recording {
    process: Process,
    last: FrameSocket,
    /// What the frame that ends the record says.
    mark: String,
    directory: TempDir,
}

/// A record that is complete. Its file is gone with its guard.
#[derive(Debug)]
pub struct Record {
    directory: TempDir,
}

impl Recording {
    /// Records what passes that interface from now on: returns once `tcpdump` listens.
    pub fn start(namespace: &Namespace, interface: &str) -> Result<Self> {
        let directory = TempDir::with_prefix("netmon-record-").context("cannot make a directory")?;
        let mut command = Command::new("tcpdump");
        command
            // Each frame is written when it passes. -p: the interface stays as it is. -s: the kernel's buffer has as many places
            // as frames of that length fit in, of tcpdump's own 64, which a flood of some hundred fills.
            .args([
                "-p",
                "-U",
                "--immediate-mode",
                "-s",
                "4096",
                "-B",
                "16384",
                "-Z",
                "root",
            ])
            .args(["-i", interface, "-w"])
            .arg(file(directory.path()));
        let process = namespace.spawn(&mut command)?;
        process.wait_for("start of tcpdump", PATIENCE, |line| {
            line.text.contains("listening on")
        })?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Ok(Self {
            process,
            last: FrameSocket::open(namespace, interface, false)?,
            mark: format!("the record ends here {} {number}.", std::process::id()),
            directory,
        })
    }

    /// Sends a last frame, which is no IP packet, and returns once that is in the file: then so is everything before it.
    pub fn finish(mut self) -> Result<Record> {
        // From nobody to all, of the type that is for experiments (IEEE 802).
        let mut frame = vec![
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 2, 0x88, 0xb5,
        ];
        frame.extend(self.mark.as_bytes());
        self.last.send(&frame).context("cannot send the last frame")?;
        let path = file(self.directory.path());
        let deadline = Instant::now() + PATIENCE;
        loop {
            let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            // Not at its end: the kernel may have had something to say since.
            let mark = self.mark.as_bytes();
            let end = bytes.split_at(bytes.len().saturating_sub(LAST)).1;
            if end.windows(mark.len()).any(|bytes| bytes == mark) {
                break;
            }
            ensure!(
                Instant::now() < deadline,
                "the last frame is not in the record\n{}",
                self.process.transcript()
            );
            thread::sleep(STEP);
        }
        self.process.signal(Signal::SIGTERM)?;
        self.process.wait(PATIENCE)?;
        let said = self.process.transcript();
        ensure!(
            said.contains(" 0 packets dropped by kernel"),
            "the record is not whole\n{said}"
        );
        Ok(Record {
            directory: self.directory,
        })
    }
}

impl Record {
    /// The capture file.
    pub fn file(&self) -> PathBuf {
        file(self.directory.path())
    }
}

fn file(directory: &Path) -> PathBuf {
    directory.join("record.pcap")
}
