//! Text that is cut, or is none: what can be read is analysed, what cannot is told with its place.

use netmon_testkit::captures::textbook::{DATE, TEXT};
use serde_json::{Value, json};

use super::run::{Files, analyze, document_of};
use super::textbook_captures::gzip;

fn document(text: &[u8], status: i32) -> Value {
    document_of(text, &["--date", DATE], status)
}

/// The message of the only warning, which has this word.
#[track_caller]
fn message(document: &Value, word: &str) -> String {
    let warnings = document["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert_eq!(warnings[0]["warning"], word);
    warnings[0]["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_log_that_is_cut_in_a_line_gives_what_stands_before() {
    // In the address that the last error is about.
    let cut = &TEXT.as_bytes()[..TEXT.len() - 70];
    let document = document(cut, 0);
    let message = message(&document, "unreadable_lines");
    assert!(message.contains("line 6"), "{message}");
    let incident = &document["incidents"][0];
    assert_eq!(incident["queries"], 3);
    assert_eq!(incident["errors"]["port"], 2);
    assert_eq!(incident["last_seen"], format!("{DATE}T13:27:15.934126Z"));
}

#[test]
fn lines_of_something_else_are_told_with_their_numbers_and_left_out() {
    let mut lines: Vec<&str> = TEXT.lines().collect();
    lines.insert(2, "the cat has walked over the keyboard");
    lines.push("Kind regards");
    let document = document(lines.join("\n").as_bytes(), 0);
    assert_eq!(document["incidents"][0]["errors"]["port"], 3);
    let message = message(&document, "unreadable_lines");
    assert!(
        message.contains("3 (`the cat has") && message.contains("8 (`Kind"),
        "{message}"
    );
}

#[test]
fn a_log_with_host_names_is_told_how_to_make_one_without() {
    let text = TEXT.replace("203.0.113.2.domain", "dns.example.domain");
    let document = document(text.as_bytes(), 0);
    let warnings = document["warnings"].as_array().unwrap();
    let words: Vec<&Value> = warnings.iter().map(|warning| &warning["warning"]).collect();
    assert_eq!(
        words,
        ["host_names", "queries_unseen"],
        "without its queries no error can be verified"
    );
    let message = warnings[0]["message"].as_str().unwrap();
    assert!(
        message.contains("lines 1, 3 and 5") && message.contains("tcpdump -n"),
        "{message}"
    );
}

#[test]
fn what_is_neither_a_capture_nor_a_log_is_said_to_be_that() {
    let binary: Vec<u8> = (0..=255_u8).cycle().take(5_000).collect();
    for nonsense in [
        b"".to_vec(),
        b"\n\n\n".to_vec(),
        b"Lorem ipsum dolor sit amet\n".repeat(10),
        b"{\"event\": \"started\"}\n".to_vec(),
        binary.clone(),
        gzip(&binary),
        vec![b'x'; 1 << 20],
    ] {
        let document = document(&nonsense, 2);
        let message = message(&document, "unreadable_file");
        assert!(message.contains("byte 0: it is neither a capture"), "{message}");
        assert_eq!(document["totals"]["frames"], 0);
        assert_eq!(document["incidents"], json!([]));
    }
}

#[test]
fn a_compressed_log_that_is_cut_says_behind_which_line() {
    // Not compressible to the end, so that a cut leaves whole lines.
    let compressed = gzip(TEXT.repeat(20).as_bytes());
    let document = document(&compressed[..compressed.len() - 30], 0);
    let message = message(&document, "truncated_file");
    assert!(message.contains("behind line 1"), "{message}");
    assert!(
        document["totals"]["frames"].as_u64() > Some(6),
        "{}",
        document["totals"]
    );
}

#[test]
fn nonsense_beside_a_log_does_not_hide_it() {
    let files = Files::new();
    let good = files.write("good", TEXT);
    let bad = files.write("bad", "nonsense\n");
    let run = analyze([
        good.as_os_str(),
        bad.as_os_str(),
        "--format".as_ref(),
        "json".as_ref(),
    ]);
    let document = run.document(0);
    assert_eq!(document["incidents"][0]["errors"]["port"], 3);
    assert!(message(&document, "unreadable_file").starts_with(bad.to_str().unwrap()));
}
