//! Every number that a decision depends on, in one place. The defaults are those of docs/contract.md, section 3.

use std::time::Duration;

use thiserror::Error;

/// A threshold to set, by the kind of its value.
pub(super) enum Field<'a> {
    Duration(&'a mut Duration),
    Count(&'a mut u64),
    Size(&'a mut usize),
    Rate(&'a mut u32),
}

macro_rules! field {
    (Duration, $value:expr) => {
        Field::Duration($value)
    };
    (u64, $value:expr) => {
        Field::Count($value)
    };
    (usize, $value:expr) => {
        Field::Size($value)
    };
    (u32, $value:expr) => {
        Field::Rate($value)
    };
}

/// Defines thresholds, each in one place, with its default: what has them as fields, its `Default`, their names, and how to set
/// them by name.
macro_rules! thresholds {
    (
        $(#[$about:meta])*
        pub struct $all:ident {
            $($(#[$doc:meta])* pub $name:ident: $kind:ident = $default:expr,)+
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $all {
            $($(#[$doc])* pub $name: $kind,)+
        }

        impl Default for $all {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        /// All names: those of the fields of [`Thresholds`].
        pub const NAMES: [&str; [$(stringify!($name)),+].len()] = [$(stringify!($name)),+];

        impl $all {
            /// The field of that name.
            pub(super) fn field(&mut self, name: &str) -> Option<Field<'_>> {
                Some(match name {
                    $(stringify!($name) => field!($kind, &mut self.$name),)+
                    _ => return None,
                })
            }
        }
    };
}

thresholds! {
    /// When an incident opens and closes, how bad it is, and what counts as a cause.
    ///
    /// Windows are judged by whole seconds: those fields are whole seconds, and at most [`Self::LONGEST_WINDOW`].
    /// [`Self::check`] says so to whoever set them.
    pub struct Thresholds {
        /// `unreachable` does not close before this long has passed without an error.
        pub unreachable_quiet: Duration = Duration::from_secs(10),
        /// `unreachable` of clients that ask no more: how many answered exchanges of others must follow the last error, to
        /// close it after [`Self::idle`].
        pub others_answered: u64 = 10,

        /// `unanswered`: how long a query may wait before it counts as failed. Whole seconds.
        pub unanswered_wait: Duration = Duration::from_secs(5),
        /// `unanswered`: the age of the oldest query that is looked at together with others. Whole seconds.
        pub unanswered_window: Duration = Duration::from_secs(30),
        /// `unanswered`: how many queries must have failed in that window.
        pub unanswered_queries: u64 = 5,
        /// `unanswered`: for how many names, in the window or among the last queries.
        pub unanswered_names: usize = 2,
        /// `unanswered` of a seldom asked server: how many of the last queries must all have failed. At most 8.
        pub unanswered_last: usize = 3,
        /// `unanswered` of a seldom asked server: over how long these must be spread at least.
        pub unanswered_spread_min: Duration = Duration::from_secs(20),
        /// `unanswered` of a seldom asked server: over how long at most. A pause between queries that is longer
        /// begins a new count.
        pub unanswered_spread_max: Duration = Duration::from_mins(10),

        /// `failing`: over how long answers are looked at, to open and to close. Whole seconds.
        pub failing_window: Duration = Duration::from_secs(30),
        /// `failing`: how many answers there must be.
        pub failing_answers: u64 = 10,
        /// `failing`: what share of them must fail, at least, in percent.
        pub failing_percent: u64 = 50,
        /// `failing`: for how many registrable domains.
        pub failing_domains: usize = 3,
        /// `failing`: within how long the same client may ask again and be answered well, so that nothing failed. Whole
        /// seconds.
        pub failing_retry: Duration = Duration::from_secs(5),
        /// `failing`: how long it is remembered that a domain was answered well.
        pub domain_memory: Duration = Duration::from_hours(1),
        /// `failing` closes when the share is under this, in percent.
        pub recovered_percent: u64 = 10,

        /// Every kind closes when this long no query came.
        pub idle: Duration = Duration::from_mins(10),
        /// The same kind for the same server within this long of closing reopens the incident.
        pub reopen: Duration = Duration::from_mins(1),

        /// An incident is reported this long after it opened.
        pub settle: Duration = Duration::from_millis(100),

        /// `down`: when nobody was answered in this long; and as long an incident stays `down` at least.
        pub down_window: Duration = Duration::from_secs(10),
        /// The same when the incident opens, of an answer of which only the second is known, not the client.
        pub down_window_at_opening: Duration = Duration::from_secs(1),
        /// `down`: when none of so many last queries was answered.
        pub down_queries: u64 = 10,
        /// After a change of severity it becomes milder only when this long has passed.
        pub severity_pause: Duration = Duration::from_mins(1),

        /// At how many services that never answered anybody a client may fail before the failures are taken for its own.
        pub scan_services: usize = 4,
        /// Within how long.
        pub scan_window: Duration = Duration::from_mins(10),
        /// How long an answer of another service to the same client proves that answers would be seen.
        pub answers_seen: Duration = Duration::from_mins(10),

        /// `overload`: how many times the usual query rate it must be.
        pub overload_ratio: u64 = 4,
        /// `overload`: how many full earlier minutes must be known for there to be a usual rate. At most 14.
        pub overload_minutes: usize = 3,
        /// `overload`: the least query rate, a second.
        pub overload_rate: u64 = 100,

        /// A cause is likely when at least this share of the failures supports it, in percent.
        pub likely_percent: u64 = 50,
        /// A `host` error that comes this soon after its query is no failed neighbour look-up: that takes
        /// seconds (RFC 4861 section 10: three probes, one a second).
        pub quick_error: Duration = Duration::from_millis(2),

        /// Of how many queries a second and server, and of how many failed answers, names are looked at.
        pub looks_per_second: u32 = 64,
    }
}

/// A threshold that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{threshold} must be {must_be}")]
pub struct ImpossibleThreshold {
    /// The field of [`Thresholds`].
    pub threshold: &'static str,
    /// What it must be.
    pub must_be: &'static str,
}

impl Thresholds {
    /// By how many failures without a good answer a domain is lost.
    pub(super) fn lost_queries(&self) -> usize {
        usize::try_from(self.failing_answers).unwrap_or(usize::MAX)
    }

    /// The longest window that is judged by whole seconds.
    pub const LONGEST_WINDOW: Duration = Duration::from_mins(1);
    /// The most queries that [`Self::unanswered_last`] may be.
    pub const MOST_LAST_QUERIES: usize = 8;
    /// The most minutes that [`Self::overload_minutes`] may be.
    pub const MOST_MINUTES: usize = 14;

    /// Says which threshold cannot be, if one cannot: the first of [`Self::impossible`].
    pub fn check(&self) -> Result<(), ImpossibleThreshold> {
        self.impossible().first().copied().map_or(Ok(()), Err)
    }

    /// All thresholds that cannot be.
    pub fn impossible(&self) -> Vec<ImpossibleThreshold> {
        let window = |window: Duration| window.subsec_nanos() == 0 && window <= Self::LONGEST_WINDOW;
        let percent = |percent: u64| percent <= 100;
        let whole = "whole seconds, and at most 60 of them";
        let rules = [
            ("unanswered_wait", window(self.unanswered_wait), whole),
            ("unanswered_window", window(self.unanswered_window), whole),
            ("failing_window", window(self.failing_window), whole),
            ("failing_retry", window(self.failing_retry), whole),
            (
                "unanswered_window",
                self.unanswered_window > self.unanswered_wait,
                "longer than unanswered_wait",
            ),
            (
                "unanswered_last",
                (1..=Self::MOST_LAST_QUERIES).contains(&self.unanswered_last),
                "from 1 to 8",
            ),
            (
                "unanswered_spread_max",
                self.unanswered_spread_max >= self.unanswered_spread_min,
                "at least unanswered_spread_min",
            ),
            ("failing_percent", percent(self.failing_percent), "at most 100"),
            (
                "recovered_percent",
                percent(self.recovered_percent),
                "at most 100",
            ),
            ("likely_percent", percent(self.likely_percent), "at most 100"),
            (
                "overload_minutes",
                (1..=Self::MOST_MINUTES).contains(&self.overload_minutes),
                "from 1 to 14",
            ),
        ];
        let broken = rules.into_iter().filter(|(_, holds, _)| !holds);
        broken
            .map(|(threshold, _, must_be)| ImpossibleThreshold { threshold, must_be })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_possible() {
        assert_eq!(Thresholds::default().check(), Ok(()));
    }

    #[test]
    fn an_impossible_threshold_is_named() {
        type Set = fn(&mut Thresholds);
        let cases: [(&str, Set); 8] = [
            ("unanswered_wait", |t| {
                t.unanswered_wait = Duration::from_millis(1500);
            }),
            ("failing_window", |t| t.failing_window = Duration::from_secs(61)),
            ("unanswered_window", |t| {
                t.unanswered_window = Duration::from_secs(5);
            }),
            ("unanswered_last", |t| t.unanswered_last = 9),
            ("unanswered_spread_max", |t| {
                t.unanswered_spread_max = Duration::from_secs(19);
            }),
            ("failing_percent", |t| t.failing_percent = 101),
            ("recovered_percent", |t| t.recovered_percent = 101),
            ("overload_minutes", |t| t.overload_minutes = 0),
        ];
        for (name, set) in cases {
            let mut thresholds = Thresholds::default();
            set(&mut thresholds);
            assert_eq!(thresholds.check().map_err(|e| e.threshold), Err(name), "{name}");
        }
    }
}
