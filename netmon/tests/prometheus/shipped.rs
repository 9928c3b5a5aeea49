//! Prometheus' own tools on what `deploy/prometheus` ships.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A file that is shipped.
pub fn shipped(name: &str) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    workspace.join("deploy/prometheus").join(name)
}

#[track_caller]
fn assert_content(command: &Command, output: &Output) {
    let said = [&output.stdout[..], &output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{command:?}: {said}");
}

#[track_caller]
fn assert_passes(program: &str, arguments: &[&str], file: &str) {
    let mut command = Command::new(program);
    let output = command.args(arguments).arg(shipped(file)).output().unwrap();
    assert_content(&command, &output);
}

/// Insists that `promtool check metrics` has nothing to say of these metrics.
#[track_caller]
pub fn assert_metrics_pass(metrics: &str) {
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]);
    let piped = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut promtool = piped.spawn().unwrap();
    promtool
        .stdin
        .take()
        .unwrap()
        .write_all(metrics.as_bytes())
        .unwrap();
    let output = promtool.wait_with_output().unwrap();
    assert_content(&command, &output);
    // What it finds wrong with names and types it says, and lets pass.
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
#[ignore = "needs root: Debian's Prometheus"]
fn promtool_accepts_the_rules_and_the_example_configuration() {
    assert_passes(
        "promtool",
        &["check", "rules", "--lint-fatal"],
        "netmon.rules.yml",
    );
    assert_passes("promtool", &["check", "config", "--lint-fatal"], "prometheus.yml");
}

#[test]
#[ignore = "needs root: Debian's Prometheus"]
fn the_rules_say_of_each_situation_what_their_tests_expect() {
    assert_passes("promtool", &["test", "rules"], "tests/netmon.test.yml");
}

#[test]
#[ignore = "needs root: Debian's Alertmanager"]
fn amtool_accepts_the_example_configuration() {
    assert_passes("amtool", &["check-config"], "alertmanager.yml");
}
