//! The timeline in letters, for a terminal and for Markdown.

use jiff::Timestamp;

use crate::report::Report;
use crate::report::story::chart::{Panel, Panels};
use crate::report::story::numbers::{self, count};
use crate::timeline::{Activity, Timeline};

/// Heights of a column that is not empty.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A column in which nothing passed.
const EMPTY: char = '·';

/// A column that an incident covers.
const INCIDENT: char = '━';

/// A timeline in lines.
#[derive(Debug)]
pub struct Sparklines {
    /// What a column is.
    pub caption: String,
    /// One a server.
    pub servers: Vec<Server>,
}

/// A server's lines.
#[derive(Debug)]
pub struct Server {
    /// Whose they are, and how high they are.
    pub title: String,
    /// Each with its name.
    pub lines: Vec<(&'static str, String)>,
}

impl Sparklines {
    /// Of a timeline of a report, in at most so many columns; `None` when there is nothing to draw.
    pub fn new(report: &Report<'_>, timeline: &Timeline, columns: usize) -> Option<Self> {
        let drawn = Panels::new(report, timeline, columns)?;
        let start = Timestamp::from_nanosecond(drawn.axis.start().nanos().into()).ok()?;
        Some(Self {
            caption: format!(
                "One column is {}; the first begins at {}.",
                numbers::duration(drawn.axis.length()),
                report.clock.moment(start)
            ),
            servers: drawn.panels.iter().map(server).collect(),
        })
    }
}

fn server(panel: &Panel) -> Server {
    let (most, total) = (panel.most(), panel.total());
    let line = |of: fn(&Activity) -> u64| -> String {
        panel.parts.iter().map(|part| column(of(part), most)).collect()
    };
    let mut lines = vec![
        ("queries", line(|part| part.queries)),
        ("answers", line(|part| part.answers)),
    ];
    if total.failures > 0 {
        lines.push(("failures", line(|part| part.failures)));
    }
    if total.errors > 0 {
        lines.push(("errors", line(|part| part.errors)));
    }
    if !panel.incidents.is_empty() {
        lines.push(("incident", incidents(panel)));
    }
    Server {
        title: format!(
            "{}: a full column is {}",
            panel.server,
            count(most, "packet", "packets")
        ),
        lines,
    }
}

fn column(packets: u64, most: u64) -> char {
    let height = (u128::from(packets) * HEIGHTS.len() as u128).div_ceil(u128::from(most.max(1)));
    usize::try_from(height)
        .ok()
        .and_then(|height| HEIGHTS.get(height.checked_sub(1)?))
        .map_or(EMPTY, |&letter| letter)
}

fn incidents(panel: &Panel) -> String {
    let columns = panel.parts.len();
    let covers = |column: usize| {
        let mut incidents = panel.incidents.iter();
        incidents.any(|incident| (incident.first..=incident.last).contains(&column))
    };
    (0..columns)
        .map(|column| if covers(column) { INCIDENT } else { ' ' })
        .collect::<String>()
        .trim_end()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_with_a_packet_is_never_empty_and_only_the_highest_is_full() {
        let drawn: String = [0, 1, 499, 500, 501, 999, 1_000]
            .map(|packets| column(packets, 1_000))
            .iter()
            .collect();
        assert_eq!(drawn, "·▁▄▄▅██");
        assert_eq!(column(0, 0), '·');
    }
}
