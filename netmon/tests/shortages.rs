//! What the system does not give: too few open files, threads, memory. Each is one line that says what to raise, and nothing stays
//! behind.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

mod support;

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use netmon::resources::THREADS;
use netmon_testkit::executable;
use netmon_testkit::lab::{Namespace, two_hosts};
use nix::sys::signal::Signal;
use support::kernel::lacks_memory_of_maps;
use support::{NETMON, PATIENCE, REFUSED, assert_nothing_attached, assert_says, start};

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

/// A control group whose processes may have so much memory, that of their maps included.
struct MemoryGroup(PathBuf);

impl MemoryGroup {
    /// `None` where nobody gives out the controller.
    fn new(mib: u64) -> Option<Self> {
        // The hierarchy of the controller itself, or the only one.
        let (root, limit) = if Path::new("/sys/fs/cgroup/memory").exists() {
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
        } else {
            ("/sys/fs/cgroup", "memory.max")
        };
        let group = Self(Path::new(root).join(format!("netmon-{}-{mib}", process::id())));
        fs::create_dir(&group.0).ok()?;
        fs::write(group.0.join(limit), (mib << 20).to_string()).ok()?;
        Some(group)
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        let began = Instant::now();
        // It is empty a moment after its last process has ended.
        while fs::remove_dir(&self.0).is_err() && began.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
#[ignore = "needs root: control groups and BPF"]
fn a_limit_of_memory_that_is_too_small_for_the_maps_is_named() {
    if lacks_memory_of_maps() {
        return;
    }
    let host = Namespace::new("little-memory").unwrap();
    let mut named = 0;
    for mib in (20..=64).step_by(4) {
        let Some(group) = MemoryGroup::new(mib) else {
            println!("SKIPPED: there are no control groups with the memory controller");
            return;
        };
        let enters = r#"echo $$ > "$0/cgroup.procs"; exec "$@""#;
        let output = run(&host, &["sh", "-c", enters, group.0.to_str().unwrap()], NETMON);
        // Of a process that needs more for itself, the kernel asks nothing.
        let is_killed = output.status.signal() == Some(Signal::SIGKILL as i32);
        if !is_killed && !output.status.success() {
            assert_refused(&host, &output, &["memory", "MemoryMax="]);
            named += 1;
        }
    }
    assert!(named > 0, "no limit was too small for the maps alone");
}

/// Each is looked for in the history.
fn ask_for_a_report(socket: &Path) {
    let mut stream = UnixStream::connect(socket).unwrap();
    let request =
        b"GET /api/v1/incidents/none/report HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let _busy = stream.write_all(request);
    let mut answer = String::new();
    let _busy = stream.read_to_string(&mut answer);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 404 ") || answer.starts_with("HTTP/1.1 503 "),
        "{answer}"
    );
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
            "--probe",
        ],
    );
    let tasks = format!("/proc/{}/task", netmon.process().id());
    let until = Instant::now() + Duration::from_secs(2);
    let mut most = 0;
    thread::scope(|scope| {
        for _ in 0..2 * THREADS {
            scope.spawn(|| {
                while Instant::now() < until {
                    ask_for_a_report(&socket);
                }
            });
        }
        while Instant::now() < until {
            most = most.max(fs::read_dir(&tasks).unwrap().count());
        }
    });
    netmon.stop().unwrap();
    assert!((4..=THREADS).contains(&most), "{most}");
}
