//! Runs a command to its end, and tells how long it took, and how much of the processor and of memory.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{io, mem, ptr};

use anyhow::{Context as _, Result, ensure};
use nix::libc;

/// What a run took.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// From the start of the process to its end.
    pub time: Duration,
    /// What all its threads took of the processor, in the kernel too: it depends little on what else the machine does.
    pub processor: Duration,
    /// The most memory that was resident, in KiB.
    pub resident_kib: u64,
}

/// Runs a command whose output nobody reads, and insists that it ends well.
pub fn run(command: &mut Command) -> Result<Taken> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let began = Instant::now();
    let child = command
        .spawn()
        .with_context(|| format!("cannot start {command:?}"))?;
    let pid = libc::pid_t::try_from(child.id()).context("a process id is positive")?;
    let (mut status, mut usage) = (0, unused());
    // Instead of `Child::wait`, which does not tell of memory.
    // SAFETY: the process is our own child, which nobody else waits for; both places live until the call returns.
    let ended = unsafe { libc::wait4(pid, ptr::from_mut(&mut status), 0, ptr::from_mut(&mut usage)) };
    let time = began.elapsed();
    ensure!(
        ended == pid,
        "cannot wait for {command:?}: {}",
        io::Error::last_os_error()
    );
    ensure!(status == 0, "{command:?} ended with {:?}", exit(status));
    Ok(Taken {
        time,
        processor: duration(usage.ru_utime) + duration(usage.ru_stime),
        resident_kib: usage.ru_maxrss.cast_unsigned(),
    })
}

fn unused() -> libc::rusage {
    // SAFETY: integers only, for which zeros are valid.
    unsafe { mem::zeroed() }
}

fn duration(time: libc::timeval) -> Duration {
    let [seconds, micros] = [time.tv_sec, time.tv_usec].map(i64::cast_unsigned);
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}

fn exit(status: libc::c_int) -> std::process::ExitStatus {
    std::os::unix::process::ExitStatusExt::from_raw(status)
}
