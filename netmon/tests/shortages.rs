//! What the system does not give: too few open files, threads, memory. Each is one line that says what to raise, and nothing stays
//! behind.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

mod support;

use std::fs;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use netmon::resources::THREADS;
use netmon_testkit::executable;
use netmon_testkit::lab::{Namespace, two_hosts};
use support::{NETMON, REFUSED, assert_nothing_attached, assert_says, start};

/// Runs netmon for a second, under the words of another command.
fn run(host: &Namespace, words: &[&str], netmon: &str) -> Output {
    let (program, arguments) = words.split_first().unwrap();
    let mut command = Command::new(program);
    command.args(arguments).arg(netmon);
    command.args([
        "run",
        "--config",
        "/dev/null",
        "--interface",
        "lo",
        "--duration",
        "1s",
    ]);
    host.output(&mut command).unwrap()
}

#[track_caller]
fn assert_refused(host: &Namespace, output: &Output, words: &[&str]) {
    assert_says(output, REFUSED, words);
    assert_nothing_attached(host);
}

#[test]
#[ignore = "needs root: network namespaces and BPF"]
fn too_few_open_files_are_named_and_the_soft_limit_is_none() {
    let host = Namespace::new("few-files").unwrap();
    for limit in ["24", "48", "64"] {
        let limit = format!("--nofile={limit}:{limit}");
        let output = run(&host, &["prlimit", &limit], NETMON);
        assert_refused(
            &host,
            &output,
            &["too many files open", "ulimit -Hn", "LimitNOFILE="],
        );
    }
    let output = run(&host, &["prlimit", "--nofile=24:4096"], NETMON);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[test]
#[ignore = "needs root: changes its user"]
fn too_few_threads_are_named_before_anything_is_loaded() {
    /// A user who runs nothing else: the limit is for all that a user runs.
    const USER: &str = "424242";
    let host = Namespace::new("few-threads").unwrap();
    let (_directory, netmon) = executable::for_everybody(NETMON).unwrap();
    let rights = "+bpf,+net_admin,+perfmon";
    let with = |threads: usize| {
        let words = [
            "setpriv",
            "--clear-groups",
            &format!("--reuid={USER}"),
            &format!("--regid={USER}"),
            &format!("--inh-caps={rights}"),
            &format!("--ambient-caps={rights}"),
            "prlimit",
            &format!("--nproc={threads}:{threads}"),
        ];
        run(&host, &words, netmon.to_str().unwrap())
    };
    for threads in [1, 3, THREADS - 1] {
        assert_refused(&host, &with(threads), &["threads", "ulimit -u", "TasksMax="]);
    }
    let output = with(THREADS);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn it_has_no_more_threads_than_it_says() {
    let hosts = two_hosts().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let history = directory.path().join("history.db");
    let socket = directory.path().join("netmon.sock");
    let mut netmon = start(
        &hosts.client,
        &[
            "--interface=to-server",
            &format!("--history={}", history.display()),
            &format!("--socket={}", socket.display()),
            "--metrics=127.0.0.1:0",
            "--web=127.0.0.1:0",
            "--webhook=http://127.0.0.1:1/",
            "--notify-command=/bin/true",
        ],
    );
    let tasks = format!("/proc/{}/task", netmon.process().id());
    let until = Instant::now() + Duration::from_secs(2);
    let mut most = 0;
    while Instant::now() < until {
        most = most.max(fs::read_dir(&tasks).unwrap().count());
    }
    netmon.stop().unwrap();
    assert!((4..=THREADS).contains(&most), "{most}");
}
