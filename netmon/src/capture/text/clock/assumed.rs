//! What was taken for granted of a text's times.

use crate::model::{Warning, WarningKind};

/// What the times of a text do not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Assumed {
    /// The date.
    pub date: bool,
    /// The year of a date.
    pub year: bool,
    /// The zone.
    pub zone: bool,
    /// What times of day do not say.
    pub days: Days,
}

/// What times of day alone do not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// That a new day has begun: they went back.
    pub next: bool,
    /// That they are none: all lie in the first hour after midnight.
    pub first_hour: bool,
}

impl Assumed {
    /// What either does not say.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            date: self.date || other.date,
            year: self.year || other.year,
            zone: self.zone || other.zone,
            days: Days {
                next: self.days.next || other.days.next,
                first_hour: self.days.first_hour || other.days.first_hour,
            },
        }
    }
}

impl Days {
    /// The same as warnings.
    pub fn warnings(self) -> impl Iterator<Item = Warning> {
        let next = self.next.then(|| {
            Warning::new(
                WarningKind::NextDay,
                "times go back, and no date stands beside them: netmon assumes that each time a new day has begun",
            )
        });
        let first_hour = self.first_hour.then(|| {
            Warning::new(
                WarningKind::RelativeTimes,
                "all times lie in the first hour after midnight: netmon takes them as the time of day, but they may be those since \
                 the first packet (`tcpdump -ttttt`)",
            )
        });
        next.into_iter().chain(first_hour)
    }
}
