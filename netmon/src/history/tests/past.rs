use super::super::read::Reader;
use super::super::{past, past::Past};
use super::{Place, address, counters, incident, mail, minute, moment};
use crate::excerpt::Excerpts;
use crate::model::SourceKind;
use crate::report::forms::{Style, form};
use crate::report::story::numbers::UTC;
use crate::report::{Cover, Report};

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
    store
        .write(&mail([incident.clone()], minutes), moment(0))
        .unwrap();
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

#[test]
fn every_form_tells_it() {
    let (place, past) = scene();
    let report = Report {
        document: &past.document,
        timeline: &past.timeline,
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
    let forms = ["text", "markdown", "html"].map(|name| {
        let mut out = Vec::new();
        (form(name).unwrap().write)(&report, style, &mut out).unwrap();
        out
    });
    for form in forms {
        let form = String::from_utf8(form).unwrap();
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

#[test]
fn an_incident_that_goes_on_after_the_last_full_minute_is_said_to() {
    let place = Place::new();
    let mut store = place.store();
    let incident = incident("203.0.113.2", 100, None);
    for (minutes, expected) in [(2, vec!["minutes_behind"]), (3, vec![])] {
        let minutes = (0..minutes).map(|n| minute(n * 60, Some("203.0.113.2"), 1, 1));
        store
            .write(&mail([incident.clone()], minutes), moment(0))
            .unwrap();
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
    store.write(&mail([incident.clone()], []), moment(0)).unwrap();
    let past = past(&Reader::open(&place.file).unwrap(), &incident.id).unwrap();
    assert_eq!(past.document.incidents, [incident]);
    assert_eq!(past.document.warnings[0].warning.name(), "no_minutes");
    assert_eq!(past.document.source.first, None);
    assert!(past.timeline.axis(10).is_none());
}
