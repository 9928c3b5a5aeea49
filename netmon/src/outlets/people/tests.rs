use super::*;
use netmon_common::latency::bucket;

fn counted(queries: u64, micros: u64) -> Counted {
    let server: Address = "203.0.113.2".parse::<std::net::IpAddr>().unwrap().into();
    let mut latency = records::Latency::ZERO;
    latency.counts[bucket(micros)] = u32::try_from(queries).unwrap();
    latency.max_us = micros;
    let counters = Destination {
        dns_queries: queries,
        ..Destination::ZERO
    };
    Counted {
        destinations: vec![DestinationCounts {
            address: server,
            counters,
            not_served: 0,
            latency_us: crate::model::Latency::default(),
            server_info: None,
        }],
        latencies: [(server, latency)].into(),
        ..Counted::default()
    }
}

/// An incident with long evidence, many clients and names, and an owner.
fn incident(id: &str, server: &str) -> Arc<Incident> {
    let long = "a-long-name-of-a-host.in-a-department.example.com";
    let value = serde_json::json!({
        "id": id, "server": server, "port": 53, "transport": "udp", "kind": "unreachable", "state": "open",
        "severity": "down", "began": "2026-11-24T13:24:32Z", "opened": "2026-11-24T13:24:36Z",
        "last_seen": "2026-11-24T13:28:50Z", "closed": null, "closed_because": null, "reopened": 0, "queries": 3,
        "answers": 0, "errors": {"net": 0, "host": 0, "protocol": 0, "port": 3, "admin": 0, "other": 0}, "verified": 3,
        "reporters": [server], "clients": ["192.51.100.15", "192.51.100.16"], "clients_more": 3, "names": [long, long],
        "names_more": 0,
        "causes": [{"cause": "service-down", "likelihood": "likely", "evidence": "3 of 3 errors say \"port \
            unreachable\" and come from the server itself: nothing listens on UDP port 53 there, or that host's own \
            firewall rejects"}],
        "server_info": {"name": "ns1", "owner": "Network team, +49 30 1234", "note": "restart needs a ticket"},
    });
    Arc::new(serde_json::from_value(value).unwrap())
}

fn printed(events: &[Event], has_history: bool) -> String {
    let mut out = Vec::new();
    let style = Style {
        colour: false,
        width: 80,
    };
    let berlin = Clock::new(jiff::tz::TimeZone::get("Europe/Berlin").unwrap());
    let more = has_history.then(|| "netmon report last".to_owned());
    let mut people = People::new(&mut out, style, berlin, more);
    let at = Moment {
        time: crate::time::Time::from_nanos(1_795_526_680_000_000_000),
        offset: crate::time::WallOffset::NONE,
    };
    for event in events {
        people.write(at, event).unwrap();
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn an_opening_has_all_that_matters_in_8_lines_of_80_columns() {
    let opened = Event::Incident(
        Happened::Opened,
        incident("a", "2001:db8:1111:2222:3333:4444:5555:53"),
    );
    for has_history in [true, false] {
        let text = printed(std::slice::from_ref(&opened), has_history);
        assert!(text.lines().count() <= 8, "{text}");
        // The headline may be longer: what is in it may be copied.
        assert!(
            text.lines().skip(1).all(|line| line.chars().count() <= 80),
            "{text}"
        );
        for words in [
            "14:24:40 CET  DOWN  2001:db8:1111:2222:3333:4444:5555:53 (ns1) udp port 53 is unreachable",
            "whose  Network team, +49 30 1234 (restart needs a ticket)",
            "since 14:24:32 CET: 3 DNS queries, no answer, 3 ICMPv6 errors",
            "service-down (likely): 3 of 3 errors say",
            "check  on 2001:db8:1111:2222:3333:4444:5555:53: ss -lunp 'sport = :53'",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert_eq!(text.contains("more   netmon report last"), has_history);
    }
}

#[test]
fn what_is_still_open_fits_80_columns_however_many_incidents_there_are() {
    let minute = Event::Snapshot(Arc::new(Counted::default()));
    let opened = |n: usize| Event::Incident(Happened::Opened, incident(&n.to_string(), "203.0.113.2"));
    for (incidents, lines) in [(1, 2), (2, 3), (9, 7)] {
        let mut events: Vec<Event> = (0..incidents).map(opened).collect();
        let before = printed(&events, true).lines().count();
        events.push(minute.clone());
        let text = printed(&events, true);
        let minute: Vec<&str> = text.lines().skip(before).collect();
        assert_eq!(minute.len(), lines, "{minute:#?}");
        assert!(
            minute.iter().all(|line| line.chars().count() <= 80),
            "{minute:#?}"
        );
        assert!(
            minute
                .concat()
                .contains("203.0.113.2 (ns1) udp port 53 is unreachable, since 14:24:32 CET")
        );
    }
}

#[test]
fn a_server_that_lost_its_place_begins_its_times_again() {
    let (before, mut now) = (counted(1_000, 90_000), counted(1_100, 90_000));
    for latency in now.latencies.values_mut() {
        *latency = records::Latency::ZERO;
        latency.counts[bucket(600)] = 40;
        latency.max_us = 600;
    }
    let (_, _, text) = well(&before, &now, Duration::from_mins(1));
    assert!(text.ends_with("median 591 µs"), "{text}");
}

#[test]
fn a_minute_without_trouble_is_said_to_be_well_with_what_was_asked_in_it() {
    let minute = Duration::from_mins(1);
    let said = |before: u64, now: u64, answers: u64| {
        let mut later = counted(now, 600);
        later.destinations[0].counters.dns_responses = answers;
        let (_, word, text) = well(&counted(before, 600), &later, minute);
        format!("{word}: {text}")
    };
    assert_eq!(
        said(1_000, 8_200, 7_200),
        "all well: 1 server, 120 queries/s, median 591 µs"
    );
    assert_eq!(said(0, 9, 9), "all well: 1 server, 9 queries, median 591 µs");
    assert_eq!(
        said(0, 9, 8),
        "no incident: 1 server, 9 queries, 1 without an answer, median 591 µs"
    );
    assert_eq!(
        said(90, 90, 0),
        "quiet: no DNS query was seen since the last such line"
    );
}
