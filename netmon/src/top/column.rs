//! The columns of the servers' table: what each shows, how wide it is, and which go first where there is little room.

use crate::model::view::ServerLine;
use crate::model::words::words;
use crate::report::story::numbers::{micros, number};
use crate::views::By;

words! {
    /// A column.
    pub enum Column {
        /// The address.
        Server = "SERVER",
        /// How it is.
        State = "STATE",
        /// Queries a second.
        Queries = "QUERIES/S",
        /// Answers a second.
        Answers = "ANSWERS/S",
        /// DNS unreachables a second.
        Errors = "ERRORS/S",
        /// The share of the queries that was answered.
        Answered = "ANSWERED",
        /// The median latency.
        P50 = "P50",
        /// What one of a hundred exceeds.
        P99 = "P99",
        /// Queries over the last two minutes.
        Recent = "LAST 2 MIN",
        /// Which of this host's resolvers it is.
        Resolver = "RESOLVER",
        /// What the configuration calls it.
        Name = "NAME",
        /// Whose it is.
        Owner = "OWNER",
    }
}

/// The heights of a bar.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

impl Column {
    /// Those that go first where there is little room, the first first.
    const DROPPED: [Self; 10] = [
        Self::Owner,
        Self::Name,
        Self::Resolver,
        Self::P99,
        Self::Answers,
        Self::P50,
        Self::Recent,
        Self::Errors,
        Self::Queries,
        Self::Answered,
    ];

    /// How wide it is, at least.
    pub const fn width(self) -> u16 {
        match self {
            Self::Server => 17,
            Self::State | Self::Answered | Self::P50 | Self::P99 | Self::Errors | Self::Resolver => 8,
            Self::Queries | Self::Answers => 9,
            Self::Recent => 12,
            Self::Name => 14,
            Self::Owner => 20,
        }
    }

    /// Whether it has numbers, which stand on the right.
    pub const fn is_number(self) -> bool {
        matches!(
            self,
            Self::Queries | Self::Answers | Self::Errors | Self::Answered | Self::P50 | Self::P99
        )
    }

    /// Whether there is more to it than fits into its least width.
    pub const fn grows(self) -> bool {
        matches!(self, Self::Server | Self::Recent | Self::Name | Self::Owner)
    }

    /// The order by it.
    pub const fn by(self) -> By {
        match self {
            Self::Server => By::Server,
            Self::State | Self::Resolver => By::State,
            Self::Queries | Self::Recent => By::Queries,
            Self::Answers => By::Answers,
            Self::Errors => By::Errors,
            Self::Answered => By::Answered,
            Self::P50 => By::P50,
            Self::P99 => By::P99,
            Self::Name | Self::Owner => By::Name,
        }
    }

    /// Of these, those that fit side by side, with a space between, into so many columns.
    pub fn that_fit(wanted: impl Fn(Self) -> bool, width: u16) -> Vec<Self> {
        let mut columns: Vec<Self> = Self::ALL.into_iter().filter(|column| wanted(*column)).collect();
        for dropped in Self::DROPPED {
            let needed: u16 = columns.iter().map(|column| column.width() + 1).sum();
            if needed <= width + 1 {
                break;
            }
            columns.retain(|column| *column != dropped);
        }
        columns
    }

    /// What it shows of a server.
    pub fn text(self, line: &ServerLine, width: u16) -> String {
        let info = |of: fn(&crate::model::ServerInfo) -> &Option<String>| {
            line.server_info
                .as_ref()
                .and_then(|info| of(info).clone())
                .unwrap_or_default()
        };
        match self {
            Self::Server => line.address.to_string(),
            Self::State => line.state.name().to_owned(),
            Self::Queries => rate(line.per_second.queries),
            Self::Answers => rate(line.per_second.answers),
            Self::Errors => rate(line.per_second.errors),
            Self::Answered => share(line.answered),
            Self::P50 => line.latency_us.p50.map_or_else(|| "-".to_owned(), micros),
            Self::P99 => line.latency_us.p99.map_or_else(|| "-".to_owned(), micros),
            Self::Recent => bars(&line.recent.queries, width.into()),
            Self::Resolver => match &line.resolver {
                Some(resolver) => format!("{} of {}", resolver.position, resolver.of),
                None => String::new(),
            },
            Self::Name => info(|info| &info.name),
            Self::Owner => info(|info| &info.owner),
        }
    }
}

/// A rate for people: 0.3, 12.0, 1,234.
pub fn rate(rate: f64) -> String {
    if rate < 100.0 {
        return format!("{rate:.1}");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate of packets, for people to read"
    )]
    number(rate.round() as u64)
}

/// A share for people. What is nearly all is not all.
pub fn share(share: Option<f64>) -> String {
    match share {
        None => "-".to_owned(),
        Some(share) if share < 1.0 && share > 0.99 => "> 99 %".to_owned(),
        Some(share) => format!("{:.0} %", share * 100.0),
    }
}

/// Counts as bars, the newest on the right; as many as there is room for, each of several steps where there is not.
pub fn bars(counts: &[u32], width: usize) -> String {
    if width == 0 || counts.is_empty() {
        return String::new();
    }
    let together = counts.len().div_ceil(width);
    let sums: Vec<u64> = counts
        .rchunks(together)
        .rev()
        .map(|steps| steps.iter().map(|count| u64::from(*count)).sum())
        .collect();
    let most = sums.iter().copied().max().unwrap_or_default();
    let bar = |sum: u64| match usize::try_from((sum * 7).checked_div(most).unwrap_or_default()) {
        _ if sum == 0 => ' ',
        Ok(height) => BARS.get(height).copied().unwrap_or('█'),
        Err(_) => '█',
    };
    sums.into_iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_high_as_their_share_of_the_highest() {
        for (counts, width, expected) in [
            (&[0, 1, 4, 8][..], 4, " ▁▄█"),
            (&[0, 0, 0, 0], 4, "    "),
            (&[1, 1, 4, 4, 0, 8], 3, "▂██"),
            (&[], 3, ""),
        ] {
            assert_eq!(bars(counts, width), expected, "{counts:?}");
        }
    }

    #[test]
    fn where_there_is_little_room_the_least_important_columns_go() {
        let names = |width| {
            let columns = Column::that_fit(|_| true, width);
            columns.into_iter().map(Column::name).collect::<Vec<_>>()
        };
        assert_eq!(names(200).len(), Column::ALL.len());
        assert_eq!(
            names(60),
            ["SERVER", "STATE", "QUERIES/S", "ERRORS/S", "ANSWERED"]
        );
        assert_eq!(names(10), ["SERVER", "STATE"]);
    }
}
