//! The example and the documentation know every key.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use netmon::config::KEYS;
use netmon::detect::THRESHOLD_NAMES;

use super::written::Written;

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
fn the_packaged_file_says_defaults_and_what_a_service_wants_and_knows_every_key() {
    let example = fs::read_to_string(repository().join("deploy/netmon.toml")).unwrap();
    let defaults = Written::new("").shown(&[]);
    let mut packaged = Written::new(&example).shown(&[]);
    for (key, value) in [
        ("pin", "\"/sys/fs/bpf/netmon\""),
        ("history.file", "\"/var/lib/netmon/history.db\""),
        ("metrics.listen", "\"127.0.0.1:19053\""),
    ] {
        let (is, origin) = packaged.remove(key).unwrap_or_default();
        assert_eq!(is, value, "{key}");
        assert!(origin.starts_with("file"), "{key}: {origin}");
        assert!(!defaults.contains_key(key), "{key} has a default");
    }
    assert_eq!(packaged, defaults);

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
    fs::write(&secret, "0123456789abcdef").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let secret = secret.to_string_lossy();
    let text = uncommented
        .join("\n")
        .replace("/etc/netmon/webhook.secret", &secret)
        .replace("/etc/netmon/web-token", &secret);
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
