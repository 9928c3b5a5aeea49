//! Documents with their timelines, as the pipeline would fill them: what the reports are tested with.

#![expect(clippy::expect_used, reason = "helpers of tests: a surprise is a failure")]

mod failing;
mod healthy;
mod textbook;
mod two_incidents;
mod unanswered;

use netmon::excerpt::Excerpts;
use netmon::model::counters::Record;
use netmon::model::{
    Cause, DestinationCounts, Diagnosis, Document, Incident, Kind, Latency, Likelihood, Source, SourceKind,
    Totals, Wall,
};
use netmon::report::forms::{Style, form};
use netmon::report::story::numbers::UTC;
use netmon::report::{Cover, Report};
use netmon::time::Time;
use netmon::timeline::{Activity, Timeline};
use netmon_common::Address;

pub use failing::failing;
pub use healthy::healthy;
pub use textbook::textbook;
pub use two_incidents::two_incidents;
pub use unanswered::unanswered;

/// What a report is written from.
pub struct Case {
    pub document: Document,
    pub timeline: Timeline,
    pub excerpts: Excerpts,
    pub from_text: bool,
    pub cover: Cover,
}

impl Case {
    /// Of a capture, with nothing said about it.
    pub fn new(document: Document, timeline: Timeline) -> Self {
        Self {
            document,
            timeline,
            excerpts: Excerpts::default(),
            from_text: false,
            cover: Cover::default(),
        }
    }

    pub fn report(&self) -> Report<'_> {
        Report {
            document: &self.document,
            timeline: &self.timeline,
            served: None,
            close_ups: &[],
            excerpts: &self.excerpts,
            from_text: self.from_text,
            clock: &UTC,
            cover: &self.cover,
            generated_by: "netmon 0.1.0",
        }
    }
}

/// All of them, by name.
pub fn all() -> Vec<(&'static str, Case)> {
    vec![
        ("textbook", textbook()),
        ("unanswered", unanswered()),
        ("failing", failing()),
        ("healthy", healthy()),
        ("two_incidents", two_incidents()),
    ]
}

/// How tests look at text.
const STYLE: Style = Style {
    colour: false,
    width: 100,
};

/// A form of the report.
pub fn rendered(case: &Case, name: &str) -> String {
    let mut out = Vec::new();
    (form(name).expect("a form").write)(&case.report(), STYLE, &mut out).expect("memory takes everything");
    String::from_utf8(out).expect("reports are UTF-8")
}

/// A moment of the day on which everything here happens.
pub fn wall(time: &str) -> Wall {
    Wall(format!("2026-11-24T{time}Z").parse().expect("a time of day"))
}

pub fn address(text: &str) -> Address {
    text.parse::<std::net::IpAddr>().expect("an address").into()
}

fn time(text: &str) -> Time {
    let nanos = wall(text).0.as_nanosecond();
    Time::from_nanos(u64::try_from(nanos).expect("after 1970"))
}

/// Counters by the names of their columns in the history; all others are 0.
pub fn counters<R: Record>(counts: &[(&str, u64)]) -> R {
    let mut record = R::default();
    for (name, count) in counts {
        let column = R::table().columns().iter().find(|column| column.name == *name);
        let place = column.expect("a column of the history").places().start;
        *record.counter(place).expect("a counter") = *count;
    }
    record
}

/// The answers that were timed, and how long they took, in microseconds: median, 90 %, 99 %, longest.
pub fn destination(
    server: &str,
    counts: &[(&str, u64)],
    timed: Option<(u64, [u64; 4])>,
) -> DestinationCounts {
    DestinationCounts {
        address: address(server),
        counters: counters(counts),
        not_served: 0,
        latency_us: timed.map_or_else(Latency::default, |(count, times)| {
            let [p50, p90, p99, max] = times.map(Some);
            Latency {
                count,
                p50,
                p90,
                p99,
                max,
            }
        }),
        server_info: None,
    }
}

fn document(file: &str, first: &str, last: &str, totals: &Totals) -> Document {
    let source = Source {
        kind: SourceKind::Capture,
        files: vec![file.into()],
        first: Some(wall(first)),
        last: Some(wall(last)),
    };
    Document::new(source, *totals)
}

fn incident(server: &str, kind: Kind, began: &str, opened: &str, last_seen: &str) -> Incident {
    let id = format!("2026-11-24T{opened}Z-{kind}-{server}-53-udp");
    Incident {
        began: wall(began),
        last_seen: wall(last_seen),
        ..Incident::opened(id, address(server), kind, wall(opened))
    }
}

fn cause(cause: Cause, likelihood: Likelihood, evidence: &str) -> Diagnosis {
    Diagnosis {
        cause,
        likelihood,
        evidence: evidence.into(),
    }
}

const QUERY: Activity = Activity {
    queries: 1,
    answers: 0,
    failures: 0,
    errors: 0,
};
const ANSWERED: Activity = Activity { answers: 1, ..QUERY };
const FAILED: Activity = Activity {
    failures: 1,
    ..ANSWERED
};
const ERROR: Activity = Activity {
    queries: 0,
    errors: 1,
    ..QUERY
};

/// Puts the same at a server every so many milliseconds.
fn every(timeline: &mut Timeline, server: &str, from: &str, to: &str, step_ms: u64, activity: Activity) {
    let mut now = time(from);
    while now < time(to) {
        timeline.add(now, address(server), activity);
        now = now.after(std::time::Duration::from_millis(step_ms));
    }
}
