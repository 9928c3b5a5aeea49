//! Mounts of one's own: a program then reads and writes its files where it always does, and the machine's stay as they are.

use std::io::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::{fs, panic, thread};

use anyhow::{Context as _, Result, ensure};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use tempfile::NamedTempFile;

use super::namespace::Namespace;

const NONE: Option<&Path> = None;

/// Does the work on a thread of its own, with mounts of its own. Processes started there have them, too; they are gone with the
/// last of these.
pub fn with_own_mounts<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T> {
    let apart = || -> Result<()> {
        unshare(CloneFlags::CLONE_NEWNS).context("cannot have mounts of our own; that needs root")?;
        // What is mounted from here on, the machine does not see.
        mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE)
            .context("cannot keep our mounts to ourselves")
    };
    match thread::scope(|scope| scope.spawn(|| apart().map(|()| work())).join()) {
        Ok(result) => result,
        Err(panic) => panic::resume_unwind(panic),
    }
}

/// Has the programs that this thread starts find these servers in `/etc/resolv.conf`, as long as the file is kept.
pub fn use_resolvers(servers: &[IpAddr]) -> Result<NamedTempFile> {
    let mut file = NamedTempFile::new().context("cannot make a file")?;
    for server in servers {
        writeln!(file, "nameserver {server}")?;
    }
    replace("/etc/resolv.conf", file.path())?;
    Ok(file)
}

/// Refuses to do this unless this thread's mounts are its own: other ones than those of the thread that this program began with.
pub fn require_own_mounts(to: &str) -> Result<()> {
    let of = |who: &str| {
        fs::read_link(format!("/proc/{who}/ns/mnt")).context("cannot tell whose mounts are whose")
    };
    ensure!(
        of("thread-self")? != of("self")?,
        "refusing to {to}: the mounts here are the machine's"
    );
    Ok(())
}

/// Has the programs that this thread starts see that host's interfaces in `/sys`, and of everything else there only what it shows by
/// itself.
pub fn show_in_sys(host: &Namespace) -> Result<()> {
    require_own_mounts("cover /sys")?;
    // It shows the network of whoever mounts it.
    host.enter(|| mount(Some("sysfs"), "/sys", Some("sysfs"), MsFlags::empty(), NONE))?
        .context("cannot mount /sys")
}

/// Mounts an empty directory over that one.
pub(super) fn cover(directory: &str) -> Result<()> {
    require_own_mounts(&format!("cover {directory}"))?;
    mount(
        Some("tmpfs"),
        directory,
        Some("tmpfs"),
        MsFlags::empty(),
        Some("mode=0755"),
    )
    .with_context(|| format!("cannot cover {directory}"))
}

/// Mounts one file over another.
pub(super) fn replace(file: &str, by: &Path) -> Result<()> {
    require_own_mounts(&format!("replace {file}"))?;
    mount(Some(by), file, NONE, MsFlags::MS_BIND, NONE).with_context(|| format!("cannot replace {file}"))
}
