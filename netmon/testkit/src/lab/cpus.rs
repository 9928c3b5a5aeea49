//! Work on several CPUs at once.

use std::{panic, thread};

use anyhow::Result;
use nix::{
    sched::{CpuSet, sched_setaffinity},
    unistd::Pid,
};

/// How many CPUs are kept busy.
const CPUS: usize = 2;

/// Does the work on each of the first two CPUs at once, on a thread that stays there. What it gives on each.
pub fn on_each_cpu<T: Send>(work: impl Fn(usize) -> T + Sync) -> Result<Vec<T>> {
    let work = &work;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..CPUS)
            .map(|cpu| scope.spawn(move || stay_on(cpu).map(|()| work(cpu))))
            .collect();
        let done = threads.into_iter().map(thread::ScopedJoinHandle::join);
        done.map(|one| one.unwrap_or_else(|died| panic::resume_unwind(died)))
            .collect()
    })
}

/// Binds this thread to a CPU.
pub(super) fn stay_on(cpu: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}
