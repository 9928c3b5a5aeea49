//! The queries that a server got since it was last heard of.
//!
//! Any answer, and any error about the server that may be believed, ends the silence: what `unanswered` needs
//! are queries after which nothing at all came. So only these are remembered, and a healthy server costs
//! next to nothing.

use std::collections::VecDeque;
use std::time::Duration;

use netmon_common::Address;

use crate::detect::recent::Recent;
use crate::observation::Name;
use crate::time::Time;

/// What was asked since the server was last heard of.
#[derive(Debug, Default)]
pub(in crate::detect) struct Silence {
    /// The second in which it began.
    pub since: u64,
    /// How many queries of that second came before it.
    pub asked_before: u64,
    /// The first query.
    pub first: Option<Time>,
    newest: Time,
    /// For which names, as far as they were looked at.
    pub names: Recent<Name>,
    /// By whom, as far as they were looked at.
    pub clients: Recent<Address>,
    last: VecDeque<Asked>,
}

/// One of the last queries.
#[derive(Clone, Copy, Debug)]
pub(in crate::detect) struct Asked {
    /// When it was sent.
    pub at: Time,
    /// Who asked.
    pub client: Address,
    /// Tells its name from others; `None` where it was not looked at.
    pub name: Option<u32>,
}

/// How many of the last queries are remembered, and how far apart they may be.
#[derive(Clone, Copy, Debug)]
pub(in crate::detect) struct Last {
    /// How many are judged together.
    pub queries: usize,
    /// How old a query must be before it is judged.
    pub wait: Duration,
    /// After a longer pause between queries a new silence begins.
    pub pause: Duration,
}

impl Silence {
    /// Takes a query; a `look` is taken at its client and name or not.
    pub fn asked(&mut self, at: Time, client: Address, name: Option<&Name>, look: bool, keep: Last) {
        if self.first.is_some() && at.since(self.newest) > keep.pause {
            self.end(at, 0);
        }
        self.first.get_or_insert(at);
        self.newest = at;
        let mut number = None;
        if look {
            self.clients.note(&client, at);
            number = name.map(|name| self.names.note(name, at));
        }
        self.keep_last(
            Asked {
                at,
                client,
                name: number,
            },
            keep,
        );
    }

    /// The server was heard of: what was asked before, `asked` queries of this second, is forgotten.
    pub fn end(&mut self, at: Time, asked: u64) {
        self.since = at.second();
        self.asked_before = asked;
        if self.first.take().is_some() {
            self.names.clear();
            self.clients.clear();
            self.last.clear();
        }
    }

    /// The last queries that were sent by then, newest first.
    pub fn sent_by(&self, then: Time) -> impl Iterator<Item = &Asked> {
        self.last.iter().rev().skip_while(move |asked| asked.at > then)
    }

    /// Whether there is nothing left to judge: no query, or none in so long that the next begins a new silence.
    pub fn is_over(&self, at: Time, keep: Last) -> bool {
        self.first.is_none() || at.since(self.newest) > keep.pause.saturating_add(keep.wait)
    }

    /// Keeps the last queries of each second: enough to know the last ones that are old enough to be judged.
    fn keep_last(&mut self, asked: Asked, keep: Last) {
        let third_last = self.last.len().checked_sub(keep.queries);
        if let Some(index) = third_last
            && self
                .last
                .get(index)
                .is_some_and(|known| known.at.second() == asked.at.second())
        {
            self.last.remove(index);
        }
        let young_seconds = usize::try_from(keep.wait.as_secs()).unwrap_or(0) + 2;
        if self.last.len() > keep.queries * young_seconds {
            self.last.pop_front();
        }
        self.last.push_back(asked);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND_NS;

    const KEEP: Last = Last {
        queries: 3,
        wait: Duration::from_secs(5),
        pause: Duration::from_mins(10),
    };

    fn silence(times: impl IntoIterator<Item = u64>) -> Silence {
        let mut silence = Silence::default();
        for time in times {
            silence.asked(Time::from_nanos(time), Address::UNSPECIFIED, None, true, KEEP);
        }
        silence
    }

    #[test]
    fn of_any_number_of_queries_only_the_last_of_the_last_seconds_are_kept() {
        let silence = silence((0..100_000).map(|n| n * SECOND_NS / 1_000));
        assert!(silence.last.len() <= 3 * 8, "{}", silence.last.len());
        assert_eq!(silence.first, Some(Time::default()));
    }

    #[test]
    fn the_last_3_queries_that_are_5_s_old_are_known_at_any_rate() {
        for per_second in [1, 2, 10, 1_000] {
            let silence = silence((0..60 * per_second).map(|n| n * SECOND_NS / per_second));
            let by = Time::from_nanos(55 * SECOND_NS - 1);
            let expected: Vec<u64> = (1..=3)
                .map(|n| (55 * per_second - n) * SECOND_NS / per_second)
                .collect();
            let last: Vec<u64> = silence
                .sent_by(by)
                .take(3)
                .map(|asked| asked.at.nanos())
                .collect();
            assert_eq!(last, expected, "{per_second} a second");
        }
    }
}
