//! What is different on a terminal: colours, unless they are not wanted, and a progress bar where it takes a while.
//! `script` (bsdutils, which every Debian has) provides the terminal.

use std::path::Path;
use std::process::{Command, Stdio};

use netmon_testkit::captures::textbook::TEXT;
use netmon_testkit::captures::{Link, Pcap, textbook};

use super::run::{Files, NETMON, Run, analyze, command};

const ESCAPE: char = '\u{1b}';

/// Runs netmon on a terminal; what it writes there comes back as `out`. `redirected` is what a shell is told.
fn on_a_terminal(environment: &[(&str, &str)], file: &Path, redirected: &str) -> Run {
    let mut script = Command::new("script");
    script
        .args(["--quiet", "--return", "--command"])
        .arg(format!("'{NETMON}' analyze '{}' {redirected}", file.display()))
        .arg("/dev/null")
        .stdin(Stdio::null())
        .env("TERM", "xterm-256color")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR")
        .envs(environment.iter().copied());
    script.output().unwrap().into()
}

#[test]
fn a_terminal_is_written_to_in_colour_unless_no_color_is_set() {
    let files = Files::new();
    let log = files.write("log", TEXT);
    let coloured = on_a_terminal(&[], &log, "");
    assert_eq!(coloured.status, Some(0), "{coloured:?}");
    assert!(coloured.out.contains(ESCAPE), "{}", coloured.out);
    let plain = on_a_terminal(&[("NO_COLOR", "1")], &log, "");
    assert!(
        plain.out.contains("203.0.113.2") && !plain.out.contains(ESCAPE),
        "{}",
        plain.out
    );
    let piped = analyze([&log]);
    assert!(
        piped.out.contains("203.0.113.2") && !piped.out.contains(ESCAPE),
        "{}",
        piped.out
    );
}

/// A capture of more bytes than are read without a progress bar.
fn large(files: &Files) -> std::path::PathBuf {
    let (nanos, mut frame) = textbook::frames(Link::Ethernet).swap_remove(0);
    // Padding, which counts as none of it.
    frame.resize(1_000, 0);
    let packets = vec![(nanos, frame); 40_000];
    files.write("large.pcap", Pcap::USUAL.file(&packets))
}

#[test]
fn a_large_file_has_a_progress_bar_on_a_terminal_and_nowhere_else() {
    let files = Files::new();
    let large = large(&files);
    let out = files.path("out");
    let redirected = format!("> '{}'", out.display());
    let bar = on_a_terminal(&[], &large, &redirected);
    assert_eq!(bar.status, Some(0), "{bar:?}");
    assert!(
        bar.out.contains("MiB of 38.") && bar.out.contains("to go"),
        "{}",
        bar.out
    );
    let report = std::fs::read_to_string(&out).unwrap();
    assert!(
        report.starts_with("Cannot be judged: 40,000 unanswered queries") && !report.contains("to go"),
        "{report}"
    );
    let piped = analyze([&large]);
    assert_eq!((piped.status, piped.err.as_str()), (Some(0), ""));
    let small = files.write("small", TEXT);
    let out = on_a_terminal(&[], &small, &redirected).out;
    assert!(!out.contains("MiB") && !out.contains("to go"), "{out}");
}

#[test]
fn a_reader_that_has_gone_ends_it_quietly() {
    for format in ["text", "json", "markdown", "html"] {
        let mut child = command()
            .args(["-", "--format", format])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Before it can have written anything.
        drop(child.stdout.take());
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), TEXT.as_bytes()).unwrap();
        let run: Run = child.wait_with_output().unwrap().into();
        assert_eq!((run.status, run.err.as_str()), (Some(0), ""), "{format}");
    }
}
