//! Troubles that go on: each is reported once when it starts, and once when it is over (docs/contract.md, section 1).

use std::collections::BTreeMap;
use std::time::Duration;

use crate::time::Time;

/// A trouble is over when it was not seen for so long.
pub const QUIET: Duration = Duration::from_secs(10);

/// The troubles that go on, each with when it was seen last.
#[derive(Debug)]
pub struct Ongoing<K>(BTreeMap<K, Time>);

impl<K> Default for Ongoing<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Copy> Ongoing<K> {
    /// It was seen at that moment. Whether it starts.
    pub fn seen(&mut self, trouble: K, at: Time) -> bool {
        self.0.insert(trouble, at).is_none()
    }

    /// Those that are over, because nobody saw them for [`QUIET`].
    pub fn quiet(&mut self, at: Time) -> Vec<K> {
        self.end(|_, last| at.since(last) >= QUIET)
    }

    /// Ends those of which that is true. Which they are.
    pub fn end(&mut self, is_over: impl Fn(K, Time) -> bool) -> Vec<K> {
        let gone = self.0.extract_if(.., |trouble, last| is_over(*trouble, *last));
        gone.map(|(trouble, _)| trouble).collect()
    }

    /// How many go on.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none goes on.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_starts_once_and_is_over_when_it_was_quiet_for_long() {
        let mut ongoing = Ongoing::default();
        let at = Time::at_second;
        assert!(ongoing.seen("one", at(0)));
        assert!(!ongoing.seen("one", at(9)) && ongoing.seen("other", at(9)));
        assert_eq!(ongoing.quiet(at(18)), Vec::<&str>::new());
        assert!(!ongoing.seen("other", at(18)));
        assert_eq!(ongoing.quiet(at(19)), ["one"]);
        assert_eq!(ongoing.quiet(at(28)), ["other"]);
        assert!(ongoing.is_empty() && ongoing.seen("one", at(28)));
    }

    #[test]
    fn what_is_known_to_be_over_ends_at_once() {
        let mut ongoing = Ongoing::default();
        ongoing.seen(1, Time::at_second(0));
        ongoing.seen(2, Time::at_second(0));
        assert_eq!(ongoing.end(|trouble, _| trouble == 1), [1]);
        assert_eq!(ongoing.len(), 1);
    }
}
