//! Which of the last seconds a value was seen in: names and clients of a server that is silent or failing.

use crate::time::Time;

use super::limits::RECENT;

/// Moments that are from `youngest` to `oldest` seconds old, both included, at a whole second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// The youngest age, in seconds.
    pub youngest: u64,
    /// The oldest age, in seconds; below 64.
    pub oldest: u64,
}

impl Window {
    /// The whole seconds in the window at that second: from the first up to before the last.
    pub const fn seconds(self, at: u64) -> (u64, u64) {
        (at.saturating_sub(self.oldest), at.saturating_sub(self.youngest))
    }

    /// Whether that second lies in it as a whole.
    pub const fn has(self, second: u64, seen: u64) -> bool {
        let age = second.saturating_sub(seen);
        age > self.youngest && age <= self.oldest
    }
}

/// Up to [`RECENT`] values, each with the seconds of the last minute in which it was seen.
#[derive(Debug)]
pub(super) struct Recent<T> {
    values: Vec<Seen<T>>,
    /// Of all values for which there was no place.
    beyond: Seconds,
    /// Given to the next new value.
    number: u32,
}

/// A value that was seen.
#[derive(Debug)]
pub(super) struct Seen<T> {
    /// The value.
    pub value: T,
    /// When it was seen first.
    pub first: Time,
    number: u32,
    seconds: Seconds,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            beyond: Seconds::default(),
            number: 1,
        }
    }
}

impl<T: Clone + Eq> Recent<T> {
    /// The number of all values for which there was no place.
    pub const BEYOND: u32 = 0;

    /// Takes a value; its number, which tells it from the others.
    pub fn note(&mut self, value: &T, at: Time) -> u32 {
        if let Some(known) = self.values.iter_mut().find(|known| known.value == *value) {
            known.first = known.first.min(at);
            known.seconds.note(at);
            return known.number;
        }
        let number = self.number;
        let mut new = Seen {
            value: value.clone(),
            first: at,
            number,
            seconds: Seconds::default(),
        };
        new.seconds.note(at);
        if self.values.len() < RECENT {
            self.values.push(new);
        } else if let Some(gone) = self.values.iter_mut().find(|known| known.seconds.are_past(at)) {
            *gone = new;
        } else {
            self.beyond.note(at);
            return Self::BEYOND;
        }
        self.number = self.number.checked_add(1).unwrap_or(1);
        number
    }

    /// How many values were seen in the window. Those without a place are one.
    pub fn count(&self, second: u64, window: Window) -> usize {
        self.within(second, window).count() + usize::from(self.beyond.any(second, window))
    }

    /// The values that were seen in the window.
    pub fn within(&self, second: u64, window: Window) -> impl Iterator<Item = &T> {
        self.values
            .iter()
            .filter(move |known| known.seconds.any(second, window))
            .map(|known| &known.value)
    }

    /// All values.
    pub fn iter(&self) -> impl Iterator<Item = &Seen<T>> {
        self.values.iter()
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.values.clear();
        self.beyond = Seconds::default();
    }
}

/// In which of the last 64 seconds something was seen.
#[derive(Clone, Copy, Debug, Default)]
struct Seconds {
    /// The second of bit 0; bit `n` is `n` seconds before it.
    last: u64,
    bits: u64,
    /// The same for what was seen at the very start of the second, which is as old as the second itself;
    /// all else in it is a little younger.
    at_start: u64,
}

impl Seconds {
    fn note(&mut self, at: Time) {
        let second = at.second();
        let last = self.last.max(second);
        let is_at_start = u64::from(at == Time::at_second(second));
        self.bits = older(self.bits, last - self.last) | older(1, last - second);
        self.at_start = older(self.at_start, last - self.last) | older(is_at_start, last - second);
        self.last = last;
    }

    fn any(self, second: u64, window: Window) -> bool {
        let since = second.saturating_sub(self.last);
        let bits = older(self.bits, since) & ages(window.youngest + 1, window.oldest);
        let at_start = older(self.at_start, since) & ages(window.youngest, window.oldest);
        bits | at_start != 0
    }

    fn are_past(self, at: Time) -> bool {
        at.second().saturating_sub(self.last) >= u64::from(u64::BITS)
    }
}

fn older(bits: u64, seconds: u64) -> u64 {
    u32::try_from(seconds)
        .ok()
        .and_then(|seconds| bits.checked_shl(seconds))
        .unwrap_or(0)
}

/// The bits of the ages from `youngest` to `oldest`.
fn ages(youngest: u64, oldest: u64) -> u64 {
    older(u64::MAX, youngest) & !older(u64::MAX, oldest + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND_NS;

    const WINDOW: Window = Window {
        youngest: 5,
        oldest: 30,
    };

    #[test]
    fn a_value_is_in_the_window_from_exactly_5_to_exactly_30_seconds_after_it_was_seen() {
        let at = |tenths: u64| Time::from_nanos(tenths * SECOND_NS / 10);
        // When it was seen, in tenths of seconds; the seconds at which it is in the window, first and last.
        for (tenths, first, last) in [(1000, 105, 130), (1001, 106, 130), (1009, 106, 130)] {
            let mut recent = Recent::default();
            recent.note(&'a', at(tenths));
            let inside: Vec<u64> = (100..200).filter(|&s| recent.count(s, WINDOW) == 1).collect();
            assert_eq!(inside, (first..=last).collect::<Vec<_>>(), "seen at {tenths}");
        }
    }

    #[test]
    fn a_value_that_was_seen_again_is_still_in_the_window_for_the_first_time_too() {
        let mut recent = Recent::default();
        recent.note(&'a', Time::from_nanos(1));
        recent.note(&'a', Time::at_second(28));
        assert_eq!(recent.count(30, WINDOW), 1);
        assert_eq!(recent.count(31, WINDOW), 0);
        assert_eq!(recent.count(33, WINDOW), 1);
    }

    #[test]
    fn what_is_told_late_counts_when_it_was_seen() {
        let mut recent = Recent::default();
        for second in [28, 5, 28] {
            recent.note(&'a', Time::at_second(second));
        }
        let inside: Vec<u64> = (28..80).filter(|&s| recent.count(s, WINDOW) == 1).collect();
        assert_eq!(inside, (28..=58).collect::<Vec<_>>());
        assert!(recent.iter().all(|known| known.first == Time::at_second(5)));
    }

    #[test]
    fn values_without_a_place_count_as_one_until_an_old_one_makes_room() {
        let mut recent = Recent::default();
        for value in 0..RECENT + 8 {
            recent.note(&value, Time::at_second(10));
        }
        assert_eq!(recent.count(20, WINDOW), RECENT + 1);
        assert_ne!(recent.note(&999, Time::at_second(74)), Recent::<usize>::BEYOND);
        assert_eq!(recent.count(80, WINDOW), 1);
    }
}
