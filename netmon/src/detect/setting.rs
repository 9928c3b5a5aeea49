//! Setting thresholds by their names, as flags and configuration do.

use std::time::Duration;

use thiserror::Error;

use super::thresholds::{ImpossibleThreshold, Thresholds};
use crate::time::parse_duration;

/// Why a threshold cannot be set so.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SettingError {
    /// There is none of that name.
    #[error("there is no threshold `{name}`; there are: {}", NAMES.join(", "))]
    Unknown {
        /// The name.
        name: String,
    },
    /// The value is of another kind.
    #[error("{name} cannot be `{value}`: it is {kind}")]
    Value {
        /// The threshold.
        name: String,
        /// The value.
        value: String,
        /// What it must be.
        kind: String,
    },
    /// The thresholds contradict each other, or cannot be met.
    #[error(transparent)]
    Impossible(#[from] ImpossibleThreshold),
}

/// All names: those of the fields of [`Thresholds`].
pub const NAMES: [&str; 32] = [
    "unreachable_quiet",
    "others_answered",
    "unanswered_wait",
    "unanswered_window",
    "unanswered_queries",
    "unanswered_names",
    "unanswered_last",
    "unanswered_spread_min",
    "unanswered_spread_max",
    "failing_window",
    "failing_answers",
    "failing_percent",
    "failing_domains",
    "failing_retry",
    "domain_memory",
    "recovered_percent",
    "idle",
    "reopen",
    "settle",
    "down_window",
    "down_window_at_opening",
    "down_queries",
    "severity_pause",
    "scan_services",
    "scan_window",
    "answers_seen",
    "overload_ratio",
    "overload_minutes",
    "overload_rate",
    "likely_percent",
    "quick_error",
    "looks_per_second",
];

/// A threshold, by the kind of its value.
enum Field<'a> {
    Duration(&'a mut Duration),
    Count(&'a mut u64),
    Size(&'a mut usize),
    Rate(&'a mut u32),
}

/// What a threshold is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThresholdValue {
    /// A length of time.
    Duration(Duration),
    /// A number.
    Number(u64),
}

impl Thresholds {
    /// What a threshold is set to; `None` where there is none of that name.
    pub fn value(&self, name: &str) -> Option<ThresholdValue> {
        Some(match self.clone().field(name)? {
            Field::Duration(duration) => ThresholdValue::Duration(*duration),
            Field::Count(count) => ThresholdValue::Number(*count),
            Field::Size(size) => ThresholdValue::Number(*size as u64),
            Field::Rate(rate) => ThresholdValue::Number(u64::from(*rate)),
        })
    }

    /// The defaults with these changes, each `name=value`: `unreachable_quiet=20s`, `failing_percent=80`.
    pub fn with<'a>(changes: impl IntoIterator<Item = &'a str>) -> Result<Self, SettingError> {
        let mut thresholds = Self::default();
        for change in changes {
            let (name, value) = change.split_once('=').unwrap_or((change, ""));
            thresholds.set(name.trim(), value.trim())?;
        }
        thresholds.check()?;
        Ok(thresholds)
    }

    /// Sets one, without a look at the others: [`Self::check`] takes that.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), SettingError> {
        let field = self.field(name).ok_or_else(|| SettingError::Unknown {
            name: name.to_owned(),
        })?;
        let wrong = |kind: &str| SettingError::Value {
            name: name.to_owned(),
            value: value.to_owned(),
            kind: kind.to_owned(),
        };
        let number = "a whole number";
        match field {
            Field::Duration(duration) => {
                *duration =
                    parse_duration(value).map_err(|_| wrong("a duration such as 500ms, 30s or 5m"))?;
            }
            Field::Count(count) => *count = value.parse().map_err(|_| wrong(number))?,
            Field::Size(size) => *size = value.parse().map_err(|_| wrong(number))?,
            Field::Rate(rate) => *rate = value.parse().map_err(|_| wrong(number))?,
        }
        Ok(())
    }

    fn field(&mut self, name: &str) -> Option<Field<'_>> {
        Some(match name {
            "unreachable_quiet" => Field::Duration(&mut self.unreachable_quiet),
            "others_answered" => Field::Count(&mut self.others_answered),
            "unanswered_wait" => Field::Duration(&mut self.unanswered_wait),
            "unanswered_window" => Field::Duration(&mut self.unanswered_window),
            "unanswered_queries" => Field::Count(&mut self.unanswered_queries),
            "unanswered_names" => Field::Size(&mut self.unanswered_names),
            "unanswered_last" => Field::Size(&mut self.unanswered_last),
            "unanswered_spread_min" => Field::Duration(&mut self.unanswered_spread_min),
            "unanswered_spread_max" => Field::Duration(&mut self.unanswered_spread_max),
            "failing_window" => Field::Duration(&mut self.failing_window),
            "failing_answers" => Field::Count(&mut self.failing_answers),
            "failing_percent" => Field::Count(&mut self.failing_percent),
            "failing_domains" => Field::Size(&mut self.failing_domains),
            "failing_retry" => Field::Duration(&mut self.failing_retry),
            "domain_memory" => Field::Duration(&mut self.domain_memory),
            "recovered_percent" => Field::Count(&mut self.recovered_percent),
            "idle" => Field::Duration(&mut self.idle),
            "reopen" => Field::Duration(&mut self.reopen),
            "settle" => Field::Duration(&mut self.settle),
            "down_window" => Field::Duration(&mut self.down_window),
            "down_window_at_opening" => Field::Duration(&mut self.down_window_at_opening),
            "down_queries" => Field::Count(&mut self.down_queries),
            "severity_pause" => Field::Duration(&mut self.severity_pause),
            "scan_services" => Field::Size(&mut self.scan_services),
            "scan_window" => Field::Duration(&mut self.scan_window),
            "answers_seen" => Field::Duration(&mut self.answers_seen),
            "overload_ratio" => Field::Count(&mut self.overload_ratio),
            "overload_minutes" => Field::Size(&mut self.overload_minutes),
            "overload_rate" => Field::Count(&mut self.overload_rate),
            "likely_percent" => Field::Count(&mut self.likely_percent),
            "quick_error" => Field::Duration(&mut self.quick_error),
            "looks_per_second" => Field::Rate(&mut self.looks_per_second),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_threshold_can_be_set_by_its_name() {
        // Debug shows all fields: each must have a name that sets it.
        let shown = format!("{:?}", Thresholds::default());
        let fields = shown
            .split(&['{', ','][..])
            .filter_map(|part| part.split_once(':'));
        let fields: Vec<&str> = fields.map(|(name, _)| name.trim()).collect();
        assert_eq!(fields, NAMES);
        for name in NAMES {
            assert!(Thresholds::default().value(name).is_some(), "{name}");
        }
    }

    #[test]
    fn values_are_read_and_checked() {
        let thresholds = Thresholds::with(["unreachable_quiet=20s", "failing_percent = 80"]).unwrap();
        assert_eq!(thresholds.unreachable_quiet, Duration::from_secs(20));
        assert_eq!(thresholds.failing_percent, 80);
        for (change, words) in [
            (
                "quiet=3s",
                "there is no threshold `quiet`; there are: unreachable_quiet,",
            ),
            ("idle=soon", "idle cannot be `soon`: it is a duration"),
            (
                "failing_answers=-1",
                "failing_answers cannot be `-1`: it is a whole number",
            ),
            (
                "failing_answers",
                "failing_answers cannot be ``: it is a whole number",
            ),
            ("failing_percent=101", "failing_percent must be at most 100"),
        ] {
            let error = Thresholds::with([change]).unwrap_err().to_string();
            assert!(error.starts_with(words), "{change}: {error}");
        }
    }
}
