//! The static binary in a root of Debian 11, whose glibc is older than that of any host that netmon's kernel side needs: the textbook
//! incident, from a text, from a capture and live.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use netmon_testkit::{
    captures::{Link, Pcap, textbook},
    lab::SERVER_V4,
};

use super::{roots::Root, scene};
use crate::process;

const BULLSEYE: Root = Root {
    name: "bullseye",
    suite: "bullseye",
    architecture: "amd64",
    packages: "bash,coreutils,libc-bin",
};

/// Runs netmon in the root given, with this machine's kernel, in mounts of its own.
const ENTER: &str = r#"#!/bin/sh
exec unshare --mount sh -c 'root=$1; shift
for directory in proc sys; do mount --rbind "/$directory" "$root/$directory"; done
exec chroot "$root" /usr/bin/netmon "$@"' sh "@ROOT@" "$@"
"#;

/// Needs root.
pub fn check(tree: &Path) -> Result<()> {
    let root = BULLSEYE.unpacked()?;
    fs::copy(tree.join("netmon"), root.join("usr/bin/netmon")).context("cannot copy netmon")?;
    let glibc = process::output(Command::new("chroot").arg(&root).args(["ldd", "--version"]))?;
    println!("dist: bullseye: {}", glibc.lines().next().unwrap_or_default());
    println!("dist: bullseye: {}", output(&root, &["--version"])?.trim());

    fs::write(root.join("tmp/textbook.txt"), textbook::TEXT).context("cannot write the text")?;
    let capture = Pcap::USUAL.file(&textbook::frames(Link::Ethernet));
    fs::write(root.join("tmp/textbook.pcap"), capture).context("cannot write a capture")?;
    for file in ["textbook.txt", "textbook.pcap"] {
        let path = format!("/tmp/{file}");
        let report = output(
            &root,
            &[
                "analyze",
                "--brief",
                "--date",
                textbook::DATE,
                "--timezone",
                "UTC",
                &path,
            ],
        )?;
        println!("{report}");
        ensure!(
            report.contains(&format!("DOWN  {SERVER_V4} udp port 53")) && report.contains("service-down"),
            "{file}: the incident is not in the report"
        );
    }
    scene::play(&ENTER.replace("@ROOT@", &root.display().to_string()))
}

fn output(root: &Path, arguments: &[&str]) -> Result<String> {
    process::output(
        Command::new("chroot")
            .arg(root)
            .arg("/usr/bin/netmon")
            .args(arguments),
    )
}
