//! The one table of programs from Debian: what a task starts, and which package brings it.

use std::path::Path;

use anyhow::Result;

use super::{
    Task,
    Task::{Bench, Chart, Conformance, Deb, Demo, Dist, Fuzz, Kernels, Test},
    apt::Apt,
};
use crate::process;

/// A program that some tasks start, or a file that they read.
struct Tool {
    /// A program, looked for on PATH; or a file, by its absolute path.
    what: &'static str,
    package: &'static str,
    tasks: &'static [Task],
}

const TOOLS: &[Tool] = &[
    // Network namespaces and what lies between them.
    tool("ip", "iproute2", &[Test, Demo, Dist, Bench, Kernels]),
    tool("wg", "wireguard-tools", &[Kernels]),
    tool("ethtool", "ethtool", &[Test]),
    tool("nft", "nftables", &[Test, Kernels]),
    // Real servers and real clients.
    tool("unbound", "unbound", &[Test, Demo, Kernels]),
    tool("dnsmasq", "dnsmasq-base", &[Test, Demo, Dist, Kernels]),
    tool("dig", "dnsutils", &[Test, Demo, Dist, Kernels]),
    tool("kdig", "knot-dnsutils", &[Test]),
    tool("dnsperf", "dnsperf", &[Test]),
    tool("musl-gcc", "musl-tools", &[Test]),
    // Real containers: crun refuses a host that has both versions of control groups.
    tool("podman", "podman", &[Dist, Test]),
    tool("runc", "runc", &[Dist, Test]),
    tool("/usr/lib/podman/netavark", "netavark", &[Test]),
    tool("iptables", "iptables", &[Test]),
    // Second opinions on packets and on maps.
    tool("tcpdump", "tcpdump", &[Test, Bench]),
    tool("tshark", "tshark", &[Test, Conformance, Bench]),
    tool("bpftool", "bpftool", &[Test]),
    // A wall clock that a test may step.
    tool("faketime", "faketime", &[Test]),
    // Disks that lose their power.
    tool("/sbin/mkfs.ext4", "e2fsprogs", &[Test, Kernels]),
    // A terminal for netmon top.
    tool("tmux", "tmux", &[Test, Bench]),
    // A reader of the HTML report, and of the web page.
    tool("chromium", "chromium", &[Test]),
    tool("node", "nodejs", &[Test]),
    tool("npm", "npm", &[Test]),
    // What reads metrics and acts on them.
    tool("prometheus", "prometheus", &[Test]),
    tool("promtool", "prometheus", &[Test]),
    tool("prometheus-alertmanager", "prometheus-alertmanager", &[Test]),
    tool("amtool", "prometheus-alertmanager", &[Test]),
    // Another monitor, to measure beside.
    tool("dnstop", "dnstop", &[Bench]),
    // The same programs in C, to measure against, by the LLVM that makes netmon's.
    tool("clang-22", "clang-22", &[Bench]),
    tool("/usr/include/linux/bpf.h", "linux-libc-dev", &[Bench]),
    tool("/usr/include/bpf/bpf_helpers.h", "libbpf-dev", &[Bench]),
    // Who judges packages and units, and a systemd to install them under.
    tool("lintian", "lintian", &[Deb]),
    tool("/lib/systemd/systemd", "systemd", &[Deb, Dist]),
    tool("dpkg-shlibdeps", "dpkg-dev", &[Deb]),
    tool("man", "man-db", &[Deb]),
    tool("curl", "curl", &[Deb, Dist, Test]),
    // A machine for other kernels, and what its first root file system is made of.
    tool("qemu-system-x86_64", "qemu-system-x86", &[Kernels]),
    tool("/bin/busybox", "busybox-static", &[Kernels]),
    tool("modprobe", "kmod", &[Dist, Kernels]),
    tool("cpio", "cpio", &[Dist, Kernels]),
    // Other Debians, and other processors.
    tool("mmdebstrap", "mmdebstrap", &[Dist]),
    tool("qemu-system-aarch64", "qemu-system-arm", &[Dist]),
    // Who gives a container's filter of system calls what it lacks.
    tool("jq", "jq", &[Dist]),
    // Who makes and judges RPM packages.
    tool("rpmbuild", "rpm", &[Dist]),
    tool("rpmlint", "rpmlint", &[Dist]),
    // What brings tools from PyPI.
    tool("pip3", "python3-pip", &[Chart, Dist]),
    // libFuzzer is C++.
    tool("c++", "g++", &[Fuzz]),
];

/// A row of the table.
const fn tool(what: &'static str, package: &'static str, tasks: &'static [Task]) -> Tool {
    Tool { what, package, tasks }
}

impl Tool {
    fn is_there(&self) -> bool {
        if self.what.starts_with('/') {
            Path::new(self.what).exists()
        } else {
            process::find(self.what).is_some()
        }
    }
}

/// Installs the packages of those tools that the task needs and that are not there.
pub fn ensure(task: Task, apt: &mut Apt) -> Result<()> {
    let missing: Vec<&str> = TOOLS
        .iter()
        .filter(|tool| tool.tasks.contains(&task) && !tool.is_there())
        .map(|tool| tool.package)
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        apt.install(&missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_there_when_its_program_or_its_file_is() {
        let tool = |what| tool(what, "none", &[]);
        assert!(tool("sh").is_there());
        assert!(tool("/bin/sh").is_there());
        assert!(!tool("no-such-program-anywhere").is_there());
        assert!(!tool("/no/such/file").is_there());
    }

    #[test]
    fn no_tool_stands_twice_in_the_table() {
        for (index, tool) in TOOLS.iter().enumerate() {
            assert!(
                TOOLS[index + 1..].iter().all(|other| other.what != tool.what),
                "{}",
                tool.what
            );
        }
    }
}
