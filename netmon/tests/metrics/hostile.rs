//! Clients that mean no good, or do not know better.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use crate::sample;
use crate::served::Served;
use crate::support::PATIENCE;
use crate::support::http::{connect, exchange, get};

/// The head of a request may take five seconds, and the whole of a connection 15.
const HEAD_IS_CUT: Range<Duration> = Duration::from_secs(4)..Duration::from_secs(14);

/// Reads until the other side closes, and says how long that took.
fn cut_after(mut stream: TcpStream) -> Duration {
    let began = Instant::now();
    let mut rest = Vec::new();
    let _reset = stream.read_to_end(&mut rest);
    began.elapsed()
}

/// Insists that a connection was cut, and had its time before.
#[track_caller]
fn assert_cut(after: Duration) {
    assert!(HEAD_IS_CUT.contains(&after), "cut after {after:?}");
}

#[test]
fn a_header_or_a_path_of_10_mib_is_refused_before_it_is_read() {
    let served = Served::attached(sample::counted(1), 1_000);
    let long = "a".repeat(10 << 20);
    for request in [
        format!("GET /metrics HTTP/1.1\r\nHost: netmon\r\nX-Long: {long}\r\n\r\n"),
        format!("GET /{long} HTTP/1.1\r\nHost: netmon\r\n\r\n"),
        format!("GET /metrics HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(1 << 20)),
    ] {
        let mut stream = connect(served.address());
        let sent = stream.write_all(request.as_bytes());
        assert!(sent.is_err(), "all of it was taken");
        let answer = exchange(&mut stream, b"");
        // The answer may be lost in the reset of a connection with bytes that nobody read.
        assert!([0, 414, 431].contains(&answer.status), "{}", answer.head);
    }
    // One that is only somewhat too long is read, and told.
    let request = format!("GET /metrics HTTP/1.1\r\nX-Long: {}\r\n\r\n", &long[..8_300]);
    assert_eq!(
        exchange(&mut connect(served.address()), request.as_bytes()).status,
        431
    );
    assert_eq!(get(served.address(), "/metrics").status, 200);
}

#[test]
fn a_request_that_comes_drop_by_drop_is_cut() {
    let served = Served::attached(sample::counted(1), 1_000);
    let mut stream = connect(served.address());
    let began = Instant::now();
    // A header line twice a second, for ever.
    stream.write_all(b"GET /metrics HTTP/1.1\r\n").unwrap();
    while began.elapsed() < PATIENCE && stream.write_all(b"X: y\r\n").is_ok() {
        thread::sleep(Duration::from_millis(500));
    }
    assert_cut(began.elapsed());
}

#[test]
fn a_connection_that_says_nothing_is_cut() {
    let served = Served::attached(sample::counted(1), 1_000);
    assert_cut(cut_after(connect(served.address())));
}

#[test]
fn an_answer_that_nobody_reads_is_given_up() {
    // More than the buffers of a connection take.
    let served = Served::attached(sample::counted(5_000), 5_000);
    let mut stream = connect(served.address());
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: netmon\r\n\r\n")
        .unwrap();
    // It may take its time until it begins to answer.
    stream.peek(&mut [0]).unwrap();
    let began = Instant::now();
    thread::sleep(Duration::from_secs(16));
    // What the buffers hold comes, and then the end instead of the rest.
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer);
    let whole = get(served.address(), "/metrics").body.len();
    assert!(
        answer.len() < whole,
        "all {whole} bytes came after {:?}",
        began.elapsed()
    );
}

#[test]
fn a_scrape_gets_through_a_thousand_idle_connections() {
    let served = Served::attached(sample::counted(100), 1_000);
    let mut idle = Vec::new();
    for number in 0..1_000 {
        let mut stream = connect(served.address());
        // Half of them begin a request.
        if number % 2 == 0 {
            let _cut = stream.write_all(b"GET /metrics HTTP/1.1\r\nHost:");
        }
        idle.push(stream);
    }
    assert_eq!(get(served.address(), "/metrics").status, 200);
    assert_eq!(idle.len(), 1_000);
}
