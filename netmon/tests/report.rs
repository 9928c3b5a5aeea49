//! The reports for people, held to what they said last: read the difference before you accept it.

mod documents;

use documents::{Case, rendered};
use netmon::report::model::{Document, Source, SourceKind, Totals};
use netmon::report::text::{self, Style};
use netmon::report::timeline::Timeline;
use netmon::report::{html, markdown};

const STYLE: Style = Style {
    colour: false,
    width: 100,
};

#[test]
fn markdown_says_what_it_said() {
    for (name, case) in documents::all() {
        insta::assert_snapshot!(format!("markdown_{name}"), rendered(&case, markdown::render));
    }
}

#[test]
fn text_says_what_it_said() {
    for (name, case) in documents::all() {
        let text = rendered(&case, |report, out| text::render(report, STYLE, out));
        insta::assert_snapshot!(format!("text_{name}"), text);
    }
}

#[test]
fn a_log_without_packets_says_nothing_about_any_server() {
    let source = Source {
        kind: SourceKind::Capture,
        files: vec!["empty.pcap".into()],
        first: None,
        last: None,
    };
    let case = Case {
        document: Document::new(source, Totals::default()),
        timeline: Timeline::new(),
    };
    for page in [
        rendered(&case, markdown::render),
        rendered(&case, html::render),
        rendered(&case, |report, out| text::render(report, STYLE, out)),
    ] {
        let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("No packet in"), "{page}");
        assert!(
            words.contains("it says nothing about the health of any DNS server"),
            "{page}"
        );
    }
}

#[test]
fn words_that_are_not_explained_are_shown_as_they_are() {
    let mut case = documents::textbook();
    for incident in &mut case.document.incidents {
        incident.kind = "haunted";
        for cause in &mut incident.causes {
            cause.cause = "gremlins";
        }
    }
    for page in [
        rendered(&case, markdown::render),
        rendered(&case, html::render),
        rendered(&case, |report, out| text::render(report, STYLE, out)),
    ] {
        assert!(page.contains("haunted") && page.contains("gremlins"), "{page}");
    }
}

#[test]
fn an_incident_that_is_watched_is_told_without_the_end_of_a_log() {
    let case = documents::textbook();
    let mut out = Vec::new();
    text::incident(&case.document.incidents[0], STYLE, &mut out).unwrap();
    let told = String::from_utf8(out).unwrap();
    assert!(told.contains("The problem persists."), "{told}");
    assert!(told.contains("ss -lunp 'sport = :53'"), "{told}");
    assert!(!told.contains("the log did"), "{told}");
}
