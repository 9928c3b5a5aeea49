//! What became of the queries of one service, by the second in which they were sent, out of what the kernel has counted.
//!
//! The kernel's counters of a second are used again for the second half a minute later, and are never reset. So the counts of
//! a second are what was added since its counters were last another second's. A reading of the counters is of one second of
//! the boot clock, and holds that second and the 31 before it.

use std::collections::VecDeque;

use netmon_common::records::{Exchanges, SECONDS, Second};
use netmon_common::{Code, Rcode};

use crate::observation::{Counts, Faults};
use crate::time::Time;

/// How many counters of seconds there are.
const ROUND: u64 = SECONDS as u64;

/// Seconds of a service that may still change: as long as an exchange waits, and some more.
const KEPT: u64 = 64;

/// The readings of one service's counters: about 1.2 KiB, and 4 KiB more where it is asked in every second.
#[derive(Debug)]
pub(super) struct Readings {
    /// As it was read last.
    last: Exchanges,
    /// What the counters of each second held when that began.
    base: [Second; SECONDS],
    /// In which second it was read last.
    read_in: u64,
    /// The seconds that may still change, as far as there was a query.
    kept: VecDeque<Kept>,
    /// Answers with a fault of which it is not known yet in which second their queries were sent.
    faults: Faults,
    /// Of these, those of the last reading.
    newest: Faults,
    /// Whether a second was read that was not to be reported yet.
    is_behind: bool,
    untold: Untold,
}

/// One second, as it was reported.
#[derive(Clone, Copy, Debug)]
struct Kept {
    second: u64,
    /// By the kernel's counters.
    counted: Counts,
    /// What became of queries when the counters were the next second's already.
    later: Counts,
}

impl Kept {
    fn counts(&self) -> Counts {
        let answered = self.counted.answered + self.later.answered;
        // An answer that comes after an error wins.
        let failed =
            (self.counted.failed + self.later.failed).min(self.counted.asked.saturating_sub(answered));
        Counts {
            asked: self.counted.asked,
            answered: answered.min(self.counted.asked),
            faults: self.counted.faults.plus(self.later.faults),
            failed,
        }
    }
}

impl Readings {
    /// Of a service whose counters were not read since that second, or never: then they were all zeros.
    pub fn new(read_in: u64) -> Self {
        Self {
            last: Exchanges::ZERO,
            base: Exchanges::ZERO.seconds,
            read_in,
            kept: VecDeque::new(),
            faults: Faults::default(),
            newest: Faults::default(),
            is_behind: false,
            untold: Untold::default(),
        }
    }

    /// From now on: what was counted before, by an earlier netmon or while this one was stopped, nobody can tell apart.
    pub fn begin(&mut self, now: &Exchanges, second: u64) {
        self.last = *now;
        self.base = now.seconds;
        self.read_in = second;
        self.kept.clear();
        self.faults = Faults::default();
        self.newest = Faults::default();
        self.is_behind = false;
        self.untold = Untold::default();
    }

    /// Takes what was read in that second. Reports each second that has changed, up to that of `time`.
    pub fn take(&mut self, now: &Exchanges, second: u64, time: Time, mut report: impl FnMut(u64, Counts)) {
        if second.saturating_sub(self.read_in) >= ROUND {
            self.begin(now, second);
            return;
        }
        self.begin_seconds(second);
        self.take_sums(now, time);
        let changed = changed(&self.last.seconds, &now.seconds);
        self.last = *now;
        if changed == 0 && !self.is_behind {
            return;
        }
        // Of a second whose counters are as they were nothing is new, unless what was not reported or attributed yet belongs to it.
        let may_all_have_changed = std::mem::take(&mut self.is_behind) || self.faults.total() > 0;
        while self.kept.front().is_some_and(|kept| kept.second + KEPT < second) {
            self.kept.pop_front();
        }
        for second in (self.read_in + 1).saturating_sub(ROUND)..=self.read_in {
            if !may_all_have_changed && changed & 1 << place(second) == 0 {
                continue;
            }
            let added = self.added(second);
            if second > time.second() {
                self.is_behind |= added != Second::default();
            } else if let Some(counts) = self.change(second, added) {
                report(second, counts);
            }
        }
    }

    /// Takes it that nothing has changed up to that second.
    pub fn take_again(&mut self, second: u64, time: Time, report: impl FnMut(u64, Counts)) {
        if self.is_behind || second.saturating_sub(self.read_in) >= ROUND {
            let last = self.last;
            self.take(&last, second, time, report);
            return;
        }
        self.begin_seconds(second);
        self.newest = Faults::default();
        self.untold.read_at(time);
    }

    /// Notes what the counters of the seconds up to that one hold when they begin.
    fn begin_seconds(&mut self, second: u64) {
        for new in self.read_in + 1..=second {
            if let (Some(base), Some(last)) =
                (self.base.get_mut(place(new)), self.last.seconds.get(place(new)))
            {
                *base = *last;
            }
        }
        self.read_in = self.read_in.max(second);
    }

    /// The sums over all seconds: answers by rcode, and errors without an event by code.
    fn take_sums(&mut self, now: &Exchanges, time: Time) {
        let answers = |rcode: Rcode| {
            let of = |exchanges: &Exchanges| exchanges.answers.get(rcode as usize).copied().unwrap_or(0);
            of(now).wrapping_sub(of(&self.last))
        };
        let new = Faults {
            servfail: answers(Rcode::ServFail),
            refused: answers(Rcode::Refused),
            other: answers(Rcode::FormErr) + answers(Rcode::NotImp),
        };
        // What was left at the last reading was read between two counters of one answer, or is of no standard query: then it
        // never comes to any second.
        self.faults = least(self.faults, self.newest).plus(new);
        if !self.is_behind {
            self.newest = new;
        }
        self.untold.counted(&self.last.untold, &now.untold);
        self.untold.read_at(time);
    }

    /// What was added to the counters of a second since it began.
    fn added(&self, second: u64) -> Second {
        let place = place(second);
        let (now, base) = (self.last.seconds.get(place), self.base.get(place));
        now.zip(base)
            .map_or_else(Second::default, |(now, base)| now.since(*base))
    }

    /// What is known of a second by now, if that has changed.
    fn change(&mut self, second: u64, added: Second) -> Option<Counts> {
        let place = self.place_of(second);
        if self.kept.get(place).is_none_or(|kept| kept.second != second) {
            if added == Second::default() {
                return None;
            }
            let new = Kept {
                second,
                counted: Counts::default(),
                later: Counts::default(),
            };
            self.kept.insert(place, new);
        }
        let kept = self.kept.get_mut(place)?;
        let before = kept.counts();
        kept.counted = Counts {
            asked: positive(added.asked),
            answered: positive(added.answered),
            failed: positive(added.failed),
            faults: kept.counted.faults,
        };
        let new = positive(added.faults).saturating_sub(kept.counted.faults.total());
        kept.counted.faults = kept.counted.faults.plus(some_of(&mut self.faults, new));
        let now = kept.counts();
        (now != before).then_some(now)
    }

    /// Where a second is kept, or is to be: nearly always at the end.
    fn place_of(&self, second: u64) -> usize {
        let behind = self.kept.iter().rev().take_while(|kept| kept.second >= second);
        self.kept.len() - behind.count()
    }

    /// A query that was sent in that second was answered when the second had lost its counters.
    pub fn answered_later(&mut self, sent: u64, rcode: Option<Rcode>) -> Option<(u64, Counts)> {
        let fault = Faults::of(rcode);
        self.faults = minus(self.faults, fault);
        self.later(sent, |later| {
            later.answered += 1;
            later.faults = later.faults.plus(fault);
        })
    }

    /// The same for a verified error about it.
    pub fn failed_later(&mut self, sent: u64) -> Option<(u64, Counts)> {
        self.later(sent, |later| later.failed += 1)
    }

    /// What is known of that second then; `None` where it is not known what was sent in it.
    fn later(&mut self, sent: u64, change: impl FnOnce(&mut Counts)) -> Option<(u64, Counts)> {
        let kept = self.kept.iter_mut().find(|kept| kept.second == sent)?;
        change(&mut kept.later);
        Some((sent, kept.counts()))
    }

    /// Whether anything was asked since that second, which is not more than a minute ago.
    pub fn is_asked_since(&self, second: u64) -> bool {
        self.kept
            .iter()
            .any(|kept| kept.second >= second && kept.counted.asked > 0)
    }

    /// How many queries were counted, all in all; the number comes round.
    pub const fn queries(&self) -> u32 {
        self.last.queries
    }

    /// Verified errors that no event reports and that were there when this was asked last, or `now`; and after which reading they
    /// came. Meanwhile the events of those before them were read.
    pub fn untold(&mut self, now: bool) -> Option<(Time, [u64; Code::ALL.len()])> {
        self.untold.take(now)
    }
}

/// Where a second's counters are.
const fn place(second: u64) -> usize {
    (second % ROUND) as usize
}

/// The places whose counters are others, a bit for each.
fn changed(before: &[Second; SECONDS], now: &[Second; SECONDS]) -> u32 {
    let differ = before.iter().zip(now).map(|(before, now)| before != now);
    differ
        .rev()
        .fold(0, |bits, differs| bits << 1 | u32::from(differs))
}

const _: () = assert!(SECONDS <= u32::BITS as usize);

/// A count that may be below zero: a query is answered, and was sent before its second was read for the first time.
fn positive(count: u32) -> u32 {
    u32::try_from(count.cast_signed()).unwrap_or(0)
}

const fn minus(one: Faults, other: Faults) -> Faults {
    Faults {
        servfail: one.servfail.saturating_sub(other.servfail),
        refused: one.refused.saturating_sub(other.refused),
        other: one.other.saturating_sub(other.other),
    }
}

fn least(one: Faults, other: Faults) -> Faults {
    Faults {
        servfail: one.servfail.min(other.servfail),
        refused: one.refused.min(other.refused),
        other: one.other.min(other.other),
    }
}

/// So many of them, or all that there are.
fn some_of(faults: &mut Faults, most: u32) -> Faults {
    let servfail = faults.servfail.min(most);
    let refused = faults.refused.min(most - servfail);
    let other = faults.other.min(most - servfail - refused);
    let taken = Faults {
        servfail,
        refused,
        other,
    };
    *faults = minus(*faults, taken);
    taken
}

/// Verified errors that no event reports, by code.
#[derive(Clone, Copy, Debug, Default)]
struct Untold {
    /// When the counters were read last.
    read: Time,
    new: Option<Since>,
    before: Option<Since>,
}

/// So many, and after which reading they came.
type Since = (Time, [u64; Code::ALL.len()]);

impl Untold {
    fn counted(&mut self, before: &[u32; Code::ALL.len()], now: &[u32; Code::ALL.len()]) {
        if before == now {
            return;
        }
        let (_, new) = self.new.get_or_insert((self.read, [0; Code::ALL.len()]));
        for ((new, before), now) in new.iter_mut().zip(before).zip(now) {
            *new += u64::from(now.wrapping_sub(*before));
        }
    }

    fn read_at(&mut self, time: Time) {
        self.read = self.read.max(time);
    }

    fn take(&mut self, now: bool) -> Option<Since> {
        let before = std::mem::replace(&mut self.before, self.new.take());
        if !now {
            return before;
        }
        match (before, self.before.take()) {
            (Some((since, mut all)), Some((_, new))) => {
                all.iter_mut().zip(new).for_each(|(all, new)| *all += new);
                Some((since, all))
            }
            (before, new) => before.or(new),
        }
    }
}

#[cfg(test)]
mod tests;
