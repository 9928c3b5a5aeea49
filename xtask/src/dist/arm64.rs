//! The static binary for arm64, on Debian's kernel for arm64 in QEMU: the textbook incident, live, as `cargo xtask demo` plays it.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, bail};

use super::roots::Root;
use crate::{
    kernels::{
        debian::{self, Unpacked},
        guest::{self, Guest},
    },
    process, workspace,
};

/// Its kernel, and what the scene needs: a shell, `ip`, dnsmasq, dig.
const BOOKWORM: Root = Root {
    name: "arm64",
    suite: "bookworm",
    architecture: "arm64",
    packages: "bash,coreutils,mount,iproute2,dnsmasq-base,bind9-dnsutils,busybox-static,linux-image-arm64",
};

/// What the guest runs, and then it is off.
const SCRIPT: &str = "\
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t bpf bpf /sys/fs/bpf
ip link set lo up
for module in veth sch_ingress cls_bpf; do busybox modprobe $module; done
uname -srm
/opt/netmon --version
/opt/netmon analyze --brief --date 2026-03-19 --timezone UTC /opt/textbook.txt
/opt/xtask demo --binary /opt/netmon && echo dist: arm64: passed
busybox poweroff -f
";

/// What the guest says when all went well.
const PASSED: &str = "dist: arm64: passed";

/// `xtask` is for arm64 too. Needs root.
pub fn check(tree: &Path, xtask: &Path) -> Result<()> {
    let root = BOOKWORM.unpacked()?;
    let bin = root.join("opt");
    fs::create_dir_all(&bin).with_context(|| format!("cannot make {}", bin.display()))?;
    fs::copy(tree.join("netmon"), bin.join("netmon")).context("cannot copy netmon")?;
    fs::copy(xtask, bin.join("xtask")).context("cannot copy xtask")?;
    fs::copy(
        workspace::root().join("docs/textbook.txt"),
        bin.join("textbook.txt"),
    )
    .context("cannot copy a text")?;
    let kernel = kernel(&root)?;
    println!("dist: arm64: booting Linux {}", kernel.release);
    let directory = workspace::target().join("dist/roots/arm64-guest");
    fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
    let mut guest = Guest::boot(&guest::AARCH64, &kernel, &root, &directory, SCRIPT)?;
    let mut passed = false;
    for line in guest.console()? {
        passed |= line == PASSED;
        println!("    | {line}");
    }
    if !passed {
        bail!("the textbook incident did not come to its end on arm64");
    }
    Ok(())
}

/// The kernel in the root, with the list of its modules, which nobody has made because nothing was installed.
fn kernel(root: &Path) -> Result<Unpacked> {
    let release = debian::only(&root.join("lib/modules"))?;
    process::run(Command::new("depmod").arg("-b").arg(root).arg(&release))?;
    Ok(Unpacked {
        image: root.join("boot").join(format!("vmlinuz-{release}")),
        root: root.to_owned(),
        release,
    })
}
