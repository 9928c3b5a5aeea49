//! The one table of programs from Debian: what a task starts, and which package brings it.

use std::path::Path;

use anyhow::Result;

use super::{
    Task,
    Task::{Bench, Conformance, Demo, Fuzz, Test},
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
    Tool {
        what: "ip",
        package: "iproute2",
        tasks: &[Test, Demo, Bench],
    },
    Tool {
        what: "ethtool",
        package: "ethtool",
        tasks: &[Test],
    },
    Tool {
        what: "nft",
        package: "nftables",
        tasks: &[Test],
    },
    // Real servers and real clients.
    Tool {
        what: "unbound",
        package: "unbound",
        tasks: &[Test, Demo],
    },
    Tool {
        what: "dnsmasq",
        package: "dnsmasq-base",
        tasks: &[Test, Demo],
    },
    Tool {
        what: "dig",
        package: "dnsutils",
        tasks: &[Test, Demo],
    },
    Tool {
        what: "kdig",
        package: "knot-dnsutils",
        tasks: &[Test],
    },
    // Second opinions on packets and on maps.
    Tool {
        what: "tcpdump",
        package: "tcpdump",
        tasks: &[Test],
    },
    Tool {
        what: "tshark",
        package: "tshark",
        tasks: &[Test, Conformance],
    },
    Tool {
        what: "bpftool",
        package: "bpftool",
        tasks: &[Test],
    },
    // The same program in C, to measure against.
    Tool {
        what: "clang",
        package: "clang",
        tasks: &[Bench],
    },
    Tool {
        what: "/usr/include/linux/bpf.h",
        package: "linux-libc-dev",
        tasks: &[Bench],
    },
    Tool {
        what: "/usr/include/bpf/bpf_helpers.h",
        package: "libbpf-dev",
        tasks: &[Bench],
    },
    // libFuzzer is C++.
    Tool {
        what: "c++",
        package: "g++",
        tasks: &[Fuzz],
    },
];

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
        let tool = |what| Tool {
            what,
            package: "none",
            tasks: &[],
        };
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
