//! What a newcomer types wrong: each message says what is wrong, and shows what is right.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Output};

const NETMON: &str = env!("CARGO_BIN_EXE_netmon");

fn netmon(arguments: &[&str]) -> Output {
    Command::new(NETMON).args(arguments).output().unwrap()
}

/// What is typed, and words of what is said.
const WRONG: &[(&[&str], &[&str])] = &[
    (
        &["run", "--webhook", "example.com/x"],
        &["must begin with http:// or https://, such as https://hooks."],
    ),
    (
        &["run", "--webhook", "http://"],
        &["write one such as https://hooks."],
    ),
    (
        &["run", "--metrics", "9253"],
        &["`9253` has no address; write both: 127.0.0.1:9253"],
    ),
    (&["run", "--metrics", "localhost:9253"], &["127.0.0.1:9253"]),
    (
        &["run", "--metrics", "127.0.0.1"],
        &["`127.0.0.1` has no port; write both, such as 127.0.0.1:19053"],
    ),
    (
        &["run", "--server", "ns1"],
        &[
            "`ns1` is not an address; write one such as 192.0.2.53",
            "[[server]]",
        ],
    ),
    (
        &["run", "--server", "192.0.2.53:53"],
        &["write 192.0.2.53 alone, and the port with --port"],
    ),
    (
        &["run", "--snapshots"],
        &["snapshots are printed as JSON only", "--snapshots --format json"],
    ),
    (
        &["run", "--port", "dns"],
        &["`dns` is not a port; write a number from 1 to 65535, such as 53"],
    ),
    (&["run", "--interval", "5"], &["500ms, 30s or 5m"]),
    (&["run", "--threshold", "idle"], &["write both, such as idle=10m"]),
    (
        &["run", "--threshold", "idel=5m"],
        &["there is no threshold `idel`", "idle"],
    ),
    (
        &["run", "--all-interfaces", "--exclude", "a["],
        &["`a[` is not a pattern", "veth*"],
    ),
    (&["run", "--timezone", "CET5"], &["Europe/Berlin"]),
    (&["run", "--timezone", "Berlin"], &["write Europe/Berlin"]),
    (&["run", "--history-keep", "5"], &["90d"]),
    (&["run", "--history-max-size", "5"], &["at least 1MiB"]),
    (&["run", "--hook", "xdp"], &["xdp-native, xdp-generic"]),
    (
        &["run", "--notify-command", "page"],
        &["a full path, such as /usr/local/bin/page"],
    ),
    (
        &["analyze", "--date", "24.11.2026", "x"],
        &["`24.11.2026` is not a date", "2026-11-24"],
    ),
    (
        &["analyze", "--local", "ns1", "x"],
        &["`ns1` is not an address; write one such as 192.0.2.53"],
    ),
    (&["analyze", "--timezone", "UTC+2", "x"], &["alone: +02:00"]),
    (
        &["incidents", "--since", "lastweek"],
        &["2h or 7d, today, yesterday"],
    ),
    (&["incidents", "--server", "ns1"], &["`ns1` is not an address"]),
    (
        &["report", "last", "--format", "pdf"],
        &["text, brief, json, markdown, html"],
    ),
    (&["completions", "tcsh"], &["bash, elvish, fish, powershell, zsh"]),
    (
        &["man", "nothing"],
        &["there is no manual page netmon-nothing", "netmon-run"],
    ),
];

#[test]
fn each_wrong_value_is_refused_with_an_example_of_the_right_one() {
    for (arguments, words) in WRONG {
        let output = netmon(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        for word in *words {
            assert!(said.contains(word), "{arguments:?}: `{word}` is missing: {said}");
        }
    }
}

#[test]
fn the_name_of_an_interface_that_is_not_utf_8_is_refused_with_what_to_do() {
    let name: OsString = OsStr::from_bytes(b"et\xffh0").to_owned();
    let output = Command::new(NETMON)
        .args(["run", "--interface"])
        .arg(name)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("is not UTF-8") && said.contains("ip link set"),
        "{said}"
    );
}

#[test]
fn a_directory_in_place_of_a_history_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let output = netmon(&["incidents", "--history", folder.path().to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("it is a directory; name the file in it"), "{said}");
}

#[test]
fn completions_and_manual_pages_are_there_without_the_package() {
    for (shell, words) in [
        ("bash", "complete -F _netmon"),
        ("zsh", "#compdef netmon"),
        ("fish", "complete -c netmon"),
    ] {
        let said = String::from_utf8(netmon(&["completions", shell]).stdout).unwrap();
        assert!(said.contains(words), "{shell}");
    }
    for (command, title) in [
        (&[][..], ".TH netmon 1"),
        (&["run"], ".TH netmon-run 1"),
        (&["config", "check"], ".TH netmon-config-check 1"),
    ] {
        let output = netmon(&[&["man"], command].concat());
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains(title), "{command:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("man1");
    assert!(
        netmon(&["man", "--directory", directory.to_str().unwrap()])
            .status
            .success()
    );
    let page = std::fs::read(directory.join("netmon-analyze.1.gz")).unwrap();
    assert_eq!(page.get(..2), Some(&b"\x1f\x8b"[..]));
}
