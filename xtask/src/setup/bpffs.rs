//! Mounts the BPF file system, where programs and maps are pinned. Systemd does it at boot; a container or
//! a bare machine may not have it.

use std::fs;

use anyhow::{Context as _, Result};

use super::say;
use crate::manual::{Manual, typed_as_root};
use crate::process;

const PATH: &str = "/sys/fs/bpf";

/// Makes sure that it is mounted.
pub fn ensure() -> Result<()> {
    let mounts = fs::read_to_string("/proc/self/mounts").context("cannot read /proc/self/mounts")?;
    if is_mounted(&mounts) {
        return Ok(());
    }
    say(format!("mount -t bpf bpf {PATH}"));
    process::run(process::as_root("mount")?.args(["-t", "bpf", "bpf", PATH])).map_err(|error| {
        let problem = format!("the tests pin maps in {PATH}, and it cannot be mounted: {error:#}");
        Manual::new(problem, typed_as_root(&[format!("mount -t bpf bpf {PATH}")])).into()
    })
}

/// Whether the list of mounts, as in `/proc/self/mounts`, has it.
fn is_mounted(mounts: &str) -> bool {
    mounts.lines().any(|line| {
        let mut fields = line.split(' ').skip(1);
        fields.next() == Some(PATH) && fields.next() == Some("bpf")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_mount_of_the_right_kind_in_the_right_place_counts() {
        assert!(is_mounted(
            "sysfs /sys sysfs rw 0 0\nbpf /sys/fs/bpf bpf rw,relatime 0 0\n"
        ));
        assert!(!is_mounted(
            "tmpfs /sys/fs/bpf tmpfs rw 0 0\nbpf /mnt/bpf bpf rw 0 0\n"
        ));
    }
}
