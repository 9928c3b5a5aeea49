//! Waits for a child process, but not for ever.

use std::io;
use std::os::fd::{AsFd as _, FromRawFd as _, OwnedFd};
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::clock;

/// How often the end is asked for while a child runs: it may be moved to an earlier time.
const STEP: Duration = Duration::from_millis(100);

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// By itself.
    Exited(ExitStatus),
    /// Its time was over.
    Killed,
}

/// Waits for the child, the leader of its process group, until it ends or `end` comes. What is left of the group is killed
/// then: nobody would wait for it.
pub fn wait_or_kill(mut child: Child, end: &dyn Fn() -> Instant) -> io::Result<Outcome> {
    let group = Pid::from_raw(child.id().cast_signed());
    let outcome = watch(&child, end);
    // Not yet waited for, the child still holds its id, so that no other process can have it.
    let _ended_already = killpg(group, Signal::SIGKILL);
    let status = child.wait()?;
    Ok(if outcome? {
        Outcome::Exited(status)
    } else {
        Outcome::Killed
    })
}

/// Whether the child ended before its time was over.
fn watch(child: &Child, end: &dyn Fn() -> Instant) -> io::Result<bool> {
    let process = pidfd(child.id())?;
    loop {
        let left = end().saturating_duration_since(clock::instant());
        let timeout = PollTimeout::try_from(left.min(STEP)).unwrap_or(PollTimeout::ZERO);
        // A process file can be read when the process has ended (pidfd_open(2)).
        match poll(&mut [PollFd::new(process.as_fd(), PollFlags::POLLIN)], timeout) {
            Ok(0) if left.is_zero() => return Ok(false),
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
    }
}

/// A file that stands for a process (Linux 5.3).
fn pidfd(id: u32) -> io::Result<OwnedFd> {
    // SAFETY: the call takes two integers and touches no memory.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_open, id, 0) };
    let descriptor = i32::try_from(result).unwrap_or(-1);
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just opened this descriptor for us, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};

    use super::*;

    fn child(words: &[&str]) -> Child {
        let (program, arguments) = words.split_first().unwrap();
        Command::new(program)
            .args(arguments)
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap()
    }

    #[test]
    fn a_child_that_ends_is_not_waited_for_longer() {
        let end = Instant::now() + Duration::from_hours(1);
        let outcome = wait_or_kill(child(&["false"]), &|| end).unwrap();
        assert!(
            matches!(outcome, Outcome::Exited(status) if status.code() == Some(1)),
            "{outcome:?}"
        );
    }

    #[test]
    fn what_a_child_leaves_behind_ends_with_it() {
        let mut child = child(&["sh", "-c", "sleep 10000 & exit 3"]);
        let mut output = child.stdout.take().unwrap();
        let end = Instant::now() + Duration::from_hours(1);
        let outcome = wait_or_kill(child, &|| end).unwrap();
        assert!(
            matches!(outcome, Outcome::Exited(status) if status.code() == Some(3)),
            "{outcome:?}"
        );
        output.read_to_end(&mut Vec::new()).unwrap();
    }

    #[test]
    fn a_child_that_does_not_end_is_killed_with_its_own_children() {
        let mut child = child(&["sh", "-c", "sleep 10000 & exec sleep 10000"]);
        let mut output = child.stdout.take().unwrap();
        let end = Instant::now() + Duration::from_millis(300);
        assert_eq!(wait_or_kill(child, &|| end).unwrap(), Outcome::Killed);
        // It ends when nobody is left who could write to it.
        output.read_to_end(&mut Vec::new()).unwrap();
    }
}
