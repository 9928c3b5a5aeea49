//! A machine with a real systemd, made of namespaces: what is installed and started in it never reaches this one.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use crate::process;

const BOOT: &str = include_str!("machine.sh");

/// Prints the links of the installed pages that lead nowhere.
const DEAD_LINKS: &str = r#"cd /usr/share/doc/netmon && for page in *.md docs/*.md; do
    grep --only-matching ']([^)]*)' "$page" | sed -e 's/^](//' -e 's/[)#].*//' | grep --invert-match -e '^$' -e ':' |
        while read -r link; do test -e "$(dirname "$page")/$link" || echo "$page: $link"; done
done"#;

/// How long systemd may take to boot, on a machine that is busy.
const BOOTING: Duration = Duration::from_mins(1);
const STEP: Duration = Duration::from_millis(100);

/// A booted machine. It ends when this is dropped.
pub struct Machine {
    /// `unshare`, whose only child is the machine's systemd.
    child: Child,
    /// That child, here.
    init: String,
    group: PathBuf,
    _directory: TempDir,
}

impl Machine {
    /// Boots it.
    pub fn boot() -> Result<Self> {
        let directory = tempfile::tempdir().context("cannot make a directory")?;
        // Where control groups of the first kind are still used, those of the second lie beside them.
        let groups = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"];
        let groups = groups
            .iter()
            .find(|path| Path::new(path).join("cgroup.procs").exists());
        let groups = Path::new(groups.context("control groups (version 2) are not mounted")?);
        let group = groups.join(format!("netmon-machine-{}", std::process::id()));
        fs::create_dir(&group).with_context(|| format!("cannot make {}", group.display()))?;
        let child = Command::new("sh")
            .args(["-c", BOOT, "sh"])
            .args([directory.path(), &group])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the machine")?;
        let mut machine = Self {
            child,
            init: String::new(),
            group,
            _directory: directory,
        };
        machine.wait_for_boot()?;
        Ok(machine)
    }

    fn wait_for_boot(&mut self) -> Result<()> {
        let output = self.child.stdout.take().context("the output was asked for")?;
        let mut line = String::new();
        BufReader::new(output)
            .read_line(&mut line)
            .context("cannot read from the machine")?;
        ensure!(line == "booting\n", "the machine cannot be made (see above)");
        let unshare = self.child.id();
        let children = format!("/proc/{unshare}/task/{unshare}/children");
        let children = fs::read_to_string(&children).with_context(|| format!("cannot read {children}"))?;
        children.trim().clone_into(&mut self.init);
        let deadline = Instant::now() + BOOTING;
        loop {
            // `degraded` is one that runs, where something of the machine's own could not be started.
            let state = self
                .command("systemctl", &["is-system-running"])
                .stderr(Stdio::null())
                .output()?;
            let state = String::from_utf8_lossy(&state.stdout).trim().to_owned();
            if matches!(state.as_str(), "running" | "degraded") {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("systemd did not boot: {state}");
            }
            thread::sleep(STEP);
        }
    }

    /// A command in the machine.
    pub fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let root = format!("/proc/{}/root", self.init);
        let mut command = Command::new("nsenter");
        command
            .args(["--target", &self.init])
            .args(["--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup"])
            .arg(format!("--root={root}"))
            .arg(format!("--wd={root}"))
            .args(["--", program])
            .args(arguments)
            .stdin(Stdio::null())
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("LC_ALL", "C.UTF-8");
        command
    }

    /// Runs a command that must do well; what it prints, on both its streams.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let mut command = self.command(program, arguments);
        let output = command
            .output()
            .with_context(|| format!("cannot start {program}"))?;
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        ensure!(
            output.status.success(),
            "`{}` failed: {}\n{text}",
            process::show(&command),
            output.status
        );
        Ok(text)
    }

    /// Whether a command does well.
    pub fn succeeds(&self, program: &str, arguments: &[&str]) -> bool {
        self.command(program, arguments)
            .output()
            .is_ok_and(|output| output.status.success())
    }

    /// Insists that the pages of an installed package are there, and that their links lead somewhere.
    pub fn check_pages(&self) -> Result<()> {
        let dead = self.run("sh", &["-c", DEAD_LINKS])?;
        ensure!(dead.is_empty(), "links that lead nowhere:\n{dead}");
        Ok(())
    }

    /// Copies a file of this machine into that one.
    pub fn copy(&self, from: &Path, to: &str) -> Result<()> {
        let target = format!("/proc/{}/root{to}", self.init);
        fs::copy(from, &target).with_context(|| format!("cannot copy {} to {target}", from.display()))?;
        Ok(())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // With `unshare` its child ends, and with the first process of a namespace all others.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
        remove_groups(&self.group);
    }
}

/// Removes a control group and those in it, as soon as their last processes have gone.
fn remove_groups(group: &Path) {
    let inner = fs::read_dir(group).into_iter().flatten().flatten();
    for entry in inner.filter(|entry| entry.path().is_dir()) {
        remove_groups(&entry.path());
    }
    for _attempt in 0..50 {
        if fs::remove_dir(group).is_ok() || !group.exists() {
            return;
        }
        thread::sleep(STEP);
    }
    eprintln!("xtask: deb: {} is left behind", group.display());
}
