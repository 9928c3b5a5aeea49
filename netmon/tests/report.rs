//! The reports for people, held to what they said last: read the difference before you accept it.

mod documents;

use documents::{Case, rendered};
use netmon::model::{Document, Incident, ServerInfo, Source, SourceKind, Totals};
use netmon::report::Cover;
use netmon::timeline::Timeline;

#[test]
fn markdown_says_what_it_said() {
    for (name, case) in documents::all() {
        insta::assert_snapshot!(format!("markdown_{name}"), rendered(&case, "markdown"));
    }
}

#[test]
fn text_says_what_it_said() {
    for (name, case) in documents::all() {
        let text = rendered(&case, "text");
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
    let case = Case::new(Document::new(source, Totals::default()), Timeline::new());
    for page in [
        rendered(&case, "markdown"),
        rendered(&case, "html"),
        rendered(&case, "text"),
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
fn the_brief_form_has_a_headline_three_facts_and_one_command() {
    let brief = rendered(&documents::textbook(), "brief");
    insta::assert_snapshot!("brief_textbook", brief);
    assert!(brief.lines().count() <= 12, "{brief}");
}

#[test]
fn what_only_the_person_knows_stands_in_the_report_or_leaves_a_blank() {
    let mut case = documents::textbook();
    for name in ["text", "markdown", "html"] {
        assert!(rendered(&case, name).contains("[To be filled in: who"), "{name}");
    }
    case.cover = Cover {
        title: Some("The recipes were gone".into()),
        author: Some("A. Analyst".into()),
        ticket: Some("OPS-4711".into()),
        noticed: Some("Customers said that the page did not load.".into()),
    };
    for name in ["text", "markdown", "html"] {
        let page = rendered(&case, name);
        for words in [
            "The recipes were gone",
            "A. Analyst",
            "OPS-4711",
            "Customers said that the page did not load.",
        ] {
            assert!(page.contains(words), "{name}: {words}");
        }
        assert!(!page.contains("To be filled in"), "{name}");
    }
}

#[test]
fn a_server_that_the_configuration_names_is_called_so_in_every_form() {
    let mut case = documents::textbook();
    let info = ServerInfo {
        name: Some("ns<1>".into()),
        owner: Some("Network team".into()),
        note: Some("restart needs a ticket".into()),
    };
    let server = case.document.incidents[0].server;
    case.document
        .name_servers(&[(server, info)].into_iter().collect());
    for name in ["text", "markdown", "html", "brief", "json"] {
        let page = rendered(&case, name);
        for words in ["Network team", "restart needs a ticket"] {
            assert!(page.contains(words), "{name}: {words}");
        }
        let escaped = if name == "html" { "ns&lt;1&gt;" } else { "ns<1>" };
        assert!(
            page.contains(escaped) || name == "markdown" && page.contains("ns\\<1"),
            "{name}: {page}"
        );
        assert!(name != "html" || !page.contains("ns<1>"), "{name}");
    }
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
        rendered(&case, "markdown"),
        rendered(&case, "html"),
        rendered(&case, "text"),
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
