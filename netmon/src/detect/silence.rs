//! The queries that a service got since it was last heard of.
//!
//! Any answered exchange, and any verified error, ends the silence: what `unanswered` needs are queries after which
//! nothing at all came. So only these are remembered, and a healthy server costs next to nothing.

use std::collections::VecDeque;
use std::ops::RangeBounds;
use std::time::Duration;

use netmon_common::Address;

use super::distinct::Distinct;
use super::limits::SYNS;
use super::recent::{Recent, Window};
use super::waiting::{Asked, Waiting};
use crate::observation::Name;
use crate::time::Time;

/// Seconds whose queries are counted: more than the longest window.
const KEPT: usize = 64;

/// What was asked since the service was last heard of.
#[derive(Debug, Default)]
pub(super) struct Silence {
    /// When it began: the service was heard of last.
    pub since: Time,
    /// How many queries of that second, sent before it, had no answer when it began.
    pub silent_before: u64,
    first: Option<Time>,
    newest: Time,
    /// For which names, as far as they were looked at.
    pub names: Recent<Name>,
    /// By whom, as far as they were looked at.
    pub clients: Recent<Address>,
    /// Those of both for which there was no place.
    pub beyond: Option<Box<Beyond>>,
    last: VecDeque<Last>,
    seconds: VecDeque<(u64, u64)>,
    /// SYNs that the server may take yet, in order. They count, and are kept apart from the queries, which they must not push out.
    syns: VecDeque<Syn>,
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

/// A SYN, and whether a look is taken at who sent it.
#[derive(Clone, Copy, Debug)]
struct Syn {
    sent: Last,
    look: bool,
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
        self.begin(at, keep);
        self.take(at, client, name, look, keep);
    }

    /// Takes a SYN. Of too many the oldest is one query more, and given back if a look is taken at it.
    pub fn connects(&mut self, at: Time, client: Address, look: bool, keep: Keep) -> Option<Last> {
        self.begin(at, keep);
        let is_full = self.syns.len() == SYNS;
        let oldest = self.syns.pop_front_if(|_| is_full);
        if let Some(Syn { sent, look }) = oldest {
            self.take(sent.at, sent.client, None, look, keep);
        }
        let name = None;
        let sent = Last { at, client, name };
        let place = self.syns.partition_point(|known| known.sent.at <= at);
        self.syns.insert(place, Syn { sent, look });
        oldest.filter(|oldest| oldest.look).map(|oldest| oldest.sent)
    }

    /// The server took a connection: the SYN that the client sent then does not count any more.
    pub fn connected(&mut self, syn: Time, client: Address) {
        let is_it = |known: &Syn| known.sent.at == syn && known.sent.client == client;
        if let Some(place) = self.syns.iter().rposition(is_it) {
            self.syns.remove(place);
        }
    }

    /// A new silence begins after a long pause.
    fn begin(&mut self, at: Time, keep: Keep) {
        if self.newest().is_some_and(|newest| at.since(newest) > keep.pause) {
            self.end(at, 0);
        }
    }

    fn take(&mut self, at: Time, client: Address, name: Option<&Name>, look: bool, keep: Keep) {
        // One that is told late may have been sent before an answer that was counted.
        let began = at.max(self.since);
        self.first = Some(self.first.map_or(began, |first| first.min(began)));
        self.newest = self.newest.max(at);
        self.count(at.second());
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

    fn count(&mut self, second: u64) {
        let mut place = self.seconds.partition_point(|(known, _)| *known < second);
        if let Some((known, queries)) = self.seconds.get_mut(place)
            && *known == second
        {
            *queries += 1;
            return;
        }
        if self.seconds.len() == KEPT {
            if place == 0 {
                return;
            }
            self.seconds.pop_front();
            place -= 1;
        }
        self.seconds.insert(place, (second, 1));
    }

    /// When the first query was sent, if there is any.
    pub fn first(&self) -> Option<Time> {
        let syn = self.syns.front().map(|syn| syn.sent.at.max(self.since));
        self.first.into_iter().chain(syn).min()
    }

    /// The same of the newest one.
    fn newest(&self) -> Option<Time> {
        let syn = self.syns.back().map(|syn| syn.sent.at);
        let query = self.first.map(|_| self.newest);
        query.max(syn)
    }

    /// The service was heard of: what was asked before is forgotten. So many queries of this second have no answer by
    /// now.
    pub fn end(&mut self, at: Time, silent: u64) {
        self.since = at;
        self.silent_before = silent;
        self.syns.clear();
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
        let mut queries = self.last.iter().rev().peekable();
        let mut syns = self.syns.iter().rev().map(|syn| &syn.sent).peekable();
        let both = std::iter::from_fn(move || {
            let is_syn = match (queries.peek(), syns.peek()) {
                (Some(query), Some(syn)) => syn.at > query.at,
                (query, _) => query.is_none(),
            };
            if is_syn { syns.next() } else { queries.next() }
        });
        both.skip_while(move |asked| asked.at > then)
    }

    /// The SYNs that were sent by then and that the server has not taken.
    pub fn syns_by(&self, then: Time) -> impl Iterator<Item = &Last> {
        let sent = self.syns.iter().map(|syn| &syn.sent);
        sent.take_while(move |sent| sent.at <= then)
    }

    /// The clients, as far as they were looked at.
    pub fn all_clients(&self) -> impl Iterator<Item = Address> {
        let clients = self.clients.iter().map(|client| client.value);
        clients.chain(self.clients_of_syns(..))
    }

    /// Those that asked in the window.
    pub fn clients_within(&self, second: u64, window: Window) -> impl Iterator<Item = Address> {
        let (from, to) = window.seconds(second);
        let clients = self.clients.within(second, window).copied();
        clients.chain(self.clients_of_syns(Time::at_second(from)..=Time::at_second(to)))
    }

    fn clients_of_syns(&self, sent: impl RangeBounds<Time>) -> impl Iterator<Item = Address> {
        let syns = self
            .syns
            .iter()
            .filter(move |syn| syn.look && sent.contains(&syn.sent.at));
        syns.map(|syn| syn.sent.client)
    }

    /// How many queries were seen one by one in the seconds from `from` up to before `to`.
    pub fn seen(&self, from: u64, to: u64) -> u64 {
        let inside = self
            .seconds
            .iter()
            .filter(|(second, _)| (from..to).contains(second));
        let queries: u64 = inside.map(|(_, queries)| queries).sum();
        let syns = self.syns.iter().map(|syn| syn.sent.at.second());
        queries + syns.filter(|second| (from..to).contains(second)).count() as u64
    }

    /// The first second from that one on with a query.
    pub fn first_from(&self, from: u64) -> Option<u64> {
        let seconds = self.seconds.iter().map(|(second, _)| *second);
        let syns = self.syns.iter().map(|syn| syn.sent.at.second());
        seconds.chain(syns).filter(|second| *second >= from).min()
    }

    /// The first second after that one at which another of the last queries is old enough to have failed.
    pub fn first_old_after(&self, second: u64, keep: Keep) -> Option<u64> {
        let syns = self.syns.iter().map(|syn| &syn.sent);
        let old = self
            .last
            .iter()
            .chain(syns)
            .map(|asked| asked.at.after(keep.wait).ceil_second());
        old.filter(|old| *old > second).min()
    }

    /// Whether there is nothing left to judge: no query, or none in so long that the next begins a new silence.
    pub fn is_over(&self, at: Time, keep: Keep) -> bool {
        let pause = keep.pause.saturating_add(keep.wait);
        self.newest().is_none_or(|newest| at.since(newest) > pause)
    }

    /// When it is over if nothing more is asked.
    pub fn over_at(&self, keep: Keep) -> Option<Time> {
        let pause = keep.pause.saturating_add(keep.wait);
        Some(self.newest()?.after(pause))
    }

    /// Keeps the last queries of each second: enough to know the last ones that are old enough to be judged.
    fn keep_last(&mut self, asked: Last, keep: Keep) {
        let mut place = self.last.partition_point(|known| known.at <= asked.at);
        if let Some(index) = place.checked_sub(keep.queries)
            && self
                .last
                .get(index)
                .is_some_and(|known| known.at.second() == asked.at.second())
        {
            self.last.remove(index);
            place -= 1;
        }
        let young_seconds = usize::try_from(keep.wait.as_secs()).unwrap_or(0) + 2;
        if self.last.len() > keep.queries * young_seconds {
            self.last.pop_front();
            place = place.saturating_sub(1);
        }
        self.last.insert(place, asked);
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
        assert_eq!(silence.first(), Some(Time::default()));
        assert_eq!((silence.seconds.len(), silence.seen(90, 92)), (KEPT, 2_000));
    }

    #[test]
    fn no_silence_begins_before_the_server_was_heard_of_last() {
        let at = |millis: u64| Time::from_nanos(millis * SECOND_NS / 1_000);
        let mut silence = silence([at(11_000).nanos()]);
        silence.end(at(12_400), 1);
        for sent in [11_900, 12_500] {
            silence.asked(at(sent), Address::UNSPECIFIED, None, true, KEEP);
        }
        assert_eq!(silence.first(), Some(at(12_400)));
        assert_eq!(silence.seen(11, 13), 2);
    }

    #[test]
    fn of_any_number_of_syns_the_last_may_be_taken_yet_and_push_no_query_out() {
        let at = |n: u64| Time::from_nanos(n * SECOND_NS / 1_000);
        let client = Address::UNSPECIFIED;
        let mut silence = silence([SECOND_NS / 2]);
        for n in 1_000..2_000 {
            silence.connects(at(n), client, true, KEEP);
        }
        assert_eq!((silence.syns.len(), silence.seen(1, 2)), (SYNS, 1_000));
        let oldest = 2_000 - SYNS as u64;
        for n in 1_000..2_000 {
            silence.connected(at(n), client);
        }
        // Those that were too many are taken to be queries.
        assert_eq!(silence.seen(1, 2), oldest - 1_000);
        let last: Vec<Time> = silence.sent_by(at(9_000)).map(|asked| asked.at).collect();
        let expected = [oldest - 1, oldest - 2, oldest - 3, 500];
        assert_eq!(last, expected.map(at));
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
