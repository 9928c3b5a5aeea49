//! Under systemd, the log, incidents and warnings go to the journal as entries with fields; the journal is a socket of
//! the test here, in a mount namespace of its own.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]

mod support;

use std::collections::BTreeMap;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::{Duration, Instant};

use netmon_testkit::lab::{Line, SERVER_V4, Stream, two_hosts};
use nix::sys::signal::Signal;
use support::{NETMON, PATIENCE, ask_refused};

/// Puts the test's socket where the journal's is, and tells netmon that its standard error is the journal's.
const UNDER_SYSTEMD: &str = r#"
set -e
mount -t tmpfs none /run
mkdir -p /run/systemd/journal
mount --bind "$SOCKETS" /run/systemd/journal
JOURNAL_STREAM=$(stat -L -c %d:%i "/proc/self/fd/$STREAM")
export JOURNAL_STREAM
exec "$@"
"#;

/// An entry's fields (the journal's native protocol: NAME=value, or NAME, a length and the value).
fn fields(mut entry: &[u8]) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    while let Some(end) = entry.iter().position(|byte| *byte == b'\n') {
        let (line, rest) = (&entry[..end], &entry[end + 1..]);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if let Some(equals) = line.iter().position(|byte| *byte == b'=') {
            fields.insert(text(&line[..equals]), text(&line[equals + 1..]));
            entry = rest;
        } else {
            let length = u64::from_le_bytes(rest[..8].try_into().unwrap());
            let value = &rest[8..][..usize::try_from(length).unwrap()];
            fields.insert(text(line), text(value));
            entry = &rest[8 + value.len() + 1..];
        }
    }
    fields
}

/// Waits for an entry of an event.
fn entry(journal: &UnixDatagram, event: &str) -> BTreeMap<String, String> {
    let deadline = Instant::now() + PATIENCE;
    journal
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    let mut buffer = vec![0; 65_536];
    let mut seen = Vec::new();
    while Instant::now() < deadline {
        if let Ok(length) = journal.recv(&mut buffer) {
            let fields = fields(&buffer[..length]);
            if fields.get("NETMON_EVENT").is_some_and(|is| is == event) {
                return fields;
            }
            seen.push(fields);
        }
    }
    panic!("no entry for {event}: {seen:#?}");
}

#[test]
#[ignore = "needs root: network namespaces, a mount namespace and XDP"]
fn incidents_are_entries_with_fields_where_standard_error_is_the_journals_and_only_there() {
    let hosts = two_hosts().unwrap();
    for (stream, is_journal) in [("2", true), ("1", false)] {
        let sockets = tempfile::tempdir().unwrap();
        let journal = UnixDatagram::bind(sockets.path().join("socket")).unwrap();
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-c", UNDER_SYSTEMD, "sh"])
            .arg(NETMON)
            .args([
                "run",
                "--config=/dev/null",
                "--hook=xdp-native",
                "--interface=to-server",
            ])
            .args(["--log-level=error", "--notify-command=/no/such/program"])
            .env("SOCKETS", sockets.path())
            .env("STREAM", stream);
        let mut netmon = hosts.client.spawn(&mut command).unwrap();
        let is_attached = |line: &Line| line.text.contains("to-server: what arrives");
        netmon
            .wait_for("sign that it is attached", PATIENCE, is_attached)
            .unwrap();
        ask_refused(&hosts.client, SERVER_V4, 1);
        let heading = |line: &Line| line.text.contains("203.0.113.2 udp port 53 is unreachable");
        let told = netmon.wait_for("heading", PATIENCE, heading).unwrap();
        assert_eq!(told.stream, Stream::Out);
        if is_journal {
            assert_eq!(entry(&journal, "started")["NETMON_INTERFACES"], "to-server");
            let opened = entry(&journal, "incident_opened");
            for (field, value) in [
                ("MESSAGE", "DOWN: 203.0.113.2 udp port 53 is unreachable"),
                // An error.
                ("PRIORITY", "3"),
                ("SYSLOG_IDENTIFIER", "netmon"),
                ("NETMON_SERVER", "203.0.113.2"),
                ("NETMON_PORT", "53"),
                ("NETMON_TRANSPORT", "udp"),
                ("NETMON_KIND", "unreachable"),
                ("NETMON_SEVERITY", "down"),
                ("NETMON_CAUSE", "service-down"),
                ("NETMON_VERIFIED", "1"),
            ] {
                assert_eq!(
                    opened.get(field).map(String::as_str),
                    Some(value),
                    "{field}: {opened:#?}"
                );
            }
            let id = &opened["NETMON_INCIDENT"];
            assert!(id.ends_with("-unreachable-203.0.113.2-53-udp"), "{id}");
        }
        netmon.signal(Signal::SIGINT).unwrap();
        assert!(netmon.wait(PATIENCE).unwrap().success());
        if is_journal {
            entry(&journal, "stopped");
        } else {
            journal.set_nonblocking(true).unwrap();
            assert!(
                journal.recv(&mut [0; 64]).is_err(),
                "an entry although it is no journal"
            );
        }
    }
}
