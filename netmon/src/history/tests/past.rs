use super::super::read::Reader;
use super::super::seconds::Row;
use super::super::{past, past::Past};
use super::{Place, address, counters, incident, mail, minute, moment};
use crate::excerpt::Excerpts;
use crate::model::SourceKind;
use crate::report::forms::{Style, form};
use crate::report::story::numbers::UTC;
use crate::report::{Cover, Report};
use crate::timeline::Activity;

/// An incident from 13:20 to 13:25, with minutes from 13:00 to 13:40 of which one is missing; another server does
/// well.
fn scene() -> (Place, Past) {
    let place = Place::new();
    let mut store = place.store();
    let incident = incident("203.0.113.2", 1_200, Some(1_500));
    let mut minutes = Vec::new();
    for n in (0..40).filter(|n| *n != 22) {
        let failing = (20..25).contains(&n);
        let mut one = minute(n * 60, Some("203.0.113.2"), 6, if failing { 6 } else { 0 });
        if !failing {
            one.servers[0].counters.dns_responses = 6;
        }
        let mut other = one.servers[0].clone();
        other.address = Some(address("198.51.100.53"));
        other.counters = counters(10, 0);
        other.counters.dns_responses = 10;
        one.servers.push(other);
        minutes.push(one);
    }
    store.write(&mail([incident.clone()], minutes)).unwrap();
    let reader = Reader::open(&place.file).unwrap();
    let past = past(&reader, &incident.id).unwrap();
    (place, past)
}

#[test]
fn a_report_has_the_incident_and_the_minutes_around_it() {
    let (place, past) = scene();
    let document = &past.document;
    assert_eq!(document.source.kind, SourceKind::History);
    assert_eq!(document.source.files, [place.file.display().to_string()]);
    assert_eq!(document.source.first.unwrap().0, moment(540).min(moment(9 * 60)));
    assert_eq!(document.source.last.unwrap().0, moment(36 * 60));
    assert_eq!(document.incidents.len(), 1);
    // 27 minutes from 13:09 to 13:35, one of them missing.
    assert_eq!(document.destinations.len(), 2);
    let own = &document.destinations[1];
    assert_eq!(own.address, address("203.0.113.2"));
    assert_eq!(
        (own.counters.dns_queries, own.counters.dns_unreachables()),
        (26 * 6, 4 * 6)
    );
    assert_eq!(document.warnings.len(), 1, "{:?}", document.warnings);
    assert_eq!(document.warnings[0].warning.name(), "unwatched");
    assert!(
        document.warnings[0].message.contains("1 of the 27 minutes"),
        "{:?}",
        document.warnings
    );
}

#[test]
fn its_timeline_has_a_part_for_each_minute() {
    let (_place, past) = scene();
    let axis = past.timeline.axis(60).unwrap();
    assert_eq!(axis.length(), std::time::Duration::from_mins(1));
    assert_eq!(axis.parts(), 27);
    let own = past.timeline.server(address("203.0.113.2"), &axis).unwrap();
    let errors: Vec<u64> = own.iter().map(|part| part.errors).collect();
    assert_eq!(errors[..11], [0; 11]);
    assert_eq!(errors[11..16], [6, 6, 0, 6, 6]);
    assert_eq!(own[13].queries, 0, "the minute that is missing");
}

fn written(past: &Past, name: &str) -> String {
    let report = Report {
        document: &past.document,
        timeline: &past.timeline,
        served: None,
        close_ups: &past.close_ups,
        excerpts: &Excerpts::default(),
        from_text: false,
        clock: &UTC,
        cover: &Cover::default(),
        generated_by: "netmon test",
    };
    let style = Style {
        colour: false,
        width: 1_000,
    };
    let mut out = Vec::new();
    (form(name).unwrap().write)(&report, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn every_form_tells_it() {
    let (place, past) = scene();
    let forms = ["text", "markdown", "html"].map(|name| written(&past, name));
    for form in forms {
        assert!(form.contains("203.0.113.2"), "{form}");
        assert!(form.contains("minutes around it"), "{form}");
        assert!(
            form.contains(place.file.to_str().unwrap()) || form.contains("history.db"),
            "{form}"
        );
        assert!(form.contains("did not watch in 1 of the 27 minutes"), "{form}");
    }
    let json = serde_json::to_value(&past.document).unwrap();
    assert_eq!(json["source"]["kind"], "history");
    assert_eq!(json["incidents"][0]["id"], past.document.incidents[0].id.as_str());
}

/// A second of the incident's server.
fn second(seconds: i64, queries: u64, errors: u64) -> Row {
    Row {
        second: moment(seconds).as_second(),
        server: address("203.0.113.2"),
        activity: Activity {
            queries,
            errors,
            ..Activity::default()
        },
    }
}

#[test]
fn a_report_has_the_seconds_around_beginning_and_end_as_far_as_they_are_kept() {
    let place = Place::new();
    let mut store = place.store();
    // It begins at 1,199 and ends at 1,500; seconds are kept of a minute around these.
    let kept = (1_140..=1_260).chain(1_440..=1_560);
    let mut mail = mail([incident("203.0.113.2", 1_200, Some(1_500))], []);
    mail.seconds = kept.map(|at| second(at, u64::from(at % 7 == 0), 1)).collect();
    store.write(&mail).unwrap();
    let past = past(&Reader::open(&place.file).unwrap(), "").unwrap();
    let shown: Vec<_> = past
        .close_ups
        .iter()
        .map(|close_up| {
            let axis = close_up.timeline.axis(1_000).unwrap();
            (close_up.title, axis.length().as_secs(), axis.parts())
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("The seconds around its beginning", 1, 121),
            ("The seconds around its end", 1, 121)
        ]
    );
    for name in ["text", "markdown", "html"] {
        let text = written(&past, name);
        for (title, ..) in &shown {
            assert!(text.contains(title), "{name}: {text}");
        }
    }
    // The band of an incident that goes on beyond what is drawn has an edge on one side only.
    let html = written(&past, "html");
    assert_eq!(html.matches("class=\"edge\"").count(), 2, "{html}");
}

#[test]
fn a_short_incident_has_all_its_seconds_in_one_piece() {
    let place = Place::new();
    let mut store = place.store();
    let mut mail = mail([incident("203.0.113.2", 0, Some(43))], []);
    mail.seconds = (-60..100).map(|at| second(at, 1, 0)).collect();
    store.write(&mail).unwrap();
    let past = past(&Reader::open(&place.file).unwrap(), "").unwrap();
    assert_eq!(past.close_ups.len(), 1);
    assert_eq!(past.close_ups[0].title, "The seconds around the incident");
    let text = written(&past, "text");
    let band = text
        .lines()
        .rfind(|line| line.trim_start().starts_with("incident"))
        .unwrap();
    assert_eq!(band.matches('━').count(), 45, "from -1 to 43: {text}");
}

#[test]
fn a_file_of_an_older_netmon_has_no_seconds() {
    let place = Place::new();
    let mut store = place.store();
    store
        .write(&mail([incident("203.0.113.2", 0, Some(43))], []))
        .unwrap();
    store.connection.execute_batch("DROP TABLE seconds").unwrap();
    let past = past(&Reader::open(&place.file).unwrap(), "").unwrap();
    assert!(past.close_ups.is_empty());
    drop(store);
    // It gets the table when it is opened to be written to.
    let mut mail = mail([], []);
    mail.seconds = [second(0, 1, 0), second(0, 1, 0)].into();
    place.store().write(&mail).unwrap();
    let reader = Reader::open(&place.file).unwrap();
    let kept = reader.seconds(address("203.0.113.2"), 0, i64::MAX).unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].1.queries, 2, "a second twice is added up");
}

#[test]
fn an_incident_that_goes_on_after_the_last_full_minute_is_said_to() {
    let place = Place::new();
    let mut store = place.store();
    let incident = incident("203.0.113.2", 100, None);
    for (minutes, expected) in [(2, vec!["minutes_behind"]), (3, vec![])] {
        let minutes = (0..minutes).map(|n| minute(n * 60, Some("203.0.113.2"), 1, 1));
        store.write(&mail([incident.clone()], minutes)).unwrap();
        let past = past(&Reader::open(&place.file).unwrap(), &incident.id).unwrap();
        let warnings: Vec<&str> = past
            .document
            .warnings
            .iter()
            .map(|warning| warning.warning.name())
            .collect();
        assert_eq!(warnings, expected);
    }
}

#[test]
fn without_minutes_the_incident_itself_is_still_told() {
    let place = Place::new();
    let mut store = place.store();
    let incident = incident("203.0.113.2", 0, None);
    store.write(&mail([incident.clone()], [])).unwrap();
    let past = past(&Reader::open(&place.file).unwrap(), &incident.id).unwrap();
    assert_eq!(past.document.incidents, [incident]);
    assert_eq!(past.document.warnings[0].warning.name(), "no_minutes");
    assert_eq!(past.document.source.first, None);
    assert!(past.timeline.axis(10).is_none());
}
