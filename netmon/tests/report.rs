//! The reports for people, held to what they said last: read the difference before you accept it.

mod documents;

use documents::{Case, rendered};
use netmon::model::{Document, Incident, Source, SourceKind, Totals};
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
fn an_incident_that_is_watched_is_told_without_the_end_of_a_log() {
    let case = documents::textbook();
    let mut out = Vec::new();
    text::incident(&case.document.incidents[0], STYLE, &mut out).unwrap();
    let told = String::from_utf8(out).unwrap();
    assert!(told.contains("The problem persists."), "{told}");
    assert!(told.contains("ss -lunp 'sport = :53'"), "{told}");
    assert!(!told.contains("the log did"), "{told}");
}

#[test]
fn of_very_many_incidents_only_the_first_are_described() {
    let mut case = documents::textbook();
    let incident = case.document.incidents[0].clone();
    case.document.incidents = (0..4_096_u32)
        .map(|n| Incident {
            server: documents::address(&format!("10.0.{}.{}", n / 256, n % 256)),
            ..incident.clone()
        })
        .collect();
    for page in [
        rendered(&case, markdown::render),
        rendered(&case, html::render),
        rendered(&case, |report, out| text::render(report, STYLE, out)),
    ] {
        let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            words.contains("Only the first 100 of 4,096 incidents are described here"),
            "{words:.2000}"
        );
        assert!(
            words.contains("10.0.0.99") && !words.contains("10.0.0.100"),
            "{words:.2000}"
        );
    }
}
