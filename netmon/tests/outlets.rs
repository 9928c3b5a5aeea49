//! No outlet can hold up the monitor: pipes and sockets that nobody reads, a full disk, a reader that goes.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

mod support;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, PipeReader, PipeWriter, Read as _, Write as _, pipe};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use netmon_testkit::lab::{Namespace, PATIENCE, SERVER_V4, ask_each, eventually, two_hosts};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use support::http::get;
use support::{NETMON, ask_refused};

const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 19_061);

/// Within this time the program ends, whatever hangs.
const END: Duration = Duration::from_secs(5);

/// So long something hangs. `/healthz` notices an event loop that hangs after 2 s (three intervals and a half second).
const HANG: Duration = Duration::from_secs(4);

/// A running netmon; killed when a test dies.
struct Running(Child);

impl Running {
    fn start(
        host: &Namespace,
        arguments: &[&str],
        stdout: impl Into<Stdio>,
        stderr: impl Into<Stdio>,
    ) -> Self {
        let mut command = Command::new(NETMON);
        command
            .args([
                "run",
                "--config=/dev/null",
                "--interface=to-server",
                "--interval=500ms",
            ])
            .args(["--metrics", &ADDRESS.to_string()])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr);
        Self::spawn(host, &mut command)
    }

    fn spawn(host: &Namespace, command: &mut Command) -> Self {
        Self(host.enter(|| command.spawn()).unwrap().unwrap())
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.0.id().cast_signed()), signal).unwrap();
    }

    /// Waits for its end, and asserts that it comes in time.
    #[track_caller]
    fn end(&mut self, within: Duration) -> ExitStatus {
        let before = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(before.elapsed() < within, "it has not ended within {within:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _ended = self.0.wait();
    }
}

/// A pipe that takes nothing more, as one is whose reader was stopped.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().unwrap();
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    while writer.write(&[b'.'; 4_096]).is_ok() {}
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::empty())).unwrap();
    (reader, writer)
}

/// Waits until it watches, and has read its counts for the first time.
#[track_caller]
fn wait_until_ready(host: &Namespace) {
    let is_well = |path| get(ADDRESS, path).status == 200;
    let is_ready =
        || std::net::TcpStream::connect(ADDRESS).is_ok() && is_well("/readyz") && is_well("/healthz");
    let is_ready = || host.enter(is_ready).unwrap();
    eventually("sign that it watches", is_ready, |is_ready| *is_ready);
}

/// The event loop goes on: after a while in which it could have hung, it has read its counts lately. One that hangs never
/// does again; one that other tests keep from the CPU does soon.
#[track_caller]
fn assert_alive(host: &Namespace) {
    thread::sleep(HANG);
    let ask = || host.enter(|| get(ADDRESS, "/healthz")).unwrap();
    eventually("sign of life", ask, |health| health.status == 200);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn a_standard_output_that_nobody_reads_holds_up_nothing_and_the_end_comes_in_time() {
    const JSON: &[&str] = &["--format=json", "--snapshots"];
    let cases: [(&[&str], Option<Signal>); 4] = [
        (JSON, Some(Signal::SIGTERM)),
        (JSON, Some(Signal::SIGINT)),
        // Longer than this test looks at it while it runs.
        (&["--format=json", "--snapshots", "--duration=8s"], None),
        (&["--format=text"], Some(Signal::SIGTERM)),
    ];
    let hosts = two_hosts().unwrap();
    for (arguments, signal) in cases {
        let (mut reader, writer) = full_pipe();
        let mut netmon = Running::start(&hosts.client, arguments, writer, Stdio::null());
        wait_until_ready(&hosts.client);
        ask_refused(&hosts.client, SERVER_V4, 1);
        assert_alive(&hosts.client);
        if let Some(signal) = signal {
            netmon.signal(signal);
        }
        let within = if signal.is_some() { END } else { PATIENCE };
        assert!(netmon.end(within).success(), "{arguments:?} {signal:?}");
        // Control: the pipe took nothing, so that the monitor did hang on it.
        let mut printed = Vec::new();
        reader.read_to_end(&mut printed).unwrap();
        assert!(
            printed.iter().all(|byte| *byte == b'.'),
            "it could print: {}",
            String::from_utf8_lossy(&printed)
        );
    }
}

/// Events from a pipe that is read.
fn events(reader: PipeReader) -> impl Iterator<Item = Value> {
    BufReader::new(reader)
        .lines()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn a_reader_that_reads_loses_nothing() {
    let hosts = two_hosts().unwrap();
    let (reader, writer) = pipe().unwrap();
    let mut netmon = Running::start(
        &hosts.client,
        &["--format=json", "--snapshots"],
        writer,
        Stdio::null(),
    );
    wait_until_ready(&hosts.client);
    netmon.signal(Signal::SIGTERM);
    let last = events(reader).last().unwrap();
    assert!(netmon.end(END).success());
    assert_eq!(last["event"], "stopped");
    assert_eq!(last["outlets"]["stdout"], 0, "{}", last["outlets"]);
    assert_eq!(last["outlets"]["stderr"], 0, "{}", last["outlets"]);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn a_pipe_that_is_read_again_gets_all_from_there_and_the_word_that_dropping_is_over() {
    let hosts = two_hosts().unwrap();
    let gateway = SERVER_V4.to_string();
    hosts
        .client
        .exec(Command::new("ip").args(["route", "add", "10.0.0.0/8", "via", &gateway]))
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("stderr");
    let (reader, writer) = full_pipe();
    let arguments = ["--format=json", "--snapshots"];
    let stderr = File::create(&log).unwrap();
    let mut netmon = Running::start(&hosts.client, &arguments, writer, stderr);
    wait_until_ready(&hosts.client);
    // So many servers make snapshots that the queue soon has no room for.
    ask_each(&hosts.client, 8_000).unwrap();
    let said = || fs::read_to_string(&log).unwrap();
    eventually("word that it drops", said, |said| {
        said.contains("stdout is too slow or cannot be written")
    });
    // Now it is read. What filled the pipe stands before the first line.
    let before = Instant::now();
    let mut states = Vec::new();
    for line in BufReader::new(reader).lines() {
        let line = line.unwrap();
        assert!(before.elapsed() < PATIENCE, "never over: {states:?}");
        // Snapshots of so many servers are not worth the reading, which would be too slow.
        if !["output_dropped", r#""event":"stopped""#]
            .iter()
            .any(|word| line.contains(word))
        {
            continue;
        }
        let event: Value = serde_json::from_str(line.trim_start_matches('.')).unwrap();
        if event["warning"] == "output_dropped" {
            states.push(event["state"].clone());
            if event["state"] == "over" {
                netmon.signal(Signal::SIGTERM);
            }
        }
        if event["event"] == "stopped" {
            assert!(
                event["outlets"]["stdout"].as_u64() > Some(0),
                "{}",
                event["outlets"]
            );
        }
    }
    assert!(netmon.end(END).success());
    // That it began may itself be among what was dropped.
    assert_eq!(states.last(), Some(&"over".into()), "{states:?}");
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn a_full_disk_is_said_and_monitoring_goes_on() {
    let hosts = two_hosts().unwrap();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let (mut said, stderr) = pipe().unwrap();
    let mut netmon = Running::start(&hosts.client, &["--format=json"], full, stderr);
    wait_until_ready(&hosts.client);
    assert_alive(&hosts.client);
    // `netmon status` learns from the running process what was dropped.
    let outlets = || {
        let status = hosts
            .client
            .exec(Command::new(NETMON).args(["status", "--format=json"]));
        let status: Value = serde_json::from_str(&status.unwrap()).unwrap();
        let mut instances = status["instances"].as_array().unwrap().iter();
        let instance = instances.find(|instance| instance["pids"] == serde_json::json!([netmon.0.id()]));
        instance.expect("the running netmon")["outlets"].clone()
    };
    // They are there from the first poll on.
    let outlets = eventually("word of what was dropped", outlets, |outlets| {
        outlets["stdout"].as_u64() >= Some(1)
    });
    assert_eq!(
        (&outlets["stderr"], &outlets["scrapers"]),
        (&0.into(), &0.into()),
        "{outlets}"
    );
    netmon.signal(Signal::SIGTERM);
    assert!(netmon.end(END).success());
    let mut text = String::new();
    said.read_to_string(&mut text).unwrap();
    assert!(
        text.contains("standard output cannot be written: No space left on device"),
        "{text}"
    );
    assert!(
        text.contains("started"),
        "what could not be written is not named: {text}"
    );
    assert_eq!(text.matches("cannot be written: No space").count(), 1, "{text}");
    assert!(text.contains("stdout is too slow or cannot be written"), "{text}");
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn a_reader_that_goes_ends_it_quietly() {
    let hosts = two_hosts().unwrap();
    let (reader, writer) = pipe().unwrap();
    let (mut said, stderr) = pipe().unwrap();
    let arguments = ["--format=json", "--snapshots"];
    let mut netmon = Running::start(&hosts.client, &arguments, writer, stderr);
    // As `head -1` does.
    let first = events(reader).next().unwrap();
    assert_eq!(first["event"], "started");
    assert!(netmon.end(END).success());
    let mut text = String::new();
    said.read_to_string(&mut text).unwrap();
    assert!(!text.contains("written"), "{text}");
}

/// Puts the test's socket where the journal's is, and tells netmon that its standard error is the journal's.
const UNDER_SYSTEMD: &str = r#"
set -e
mount -t tmpfs none /run
mkdir -p /run/systemd/journal
mount --bind "$SOCKETS" /run/systemd/journal
JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2)
export JOURNAL_STREAM
exec "$@"
"#;

#[test]
#[ignore = "needs root: network namespaces, a mount namespace and XDP"]
fn a_journal_that_does_not_read_holds_up_nothing() {
    let hosts = two_hosts().unwrap();
    for is_full in [true, false] {
        let sockets = tempfile::tempdir().unwrap();
        let path = sockets.path().join("socket");
        let journal = UnixDatagram::bind(&path).unwrap();
        let filler = UnixDatagram::unbound().unwrap();
        filler.set_nonblocking(true).unwrap();
        while is_full && filler.send_to(b"MESSAGE=.\n", &path).is_ok() {}
        let (reader, writer) = pipe().unwrap();
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-c", UNDER_SYSTEMD, "sh"])
            .arg(NETMON)
            .args([
                "run",
                "--config=/dev/null",
                "--interface=to-server",
                "--interval=500ms",
            ])
            .args(["--format=json", "--metrics", &ADDRESS.to_string()])
            .env("SOCKETS", sockets.path())
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(File::create(sockets.path().join("stderr")).unwrap());
        let mut netmon = Running::spawn(&hosts.client, &mut command);
        drop(command);
        wait_until_ready(&hosts.client);
        ask_refused(&hosts.client, SERVER_V4, 1);
        assert_alive(&hosts.client);
        netmon.signal(Signal::SIGTERM);
        assert!(netmon.end(END).success());
        let events: Vec<Value> = events(reader).collect();
        let opened = |event: &Value| event["event"] == "incident_opened";
        assert!(events.iter().any(opened), "nothing was printed: {events:#?}");
        journal.set_nonblocking(true).unwrap();
        let mut entries = 0;
        let mut buffer = [0; 4_096];
        while let Ok(length) = journal.recv(&mut buffer) {
            let entry = buffer.get(..length).expect("what was received");
            entries += u32::from(entry.windows(7).any(|word| word == b"started"));
        }
        // Control: the same journal, read or not full, gets the entries.
        assert_eq!(entries > 0, !is_full, "full: {is_full}");
    }
}
