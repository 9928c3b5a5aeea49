//! From time stamps to moments.
//!
//! A stamp without a date gets one from whoever knows it, and the next day when the clock passes midnight.
//! Deltas begin at the start of that date: where they really began is in no line of the text.

use std::collections::VecDeque;

use jiff::civil::{Date, DateTime, Time as CivilTime};
use jiff::tz::TimeZone;

use super::packet::TextPacket;
use super::stamp::Stamp;
use super::starts::DateHint;
use crate::time::{SECOND_NS, Time};

/// A clock that goes back by more than this has passed midnight.
const HALF_A_DAY_NS: u64 = 12 * 3_600 * SECOND_NS;
/// Packets are printed in the order they were captured, which is not quite that of their times: one that is
/// a whole day ahead, up to this, just after midnight belongs before it.
const DISORDER_NS: u64 = 60 * SECOND_NS;
const DAY_NS: u64 = 24 * 3_600 * SECOND_NS;

/// Packets that wait at most until it is clear what their deltas are counted from.
const WAITING: usize = 1_024;

/// How times are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As wall time.
    Wall,
    /// As time since the packet before (`-ttt`).
    SincePrevious,
    /// As time since the first packet (`-ttttt`).
    SinceFirst,
    /// As time since the capture began, in seconds.
    Running,
    /// Not at all (`-t`).
    None,
}

/// Gives packets their times.
#[derive(Debug)]
pub struct Clock {
    date: Date,
    zone: TimeZone,
    /// The time of day last seen.
    last: Option<u64>,
    /// Whether it passed midnight.
    rolled: bool,
    form: Option<Form>,
    /// Deltas whose meaning is not clear yet, with their packets.
    waiting: VecDeque<(Delta, Option<TextPacket>)>,
    /// The sum of deltas, or the last one.
    elapsed: u64,
    /// What was taken for granted.
    assumed: Assumed,
    /// Whether somebody else than the packets said a date.
    hinted: bool,
}

/// What the times of a text do not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Assumed {
    /// The date.
    pub date: bool,
    /// The year of a date.
    pub year: bool,
    /// The zone.
    pub zone: bool,
}

impl Assumed {
    /// What either does not say.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            date: self.date || other.date,
            year: self.year || other.year,
            zone: self.zone || other.zone,
        }
    }
}

/// A delta: nanoseconds, and whether it goes back.
#[derive(Clone, Copy, Debug)]
struct Delta {
    nanos: u64,
    back: bool,
}

impl Clock {
    /// A clock for stamps in this zone, whose first undated one is of this date.
    pub fn new(date: Date, zone: TimeZone) -> Self {
        Self {
            date,
            zone,
            last: None,
            rolled: false,
            form: None,
            waiting: VecDeque::new(),
            elapsed: 0,
            assumed: Assumed::default(),
            hinted: false,
        }
    }

    /// Somebody else than the packets says of which date they are: whoever logged them.
    pub fn hint(&mut self, date: DateHint) {
        if self.last.is_some() || self.hinted {
            return;
        }
        self.date = match date {
            DateHint::Whole(date) => date,
            DateHint::MonthDay(month, day) => {
                self.assumed.year = true;
                self.in_last_year(month, day)
            }
        };
        self.hinted = true;
    }

    /// The last such day up to the date that is given.
    fn in_last_year(&self, month: i8, day: i8) -> Date {
        let latest = self.date.tomorrow().unwrap_or(self.date);
        // A leap day may be eight years back.
        (0..=8)
            .filter_map(|years| Date::new(self.date.year() - years, month, day).ok())
            .find(|date| *date <= latest)
            .unwrap_or(self.date)
    }

    /// What was taken for granted of the times so far.
    pub fn assumed(&self) -> Assumed {
        self.assumed
    }

    /// How times are printed, once that is known.
    pub fn form(&self) -> Option<Form> {
        self.form
    }

    /// Gives the packet with this stamp its time and puts it behind `out`, unless it has to wait. A record
    /// that could not be read still moves the clock.
    pub fn pass(&mut self, stamp: Stamp, packet: Option<TextPacket>, out: &mut Vec<TextPacket>) {
        if let Some(delta) = self.delta(stamp) {
            self.waiting.push_back((delta, packet));
            if self.form.is_none() {
                self.form = self.guess(false);
            }
            if self.form.is_some() {
                self.release(out);
            }
            return;
        }
        let time = match stamp {
            Stamp::Clock(date, time) => self.wall(date, time),
            Stamp::Epoch(nanos) => {
                self.form = Some(Form::Wall);
                Time::from_nanos(nanos)
            }
            Stamp::MonthDay(month, day, time) => {
                self.assumed.year = true;
                let date = self.in_last_year(month, day);
                self.wall(Some(date), time)
            }
            Stamp::Seconds(nanos) => {
                self.form = Some(Form::Running);
                self.assumed.date |= !self.hinted;
                self.assumed.zone = true;
                let start = self.moment(CivilTime::midnight());
                Time::from_nanos(start.nanos().saturating_add(nanos))
            }
            Stamp::Date(_) | Stamp::Before(_) | Stamp::None => {
                self.form = self.form.or(Some(Form::None));
                self.assumed.date |= !self.hinted;
                self.assumed.zone = true;
                self.moment(CivilTime::midnight())
            }
        };
        out.extend(packet.map(|packet| TextPacket { time, ..packet }));
    }

    /// Lets the packets go that still wait: there are no more.
    pub fn finish(&mut self, out: &mut Vec<TextPacket>) {
        if !self.waiting.is_empty() {
            self.form = self.form.or_else(|| self.guess(true));
            self.release(out);
        }
    }

    /// The delta that a stamp is. A text of deltas begins with one of exactly zero.
    fn delta(&self, stamp: Stamp) -> Option<Delta> {
        let relative =
            !self.waiting.is_empty() || matches!(self.form, Some(Form::SincePrevious | Form::SinceFirst));
        match stamp {
            Stamp::Before(time) => Some(Delta {
                nanos: of_day(time),
                back: true,
            }),
            Stamp::Clock(None, time) if relative || (self.form.is_none() && of_day(time) == 0) => {
                Some(Delta {
                    nanos: of_day(time),
                    back: false,
                })
            }
            _ => None,
        }
    }

    /// What the deltas are counted from. Those since the first packet grow, but for packets at once or out of
    /// order; those since the packet before go up and down, and one of less than half the delta before it
    /// decides.
    fn guess(&self, last: bool) -> Option<Form> {
        let deltas = || self.waiting.iter().map(|(delta, _)| delta);
        // Of a delta that is longer than a day only the time of day is printed: it falls by more than this.
        let pairs = || {
            deltas()
                .zip(deltas().skip(1))
                .filter(|(a, b)| a.nanos <= b.nanos + HALF_A_DAY_NS)
        };
        if pairs().any(|(before, after)| after.nanos < before.nanos / 2) || deltas().any(|delta| delta.back) {
            return Some(Form::SincePrevious);
        }
        if !last && self.waiting.len() < WAITING {
            return None;
        }
        let stood = pairs()
            .filter(|(before, after)| before.nanos > 0 && after.nanos <= before.nanos)
            .count();
        let often = stood > self.waiting.len() / 10;
        Some(if often {
            Form::SincePrevious
        } else {
            Form::SinceFirst
        })
    }

    fn release(&mut self, out: &mut Vec<TextPacket>) {
        self.assumed.date |= !self.hinted;
        self.assumed.zone = true;
        let start = self.moment(CivilTime::midnight()).nanos();
        while let Some((delta, packet)) = self.waiting.pop_front() {
            self.elapsed = match (self.form, delta.back) {
                (Some(Form::SinceFirst), false) => {
                    // Only the time of day is printed of what is longer than a day.
                    let days = self.elapsed / DAY_NS
                        + u64::from(self.elapsed % DAY_NS > delta.nanos + HALF_A_DAY_NS);
                    days * DAY_NS + delta.nanos
                }
                (Some(Form::SinceFirst), true) => self.elapsed,
                (_, false) => self.elapsed.saturating_add(delta.nanos),
                (_, true) => self.elapsed.saturating_sub(delta.nanos),
            };
            let time = Time::from_nanos(start.saturating_add(self.elapsed));
            out.extend(packet.map(|packet| TextPacket { time, ..packet }));
        }
    }

    fn wall(&mut self, date: Option<Date>, time: CivilTime) -> Time {
        self.form = Some(Form::Wall);
        self.assumed.zone = true;
        self.assumed.date |= date.is_none() && self.last.is_none() && !self.hinted;
        let now = of_day(time);
        if let Some(date) = date {
            self.date = date;
            self.rolled = false;
        } else if let Some(last) = self.last {
            if last > now + HALF_A_DAY_NS {
                self.date = self.date.tomorrow().unwrap_or(self.date);
                self.rolled = true;
            } else if self.rolled && now > last + DAY_NS - DISORDER_NS {
                // Of the day before, and the clock stays where it is.
                let date = self.date.yesterday().unwrap_or(self.date);
                return self.at(date.to_datetime(time));
            }
        }
        self.last = Some(now);
        self.moment(time)
    }

    fn moment(&self, time: CivilTime) -> Time {
        self.at(self.date.to_datetime(time))
    }

    /// Where the zone skips or repeats an hour, what RFC 5545 says: the time before the gap, the first of two.
    fn at(&self, moment: DateTime) -> Time {
        let nanos = self
            .zone
            .to_timestamp(moment)
            .map_or(0, jiff::Timestamp::as_nanosecond);
        Time::from_nanos(u64::try_from(nanos).unwrap_or(0))
    }
}

/// Nanoseconds since midnight.
fn of_day(time: CivilTime) -> u64 {
    let part = |value: i8| u64::from(value.unsigned_abs());
    let seconds = (part(time.hour()) * 60 + part(time.minute())) * 60 + part(time.second());
    seconds * SECOND_NS + u64::from(time.subsec_nanosecond().unsigned_abs())
}
