//! Stamps that may be counted from another packet: they wait until that is clear.
//!
//! A delta and a time of day look the same. Times of day rise; deltas since the first packet (`-ttttt`) do, too, and begin with zero;
//! deltas since the packet before (`-ttt`) go up and down.

use std::collections::VecDeque;

use super::super::packet::TextPacket;
use super::super::stamp::Stamp;
use super::{DAY_NS, Form, HOUR_NS, of_day};
use crate::time::SECOND_NS;

/// Packets that wait at most.
const WAITING: usize = 1_024;
/// Of a delta that is longer than a day only the time of day is printed: it falls by more than this.
const HALF_A_DAY_NS: u64 = 12 * HOUR_NS;
/// Stamps of one capture are out of order by less than this.
const DISORDER_NS: u64 = SECOND_NS / 10;

/// A packet whose time is not clear yet.
#[derive(Debug)]
pub struct Waiting {
    /// Its stamp.
    pub stamp: Stamp,
    /// What a logger said of it.
    pub logged: Option<Stamp>,
    /// The packet, if it could be read.
    pub packet: Option<TextPacket>,
}

impl Waiting {
    fn nanos(&self) -> u64 {
        nanos(self.stamp)
    }
}

/// Packets whose stamps may be deltas.
#[derive(Debug, Default)]
pub struct Deltas {
    waiting: VecDeque<Waiting>,
    /// The sum of deltas, or the last one.
    elapsed: u64,
}

/// How often each stamp differs so from the one before.
#[derive(Default)]
struct Steps {
    rises: usize,
    stays: usize,
    falls: usize,
    /// Falls to less than half: of deltas since the packet before that is usual.
    halves: usize,
    /// Falls that times of day do not have.
    breaks: usize,
}

impl Deltas {
    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Lets a packet wait.
    pub fn push(&mut self, waiting: Waiting) {
        self.waiting.push_back(waiting);
    }

    /// The packet that waits longest.
    pub fn pop(&mut self) -> Option<Waiting> {
        self.waiting.pop_front()
    }

    /// Counts from now on.
    pub fn restart(&mut self) {
        self.elapsed = 0;
    }

    /// Whether this stamp may be of the same form as those that wait.
    pub fn may_have(&self, stamp: Stamp) -> bool {
        match stamp {
            Stamp::Before(_) => true,
            Stamp::Clock(None, time) => self.begins_with_zero() || of_day(time) < HOUR_NS,
            _ => false,
        }
    }

    /// What the stamps are, once that is clear; `is_end`: no more of them come.
    ///
    /// A text of deltas begins with one of exactly zero. One that was cut does not: there deltas since the first packet are no other
    /// than times of day.
    pub fn guess(&self, is_end: bool) -> Option<Form> {
        if matches!(self.waiting.back()?.stamp, Stamp::Before(_)) {
            return Some(Form::SincePrevious);
        }
        let begins_with_zero = self.begins_with_zero();
        let is_enough = is_end || self.waiting.len() >= WAITING;
        if !begins_with_zero && !is_enough {
            return None;
        }
        let steps = self.steps();
        if begins_with_zero && steps.halves > 0 {
            return Some(Form::SincePrevious);
        }
        if !is_enough {
            return None;
        }
        let tenth = self.waiting.len() / 10;
        // Several packets may come at once, but hardly all of them.
        let never_rises = steps.rises == 0 && steps.stays > self.waiting.len() / 2;
        let (falls, else_form) = if begins_with_zero {
            (steps.falls, Form::SinceFirst)
        } else {
            (steps.breaks, Form::Wall)
        };
        Some(if falls > tenth || never_rises {
            Form::SincePrevious
        } else {
            else_form
        })
    }

    /// How long after the start of the deltas a packet with this one is, in nanoseconds.
    pub fn advance(&mut self, form: Form, stamp: Stamp) -> u64 {
        let nanos = nanos(stamp);
        let is_back = matches!(stamp, Stamp::Before(_));
        self.elapsed = match (form, is_back) {
            (Form::SinceFirst, false) => {
                // Only the time of day is printed of what is longer than a day.
                let days = self.elapsed / DAY_NS + u64::from(self.elapsed % DAY_NS > nanos + HALF_A_DAY_NS);
                days * DAY_NS + nanos
            }
            (Form::SinceFirst, true) => self.elapsed,
            (_, false) => self.elapsed.saturating_add(nanos),
            (_, true) => self.elapsed.saturating_sub(nanos),
        };
        self.elapsed
    }

    fn begins_with_zero(&self) -> bool {
        self.waiting.front().is_some_and(|first| first.nanos() == 0)
    }

    fn steps(&self) -> Steps {
        let mut steps = Steps::default();
        let stamps = || self.waiting.iter().map(Waiting::nanos);
        for (before, after) in stamps().zip(stamps().skip(1)) {
            if before == 0 || before > after + HALF_A_DAY_NS {
                continue;
            }
            let is_half = after < before / 2;
            steps.rises += usize::from(after > before);
            steps.stays += usize::from(after == before);
            steps.falls += usize::from(after < before);
            steps.halves += usize::from(is_half);
            steps.breaks += usize::from(is_half || after + DISORDER_NS < before);
        }
        steps
    }
}

fn nanos(stamp: Stamp) -> u64 {
    match stamp {
        Stamp::Clock(_, time) | Stamp::Before(time) => of_day(time),
        _ => 0,
    }
}
