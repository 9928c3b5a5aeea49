//! A netmon of one's own, where no other answers: the same program, started with a socket that nobody else knows.

use std::io::{self, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::clock;

/// How long it may take to attach.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);

/// It cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum OwnError {
    /// The system refused.
    #[error("cannot start a monitor: {0}")]
    System(#[from] io::Error),
    /// It says why.
    #[error("a monitor of its own cannot start: {0}")]
    Refused(String),
}

/// The running one; it ends with this.
#[derive(Debug)]
pub struct OwnMonitor {
    child: Child,
    socket: PathBuf,
    _directory: TempDir,
}

impl OwnMonitor {
    /// Starts `netmon` with these arguments, which say what it watches, and waits until it answers.
    pub fn start(program: &Path, arguments: &[String]) -> Result<Self, OwnError> {
        let directory = tempfile::tempdir()?;
        let socket = directory.path().join("netmon.sock");
        let mut command = Command::new(program);
        command
            .args([
                "run",
                "--config",
                "/dev/null",
                "--quiet",
                "--log-level",
                "error",
                "--socket",
            ])
            .arg(&socket)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        // It must not outlive a terminal that is closed, nor a `kill -9`.
        let end_with_parent = || set_pdeathsig(Signal::SIGTERM).map_err(io::Error::from);
        // SAFETY: a single system call, which may be made between fork and exec.
        unsafe { command.pre_exec(end_with_parent) };
        let mut own = Self {
            child: command.spawn()?,
            socket,
            _directory: directory,
        };
        let before = clock::instant();
        while !own.socket.exists() && clock::since(before) < PATIENCE {
            if own.child.try_wait()?.is_some() {
                return Err(OwnError::Refused(own.said()));
            }
            thread::sleep(PAUSE);
        }
        Ok(own)
    }

    /// Where it answers.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    fn said(&mut self) -> String {
        let mut said = String::new();
        if let Some(stderr) = &mut self.child.stderr {
            let _half = stderr.read_to_string(&mut said);
        }
        said.trim().trim_start_matches("netmon: error: ").to_owned()
    }
}

impl Drop for OwnMonitor {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).unwrap_or(i32::MAX);
        // It detaches what it attached; that it has ended already is no error.
        let _ended = kill(Pid::from_raw(pid), Signal::SIGTERM);
        let _ended = self.child.wait();
    }
}
