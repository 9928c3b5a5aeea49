//! What cannot be done is said in one clear line, with the right exit status.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use netmon_testkit::captures::textbook::{DATE, TEXT};
use netmon_testkit::captures::{Link, Pcap, textbook};
use netmon_testkit::executable;
use nix::unistd::Uid;

use super::run::{Files, Run, analyze};

/// With `--exit-code`, when an incident was found.
const INCIDENT: i32 = 1;
const USAGE: i32 = 2;
const REFUSED: i32 = 3;

#[track_caller]
fn assert_says(run: &Run, status: i32, words: &[&str]) {
    assert_eq!(run.status, Some(status), "{run:?}");
    assert_eq!(run.out, "");
    for word in words {
        assert!(run.err.contains(word), "`{word}` is missing: {}", run.err);
    }
    if status == REFUSED {
        assert_eq!(run.err.trim_end().lines().count(), 1, "one line: {}", run.err);
    }
}

#[test]
fn wrong_usage_is_status_2() {
    let files = Files::new();
    let log = files.write("log", TEXT);
    let log = log.to_str().unwrap();
    let cases: &[(&[&str], &[&str])] = &[
        (&[], &["<FILE>"]),
        (
            &[log, "--format", "pdf"],
            &["pdf", "text", "json", "markdown", "html"],
        ),
        (&[log, "--date", "19.3.2026"], &["--date"]),
        (
            &[log, "--timezone", "Mars/Olympus"],
            &["Mars/Olympus", "Europe/Berlin"],
        ),
        (&[log, "--port", "0"], &["--port"]),
        (&[log, "--local", "a.test"], &["--local"]),
        (&[log, "--no-such-option"], &["--no-such-option"]),
    ];
    for (arguments, words) in cases {
        println!("{arguments:?}");
        assert_says(&analyze(*arguments), USAGE, words);
    }
    let ports: Vec<String> = (1..=9).map(|port| format!("--port={port}")).collect();
    let arguments = ports.iter().map(String::as_str).chain([log]);
    assert_says(&analyze(arguments), USAGE, &["9 DNS ports are too many", "8"]);
}

#[test]
fn a_file_that_is_not_there_or_is_a_folder_is_status_2() {
    let files = Files::new();
    let missing = files.path("missing.pcap");
    let words = ["cannot read", "missing.pcap", "No such file"];
    assert_says(&analyze([&missing]), USAGE, &words);
    let folder = missing.parent().unwrap();
    assert_says(&analyze([folder]), USAGE, &["cannot read", "Is a directory"]);
}

#[test]
fn captures_and_logs_are_not_merged() {
    let files = Files::new();
    let log = files.write("a.log", TEXT);
    let capture = files.write("a.pcap", Pcap::USUAL.file(&textbook::frames(Link::Ethernet)));
    let run = analyze([log, capture]);
    assert_says(
        &run,
        USAGE,
        &["a.pcap is a capture", "a.log is text", "one after the other"],
    );
}

#[test]
fn a_file_that_may_not_be_read_is_status_3() {
    let files = Files::new();
    let log = files.write("log", TEXT);
    // Root may read everything: then somebody else must try, from a place where everybody may run programs.
    let is_root = Uid::effective().is_root();
    let copy = is_root.then(|| executable::for_everybody(super::run::NETMON).unwrap());
    let mut command = if let Some((_directory, copy)) = &copy {
        const NOBODY: u32 = 65_534;
        let mut command = Command::new(copy);
        let folder = log.parent().unwrap();
        std::fs::set_permissions(folder, permissions(0o755)).unwrap();
        command.uid(NOBODY).gid(NOBODY);
        command
    } else {
        Command::new(super::run::NETMON)
    };
    std::fs::set_permissions(&log, permissions(0o000)).unwrap();
    let run = command.arg("analyze").arg(&log).output().unwrap().into();
    assert_says(&run, REFUSED, &["cannot read", "log", "Permission denied"]);
}

fn permissions(mode: u32) -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(mode)
}

#[test]
fn an_incident_is_status_1_only_with_exit_code() {
    let files = Files::new();
    let log = files.write("log", TEXT);
    let healthy = files.write("healthy", TEXT.lines().next().unwrap());
    let with = |path: &OsStr, arguments: &[&str]| {
        let all = arguments
            .iter()
            .map(OsStr::new)
            .chain(["--date", DATE].map(OsStr::new));
        analyze(all.chain([path])).status
    };
    assert_eq!(with(log.as_os_str(), &[]), Some(0));
    assert_eq!(with(log.as_os_str(), &["--exit-code"]), Some(INCIDENT));
    assert_eq!(
        with(log.as_os_str(), &["--exit-code", "--format", "json"]),
        Some(INCIDENT)
    );
    assert_eq!(with(healthy.as_os_str(), &["--exit-code"]), Some(0));
    let nonsense = files.write("nonsense", "nonsense");
    assert_eq!(with(nonsense.as_os_str(), &["--exit-code"]), Some(USAGE));
}
