//! `cargo xtask chart`: whether the Helm chart is a good one, by Helm and by Kubernetes' schemas; and the plain manifests from it.

use anyhow::Result;
use clap::Args;

use crate::{
    dist, process,
    setup::{self, Task, python},
    workspace,
};

#[derive(Args)]
pub struct Options {
    /// Also write deploy/kubernetes/netmon.yaml, what the chart renders to
    #[arg(long)]
    write: bool,
}

pub fn run(options: &Options) -> Result<()> {
    setup::ensure(Task::Chart)?;
    let kubernetes = workspace::root().join("deploy/kubernetes");
    let mut check = python::CHART.python();
    check
        .arg(workspace::root().join("xtask/src/chart/check.py"))
        .args([
            kubernetes.join("netmon"),
            kubernetes.join("netmon.yaml"),
            dist::directory()?,
        ]);
    if options.write {
        check.arg("--write");
    }
    process::run(&mut check)
}
