//! How much of the processor and of memory a process takes: one that runs, or a command that is run to its end.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, io, mem, ptr};

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

/// How long a process has run, all its threads together.
pub fn processor_time(pid: u32) -> Result<Duration> {
    let mut sum = Duration::ZERO;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        sum += ran(&thread?.path())?;
    }
    Ok(sum)
}

/// How long the calling thread has run.
pub fn this_thread() -> Result<Duration> {
    ran(Path::new("/proc/thread-self"))
}

fn ran(thread: &Path) -> Result<Duration> {
    let path = thread.join("schedstat");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let first = text.split_whitespace().next().context("an empty file")?;
    Ok(Duration::from_nanos(first.parse().context("no number")?))
}

/// How much memory a process has.
pub fn resident_mib(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kib: f64 = kib.context("the kernel tells no VmHWM")?.trim().parse()?;
    Ok(kib / 1_024.0)
}
