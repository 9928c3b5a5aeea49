//! The API, against its document of `OpenAPI`; the filter; the stream; and who is turned away.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};

use netmon::model::view::ReplayOrder;
use netmon::views::Controls;
use serde_json::{Value, json};

use crate::shown::{HOSTILE, SERVER, Served};
use crate::support::http;

/// What a path of the document of `OpenAPI` promises of an answer.
fn schema(openapi: &Value, path: &str, status: u16) -> Value {
    let mut response = &openapi["paths"][path]["get"]["responses"][status.to_string()];
    if let Some(reference) = response["$ref"].as_str() {
        response = openapi.pointer(reference.trim_start_matches('#')).unwrap();
    }
    let schema = &response["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "{path}: {status} is not documented");
    json!({ "$ref": "#/schema", "schema": schema, "components": openapi["components"] })
}

#[test]
fn every_answer_is_what_the_openapi_document_says() {
    let mut served = Served::start(None);
    served.read(3);
    let incident = served.incident();
    served.read(3);
    served.json_until("/api/v1/summary", |summary| {
        summary["open"].as_array().unwrap().len() == 1 && summary["servers"] == 3
    });
    let openapi = served.json("/api/v1/openapi.json");
    let id = &incident.id;
    let cases = [
        ("/api/v1/summary", "/api/v1/summary".to_owned(), 200),
        ("/api/v1/servers", "/api/v1/servers".to_owned(), 200),
        (
            "/api/v1/servers",
            "/api/v1/servers?sort=p99&reverse=true&limit=1&offset=1".to_owned(),
            200,
        ),
        ("/api/v1/servers", "/api/v1/servers?sort=luck".to_owned(), 400),
        (
            "/api/v1/servers/{address}",
            format!("/api/v1/servers/{SERVER}"),
            200,
        ),
        (
            "/api/v1/servers/{address}",
            "/api/v1/servers/192.0.2.99".to_owned(),
            404,
        ),
        (
            "/api/v1/servers/{address}",
            "/api/v1/servers/luck".to_owned(),
            400,
        ),
        ("/api/v1/incidents", "/api/v1/incidents".to_owned(), 200),
        (
            "/api/v1/incidents",
            "/api/v1/incidents?state=closed".to_owned(),
            200,
        ),
        (
            "/api/v1/incidents",
            "/api/v1/incidents?state=lost".to_owned(),
            400,
        ),
        ("/api/v1/incidents/{id}", format!("/api/v1/incidents/{id}"), 200),
        ("/api/v1/incidents/{id}", "/api/v1/incidents/none".to_owned(), 404),
        (
            "/api/v1/incidents/{id}/report",
            "/api/v1/incidents/none/report".to_owned(),
            404,
        ),
        (
            "/api/v1/incidents/{id}/report",
            format!("/api/v1/incidents/{id}/report?format=luck"),
            400,
        ),
        ("/api/v1/timeline", "/api/v1/timeline?hours=6".to_owned(), 200),
    ];
    for (path, asked, status) in cases {
        let answer = served.get(&asked);
        assert_eq!(answer.status, status, "{asked}: {}", answer.body);
        let schema = jsonschema::validator_for(&schema(&openapi, path, status)).unwrap();
        let body = serde_json::from_str(&answer.body).unwrap();
        let errors: Vec<String> = schema
            .iter_errors(&body)
            .map(|error| format!("{}: {error}", error.instance_path))
            .collect();
        assert!(errors.is_empty(), "{asked}: {errors:#?}");
    }
    let paths = openapi["paths"].as_object().unwrap().iter();
    for (path, _) in paths.filter(|(_, methods)| methods["get"].is_object()) {
        let path = path.replace("{address}", &SERVER.to_string()).replace("{id}", id);
        if path != "/api/v1/events" {
            assert_eq!(served.get(&path).status, 200, "{path}");
        }
    }
    assert_eq!(served.get("/api/v1/luck").status, 404);
}

#[test]
fn what_is_shown_of_an_outage() {
    let mut served = Served::start(None);
    served.read(2);
    served.read(2);
    let incident = served.incident();
    let summary = served.json_until("/api/v1/summary", |summary| summary["state"] == "down");
    assert_eq!(summary["sentence"], "203.0.113.2 udp port 53 is unreachable");
    assert_eq!(summary["open"][0]["id"], incident.id);
    assert_eq!((&summary["host"], &summary["opened"]), (&"ns1".into(), &1.into()));
    let servers = served.json("/api/v1/servers");
    let first = &servers["servers"][0];
    assert_eq!(first["address"], SERVER.to_string(), "who is in trouble is first");
    assert_eq!(
        (&first["state"], &first["incidents"]),
        (&"down".into(), &json!([incident.id]))
    );
    assert_eq!(
        first["answered"], 0.0,
        "nothing of the last reading was answered: {first:#}"
    );
    assert_eq!(first["recent"]["queries"].as_array().unwrap().len(), 60);
    let found = |filter: &str| served.json(&format!("/api/v1/servers?filter={filter}"))["matching"].clone();
    for (filter, matching) in [
        ("state:down", 1),
        ("state:well", 1),
        ("client:192.51.", 1),
        ("client:192.0.2.", 0),
        ("name:script", 1),
        ("state:down%20name:nothing", 0),
        ("10.0.0", 1),
        ("", 2),
    ] {
        assert_eq!(found(filter), matching, "{filter}");
    }
    let page = served.json(&format!("/api/v1/servers/{SERVER}"));
    assert_eq!(page["names"], json!([HOSTILE]));
    let buckets = page["latency_buckets"].as_array().unwrap();
    assert_eq!(buckets.first().unwrap(), &json!({"up_to_us": 128, "count": 1}));
    assert_eq!(buckets.last().unwrap(), &json!({"up_to_us": 4_096, "count": 1}));
    let report = served.json(&format!("/api/v1/incidents/{}", incident.id))["report"].clone();
    let report = report.as_str().unwrap();
    assert!(
        report.contains("Part 1") && report.contains("192.51.100.15"),
        "{report}"
    );
    let html = served.get(&format!("/api/v1/incidents/{}/report?format=html", incident.id));
    assert!(html.head.contains("sandbox"), "{}", html.head);
    assert!(!html.body.contains("<script"), "{}", html.body);
}

#[test]
fn the_stream_begins_with_a_summary_and_has_what_happens() {
    let mut served = Served::start(None);
    let mut stream = http::connect(served.address);
    let request = format!("GET /events HTTP/1.1\r\nHost: {}\r\n\r\n", served.address);
    stream.write_all(request.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    let mut next = |event: &str| {
        let name = format!("event: {event}");
        lines.find(|line| *line == name).unwrap();
        let data = lines.next().unwrap();
        serde_json::from_str::<Value>(data.strip_prefix("data: ").unwrap()).unwrap()
    };
    assert_eq!(next("summary")["schema"], 1);
    let incident = served.incident();
    let opened = next("incident_opened");
    assert_eq!(opened["event"], "incident_opened");
    assert_eq!(opened["incident"]["id"], incident.id);
    served.read(1);
    assert_eq!(next("summary")["open"][0]["id"], incident.id);
}

/// It takes nothing, so that the system's buffers fill, and netmon lets go of it; others get all.
#[test]
fn a_reader_that_takes_nothing_is_dropped_and_others_are_not() {
    let mut served = Served::start(None);
    for _ in 0..200 {
        served.incident();
    }
    let request = format!("GET /events HTTP/1.1\r\nHost: {}\r\n\r\n", served.address);
    let mut slow = http::connect(served.address);
    slow.write_all(request.as_bytes()).unwrap();
    let mut quick = http::connect(served.address);
    quick.write_all(request.as_bytes()).unwrap();
    let reader = std::thread::spawn(move || {
        let lines = BufReader::new(quick).lines().map_while(Result::ok);
        lines.filter(|line| line == "event: summary").take(100).count()
    });
    while !reader.is_finished() {
        served.read(1);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(reader.join().unwrap(), 100);
    std::thread::sleep(netmon::outlets::limits::LIFETIME);
    // What was on its way comes still, and then the end.
    let mut rest = Vec::new();
    let _reset = slow.read_to_end(&mut rest);
    assert!(!rest.ends_with(b"0\r\n\r\n"));
}

#[test]
fn a_replay_takes_orders_that_only_its_own_page_can_send_and_a_netmon_that_watches_takes_none() {
    let controls = Controls::default();
    let replay = Served::with(None, Some(controls.clone()));
    let watches = Served::start(None);
    for (served, kind, order, status) in [
        (&replay, "application/json", r#"{"speed":20,"paused":true}"#, 202),
        (&replay, "application/json", r#"{"by":-10}"#, 202),
        (&replay, "application/json", r#"{"times":2}"#, 202),
        (&replay, "application/json", r#"{"times":2}"#, 202),
        (&replay, "application/json", r#"{"speed":0}"#, 400),
        (&replay, "application/json", r#"{"luck":1}"#, 400),
        // A page of another site can send this without the browser asking netmon.
        (&replay, "text/plain", r#"{"paused":false}"#, 400),
        (&watches, "application/json", r#"{"paused":true}"#, 404),
    ] {
        let request = format!(
            "POST /api/v1/replay HTTP/1.1\r\nHost: {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{order}",
            served.address,
            order.len()
        );
        let answer = http::exchange(&mut http::connect(served.address), request.as_bytes());
        assert_eq!(answer.status, status, "{order}: {}", answer.body);
    }
    let ordered = ReplayOrder {
        speed: Some(20.0),
        times: Some(4.0),
        paused: Some(true),
        to: None,
        by: Some(-10),
    };
    assert_eq!(controls.take(None), ordered);
}

#[test]
fn strangers_are_turned_away() {
    let served = Served::start(Some("0123456789abcdef"));
    let answer = served.get("/api/v1/summary");
    assert_eq!(answer.status, 401);
    assert_eq!(served.get("/").status, 401);
    let bearer = "Authorization: Bearer 0123456789abcdef\r\n";
    assert_eq!(served.get_with("/api/v1/summary", bearer).status, 200);
    let log_in = |body: &str| {
        let length = body.len();
        let request = format!(
            "POST /login HTTP/1.1\r\nHost: {}\r\nContent-Length: {length}\r\n\r\n{body}",
            served.address
        );
        http::exchange(&mut http::connect(served.address), request.as_bytes())
    };
    assert_eq!(log_in("token=0123456789abcdee").status, 401);
    let answer = log_in("token=0123456789abcdef");
    assert_eq!(answer.status, 303);
    assert!(
        answer.head.contains("httponly; samesite=strict"),
        "{}",
        answer.head
    );
    let cookie = "Cookie: netmon-token=0123456789abcdef\r\n";
    let page = served.get_with("/", cookie);
    assert_eq!(page.status, 200);
    assert!(
        page.head
            .contains("content-security-policy: default-src 'none'; script-src 'self'")
    );
    // A name that somebody has point to this host.
    let request = format!("GET / HTTP/1.1\r\nHost: evil.example\r\n{cookie}\r\n");
    let answer = http::exchange(&mut http::connect(served.address), request.as_bytes());
    assert_eq!(answer.status, 421);
    let request = format!(
        "DELETE /api/v1/summary HTTP/1.1\r\nHost: {}\r\n{bearer}\r\n",
        served.address
    );
    let answer = http::exchange(&mut http::connect(served.address), request.as_bytes());
    assert_eq!(answer.status, 405);
}
