//! The textbook log as text, in the forms in which people have it.

use std::fs::File;
use std::time::{Duration, SystemTime};

use netmon_testkit::captures::textbook::{DATE, TEXT};

use super::incident::assert_textbook;
use super::run::{Files, Run, analyze, analyze_input, command, document_of};

/// Breaks lines at spaces where they get longer than this, as mail programs do.
fn wrapped(text: &str, width: usize) -> String {
    let mut all = String::new();
    for line in text.lines() {
        let mut column = 0;
        for word in line.split(' ') {
            if column > 0 && column + word.len() > width {
                all.push_str("\n    ");
                column = 4;
            } else if column > 0 {
                all.push(' ');
                column += 1;
            }
            all.push_str(word);
            column += word.len();
        }
        all.push('\n');
    }
    all
}

#[test]
fn the_log_gives_its_incident_in_every_form() {
    let gzip = super::textbook_captures::gzip(TEXT.as_bytes());
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("as it stands in the contract", TEXT.into()),
        ("with the ends of lines of Windows", TEXT.replace('\n', "\r\n").into()),
        ("without a final end of line", TEXT.trim_end().into()),
        (
            "in the wording without a comma",
            TEXT.replace("unreachable, length", "unreachable length").into(),
        ),
        ("wrapped at 72 columns", wrapped(TEXT, 72).into()),
        ("wrapped at 40 columns", wrapped(TEXT, 40).into()),
        ("indented, as it is pasted from a page", TEXT.replace("13:2", "    13:2").into()),
        ("with what tcpdump says before", format!("tcpdump: listening on eth0, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n{TEXT}").into()),
        ("compressed", gzip),
    ];
    for (form, bytes) in forms {
        println!("{form}");
        assert_textbook(&document_of(&bytes, &["--date", DATE], 0), 13);
    }
}

#[test]
fn the_log_is_read_from_standard_input() {
    let run = analyze_input(&["-", "--format", "json", "--date", DATE], TEXT.as_bytes());
    let document = run.good();
    assert_textbook(&document, 13);
    assert_eq!(document["source"]["files"], serde_json::json!(["-"]));
}

#[test]
fn times_are_in_the_zone_that_is_named() {
    for (zone, hour) in [
        ("UTC", 13),
        // Winter time still: the clocks change ten days later.
        ("Europe/Berlin", 12),
        ("+02:00", 11),
        ("America/New_York", 17),
    ] {
        println!("{zone}");
        let arguments = ["--date", DATE, "--timezone", zone];
        assert_textbook(&document_of(TEXT.as_bytes(), &arguments, 0), hour);
    }
}

#[test]
fn without_a_zone_times_are_in_that_of_the_environment_and_said_to_be_assumed() {
    let files = Files::new();
    let path = files.write("log", TEXT);
    for (zone, hour) in [("UTC", 13), ("Europe/Berlin", 12), ("America/New_York", 17)] {
        let mut command = command();
        command
            .env("TZ", zone)
            .args(["--format", "json", "--date", DATE])
            .arg(&path);
        let document = Run::from(command.output().unwrap()).good();
        assert_textbook(&document, hour);
        let assumed = serde_json::json!({"date": false, "year": false, "zone": zone});
        assert_eq!(document["assumed"], assumed);
    }
    let run = analyze([path.as_os_str()]);
    assert!(
        run.out
            .contains("Assumed: the date (the file's last change), the zone (this host's, UTC)"),
        "{}",
        run.out
    );
    let given = document_of(TEXT.as_bytes(), &["--date", DATE, "--timezone", "UTC"], 0);
    assert_eq!(given["assumed"], serde_json::Value::Null);
}

#[test]
fn a_log_without_a_date_is_of_the_day_when_its_file_was_written() {
    let files = Files::new();
    let path = files.write("log", TEXT);
    // 2026-03-19, near the end of the day.
    let written = SystemTime::UNIX_EPOCH + Duration::from_secs(1_773_878_400 + 86_000);
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(written)
        .unwrap();
    let json = ["--format", "json"].map(Into::into);
    let [format, json] = json;
    assert_textbook(&analyze([format, json, path.into_os_string()]).good(), 13);
}
