//! The report of a past incident: from its last state, and from the minutes around it.

use std::time::Duration;

use jiff::Timestamp;
use netmon_common::Address;

use super::columns;
use super::limits::{REPORT_AROUND, REPORTED_SECONDS, REPORTED_SERVERS};
use super::read::{ReadError, Reader, ServerSum, Watched};
use super::rollup::MINUTE;
use crate::model::{
    DestinationCounts, Document, Incident, Source, SourceKind, Totals, Wall, Warning, WarningKind,
};
use crate::report::CloseUp;
use crate::report::story::numbers::UTC;
use crate::time::{Time, start_of_minute};
use crate::timeline::Timeline;

/// A past incident, as a report needs it.
#[derive(Debug)]
pub struct Past {
    /// The incident, and what was counted around it.
    pub document: Document,
    /// What passed when, by the minute.
    pub timeline: Timeline,
    /// The seconds around the incident's beginning and its end, as far as they are kept.
    pub close_ups: Vec<CloseUp>,
}

/// The incident whose id begins so, with the minutes around it.
pub fn past(reader: &Reader, id: &str) -> Result<Past, ReadError> {
    let incident = reader.incident(id)?;
    let (from, to) = around(&incident);
    let sums = reader.servers(from, to)?;
    let watched = reader.totals(from, to)?;
    let mut timeline = Timeline::of(Duration::from_secs(MINUTE.unsigned_abs()));
    for server in shown(&incident, &sums) {
        for (minute, counts) in reader.minutes(server, from, to)? {
            let begin = u64::try_from(minute).unwrap_or(0);
            timeline.add(Time::at_second(begin), server, columns::in_short(&counts));
        }
    }
    let close_ups = close_ups(reader, &incident)?;
    Ok(Past {
        document: document(reader, incident, &sums, watched.as_ref()),
        timeline,
        close_ups,
    })
}

/// The seconds around the beginning and the end of an incident, or all of them where these are close to each other.
fn close_ups(reader: &Reader, incident: &Incident) -> Result<Vec<CloseUp>, ReadError> {
    let from = |wall: Wall| wall.0.as_second() - REPORTED_SECONDS;
    let to = |wall: Wall| wall.0.as_second() + REPORTED_SECONDS + 1;
    let beginning = (from(incident.began), to(incident.opened));
    let end = incident
        .recovered
        .or(incident.closed)
        .map(|end| (from(end), to(end)));
    // Where the wall clock was set back in it, its end is before its beginning.
    let stretches = match end {
        Some(end) if end.0 <= beginning.1 && beginning.0 <= end.1 => {
            let both = (beginning.0.min(end.0), beginning.1.max(end.1));
            vec![("The seconds around the incident", both)]
        }
        Some(end) => vec![
            ("The seconds around its beginning", beginning),
            ("The seconds around its end", end),
        ],
        None => vec![("The seconds around its beginning", beginning)],
    };
    let mut close_ups = Vec::new();
    for (title, (from, to)) in stretches {
        let mut timeline = Timeline::of(Duration::from_secs(1));
        for (second, activity) in reader.seconds(incident.server, from, to)? {
            let begin = u64::try_from(second).unwrap_or(0);
            timeline.add(Time::at_second(begin), incident.server, activity);
        }
        if timeline.axis(1).is_some() {
            close_ups.push(CloseUp { title, timeline });
        }
    }
    Ok(close_ups)
}

/// The minutes to look at: from the one that began before the incident to the one that ends after it. Where the wall clock was set
/// back in it, its end is before its beginning, and all between is looked at.
fn around(incident: &Incident) -> (i64, i64) {
    let around = i64::try_from(REPORT_AROUND.as_secs()).unwrap_or(0);
    let (mut first, mut last) = (incident.began, incident.began);
    for wall in [Some(incident.last_seen), incident.closed].into_iter().flatten() {
        (first, last) = (first.min(wall), last.max(wall));
    }
    (
        start_of_minute(first.0.as_second() - around),
        start_of_minute(last.0.as_second() + around) + MINUTE,
    )
}

/// The servers whose minutes are shown: the incident's own, then the busiest others.
fn shown(incident: &Incident, sums: &[ServerSum]) -> Vec<Address> {
    let own = incident.server;
    let mut others: Vec<_> = sums
        .iter()
        .filter_map(|sum| {
            Some((
                std::cmp::Reverse(columns::activity(&sum.counters).1),
                sum.address?,
            ))
        })
        .filter(|(_, address)| *address != own)
        .collect();
    others.sort_unstable();
    let others = others
        .into_iter()
        .map(|(_, address)| address)
        .take(REPORTED_SERVERS);
    std::iter::once(own).chain(others).collect()
}

fn document(reader: &Reader, incident: Incident, sums: &[ServerSum], watched: Option<&Watched>) -> Document {
    let wall = |second: i64| Timestamp::from_second(second).ok().map(Wall);
    let source = Source {
        kind: SourceKind::History,
        files: vec![reader.file().display().to_string()],
        first: watched.and_then(|watched| wall(watched.first)),
        last: watched.and_then(|watched| wall(watched.last + MINUTE)),
    };
    let totals = watched.map_or_else(Totals::default, |watched| watched.totals);
    let mut document = Document::new(source, totals);
    document.destinations = sums
        .iter()
        .filter_map(|sum| {
            Some(DestinationCounts {
                address: sum.address?,
                counters: sum.counters,
                not_served: 0,
                latency_us: sum.latency,
                server_info: None,
            })
        })
        .collect();
    document.warnings = warnings(&incident, sums, watched);
    document.incidents = vec![incident];
    document
}

fn warnings(incident: &Incident, sums: &[ServerSum], watched: Option<&Watched>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    match watched {
        None => warnings.push(Warning::new(
            WarningKind::NoMinutes,
            "the history has no minutes around the incident (any more), so that only the incident itself is known",
        )),
        Some(watched) => {
            let all = (watched.last - watched.first) / MINUTE + 1;
            let missing = all - watched.minutes;
            let counted_to = watched.last + MINUTE;
            if incident.last_seen.0.as_second() >= counted_to
                && let Ok(counted_to) = Timestamp::from_second(counted_to)
            {
                warnings.push(Warning::new(
                    WarningKind::MinutesBehind,
                    format!(
                        "the history counts full minutes, so far those before {} UTC: what was counted of the incident itself \
                         goes further",
                        UTC.time(counted_to)
                    ),
                ));
            }
            // Where the wall clock was set back, nobody knows how many there should be.
            let is_set_back = incident.closed.unwrap_or(incident.last_seen) < incident.began;
            if missing > 0 && !is_set_back {
                warnings.push(Warning::new(
                    WarningKind::Unwatched,
                    format!(
                        "netmon did not watch in {missing} of the {all} minutes around the incident, or could not write them \
                         down"
                    ),
                ));
            }
        }
    }
    if let Some(rest) = sums.iter().find(|sum| sum.address.is_none()) {
        warnings.push(Warning::new(
            WarningKind::ServersSummed,
            format!(
                "so many servers were active at once that the least active ones are only known in sum: {} packets",
                columns::activity(&rest.counters).1
            ),
        ));
    }
    warnings
}
