//! The names of queries that were told of lately. Some servers refuse with nothing but a header, and some routers
//! quote eight bytes: then the query itself says what was asked.

use netmon_common::Address;

use crate::bounded::{Bounded, lasting};
use crate::observation::Name;

/// Queries that are remembered: two or three seconds of a CPU's samples in the worst case, about 200 KiB.
const KEPT: usize = lasting(2_048);

/// A query: when it was seen, in nanoseconds of the boot clock, and who asked.
type Query = (u64, Address);

/// Names of the last queries.
#[derive(Debug)]
pub struct Questions(Bounded<Query, Name>);

impl Default for Questions {
    fn default() -> Self {
        Self(Bounded::new(KEPT))
    }
}

impl Questions {
    /// Takes a query that was seen at `time_ns`.
    pub fn note(&mut self, time_ns: u64, client: Address, name: &Name) {
        self.0.insert((time_ns, client), name.clone());
    }

    /// The name in the query that was seen at `time_ns`, if it was told of.
    pub fn of(&self, time_ns: u64, client: Address) -> Option<Name> {
        self.0.get(&(time_ns, client)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_queries_are_remembered_and_each_by_its_time_and_client() {
        let client = |last: u8| Address::from(std::net::IpAddr::from([192, 0, 2, last]));
        let mut questions = Questions::default();
        for time in 0..=KEPT as u64 {
            questions.note(time, client(1), &Name::new(&format!("n{time}.test")));
        }
        assert_eq!(questions.of(0, client(1)), None);
        assert_eq!(questions.of(1, client(1)), Some(Name::new("n1.test")));
        assert_eq!(questions.of(1, client(2)), None);
        questions.note(1, client(1), &Name::new("again.test"));
        assert_eq!(questions.of(2, client(1)), Some(Name::new("n2.test")));
        let kept = (0..=KEPT as u64).filter(|time| questions.of(*time, client(1)).is_some());
        assert_eq!(kept.count(), KEPT);
    }
}
