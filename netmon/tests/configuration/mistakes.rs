//! What is wrong is named, all of it, with its place.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::written::{NETMON, USAGE, Written};

/// A name, what the file says, and what is said of it.
const MISTAKES: &[(&str, &str, &str)] = &[
    (
        "an unknown key",
        "intervall = \"1s\"",
        "1:1: there is no key `intervall`; did you mean `interval`?",
    ),
    (
        "a plural",
        "\n  interfaces = []",
        "2:3: there is no key `interfaces`; did you mean `interface`?",
    ),
    (
        "a key in the wrong table",
        "[notify]\nurl = \"http://a/\"",
        "2:1: there is no key `notify.url`; did you mean `notify.webhook.url`?",
    ),
    (
        "a key that is near to none",
        "[notify]\nzebra = 1",
        "2:1: there is no key `notify.zebra`; there are: event, queue, [webhook], [command]",
    ),
    (
        "an unknown table",
        "[notfy.webhook]\n",
        "1:2: there is no key `notfy`; did you mean `notify`?",
    ),
    (
        "an unknown threshold",
        "[thresholds]\nidel = \"5m\"",
        "2:1: there is no key `thresholds.idel`; did you mean `thresholds.idle`?",
    ),
    (
        "a number for a duration",
        "interval = 5",
        "1:12: interval must be a string in quotation marks, not an integer",
    ),
    (
        "a string for a number",
        "port = [53, \"x\"]",
        "1:13: port must be a whole number, not a string",
    ),
    (
        "a string for a switch",
        "iterative = \"yes\"",
        "1:13: iterative must be true or false, not a string",
    ),
    (
        "a list for one value",
        "hook = [\"tc\"]",
        "1:8: hook must be a string in quotation marks, not a list",
    ),
    (
        "a value for a table",
        "notify = 3",
        "1:10: notify is a table: write [notify]",
    ),
    (
        "a fraction",
        "[thresholds]\nidle = 1.5",
        "2:8: thresholds.idle must be a string in quotation marks, not a fraction",
    ),
    (
        "too large a number",
        "port = 65536",
        "1:8: port: `65536` is not a port; write a number from 1 to 65535, such as 53",
    ),
    (
        "a word that is near to one",
        "hook = \"xdp-nativ\"",
        "1:8: hook: it cannot be `xdp-nativ`; did you mean `xdp-native`? There are: auto, xdp-native, xdp-generic, tc",
    ),
    (
        "too short an interval",
        "interval = \"1ms\"",
        "1:12: interval: it must be from 100ms to 10s",
    ),
    (
        "no address",
        "server = [\"192.0.2.1\",\n  \"dns.example\"]",
        "2:3: server: `dns.example` is not an address; write one such as 192.0.2.53 or 2001:db8::53; what it is called can be \
         said in the configuration file, by [[server]]",
    ),
    (
        "a server without an address",
        "[[server]]\nname = \"ns1\"",
        "1:1: a server needs an address, such as address = \"192.0.2.53\"",
    ),
    (
        "a server's key that is near to one",
        "[[server]]\naddress = \"192.0.2.53\"\nnmae = \"ns1\"",
        "3:1: a server has no key `nmae`; did you mean `name`?",
    ),
    (
        "a server's name that is a number",
        "[[server]]\naddress = \"192.0.2.53\"\nname = 1",
        "3:8: name of a server must be a string in quotation marks",
    ),
    (
        "a server's owner that is empty",
        "[[server]]\naddress = \"192.0.2.53\"\nowner = \" \"",
        "3:9: server: owner is empty; leave it out, or fill it in",
    ),
    (
        "a server with a port",
        "[[server]]\naddress = \"192.0.2.53:53\"",
        "2:11: server: `192.0.2.53:53` is an address and a port; write 192.0.2.53 alone, and the port with --port",
    ),
    (
        "a server twice",
        "[[server]]\naddress = \"192.0.2.53\"\n[[server]]\naddress = \"192.0.2.53\"\nname = \"ns1\"",
        "3:1: server: 192.0.2.53 is named above already",
    ),
    (
        "one server in single brackets",
        "[server]\naddress = \"192.0.2.53\"",
        "1:1: server must be a string in quotation marks, not a table: write [[server]], once for each",
    ),
    (
        "an empty list where something must be",
        "port = []",
        "1:8: port cannot be an empty list",
    ),
    (
        "keys that exclude each other",
        "all-interfaces = true\ninterface = \"lo\"",
        "2:13: interface cannot be set together with all-interfaces (line 1)",
    ),
    (
        "a threshold beyond its range",
        "[thresholds]\nfailing_percent = 101",
        "2:19: failing_percent must be at most 100",
    ),
    (
        "thresholds that contradict each other",
        "[thresholds]\nunanswered_wait = \"40s\"",
        "2:19: unanswered_window must be longer than unanswered_wait",
    ),
    (
        "too many ports",
        "port = [1, 2, 3, 4, 5, 6, 7, 8, 9]",
        "1:9: 9 DNS ports are too many: at most 8 can be watched at once",
    ),
    (
        "another scheme",
        "notify.webhook.url = \"ftp://a/\"",
        "1:22: webhook: the URL must begin with http:// or https://, not ftp://",
    ),
    (
        "a command that is no path",
        "notify.command.command = \"page\"",
        "1:26: the notification command must be a full path, such as /usr/local/bin/page, not `page`",
    ),
    (
        "what is no TOML",
        "interval = \"1s",
        "1:15: invalid basic string, expected `\"`",
    ),
    (
        "a key twice",
        "interval = \"1s\"\ninterval = \"2s\"",
        "2:1: duplicate key",
    ),
];

#[test]
fn each_mistake_is_named_with_its_line_its_column_and_what_was_probably_meant() {
    for (name, text, problem) in MISTAKES {
        assert_eq!(Written::new(text).problems(&[]), [*problem], "{name}");
    }
}

#[test]
fn all_mistakes_are_named_at_once_in_the_order_of_the_file() {
    let text = "hoook = \"tc\"\nport = [0]\n[thresholds]\nfailing_percent = 101\n[notify.webhook]\nurl = \"a\"\ntimeout = 1\n";
    let problems = Written::new(text).problems(&[]);
    let places: Vec<&str> = problems
        .iter()
        .map(|line| line.split(": ").next().unwrap())
        .collect();
    assert_eq!(places, ["1:1", "2:9", "4:19", "6:7", "7:11"], "{problems:#?}");
}

#[test]
fn a_file_that_cannot_be_read_is_refused_by_check_and_by_run() {
    let written = Written::new("");
    let not_there = written.folder.path().join("other.toml");
    let not_text = written.folder.path().join("latin1.toml");
    fs::write(&not_text, b"# caf\xe9\n").unwrap();
    for (file, words) in [
        (&not_there, "No such file"),
        (&not_text, "not UTF-8: see line 1, column 6"),
    ] {
        for command in [&["config", "check"][..], &["run"][..]] {
            let netmon = Command::new(NETMON)
                .args(command)
                .arg("--config")
                .arg(file)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&netmon.stderr);
            assert_eq!(netmon.status.code(), Some(USAGE), "{said}");
            assert!(
                said.contains(words) && said.contains(&*file.to_string_lossy()),
                "{said}"
            );
        }
    }
}

#[test]
fn a_secret_that_everybody_can_read_is_warned_about_and_an_empty_one_is_refused() {
    let written = Written::new("notify.webhook.url = \"http://127.0.0.1:9/\"");
    let secret = written.folder.path().join("secret");
    let flag = format!("--webhook-secret-file={}", secret.display());
    fs::write(&secret, "geheim\n").unwrap();
    for (mode, warns) in [(0o600, false), (0o640, false), (0o644, true)] {
        fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).unwrap();
        let output = written.netmon("check", &[&flag]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert_eq!(
            said.contains("everybody on this host can read"),
            warns,
            "{mode:o}: {said}"
        );
        assert!(!said.contains("geheim"));
    }
    fs::write(&secret, "\n").unwrap();
    let problems = written.problems(&[&flag]);
    assert!(problems[0].ends_with("it is empty"), "{problems:?}");
}

#[test]
fn check_finds_what_this_host_would_refuse() {
    for (text, words) in [
        ("pin = \"/tmp/netmon\"", "pin: "),
        (
            "interface = [\"lo\", \"nowhere0\"]",
            "interface: there is no interface nowhere0",
        ),
        (
            "notify.webhook.url = \"http://a.test:99999/x\"",
            "99999 is not a port",
        ),
        ("notify.webhook.url = \"http://[::1]:0/x\"", "0 is not a port"),
    ] {
        let output = Written::new(text).netmon("check", &[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(USAGE), "{text}: {said}");
        assert!(said.contains(words), "{text}: {said}");
    }
    let fine = Written::new("interface = \"lo\"\nnotify.webhook.url = \"http://user:1@a.test:8080/x\"");
    let output = fine.netmon("check", &[]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
