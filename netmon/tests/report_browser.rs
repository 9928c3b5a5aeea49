//! The HTML report in a real browser: it renders, asks nobody for anything, and fits on a phone.

#![expect(clippy::expect_used, reason = "a test may die of a surprise")]

mod documents;

use std::path::Path;
use std::process::{Command, Output};

use documents::{rendered, textbook, two_incidents};

/// Runs headless Chromium on a page; `None`, and a line that says so, where there is no Chromium.
fn chromium(page: &Path, arguments: &[&str]) -> Option<Output> {
    let home = tempfile::tempdir().expect("a temporary directory");
    let mut command = Command::new("chromium");
    command
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            // What the page complains about, such as a request that its policy forbids.
            "--enable-logging=stderr",
        ])
        .arg(format!("--user-data-dir={}", home.path().display()))
        .args(arguments)
        .arg(format!("file://{}", page.display()));
    match command.output() {
        Ok(output) => {
            assert!(output.status.success(), "chromium ended with {}", output.status);
            Some(output)
        }
        Err(error) => {
            println!("SKIPPED: chromium cannot be started: {error}");
            None
        }
    }
}

/// What the page's console says.
fn complaints(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stderr)
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        .map(String::from)
        .collect()
}

#[test]
fn the_page_names_nothing_that_a_browser_would_fetch() {
    for (name, case) in documents::all() {
        let page = rendered(&case, "html").to_lowercase();
        for fetched in [
            "http:", "https:", "src=", "url(", "@import", "<link", "<script", "<iframe", "<img", "<object",
        ] {
            assert!(!page.contains(fetched), "{name}: {fetched}");
        }
    }
}

#[test]
#[ignore = "needs root: starts a browser"]
fn a_browser_renders_the_textbook_report_without_a_complaint() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let page = directory.path().join("report.html");
    let html = rendered(&textbook(), "html");
    std::fs::write(&page, &html).expect("a file");
    let Some(output) = chromium(&page, &["--dump-dom"]) else {
        return;
    };
    assert_eq!(complaints(&output), [""; 0]);
    let dom = String::from_utf8_lossy(&output.stdout);
    for shown in [
        "Part 1: Summary of the problem found in the DNS and ICMP traffic log",
        "Part 2: Analysis of the data and likely cause",
        "<code>yummyrecipesforme.com</code>",
        "<path class=\"errors\"",
        "Incident 1, open",
    ] {
        assert!(dom.contains(shown), "{shown}");
    }
    for element in ["<section", "<table", "<svg", "<li"] {
        let count = |text: &str| text.matches(element).count();
        assert_eq!(
            count(&dom),
            count(&html),
            "{element}: the browser had nothing to repair"
        );
    }

    // The same check does notice a page that asks for something.
    let asking = html.replace(
        "<main>",
        "<main><img src=\"http://192.0.2.1/pixel.png\" alt=\"\">",
    );
    std::fs::write(&page, asking).expect("a file");
    let output = chromium(&page, &["--dump-dom"]).expect("it was there a moment ago");
    assert!(
        complaints(&output)
            .iter()
            .any(|line| line.contains("Content Security Policy")),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
#[ignore = "needs root: starts a browser"]
fn nothing_sticks_out_of_a_phone_and_the_charts_are_as_wide_as_the_text() {
    /// Makes the page as narrow as a phone (a window cannot be), measures, and leaves what it found there. What
    /// scrolls by itself may be wider.
    const MEASURE: &str = "<script>
        document.documentElement.style.width = '360px';
        const box = (element) => element.getBoundingClientRect();
        const scrolls = (element) => element && getComputedStyle(element).overflowX === 'auto';
        const all = [...document.body.querySelectorAll('*')]
            .filter((element) => !element.closest('svg') && !scrolls(element.parentElement.closest('.wide')));
        document.body.dataset.found = [
            Math.max(...all.map((element) => box(element).right)) <= 360,
            box(document.querySelector('figure > svg')).width === box(document.querySelector('main')).width,
            box(document.querySelector('main')).width > 300,
        ].join(' ');
        </script></body>";
    let directory = tempfile::tempdir().expect("a temporary directory");
    let page = directory.path().join("report.html");
    // The report with the widest tables; its policy forbids scripts, so it has to go for this.
    let html = rendered(&two_incidents(), "html")
        .replace("http-equiv=\"Content-Security-Policy\"", "name=\"removed\"")
        .replace("</body>", MEASURE);
    std::fs::write(&page, html).expect("a file");
    let Some(output) = chromium(&page, &["--dump-dom"]) else {
        return;
    };
    let dom = String::from_utf8_lossy(&output.stdout);
    assert!(
        dom.contains("data-found=\"true true true\""),
        "{:?}",
        dom.lines().find(|line| line.contains("data-found"))
    );
}
