//! The configuration file, by `netmon config check` and `show`: what is wrong is named with its place, the flags win,
//! and the example and the documentation know every key.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use netmon::config::KEYS;
use netmon::detect::THRESHOLD_NAMES;
use tempfile::TempDir;

/// Wrong usage or configuration.
const USAGE: i32 = 2;

/// A configuration file with this text.
struct Written {
    folder: TempDir,
    file: PathBuf,
}

impl Written {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("netmon.toml");
        fs::write(&file, text).unwrap();
        Self { folder, file }
    }

    fn netmon(&self, action: &str, flags: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_netmon"))
            .args(["config", action, "--config"])
            .arg(&self.file)
            .args(flags)
            .output()
            .unwrap()
    }

    /// What is wrong, without the file's name.
    fn problems(&self, flags: &[&str]) -> Vec<String> {
        let output = self.netmon("check", flags);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(USAGE), "{said}");
        assert!(output.stdout.is_empty());
        let said = said.strip_prefix("netmon: error: ").unwrap();
        let file = format!("{}:", self.file.display());
        said.lines().map(|line| line.replace(&file, "")).collect()
    }

    /// The values that hold, by key, each with where it comes from.
    fn shown(&self, flags: &[&str]) -> BTreeMap<String, (String, String)> {
        let output = self.netmon("show", flags);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let mut table = String::new();
        let mut shown = BTreeMap::new();
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            if let Some(name) = line.strip_prefix('[') {
                table = name.replace(']', ".");
            } else if let Some((name, rest)) = line.split_once(" = ") {
                let (value, origin) = rest.rsplit_once(" # ").unwrap();
                shown.insert(
                    format!("{table}{name}"),
                    (value.trim().to_owned(), origin.to_owned()),
                );
            }
        }
        shown
    }
}

#[track_caller]
fn assert_shown(shown: &BTreeMap<String, (String, String)>, key: &str, value: &str, origin: &str) {
    assert_eq!(shown[key], (value.to_owned(), origin.to_owned()), "{key}");
}

#[test]
fn each_mistake_is_named_with_its_line_its_column_and_what_was_probably_meant() {
    for (name, text, problem) in [
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
            "1:8: port: 65536 is not in 1..=65535",
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
            "2:3: server: invalid IP address syntax",
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
            "1:22: webhook: the address must begin with http:// or https://, not ftp://",
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
    ] {
        assert_eq!(Written::new(text).problems(&[]), [problem], "{name}");
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
            let netmon = Command::new(env!("CARGO_BIN_EXE_netmon"))
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
    let values = |shown: BTreeMap<String, (String, String)>| -> BTreeMap<String, String> {
        shown.into_iter().map(|(key, (value, _))| (key, value)).collect()
    };
    let expected = values(Written::new(text).shown(&["--server=2001:db8::1"]));
    assert_eq!(values(again.shown(&[])), expected);
    assert_eq!(
        expected["notify.command.command"],
        "[\"/bin/true\", \"-x\", \"ü\", '\"q\"']"
    );
}

#[test]
fn a_secret_that_everybody_can_read_is_warned_about_and_an_empty_one_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
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

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// All keys, thresholds by name.
fn paths() -> Vec<String> {
    let keys = KEYS.iter().map(|key| key.path.to_owned());
    let thresholds = THRESHOLD_NAMES.map(|name| format!("thresholds.{name}"));
    keys.filter(|path| path != "thresholds")
        .chain(thresholds)
        .collect()
}

#[test]
fn the_example_says_nothing_but_defaults_and_knows_every_key() {
    let example = fs::read_to_string(repository().join("deploy/netmon.toml")).unwrap();
    let defaults = Written::new("").shown(&[]);
    assert_eq!(Written::new(&example).shown(&[]), defaults);

    // A setting that is commented out follows its # at once, prose does not.
    let uncommented: Vec<&str> = example
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if !setting.starts_with(' ') => setting,
            _ => line,
        })
        .collect();
    let written = Written::new("");
    let secret = written.folder.path().join("secret");
    fs::write(&secret, "x").unwrap();
    let text = uncommented
        .join("\n")
        .replace("/etc/netmon/webhook.secret", &secret.to_string_lossy());
    fs::write(&written.file, text).unwrap();
    let shown = written.shown(&[]);
    for path in paths() {
        let Some((value, origin)) = shown.get(&path) else {
            panic!("{path} is missing in the example");
        };
        assert!(
            origin.starts_with("file"),
            "{path} is missing in the example: {origin}"
        );
        if let Some((default, _)) = defaults.get(&path)
            && path != "notify.command.command"
        {
            assert_eq!(value, default, "{path} has another default");
        }
    }
}

#[test]
fn the_documentation_knows_every_key_with_its_flag_and_its_default() {
    let page = fs::read_to_string(repository().join("docs/configuration.md")).unwrap();
    let defaults = Written::new("").shown(&[]);
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    for path in paths() {
        let start = format!("| `{path}` |");
        let Some(row) = rows.iter().find(|row| row.starts_with(&start)) else {
            panic!("docs/configuration.md has no row for {path}");
        };
        if let Some(key) = KEYS.iter().find(|key| key.path == path) {
            assert!(row.contains(&format!("`--{}", key.flag)), "{row}");
        }
        if let Some((default, _)) = defaults.get(&path) {
            assert!(
                row.contains(&format!("| `{default}` |")),
                "{row}: the default is {default}"
            );
        }
    }
    assert_eq!(rows.len(), paths().len(), "a row for what is no key");
}
