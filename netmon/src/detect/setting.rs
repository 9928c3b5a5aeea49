//! Setting thresholds by their names, as flags and configuration do.

use std::time::Duration;

use thiserror::Error;

use super::thresholds::{Field, ImpossibleThreshold, NAMES, Thresholds};
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
}

#[cfg(test)]
mod tests {
    use super::*;

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
