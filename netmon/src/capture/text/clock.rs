//! From time stamps to moments.
//!
//! A time of day is of the day that fits best to what a logger put in front of it. Where no logger did, it is of the day of the stamp
//! before: packets are printed in the order they were captured, so what goes back is of the next day, or of the second of two hours
//! where the zone repeats one. Deltas begin at the start of a date: where they really began is in no line of the text.

mod assumed;
mod deltas;
mod logger;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time as CivilTime};
use jiff::tz::TimeZone;

use super::packet::TextPacket;
use super::stamp::Stamp;
use crate::time::{SECOND_NS, Time};
pub use assumed::Assumed;
use deltas::{Deltas, Waiting};
use logger::Logger;

const HOUR_NS: u64 = 3_600 * SECOND_NS;
const DAY_NS: u64 = 24 * HOUR_NS;
/// The order in which packets were captured is not quite that of their times: a stamp goes back by up to this.
const DISORDER_NS: u64 = 60 * SECOND_NS;

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
    /// The date that is given: of the first packet, if nothing else says one.
    given: Date,
    zone: TimeZone,
    logger: Logger,
    /// When the packet before was.
    last: Option<Time>,
    /// Whether times of day have passed midnight.
    rolled: bool,
    /// Whether the stamp before was a time of day alone.
    undated: bool,
    form: Option<Form>,
    /// The first form of the text that is not wall time.
    without_wall: Option<Form>,
    /// Packets without any time.
    untimed: u64,
    deltas: Deltas,
    /// What deltas and running seconds are counted from.
    start: Option<Time>,
    assumed: Assumed,
}

impl Clock {
    /// A clock for stamps in this zone, whose first undated one is of this date.
    pub fn new(given: Date, zone: TimeZone) -> Self {
        Self {
            given,
            zone,
            logger: Logger::default(),
            last: None,
            rolled: false,
            undated: false,
            form: None,
            without_wall: None,
            untimed: 0,
            deltas: Deltas::default(),
            start: None,
            assumed: Assumed::default(),
        }
    }

    /// Whoever logged the packet that begins now says when that was.
    pub fn hint(&mut self, logged: Stamp) {
        self.logger.say(logged);
    }

    /// What was taken for granted of the times so far.
    pub fn assumed(&self) -> Assumed {
        self.assumed
    }

    /// How times are printed, once that is known: the first form that is not wall time, where a text has several.
    pub fn form(&self) -> Option<Form> {
        self.without_wall.or(self.form)
    }

    /// Gives the packet with this stamp its time and puts it behind `out`, unless it has to wait. A record
    /// that could not be read still moves the clock.
    pub fn pass(&mut self, stamp: Stamp, packet: Option<TextPacket>, out: &mut Vec<TextPacket>) {
        let logged = self.logger.take();
        if !self.deltas.may_have(stamp) {
            self.finish(out);
        }
        if self.may_be_delta(stamp, logged.is_some()) {
            self.deltas.push(Waiting {
                stamp,
                logged,
                packet,
            });
            if let Some(form) = self.relative().or_else(|| self.deltas.guess(false)) {
                self.release(form, out);
            }
            return;
        }
        let time = self.time(stamp, logged);
        out.extend(packet.map(|packet| TextPacket { time, ..packet }));
    }

    /// Lets the packets go that still wait: there are no more of their form.
    pub fn finish(&mut self, out: &mut Vec<TextPacket>) {
        if let Some(form) = self.deltas.guess(true) {
            self.release(form, out);
        }
    }

    /// The form of the deltas that are being read.
    fn relative(&self) -> Option<Form> {
        self.form
            .filter(|form| matches!(form, Form::SincePrevious | Form::SinceFirst))
    }

    /// Whether a stamp may be a delta. Those of a text begin with zero; without its first lines, within an hour after that.
    fn may_be_delta(&self, stamp: Stamp, is_logged: bool) -> bool {
        match stamp {
            Stamp::Before(_) => true,
            Stamp::Clock(None, time) => {
                let begins = match (of_day(time), self.undated) {
                    (0, true) => !is_logged && !self.is_near_midnight(),
                    (nanos, undated) => !undated && nanos < HOUR_NS,
                };
                begins || !self.deltas.is_empty() || self.relative().is_some()
            }
            _ => false,
        }
    }

    fn is_near_midnight(&self) -> bool {
        self.last
            .is_some_and(|last| of_day(self.local(last).time()) >= DAY_NS - DISORDER_NS)
    }

    /// Gives the packets that wait their times: their stamps have this form.
    fn release(&mut self, form: Form, out: &mut Vec<TextPacket>) {
        self.form = Some(form);
        while let Some(Waiting {
            stamp,
            logged,
            packet,
        }) = self.deltas.pop()
        {
            let time = if form == Form::Wall {
                self.assumed.days.first_hour |= logged.is_none();
                self.time(stamp, logged)
            } else {
                self.without_wall.get_or_insert(form);
                let start = self.start(logged).nanos();
                Time::from_nanos(start.saturating_add(self.deltas.advance(form, stamp)))
            };
            self.last = Some(time);
            out.extend(packet.map(|packet| TextPacket { time, ..packet }));
        }
    }

    /// The time of a packet whose stamp is no delta.
    fn time(&mut self, stamp: Stamp, logged: Option<Stamp>) -> Time {
        let time = match stamp {
            Stamp::Clock(None, time) => self.time_of_day(time, logged),
            Stamp::Clock(Some(date), time) => self.with_date(date.to_datetime(time)),
            Stamp::MonthDay(month, day, time) => {
                let date = self.date_of(month, day);
                self.with_date(date.to_datetime(time))
            }
            Stamp::Epoch(nanos) => {
                self.form = Some(Form::Wall);
                Time::from_nanos(nanos)
            }
            Stamp::Seconds(nanos) => {
                self.form = Some(Form::Running);
                self.without_wall.get_or_insert(Form::Running);
                let start = self.start(logged).nanos();
                Time::from_nanos(start.saturating_add(nanos))
            }
            Stamp::Date(_) | Stamp::Before(_) | Stamp::None => return self.without_time(stamp, logged),
        };
        self.undated = matches!(stamp, Stamp::Clock(None, _));
        self.last = Some(time);
        if self.form == Some(Form::Wall) {
            self.start = None;
            self.deltas.restart();
        }
        time
    }

    /// A time of day, of the day that is nearest to what the logger said, else of the first day on which it does not go back.
    fn time_of_day(&mut self, time: CivilTime, logged: Option<Stamp>) -> Time {
        if of_day(time) >= HOUR_NS {
            self.assumed.days.first_hour = false;
        }
        if let Some(logged) = logged.and_then(|logged| self.moment_of(logged)) {
            return self.with_date(nearest(time, logged));
        }
        self.form = Some(Form::Wall);
        self.assumed.zone = true;
        let Some(last) = self.last else {
            self.assumed.date = true;
            return self.at(self.given.to_datetime(time));
        };
        let today = self.local(last).date();
        let is_next = |time: &Time| time.nanos().saturating_add(DISORDER_NS) >= last.nanos();
        // A packet of just before midnight may come after one of just after it.
        let yesterday = today.yesterday().ok().filter(|_| self.rolled);
        let days = [yesterday, Some(today)].into_iter().flatten();
        let mut moments = days.flat_map(|day| self.both(day.to_datetime(time)));
        if let Some(time) = moments.find(is_next) {
            return time;
        }
        self.rolled = true;
        self.assumed.days.next = true;
        self.at(next_day(today).to_datetime(time))
    }

    /// A moment with its date. Of an hour that the zone repeats it is in the second where it would go back in the first.
    fn with_date(&mut self, moment: DateTime) -> Time {
        self.form = Some(Form::Wall);
        self.assumed.zone = true;
        self.rolled = false;
        let [first, second] = self.both(moment);
        let goes_back = |time: Time| {
            self.last
                .is_some_and(|last| time.nanos().saturating_add(DISORDER_NS) < last.nanos())
        };
        if goes_back(first) && !goes_back(second) {
            second
        } else {
            first
        }
    }

    /// A packet without a time is at the start of the date, or with the packet before.
    fn without_time(&mut self, stamp: Stamp, logged: Option<Stamp>) -> Time {
        self.form = self.form.or(Some(Form::None));
        self.untimed += u64::from(stamp == Stamp::None);
        // A single one may be a line whose stamp was not pasted.
        if self.untimed > 1 {
            self.without_wall.get_or_insert(Form::None);
        }
        self.last.unwrap_or_else(|| self.start(logged))
    }

    /// What deltas and running seconds are counted from: the start of a date. Behind other times, that of the next.
    fn start(&mut self, logged: Option<Stamp>) -> Time {
        if let Some(start) = self.start {
            return start;
        }
        self.assumed.zone = true;
        let logged = logged.and_then(|logged| self.moment_of(logged));
        let date = match (logged, self.last) {
            (Some(logged), _) => logged.date(),
            (None, Some(last)) => {
                self.assumed.days.next = true;
                next_day(self.local(last).date())
            }
            (None, None) => {
                self.assumed.date = true;
                self.given
            }
        };
        let midnight = self.at(date.to_datetime(CivilTime::midnight()));
        let start = self.last.map_or(midnight, |last| last.max(midnight));
        *self.start.insert(start)
    }

    /// When a logger says that it was.
    fn moment_of(&mut self, logged: Stamp) -> Option<DateTime> {
        match logged {
            Stamp::Clock(Some(date), time) => Some(date.to_datetime(time)),
            Stamp::MonthDay(month, day, time) => Some(self.date_of(month, day).to_datetime(time)),
            Stamp::Epoch(nanos) => Some(self.local(Time::from_nanos(nanos))),
            Stamp::Date(date) => Some(date.at(12, 0, 0, 0)),
            Stamp::Clock(None, _) | Stamp::Before(_) | Stamp::Seconds(_) | Stamp::None => None,
        }
    }

    /// The last such day up to the date that is given; where that goes back, the nearest to the packet before.
    fn date_of(&mut self, month: i8, day: i8) -> Date {
        self.assumed.year = true;
        let latest = self.given.tomorrow().unwrap_or(self.given);
        let in_year = |year: i16| Date::new(year, month, day).ok();
        // A leap day may be eight years back.
        let past = (0..=8)
            .filter_map(|years| in_year(latest.year() - years))
            .find(|date| *date <= latest)
            .unwrap_or(self.given);
        let Some(last) = self.last else { return past };
        let last = self.local(last).date();
        if past >= last {
            return past;
        }
        (-1..=1)
            .filter_map(|years| in_year(last.year() + years))
            .min_by_key(|date| date.duration_since(last).unsigned_abs())
            .unwrap_or(past)
    }

    fn local(&self, time: Time) -> DateTime {
        let moment = Timestamp::from_nanosecond(time.nanos().into()).unwrap_or_default();
        self.zone.to_datetime(moment)
    }

    /// Where the zone skips or repeats an hour, what RFC 5545 says: the time before the gap, the first of two.
    fn at(&self, moment: DateTime) -> Time {
        let [first, _] = self.both(moment);
        first
    }

    /// The same, and the second of two where the zone repeats an hour.
    fn both(&self, moment: DateTime) -> [Time; 2] {
        let found = self.zone.to_ambiguous_timestamp(moment);
        [found.compatible(), found.later()].map(|time| {
            let nanos = time.map_or(0, Timestamp::as_nanosecond);
            Time::from_nanos(u64::try_from(nanos).unwrap_or(0))
        })
    }
}

/// This time of day, on the day on which it is nearest to a moment.
fn nearest(time: CivilTime, moment: DateTime) -> DateTime {
    let today = moment.date();
    let days = [Ok(today), today.yesterday(), today.tomorrow()];
    days.into_iter()
        .flatten()
        .map(|day| day.to_datetime(time))
        .min_by_key(|stamp| stamp.duration_since(moment).unsigned_abs())
        .unwrap_or(moment)
}

fn next_day(date: Date) -> Date {
    date.tomorrow().unwrap_or(date)
}

/// Nanoseconds since midnight.
fn of_day(time: CivilTime) -> u64 {
    let part = |value: i8| u64::from(value.unsigned_abs());
    let seconds = (part(time.hour()) * 60 + part(time.minute())) * 60 + part(time.second());
    seconds * SECOND_NS + u64::from(time.subsec_nanosecond().unsigned_abs())
}
