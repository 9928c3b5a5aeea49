//! How many queries each minute brought, to know what is usual.
//!
//! Minutes are counted from the first whole second that was watched, so that each is full, and the same
//! packets give the same minutes on any clock.

use super::limits::MINUTES;

/// Seconds in a minute.
pub(super) const MINUTE: u64 = 60;

/// Queries of the last minutes.
#[derive(Debug, Default)]
pub(super) struct Minutes {
    newest: u64,
    counts: [u32; MINUTES],
}

impl Minutes {
    /// Takes queries of a minute; minutes never go back.
    pub fn add(&mut self, minute: u64, queries: u64) {
        while self.newest < minute {
            // Beyond a whole round every place is empty already.
            self.newest = (self.newest + 1).max(minute.saturating_sub(MINUTES as u64));
            if let Some(count) = self.place(self.newest) {
                *count = 0;
            }
        }
        if let Some(count) = self.place(minute) {
            *count = count.saturating_add(u32::try_from(queries).unwrap_or(u32::MAX));
        }
    }

    /// Takes queries of a minute back.
    pub fn take_off(&mut self, minute: u64, queries: u64) {
        let is_kept = minute <= self.newest && minute + MINUTES as u64 > self.newest;
        if let Some(count) = self.place(minute).filter(|_| is_kept) {
            *count = count.saturating_sub(u32::try_from(queries).unwrap_or(u32::MAX));
        }
    }

    /// The queries of each kept minute before that one, in no order. A minute without queries is one too.
    pub fn before(&self, minute: u64) -> Vec<u64> {
        let oldest_kept = (self.newest + 1).saturating_sub(MINUTES as u64);
        let oldest = oldest_kept.max(minute.saturating_sub(MINUTES as u64));
        (oldest..minute)
            .map(|minute| {
                if minute > self.newest {
                    return 0;
                }
                self.counts.get(place(minute)).copied().map_or(0, u64::from)
            })
            .collect()
    }

    fn place(&mut self, minute: u64) -> Option<&mut u32> {
        self.counts.get_mut(place(minute))
    }
}

fn place(minute: u64) -> usize {
    usize::try_from(minute % MINUTES as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_minute_has_its_own_queries_and_a_quiet_one_none() {
        let mut minutes = Minutes::default();
        for (minute, queries) in [(0, 5), (0, 1), (1, 7), (3, 9)] {
            minutes.add(minute, queries);
        }
        assert_eq!(minutes.before(3), [6, 7, 0]);
        assert_eq!(minutes.before(5), [6, 7, 0, 9, 0]);
    }

    #[test]
    fn only_the_last_16_minutes_are_kept() {
        let mut minutes = Minutes::default();
        for minute in 0..20 {
            minutes.add(minute, minute);
        }
        assert_eq!(minutes.before(20), (4..20).collect::<Vec<_>>());
        minutes.add(1_000_000, 3);
        assert_eq!(minutes.before(1_000_001).iter().sum::<u64>(), 3);
    }
}
