//! Flags win over the file, the file over defaults, and what holds can be shown.

use std::collections::BTreeMap;
use std::process::Command;

use super::written::{NETMON, Shown, USAGE, Written};

#[track_caller]
fn assert_shown(shown: &Shown, key: &str, value: &str, origin: &str) {
    assert_eq!(shown[key], (value.to_owned(), origin.to_owned()), "{key}");
}

#[test]
fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
    let written = Written::new(
        "interface = [\"eth0\", \"eth1\"]\ninterval = \"2s\"\niterative = true\nserver = \"192.0.2.1\"\n\
         [thresholds]\nidle = \"5m\"\nreopen = \"30s\"\n",
    );
    let shown = written.shown(&[]);
    assert_shown(&shown, "interface", "[\"eth0\", \"eth1\"]", "file, line 1");
    assert_shown(&shown, "interval", "\"2s\"", "file, line 2");
    assert_shown(&shown, "iterative", "true", "file, line 3");
    assert_shown(&shown, "server", "[\"192.0.2.1\"]", "file, line 4");
    assert_shown(&shown, "hook", "\"auto\"", "default");
    assert_shown(&shown, "thresholds.idle", "\"5m\"", "file, line 6");
    assert_shown(&shown, "thresholds.down_window", "\"10s\"", "default");

    let flags = [
        "--interface=lo",
        "--interval=3s",
        "--iterative=false",
        "--server=192.0.2.2",
        "--server=192.0.2.3",
        "--threshold=idle=6m",
        "--hook=tc",
    ];
    let shown = written.shown(&flags);
    assert_shown(&shown, "interface", "[\"lo\"]", "flag");
    assert_shown(&shown, "interval", "\"3s\"", "flag");
    assert_shown(&shown, "iterative", "false", "flag");
    assert_shown(&shown, "server", "[\"192.0.2.2\", \"192.0.2.3\"]", "flag");
    assert_shown(&shown, "hook", "\"tc\"", "flag");
    assert_shown(&shown, "thresholds.idle", "\"6m\"", "flag");
    // Of the thresholds a flag changes those only that it names.
    assert_shown(&shown, "thresholds.reopen", "\"30s\"", "file, line 7");
}

#[test]
fn a_flag_that_excludes_a_key_of_the_file_takes_its_place() {
    let shown = Written::new("interface = \"eth0\"").shown(&["--all-interfaces"]);
    assert_shown(&shown, "all-interfaces", "true", "flag");
    assert_shown(&shown, "interface", "[]", "default");
    let shown = Written::new("all-interfaces = true").shown(&["--interface", "lo"]);
    assert_shown(&shown, "all-interfaces", "false", "default");
    assert_shown(&shown, "interface", "[\"lo\"]", "flag");
}

#[test]
fn what_is_shown_is_itself_a_configuration_file_that_says_the_same() {
    let text = "port = [53, 5353]\ninterval = \"250ms\"\n[thresholds]\nquick_error = \"3ms\"\n\
                [notify.webhook]\nurl = \"https://h.example/a?b=c\"\n[notify.command]\ncommand = [\"/bin/true\", \"-x\", \"ü\", '\"q\"']\n";
    let first = Written::new(text).netmon("show", &["--server=2001:db8::1"]);
    let again = Written::new(&String::from_utf8(first.stdout.clone()).unwrap());
    let values = |shown: Shown| -> BTreeMap<String, String> {
        shown.into_iter().map(|(key, (value, _))| (key, value)).collect()
    };
    let expected = values(Written::new(text).shown(&["--server=2001:db8::1"]));
    assert_eq!(values(again.shown(&[])), expected);
    assert_eq!(
        expected["notify.command.command"],
        "[\"/bin/true\", \"-x\", \"ü\", '\"q\"']"
    );
}

/// A server with all that can be said of it, beside one with nothing.
const NAMED: &str =
    "server = [\"192.0.2.1\", { address = \"203.0.113.2\", name = \"ns1\", owner = \"Network team\" }]";

#[test]
fn servers_with_names_are_shown_as_they_can_be_written() {
    let shown = Written::new(NAMED).shown(&[]);
    let value = "[\"192.0.2.1\", { address = \"203.0.113.2\", name = \"ns1\", owner = \"Network team\" }]";
    assert_shown(&shown, "server", value, "file, line 1");
    let tables =
        "[[server]]\naddress = \"192.0.2.1\"\n[[server]]\naddress = \"203.0.113.2\"\nname = \"ns1\"\n";
    let shown = Written::new(tables).shown(&[]);
    let value = "[{ address = \"192.0.2.1\" }, { address = \"203.0.113.2\", name = \"ns1\" }]";
    assert_shown(&shown, "server", value, "file, line 1");
}

#[test]
fn an_analysis_takes_names_from_the_same_file() {
    let written = Written::new(NAMED);
    let textbook = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/textbook.txt");
    for (form, words) in [
        ("text", "The DNS server 203.0.113.2 (ns1) could not be reached"),
        ("brief", "whose  Network team"),
        ("json", "\"owner\": \"Network team\""),
    ] {
        let output = Command::new(NETMON)
            .args(["analyze", "--format", form, textbook, "--config"])
            .arg(&written.file)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains(words), "{form}: {said}");
    }
    let output = Command::new(NETMON)
        .args(["analyze", textbook, "--config"])
        .arg(&Written::new("[[server]]\nname = \"ns1\"\n").file)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(USAGE));
}
