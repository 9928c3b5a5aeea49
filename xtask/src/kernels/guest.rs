//! Boots a kernel in QEMU on this machine's own file system, or on another one: read-only by 9p, with an overlay in memory. So all
//! that is installed and built here is there, at the same paths.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result};

use super::cards;
use super::debian::Unpacked;
use crate::process::{self, as_root};

/// What the first root file system needs to find the second one.
const MODULES: [&str; 4] = ["virtio_pci", "9pnet_virtio", "9p", "overlay"];

/// What makes emulation bearable, and what must not wait for a human. Of the CPUs that are possible the kernel starts two, so that
/// values for each CPU are of more than there are, as on a host that takes CPUs while it runs. (A kernel of Linux 6.12 counts no CPU as
/// possible that QEMU could plug in later.)
const COMMAND_LINE: &str = "quiet loglevel=3 panic=-1 mitigations=off init_on_alloc=0 nokaslr audit=0 cgroup_no_v1=all \
    maxcpus=2 netmon.guest";

/// The CPUs that are possible.
const CPUS: &str = "8";

/// Mounts the second root file system and runs the script in it.
const INIT: &str = include_str!("init.sh");

/// What is emulated.
pub struct Machine {
    /// The emulator.
    qemu: &'static str,
    /// As it is to be.
    kind: &'static str,
    /// The device of its console.
    console: &'static str,
    /// Whether it has network cards.
    has_cards: bool,
}

/// This machine's own kind.
pub const X86_64: Machine = Machine {
    qemu: "qemu-system-x86_64",
    kind: "q35",
    console: "ttyS0",
    has_cards: true,
};

/// The other kind that netmon is shipped for.
pub const AARCH64: Machine = Machine {
    qemu: "qemu-system-aarch64",
    kind: "virt",
    console: "ttyAMA0",
    has_cards: false,
};

/// A guest that runs.
pub struct Guest(Child);

impl Guest {
    /// Boots the kernel on the file system `root`, and runs the script in it. `directory` is for its first root file system.
    pub fn boot(
        machine: &Machine,
        kernel: &Unpacked,
        root: &Path,
        directory: &Path,
        script: &str,
    ) -> Result<Self> {
        let initrd = pack(kernel, root, directory, script)?;
        let (mut qemu, cards) = if machine.has_cards {
            (cards::plugged(machine.qemu)?, cards::word())
        } else {
            let mut qemu = Command::new(machine.qemu);
            qemu.args(["-nic", "none"]);
            (qemu, String::new())
        };
        qemu.args(["-machine", machine.kind, "-cpu", "max", "-m", "3072"])
            // Its CPUs take turns: where each has a thread, one may run what another one is just patching, and the kernel
            // dies of a breakpoint (`Oops: int3`).
            .args(["-smp", CPUS, "-accel", "tcg,thread=single"])
            .args(["-nographic", "-no-reboot", "-virtfs"])
            .arg(format!(
                "local,path={},mount_tag=host,security_model=none,readonly=on,multidevs=remap",
                root.display()
            ))
            .arg("-kernel")
            .arg(&kernel.image)
            .arg("-initrd")
            .arg(&initrd)
            .args([
                "-append",
                &format!("console={} {COMMAND_LINE} {cards}", machine.console),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let child = qemu
            .spawn()
            .with_context(|| format!("cannot start `{}`", process::show(&qemu)))?;
        Ok(Self(child))
    }

    /// The lines of its console, until it is off.
    pub fn console(&mut self) -> Result<impl Iterator<Item = String> + use<>> {
        let console = self.0.stdout.take().context("the console is read once")?;
        let mut console = BufReader::new(console);
        Ok(std::iter::from_fn(move || {
            let mut line = Vec::new();
            match console.read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => None,
                Ok(_) => Some(String::from_utf8_lossy(&line).trim_end().to_owned()),
            }
        }))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // Where we are not root, it was started by one who is.
        if self.0.kill().is_err() {
            let _it_may_be_off =
                as_root("kill").and_then(|mut kill| process::run(kill.arg(self.0.id().to_string())));
        }
        let _whatever_it_says = self.0.wait();
    }
}

/// Packs the first root file system: busybox, a few modules, and the script.
fn pack(kernel: &Unpacked, system: &Path, directory: &Path, script: &str) -> Result<std::path::PathBuf> {
    let root = directory.join("initrd");
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    for part in ["bin", "proc", "sys", "dev", "host", "mnt", "new", "modules"] {
        fs::create_dir_all(root.join(part))?;
    }
    fs::copy(system.join("bin/busybox"), root.join("bin/busybox"))?;
    let mut modprobe = Command::new("modprobe");
    modprobe
        .arg("-d")
        .arg(&kernel.root)
        .args(["-S", &kernel.release, "--show-depends", "-a"]);
    let modules = process::output(modprobe.args(MODULES))?;
    let mut order = String::new();
    for path in modules.lines().filter_map(|line| line.strip_prefix("insmod ")) {
        let path = Path::new(path.trim());
        let file = path.file_name().context("a module is a file")?.to_string_lossy();
        let name = file.trim_end_matches(".xz").trim_end_matches(".zst");
        if order.lines().any(|known| known == name) {
            continue;
        }
        let module = if file.ends_with(".xz") {
            read_packed("xz", path)?
        } else if file.ends_with(".zst") {
            read_packed("zstd", path)?
        } else {
            fs::read(path)?
        };
        fs::write(root.join("modules").join(name), module)?;
        writeln!(order, "{name}")?;
    }
    fs::write(root.join("modules/order"), order)?;
    fs::write(root.join("script"), script)?;
    // Where the guest finds them below its own root.
    let modules = kernel.root.join("lib/modules");
    let modules = modules.strip_prefix(system).unwrap_or(&modules);
    let init = INIT.replace("@MODULES@", &format!("/{}", modules.display()));
    fs::write(root.join("init"), init)?;
    fs::set_permissions(root.join("init"), fs::Permissions::from_mode(0o755))?;
    let packed = directory.join("initrd.cpio");
    let mut cpio = Command::new("sh");
    cpio.args(["-c", "find . | cpio --quiet -o -H newc > \"$0\""])
        .arg(&packed)
        .current_dir(&root);
    process::run(&mut cpio)?;
    Ok(packed)
}

fn read_packed(program: &str, file: &Path) -> Result<Vec<u8>> {
    let output = Command::new(program).arg("-dc").arg(file).output();
    let output = output.with_context(|| format!("cannot start {program}"))?;
    anyhow::ensure!(
        output.status.success(),
        "{program} cannot unpack {}",
        file.display()
    );
    Ok(output.stdout)
}
