//! Every format renders from the same data.

use std::path::Path;

use netmon_testkit::captures::textbook::{DATE, TEXT};

use super::run::{Files, Run, analyze, command};

fn render(text: &str, format: &str) -> Run {
    let files = Files::new();
    let log = files.write("log.txt", text);
    analyze([log.to_str().unwrap(), "--date", DATE, "--format", format])
}

/// What every form says of the textbook incident.
const FACTS: [&str; 9] = [
    "203.0.113.2",
    "UDP",
    "53",
    "192.51.100.15",
    "yummyrecipesforme.com",
    "udp port 53 unreachable",
    "13:24:32.192571",
    "13:28:50.022967",
    "service-down",
];

#[test]
fn every_format_tells_the_facts() {
    for format in ["text", "markdown", "html"] {
        let run = render(TEXT, format);
        assert_eq!((run.status, run.err.as_str()), (Some(0), ""), "{format}");
        for fact in FACTS {
            assert!(
                run.out.contains(fact),
                "{format}: {fact} is missing:\n{}",
                run.out
            );
        }
        assert!(run.out.ends_with('\n'), "{format}");
    }
}

#[test]
fn text_is_the_format_when_none_is_asked_for() {
    let files = Files::new();
    let log = files.write("log.txt", TEXT);
    let log = log.to_str().unwrap();
    let plain = analyze([log, "--date", DATE]);
    assert_eq!(plain.out, analyze([log, "--date", DATE, "--format", "text"]).out);
    assert!(
        plain.out.starts_with("1 incident: down, still open\n"),
        "{}",
        plain.out
    );
}

#[test]
fn the_report_has_the_two_parts_that_are_handed_in() {
    for (format, heading) in [("markdown", "## Part"), ("html", "<h2")] {
        let page = render(TEXT, format).out;
        let first = page.find("Part 1: Summary of the problem found in the DNS and ICMP traffic log");
        let second = page.find("Part 2: Analysis of the data and likely cause");
        assert!(first.is_some() && first < second, "{page}");
        assert!(page.contains(heading), "{page}");
    }
    let html = render(TEXT, "html").out;
    assert!(html.starts_with("<!doctype html>") && html.contains("<svg") && html.contains("</html>"));
}

#[test]
fn without_an_incident_it_says_so_and_shows_what_was_healthy() {
    let answered = "\
13:24:32.192571 IP 192.51.100.15.52444 > 203.0.113.2.domain: 35084+ A? yummyrecipesforme.com. (24)
13:24:32.199571 IP 203.0.113.2.domain > 192.51.100.15.52444: 35084 1/0/0 A 203.0.113.22 (40)
";
    for format in ["text", "markdown", "html"] {
        let run = render(answered, format);
        assert_eq!(run.status, Some(0), "{run:?}");
        assert!(run.out.contains("No incident"), "{format}: {}", run.out);
        assert!(run.out.contains("203.0.113.2"), "{format}: {}", run.out);
        assert!(!run.out.contains("unreachable on"), "{format}: {}", run.out);
    }
}

/// The report that the documentation shows. If this fails because the report has become better, write it again, in a
/// folder with the log as `textbook.txt`: `netmon analyze --format markdown --date 2026-03-19 --timezone UTC textbook.txt`.
#[test]
fn the_report_in_the_documentation_is_what_is_written() {
    let files = Files::new();
    let log = files.write("textbook.txt", TEXT);
    let mut command = command();
    command.current_dir(log.parent().unwrap()).args([
        "--format",
        "markdown",
        "--date",
        DATE,
        "--timezone",
        "UTC",
        "textbook.txt",
    ]);
    let run: Run = command.output().unwrap().into();
    let shown = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/textbook-report.md");
    assert_eq!(run.out, std::fs::read_to_string(shown).unwrap());
}
