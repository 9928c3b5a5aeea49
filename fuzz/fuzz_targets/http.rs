//! What metrics and views answer to any bytes of a connection: nothing, or HTTP; and it ends. The first byte says whom they are
//! for. On Unix sockets: the ports of TCP would be used up within seconds.
#![no_main]

use std::future::pending;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::LazyLock;
use std::time::Duration;

use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use netmon::outlets::http::{Bound, GaveWay, Hosts, Listening, Site};
use netmon::outlets::metrics::{self, Metrics};
use netmon::report::story::numbers::Clock;
use netmon::views::{self, Shown, Views};
use netmon_fuzz::Place;

static PLACE: LazyLock<Place> = LazyLock::new(Place::new);

/// The running servers.
static SERVERS: LazyLock<(Metrics, Listening, Views)> = LazyLock::new(|| {
    let hosts = Hosts::default();
    let (metrics, routes) = Metrics::new(metrics::Options {
        address: None,
        max_servers: 16,
        interval: Duration::from_secs(1),
    });
    let site = Site {
        bound: Bound::unix(&PLACE.path("metrics")).expect("a socket"),
        routes: hosts.over(routes),
        gave_way: GaveWay::default(),
    };
    let listening = Listening::start("metrics", vec![site], pending()).expect("a thread");
    let mut shown = Shown::new(views::Options {
        token: None,
        history: None,
        clock: Clock::new(TimeZone::UTC),
        host: "fuzz".to_owned(),
        hosts,
        controls: None,
    });
    shown.at_socket(&PLACE.path("views")).expect("a socket");
    let views = shown.start().expect("a thread").expect("there is a site");
    (metrics, listening, views)
});

fuzz_target!(|input: &[u8]| {
    LazyLock::force(&SERVERS);
    let Some((whom, bytes)) = input.split_first() else {
        return;
    };
    let socket = if whom % 2 == 0 { "metrics" } else { "views" };
    let mut connection = UnixStream::connect(PLACE.path(socket)).expect("it listens");
    let patience = Some(Duration::from_secs(20));
    connection.set_read_timeout(patience).expect("a time");
    // It may have closed before all is sent.
    let _sent = connection.write_all(bytes);
    let _sent = connection.shutdown(Shutdown::Write);
    let mut answer = [0; 4_096];
    match connection.read(&mut answer) {
        Ok(0) => {}
        Ok(_) => assert!(answer.starts_with(b"HTTP/1."), "{}", answer.escape_ascii()),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
});
