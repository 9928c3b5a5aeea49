//! In the report for people every number is true of the span and the clients that its sentence names, and what the log does not show
//! is not said. Each log is small, and each sentence of a kind that once was false.

use std::fmt::Write as _;

use super::run::{Files, analyze};

const CLIENT: &str = "192.0.2.15";
const OTHER_CLIENT: &str = "192.0.2.77";
const SERVER: &str = "203.0.113.2";
const OTHER_SERVER: &str = "203.0.113.9";

/// A log as tcpdump prints it.
#[derive(Default)]
struct Log(Vec<(u64, String)>);

impl Log {
    fn line(mut self, millis: u64, packet: impl Into<String>) -> Self {
        self.0.push((millis, packet.into()));
        self
    }

    /// A query, from a port and with an id of its own.
    fn query(self, millis: u64, number: u16, client: &str, name: &str) -> Self {
        let port = 40_000 + number;
        self.line(
            millis,
            format!("IP {client}.{port} > {SERVER}.53: {number}+ A? {name}. (32)"),
        )
    }

    /// What the server answers the client's query of that number.
    fn answer(self, millis: u64, number: u16, answer: &str) -> Self {
        let port = 40_000 + number;
        self.line(
            millis,
            format!("IP {SERVER}.53 > {CLIENT}.{port}: {number} {answer} (48)"),
        )
    }

    /// An error of the server about the client's last query.
    fn error(self, millis: u64) -> Self {
        self.line(
            millis,
            format!("IP {SERVER} > {CLIENT}: ICMP {SERVER} udp port 53 unreachable, length 68"),
        )
    }

    /// An attempt to connect.
    fn connect(self, millis: u64, port: u16, server: &str) -> Self {
        self.line(
            millis,
            format!("IP {CLIENT}.{port} > {server}.53: Flags [S], seq 100, win 64240, length 0"),
        )
    }

    /// Traffic that has nothing to do with it: time goes on.
    fn until(self, millis: u64) -> Self {
        self.line(millis, "IP 192.0.2.1.5000 > 198.51.100.5.5001: UDP, length 8")
    }

    /// Its report, in one line.
    fn report(mut self, has_times: bool) -> String {
        self.0.sort_by_key(|(millis, _)| *millis);
        let mut text = String::new();
        for (millis, packet) in self.0 {
            if has_times {
                let (minute, second, millis) = (millis / 60_000, millis / 1_000 % 60, millis % 1_000);
                write!(text, "10:{minute:02}:{second:02}.{millis:03}000 ").unwrap();
            }
            writeln!(text, "{packet}").unwrap();
        }
        let files = Files::new();
        let path = files.write("log.txt", text);
        let run = analyze(["--date", "2026-11-24", path.to_str().unwrap()]);
        run.out.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

#[track_caller]
fn assert_says(report: &str, said: &[&str], not_said: &[&str]) {
    for sentence in said {
        assert!(report.contains(sentence), "{sentence:?} is not in {report}");
    }
    for words in not_said {
        assert!(!report.contains(words), "{words:?} is in {report}");
    }
}

#[test]
fn queries_that_are_not_in_the_log_are_not_counted() {
    let log = Log::default().error(1_000).error(3_000).error(9_000);
    assert_says(
        &log.report(true),
        &[
            "203.0.113.2 (the server itself) sent 3 ICMP errors \"udp port 53 unreachable\" about queries of the client 192.0.2.15 at \
            203.0.113.2. netmon saw none of these queries.",
            "First error 2026-11-24 10:00:01.000000 UTC",
            "Queries not seen",
            "The first error came at 10:00:01.000000 UTC on 24 November 2026. netmon saw no queries, so when the first one failed is \
            not known.",
            "netmon saw no queries in the log, only errors about queries of the client 192.0.2.15.",
            "The server counts as down: netmon saw no query that it answered.",
            "netmon saw no answer from this server either, so the problem may have begun before the log.",
            "netmon saw no query to another DNS server either, so there is nothing to compare with.",
            "netmon saw neither a DNS query nor an answer in this log.",
        ],
        &[
            "no DNS query",
            "at once",
            "no flood",
            "No DNS server was asked",
            "came back",
            "First failed",
        ],
    );
}

#[test]
fn queries_of_all_are_not_said_to_be_of_the_client_that_failed() {
    let mut log = Log::default();
    for number in 0..4 {
        let at = u64::from(number) * 2_000;
        log = log
            .query(at, number, CLIENT, &format!("b{}.test", number % 2))
            .error(at + 10);
    }
    let alone = Log(log.0.clone()).report(true);
    assert_says(
        &alone,
        &[
            "the client 192.0.2.15 made 4 DNS queries to 203.0.113.2 for the names b0.test and b1.test, and no answer came back. \
            Instead, 203.0.113.2 (the server itself) sent 4 ICMP errors",
            "In 6 s, the client 192.0.2.15 made 4 DNS queries for the names b0.test and b1.test and got no answer.",
            "The server counts as down: it answered none of these queries.",
            "All of this concerns one client.",
        ],
        &["failed:"],
    );
    for number in 10..16 {
        log = log.query(
            1_000 + u64::from(number),
            number,
            OTHER_CLIENT,
            &format!("new{number}.test"),
        );
    }
    assert_says(
        &log.report(true),
        &[
            "10 DNS queries went to 203.0.113.2, and no answer came back. Queries of the client 192.0.2.15 for the names b0.test and \
            b1.test failed: 203.0.113.2 (the server itself) sent 4 ICMP errors",
            "In 6 s, 10 DNS queries went to the server, and no answer came back. Queries of the client 192.0.2.15 for the names \
            b0.test and b1.test failed.",
            "All failures are those of one client.",
        ],
        &["the client 192.0.2.15 made", "All of this concerns one client"],
    );
}

#[test]
fn a_server_whose_answers_are_all_failures_is_not_said_to_be_silent() {
    let mut log = Log::default();
    for number in 0..30 {
        let at = u64::from(number) * 100;
        let name = format!("w{number}.dom{number}.com");
        log = log
            .query(at, number, CLIENT, &name)
            .answer(at + 50, number, "ServFail 0/0/0");
    }
    assert_says(
        &log.until(20_000).report(true),
        &[
            "30 DNS queries went to 203.0.113.2, and 30 answers came back.",
            "The server counts as down: when netmon decided so, all of its recent answers were failures.",
            "Packets of the incident; its first ones were not kept:",
        ],
        &["no answer came", "The first 12 packets"],
    );
}

#[test]
fn answers_that_came_too_late_are_not_said_to_have_stayed_away() {
    let mut log = Log::default().line(
        0,
        format!("IP {OTHER_SERVER}.53 > {CLIENT}.41000: 7 1/0/0 A 192.0.2.80 (47)"),
    );
    for number in 0..20 {
        let at = 1_200 + u64::from(number) * 2_000;
        log = log.query(at, number, CLIENT, &format!("h{number}.test"));
        log = log.answer(at + 21_000, number, "1/0/0 A 192.0.2.80");
    }
    assert_says(
        &log.report(true),
        &[
            "The incident was closed at 10:00:23 UTC, because the server had given answers again.",
            "came back, but not in time for the queries that failed.",
            "when netmon decided so, it had answered none of these queries shortly before the newest failure.",
        ],
        &["Neither an answer nor an ICMP error", "The problem ended at"],
    );
}

#[test]
fn times_that_the_log_does_not_have_are_not_made_up() {
    let mut log = Log::default();
    for number in 0..6 {
        log = log
            .query(u64::from(number), number, CLIENT, &format!("h{number}.test"))
            .error(u64::from(number));
    }
    let report = log.report(false);
    assert_says(
        &report,
        &[
            "1 incident: down, its end is not known",
            "log.txt. The log has no times.",
            "In the log, the client 192.0.2.15 made 6 DNS queries to 203.0.113.2 for 6 names",
            "The packets of the incident: From To What 192.0.2.15:40000 203.0.113.2:53 query \"0+ A? h0.test.\" 203.0.113.2 \
            192.0.2.15 ICMP: \"udp port 53 unreachable\" 192.0.2.15:40001",
            "Times not in the log",
            "The log has no times, so it does not show when the problem began, how long it lasted and whether it has ended.",
            "Whether the problem has ended is not known, because the log has no times.",
        ],
        &[
            "00:00:00",
            "µs",
            "at once",
            "journalctl",
            "not ended",
            "One column is",
            "Assumed",
        ],
    );
}

#[test]
fn attempts_to_connect_are_not_called_queries() {
    let mut refused = Log::default();
    for number in 0..3 {
        let at = u64::from(number) * 3_000;
        let port = 50_000 + number;
        refused = refused.connect(at, port, SERVER).line(
            at + 1,
            format!("IP 192.0.2.1 > {CLIENT}: ICMP {SERVER} tcp port 53 unreachable, length 68"),
        );
        refused = refused.connect(at + 500, port + 1_000, OTHER_SERVER);
    }
    assert_says(
        &refused.report(true),
        &[
            "192.0.2.15:50000 203.0.113.2:53 attempt to connect",
            "1 ms after the attempt",
            "First failed attempt",
            "In the same log, clients tried to connect to 1 other DNS server over TCP. No query to compare with followed.",
            "Attempts to connect over TCP that no server accepted are drawn as queries.",
        ],
        &["No other DNS server was asked", "after the query"],
    );
    let mut reset = Log::default();
    for number in 0..6 {
        let (at, port) = (u64::from(number) * 3_000, 50_000 + number);
        reset = reset.connect(at, port, SERVER).line(
            at + 1,
            format!("IP {SERVER}.53 > {CLIENT}.{port}: Flags [R.], seq 0, ack 101, win 0, length 0"),
        );
    }
    assert_says(
        &reset.report(true),
        &["Cannot be judged: 6 attempts to connect over TCP, without a query, are not enough to tell"],
        &["unanswered quer"],
    );
}

#[test]
fn what_is_well_over_udp_is_not_said_of_tcp() {
    let mut log = Log::default();
    for number in 0..8 {
        let at = u64::from(number) * 1_000;
        log = log
            .query(at, number, CLIENT, "h.test")
            .answer(at + 20, number, "1/0/0 A 192.0.2.80");
        log = log.connect(at + 500, 50_000 + number, OTHER_SERVER);
    }
    assert_says(
        &log.report(true),
        &[
            "No incident was found. 1 DNS server received 8 queries over UDP; 100% of them were answered. 8 attempts to connect over \
            TCP led to no query: how DNS does over TCP there is not known from this.",
        ],
        &[],
    );
}

#[test]
fn what_a_server_answered_over_udp_says_not_when_its_tcp_began_to_fail() {
    let answered = || {
        (0..30).fold(Log::default(), |log, number| {
            let at = u64::from(number) * 1_000;
            log.query(at, number, CLIENT, "h.test")
                .answer(at + 20, number, "1/0/0 A 192.0.2.80")
        })
    };
    let over_tcp = answered().connect(30_000, 50_000, SERVER).line(
        30_001,
        format!("IP {SERVER} > {CLIENT}: ICMP {SERVER} tcp port 53 unreachable, length 68"),
    );
    assert_says(
        &over_tcp.report(true),
        &[
            "The log holds no answer from this server's TCP port 53 at all, so the problem may have begun before it.",
        ],
        &["Until then", "began within it"],
    );
    let over_udp = answered().query(30_000, 30, CLIENT, "h.test").error(30_010);
    assert_says(
        &over_udp.report(true),
        &["Until then the server had given at least 30 answers in this log, so the problem began within it."],
        &["no earlier answer", "UDP port 53 had"],
    );
}
