//! The container image, by podman from deploy/container/Containerfile; and the textbook incident, seen from a container.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

use super::{Target, directory, scene};
use crate::{process, workspace};

/// How many bytes it may have.
const LARGEST: u64 = 25_000_000;

/// What docs/operations.md says a container needs. `privileged` is not among it.
const RIGHTS: &str = "--network host --read-only --cap-drop ALL --cap-add BPF,NET_ADMIN,PERFMON \
                      --security-opt no-new-privileges --tmpfs /run/netmon";

/// What older podmans' own filter of system calls lacks: it lets only `CAP_SYS_ADMIN` call bpf. docs/operations.md has it too.
const FILTER: &str =
    ".syscalls[].names -= [\"bpf\"] | .syscalls += [{names: [\"bpf\"], action: \"SCMP_ACT_ALLOW\"}]";

/// What the image is called.
fn name(target: &Target) -> String {
    format!("localhost/netmon:{}-{}", env!("CARGO_PKG_VERSION"), target.arch)
}

/// Builds it, among podman's images.
fn build(target: &Target, tree: &Path) -> Result<()> {
    let platform = match target.arch {
        "aarch64" => "linux/arm64",
        _ => "linux/amd64",
    };
    let mut build = podman()?;
    build
        .args(["build", "--quiet", "--platform", platform, "--tag", &name(target)])
        .args(["--timestamp", &workspace::epoch()?, "--file"])
        .arg(workspace::root().join("deploy/container/Containerfile"))
        .arg(tree);
    process::output(&mut build).map(drop)
}

/// Builds it, and saves it in a file that podman, docker, skopeo and containerd read.
pub fn make(target: &Target, tree: &Path) -> Result<PathBuf> {
    build(target, tree)?;
    let file = format!("netmon-{}-{}-image.tar", env!("CARGO_PKG_VERSION"), target.arch);
    let file = directory()?.join(file);
    if file.exists() {
        fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
    }
    let mut save = podman()?;
    save.args(["save", "--quiet", "--format", "oci-archive", "--output"])
        .arg(&file)
        .arg(name(target));
    process::output(&mut save)?;
    Ok(file)
}

/// Its size, and that it sees the textbook incident with three capabilities. Needs root.
pub fn check(target: &Target, tree: &Path) -> Result<()> {
    build(target, tree)?;
    let mut inspect = podman()?;
    inspect.args(["image", "inspect", "--format", "{{.Size}}", &name(target)]);
    let size = process::output(&mut inspect)?;
    let size: u64 = size
        .trim()
        .parse()
        .with_context(|| format!("podman says the size is {size}"))?;
    println!("dist: image: {} has {size} bytes", name(target));
    ensure!(size <= LARGEST, "it may have {LARGEST}");
    println!("dist: image: podman run {RIGHTS}");
    let filter = directory()?.join("podman/seccomp.json");
    let script = format!(
        "jq '{FILTER}' /usr/share/containers/seccomp.json >'{}'",
        filter.display()
    );
    process::run(Command::new("sh").args(["-c", &script]))?;
    let podman = podman()?;
    scene::play(&format!(
        "#!/bin/sh\nexport CONTAINERS_CONF='{}'\nexec {} run --rm {RIGHTS} --security-opt seccomp='{}' {} \"$@\"\n",
        configuration().display(),
        process::show(&podman),
        filter.display(),
        name(target)
    ))
}

fn configuration() -> PathBuf {
    workspace::root().join("xtask/src/dist/containers.conf")
}

/// podman, with all that it keeps below the target directory.
fn podman() -> Result<Command> {
    let place = directory()?.join("podman");
    let mut podman = Command::new("podman");
    podman
        .env("CONTAINERS_CONF", configuration())
        .args(["--storage-driver", "vfs"]);
    for (option, part) in [("--root", "root"), ("--runroot", "run"), ("--tmpdir", "tmp")] {
        podman.arg(option).arg(place.join(part));
    }
    podman.arg("--network-config-dir").arg(place.join("networks"));
    Ok(podman)
}
