//! The names of queries that were told of lately. Some servers refuse with nothing but a header, and some routers
//! quote eight bytes: then the query itself says what was asked.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;
use netmon_common::Address;

use crate::bounded::lasting;
use crate::observation::Name;

/// Queries that are remembered: two or three seconds of a CPU's samples in the worst case, about 200 KiB.
const KEPT: usize = lasting(2_048);

/// A query: when it was seen, in nanoseconds of the boot clock, and who asked.
type Query = (u64, Address);

/// Names of the last queries.
#[derive(Debug, Default)]
pub struct Questions {
    names: HashMap<Query, Name, RandomState>,
    order: VecDeque<Query>,
}

impl Questions {
    /// Takes a query that was seen at `time_ns`.
    pub fn note(&mut self, time_ns: u64, client: Address, name: &Name) {
        let query = (time_ns, client);
        if self.names.insert(query, name.clone()).is_some() {
            return;
        }
        self.order.push_back(query);
        if self.order.len() > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.names.remove(&oldest);
        }
    }

    /// The name in the query that was seen at `time_ns`, if it was told of.
    pub fn of(&self, time_ns: u64, client: Address) -> Option<Name> {
        self.names.get(&(time_ns, client)).cloned()
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
        assert_eq!(questions.names.len(), KEPT);
        assert_eq!(questions.order.len(), KEPT);
    }
}
