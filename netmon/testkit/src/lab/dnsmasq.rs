//! dnsmasq as all of the lab's hosts run it.

use std::process::Command;

/// Everything from the command line: the machine may have a configuration of its own. In the foreground, as root, and it
/// keeps nothing.
pub(super) fn dnsmasq() -> Command {
    let mut command = Command::new("dnsmasq");
    command
        .args([
            "--no-daemon",
            "--conf-file=/dev/null",
            "--no-resolv",
            "--no-hosts",
        ])
        .args([
            "--user=root",
            "--pid-file=",
            "--cache-size=0",
            "--bind-interfaces",
        ]);
    command
}
