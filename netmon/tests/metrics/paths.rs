//! What each path answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use netmon::model::{Event, Happened};
use netmon::outlets::Outlet as _;
use netmon_testkit::lab::eventually;

use crate::sample;
use crate::served::{Served, now};
use crate::support::http::{connect, exchange, get};

#[test]
fn the_page_is_prometheus_text_with_a_line_for_each_number() {
    let served = Served::attached(sample::counted(3), 1_000);
    let text = get(served.address(), "/metrics");
    assert_eq!(text.status, 200);
    assert!(
        text.head
            .contains("content-type: text/plain; version=0.0.4; charset=utf-8"),
        "{}",
        text.head
    );
    assert!(
        text.body.contains("# TYPE netmon_dns_queries_total counter\n"),
        "{}",
        text.body
    );
    for line in [
        r#"netmon_dns_queries_total{server="203.0.113.2",transport="udp"} 1000"#,
        r#"netmon_dns_queries_total{server="10.0.0.2",transport="tcp"} 5"#,
        r#"netmon_dns_unreachable_total{server="203.0.113.2",code="port"} 6"#,
        r#"netmon_icmp_unreachable_total{destination="203.0.113.2",code="port"} 7"#,
        r#"netmon_dns_latency_seconds_bucket{server="203.0.113.2",le="0.0005"} 3"#,
        r#"netmon_dns_latency_seconds_bucket{server="203.0.113.2",le="+Inf"} 5"#,
        r#"netmon_dns_latency_seconds_count{server="203.0.113.2"} 5"#,
        r#"netmon_packets_total{outcome="icmp_unreachable"} 106"#,
        "netmon_events_lost_total 3",
        r#"netmon_table_capacity{table="destinations"} 8192"#,
        "netmon_servers_other 0",
        "netmon_trace_lifetime_seconds 12.5",
        r#"netmon_incidents_total{kind="unreachable"} 0"#,
    ] {
        assert!(
            text.body.lines().any(|told| told == line),
            "no {line} in {}",
            text.body
        );
    }
}

#[test]
fn servers_beyond_the_bound_are_summed_under_other() {
    let served = Served::attached(sample::counted(12), 10);
    let body = get(served.address(), "/metrics").body;
    let queries: Vec<&str> = body
        .lines()
        .filter(|line| line.starts_with("netmon_dns_queries_total") && line.contains("udp"))
        .collect();
    assert_eq!(queries.len(), 11, "{queries:#?}");
    // The two that are asked least.
    assert!(
        queries.contains(&r#"netmon_dns_queries_total{server="other",transport="udp"} 2001"#),
        "{queries:#?}"
    );
    assert!(
        body.contains("netmon_servers_listed 10\n") && body.contains("netmon_servers_other 2\n"),
        "{body}"
    );
    assert!(
        body.contains(r#"netmon_dns_latency_seconds_count{server="other"} 10"#),
        "{body}"
    );
}

#[test]
fn an_incident_is_active_until_it_closes_and_then_it_is_gone() {
    let served = Served::attached(sample::counted(1), 1_000);
    let of = |body: &str, name: &str| -> Vec<String> {
        let lines = body.lines().filter(|line| line.starts_with(name));
        lines.map(str::to_owned).collect()
    };
    let scrape = || {
        // No scrape within half a second is answered anew.
        thread::sleep(Duration::from_millis(550));
        get(served.address(), "/metrics").body
    };
    served.incident(Happened::Opened, &sample::incident());
    let body = scrape();
    let labels = r#"server="203.0.113.2",port="53",transport="udp",kind="unreachable""#;
    assert_eq!(
        of(&body, "netmon_incident_"),
        [
            format!(r#"netmon_incident_active{{{labels},cause="service-down"}} 1"#),
            format!("netmon_incident_down{{{labels}}} 1"),
            format!("netmon_incident_clients{{{labels}}} 5"),
            format!("netmon_incident_opened_timestamp_seconds{{{labels}}} 1795526676.098564"),
        ]
    );
    assert!(
        body.contains(r#"netmon_incidents_total{kind="unreachable"} 1"#),
        "{body}"
    );
    assert!(
        body.contains(r#"netmon_incidents_open{kind="unreachable"} 1"#),
        "{body}"
    );

    served.incident(Happened::Closed, &sample::closed());
    let body = scrape();
    assert_eq!(of(&body, "netmon_incident_"), [""; 0]);
    assert!(
        body.contains(r#"netmon_incidents_total{kind="unreachable"} 1"#),
        "{body}"
    );
    assert!(
        body.contains(r#"netmon_incidents_open{kind="unreachable"} 0"#),
        "{body}"
    );
}

#[test]
fn it_is_ready_once_attached_and_healthy_while_it_polls() {
    let served = Served::start(sample::counted(1), 1_000);
    let status = |path| get(served.address(), path).status;
    assert_eq!((status("/healthz"), status("/readyz")), (200, 503));
    served.attach();
    // On a busy machine it may count as stuck before it is asked.
    let poll = || {
        served.poll();
        status("/healthz")
    };
    eventually("health of what polls", poll, |status| *status == 200);
    assert_eq!(status("/readyz"), 200);
    // Three polls and a half second later it counts as stuck.
    thread::sleep(Duration::from_secs(1));
    assert_eq!((status("/healthz"), status("/readyz")), (503, 200));
    eventually("health of what polls again", poll, |status| *status == 200);
    let stopped = Event::Stopped(Arc::new(sample::counted(1)), BTreeMap::new());
    served.order(move |metrics| metrics.emit(now(), &stopped));
    assert_eq!(status("/readyz"), 503);
}

#[test]
fn before_the_first_poll_there_are_no_counts_and_the_scrape_fails() {
    let served = Served::start(sample::counted(1), 1_000);
    let answer = get(served.address(), "/metrics");
    assert_eq!(answer.status, 503, "{}", answer.body);
    served.poll();
    assert_eq!(get(served.address(), "/metrics").status, 200);
}

#[test]
fn other_paths_and_methods_are_refused_without_reading_a_body() {
    let served = Served::attached(sample::counted(1), 1_000);
    assert_eq!(get(served.address(), "/").status, 404);
    assert_eq!(get(served.address(), "/metrics/../../etc/passwd").status, 404);
    let post = b"POST /metrics HTTP/1.1\r\nHost: netmon\r\nContent-Length: 10000000000\r\n\r\nbody";
    let answer = exchange(&mut connect(served.address()), post);
    assert_eq!(answer.status, 405, "{}", answer.head);
    assert!(answer.head.contains("allow: get,head"), "{}", answer.head);
    let head = exchange(
        &mut connect(served.address()),
        b"HEAD /metrics HTTP/1.1\r\nHost: netmon\r\n\r\n",
    );
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}
