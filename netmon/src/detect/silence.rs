//! The queries that a service got since it was last heard of.
//!
//! Any answered exchange, and any verified error, ends the silence: what `unanswered` needs are queries after which
//! nothing at all came. So only these are remembered, and a healthy server costs next to nothing.

use std::collections::VecDeque;
use std::time::Duration;

use netmon_common::Address;

use super::distinct::Distinct;
use super::recent::Recent;
use super::waiting::{Asked, Waiting};
use crate::observation::Name;
use crate::time::Time;

/// Seconds whose queries are counted: more than the longest window.
const KEPT: usize = 64;

/// What was asked since the service was last heard of.
#[derive(Debug, Default)]
pub(super) struct Silence {
    /// The second in which it began.
    pub since: u64,
    /// How many queries of that second, sent before it, had no answer when it began.
    pub silent_before: u64,
    /// The first query.
    pub first: Option<Time>,
    newest: Time,
    /// For which names, as far as they were looked at.
    pub names: Recent<Name>,
    /// By whom, as far as they were looked at.
    pub clients: Recent<Address>,
    /// Those of both for which there was no place.
    pub beyond: Option<Box<Beyond>>,
    last: VecDeque<Last>,
    seconds: VecDeque<(u64, u64)>,
}

/// Names and clients that are not told apart any more: an incident counts them all the same.
#[derive(Debug, Default)]
pub(super) struct Beyond {
    /// Clients whose query is old enough to have failed.
    pub clients: Distinct<Address>,
    /// Names of such queries.
    pub names: Distinct<Name>,
    /// Those of queries that are not.
    pub waiting: Waiting,
}

impl Beyond {
    fn asked(&mut self, at: Time, client: Option<&Address>, name: Option<&Name>, wait: Duration) {
        let mut old = self.waiting.take_until(at.before(wait));
        let client = client.filter(|client| !self.clients.may_have(client));
        let name = name.filter(|name| !self.names.may_have(name));
        old.extend(self.waiting.add(at, client, name));
        for Asked { client, name, .. } in &old {
            if let Some(client) = client {
                self.clients.note(client);
            }
            if let Some(name) = name {
                self.names.note(name);
            }
        }
    }
}

/// One of the last queries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Last {
    /// When it was sent.
    pub at: Time,
    /// Who asked.
    pub client: Address,
    /// Tells its name from others; `None` where it was not looked at.
    pub name: Option<u32>,
}

/// How many of the last queries are remembered, and how far apart they may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keep {
    /// How many are judged together.
    pub queries: usize,
    /// How old a query must be before it is judged.
    pub wait: Duration,
    /// After a longer pause between queries a new silence begins.
    pub pause: Duration,
}

impl Silence {
    /// Takes a query; a `look` is taken at its client and name or not.
    pub fn asked(&mut self, at: Time, client: Address, name: Option<&Name>, look: bool, keep: Keep) {
        if self.first.is_some() && at.since(self.newest) > keep.pause {
            self.end(at, 0);
        }
        self.first.get_or_insert(at);
        self.newest = self.newest.max(at);
        match self.seconds.back_mut() {
            Some((second, queries)) if *second >= at.second() => *queries += 1,
            _ => {
                if self.seconds.len() == KEPT {
                    self.seconds.pop_front();
                }
                self.seconds.push_back((at.second(), 1));
            }
        }
        let mut number = None;
        if look {
            let is_beyond = self.clients.note(&client, at) == Recent::<Address>::BEYOND;
            number = name.map(|name| self.names.note(name, at));
            let client = Some(&client).filter(|_| is_beyond);
            let name = name.filter(|_| number == Some(Recent::<Name>::BEYOND));
            if client.is_some() || name.is_some() {
                self.beyond
                    .get_or_insert_default()
                    .asked(at, client, name, keep.wait);
            }
        }
        self.keep_last(
            Last {
                at,
                client,
                name: number,
            },
            keep,
        );
    }

    /// The SYN that a client sent then does not count any more: its query does.
    pub fn forget(&mut self, syn: Time, client: Address) {
        let place = self
            .last
            .iter()
            .rposition(|asked| asked.at == syn && asked.client == client);
        if let Some(place) = place {
            self.last.remove(place);
        }
        let second = syn.second();
        if let Some(place) = self.seconds.iter().position(|(known, _)| *known == second)
            && let Some((_, queries)) = self.seconds.get_mut(place)
        {
            *queries = queries.saturating_sub(1);
            if *queries == 0 {
                self.seconds.remove(place);
            }
        }
        if self.seconds.is_empty() {
            self.first = None;
        }
    }

    /// The service was heard of: what was asked before is forgotten. So many queries of this second have no answer by
    /// now.
    pub fn end(&mut self, at: Time, silent: u64) {
        self.since = at.second();
        self.silent_before = silent;
        if self.first.take().is_some() {
            self.names.clear();
            self.clients.clear();
            self.beyond = None;
            self.last.clear();
            self.seconds.clear();
        }
    }

    /// The last queries that were sent by then, newest first.
    pub fn sent_by(&self, then: Time) -> impl Iterator<Item = &Last> {
        self.last.iter().rev().skip_while(move |asked| asked.at > then)
    }

    /// How many queries were seen one by one in the seconds from `from` up to before `to`.
    pub fn seen(&self, from: u64, to: u64) -> u64 {
        let inside = self
            .seconds
            .iter()
            .filter(|(second, _)| (from..to).contains(second));
        inside.map(|(_, queries)| queries).sum()
    }

    /// The first second from that one on with a query.
    pub fn first_from(&self, from: u64) -> Option<u64> {
        let mut seconds = self.seconds.iter().map(|(second, _)| *second);
        seconds.find(|second| *second >= from)
    }

    /// The first second after that one at which another of the last queries is old enough to have failed.
    pub fn first_old_after(&self, second: u64, keep: Keep) -> Option<u64> {
        let old = self
            .last
            .iter()
            .map(|asked| asked.at.after(keep.wait).ceil_second());
        old.filter(|old| *old > second).min()
    }

    /// Whether there is nothing left to judge: no query, or none in so long that the next begins a new silence.
    pub fn is_over(&self, at: Time, keep: Keep) -> bool {
        self.first.is_none() || at.since(self.newest) > keep.pause.saturating_add(keep.wait)
    }

    /// When it is over if nothing more is asked.
    pub fn over_at(&self, keep: Keep) -> Option<Time> {
        self.first?;
        Some(self.newest.after(keep.pause.saturating_add(keep.wait)))
    }

    /// Keeps the last queries of each second: enough to know the last ones that are old enough to be judged.
    fn keep_last(&mut self, asked: Last, keep: Keep) {
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

    const KEEP: Keep = Keep {
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
        assert_eq!((silence.seconds.len(), silence.seen(90, 92)), (KEPT, 2_000));
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
