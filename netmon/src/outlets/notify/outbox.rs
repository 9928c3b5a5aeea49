//! A receiver's queue, and the thread that empties it.
//!
//! Putting something in never waits: when the queue is full the oldest gives way, because the newest says most about
//! how things stand. The notification that the thread has taken is no longer in the queue.
//!
//! The first notification starts the thread. By then netmon has given up what rights it needs to attach; a thread
//! keeps those with which it was started.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::notice::Notice;
use super::tally::Tally;
use crate::clock;
use crate::rights;

/// The first pause before an attempt is made again, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// How long after the end a thread may take to notice it: a command that is under way is killed then, with its children,
/// which would outlive netmon otherwise.
const GRACE: Duration = Duration::from_secs(1);

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It was taken.
    Delivered,
    /// It may be taken later; the receiver may have said after which time.
    Again(String, Option<Duration>),
    /// It never will be.
    Failed(String),
}

/// Delivers. It may take its time, within limits of its own.
pub trait Courier: fmt::Debug + Send + Sync {
    /// One attempt. `end` tells when it must be over, which may change while it goes on.
    fn deliver(&self, notice: &Notice, end: &dyn Fn() -> Option<Instant>) -> Attempt;
    /// How long one notification may be tried.
    fn patience(&self) -> Duration;
}

/// The queue of one receiver.
#[derive(Debug)]
pub struct Outbox {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    name: &'static str,
    tally: Tally,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    waiting: VecDeque<Notice>,
    limit: usize,
    courier: Arc<dyn Courier>,
    /// Counts the couriers, so that one who waits learns of a new one.
    couriers: u64,
    /// When all must be over.
    end: Option<Instant>,
    thread_runs: bool,
}

impl Outbox {
    /// An empty queue.
    pub fn new(name: &'static str, courier: Arc<dyn Courier>, limit: usize) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            limit,
            courier,
            couriers: 0,
            end: None,
            thread_runs: false,
        };
        let shared = Arc::new(Shared {
            name,
            tally: Tally::new(name),
            state: Mutex::new(state),
            changed: Condvar::new(),
        });
        Self { shared }
    }

    /// Puts a notification in.
    pub fn put(&self, body: Arc<[u8]>, incident: String) {
        let put = clock::instant();
        let mut starts = false;
        let dropped = self.shared.change(|state| {
            state.waiting.push_back(Notice { body, incident, put });
            starts = !std::mem::replace(&mut state.thread_runs, true);
            state.shrink()
        });
        self.shared.tally.dropped(dropped);
        if starts {
            self.start();
        }
    }

    fn start(&self) {
        let worker = Arc::clone(&self.shared);
        if let Err(error) = rights::spawn(format!("netmon-{}", self.shared.name), move || worker.work()) {
            // The next notification tries again.
            self.shared.change(|state| state.thread_runs = false);
            tracing::warn!("no thread for the {} can be started: {error}", self.shared.name);
        }
    }

    /// The receiver, and how many of its notifications were dropped or given up.
    pub fn dropped(&self) -> (&'static str, u64) {
        let (_, failed, dropped) = self.shared.tally.counts();
        (self.shared.name, failed + dropped)
    }

    /// So many may wait from now on.
    pub fn limit(&self, limit: usize) {
        let dropped = self.shared.change(|state| {
            state.limit = limit;
            state.shrink()
        });
        self.shared.tally.dropped(dropped);
    }

    /// What is waiting, and what comes, is delivered by this one.
    pub fn replace(&self, courier: Arc<dyn Courier>) {
        self.shared.change(|state| {
            state.courier = courier;
            state.couriers += 1;
        });
    }

    /// Nothing comes any more. What is waiting is delivered within that time, or not at all.
    pub fn close(&self, within: Duration) {
        let end = clock::instant() + within;
        self.shared.change(|state| {
            state.end.get_or_insert(end);
        });
    }

    /// Nobody is to be notified any more: what is waiting is not delivered. Does not wait.
    pub fn abandon(self) {
        let dropped = self.shared.change(|state| {
            state.end = Some(clock::instant());
            std::mem::take(&mut state.waiting).len()
        });
        self.shared.tally.dropped(dropped);
    }

    /// After [`Self::close`], waits for the thread's end; no longer than [`GRACE`] beyond that time, whatever it is doing.
    pub fn wait(self) {
        let mut state = self.shared.lock();
        while state.thread_runs {
            let left = state.time_left(GRACE);
            if left.is_zero() {
                break;
            }
            state = self.shared.wait(state, left);
        }
        // One may be under way, in the hands of a thread that will not come to its end.
        let lost = state.waiting.len() + usize::from(state.thread_runs);
        drop(state);
        self.shared.tally.end(lost);
    }
}

impl State {
    /// Makes room; gives back for how many there was none.
    fn shrink(&mut self) -> usize {
        let too_many = self.waiting.len().saturating_sub(self.limit);
        self.waiting.drain(..too_many);
        too_many
    }

    /// Until all must be over, and that much longer.
    fn time_left(&self, longer: Duration) -> Duration {
        self.end.map_or(Duration::MAX, |end| {
            (end + longer).saturating_duration_since(clock::instant())
        })
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds it can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, at_most: Duration) -> MutexGuard<'a, State> {
        self.changed
            .wait_timeout(state, at_most)
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }

    fn work(&self) {
        while let Some(notice) = self.next() {
            self.pursue(&notice);
        }
        self.change(|state| state.thread_runs = false);
    }

    /// The next one, when there is one; `None` when nothing comes any more.
    fn next(&self) -> Option<Notice> {
        let mut state = self.lock();
        loop {
            if state.time_left(Duration::ZERO).is_zero() {
                return None;
            }
            match state.waiting.pop_front() {
                Some(notice) => return Some(notice),
                None if state.end.is_some() => return None,
                None => state = self.wait(state, Duration::MAX),
            }
        }
    }

    /// Tries until it is taken, or given up.
    fn pursue(&self, notice: &Notice) {
        let mut pause = FIRST_PAUSE;
        let mut attempts: u32 = 0;
        loop {
            let (courier, seen) = {
                let state = self.lock();
                (Arc::clone(&state.courier), state.couriers)
            };
            attempts += 1;
            let attempt = courier.deliver(notice, &|| self.lock().end);
            let (why, wanted) = match attempt {
                Attempt::Delivered => return self.tally.delivered(notice, attempts),
                Attempt::Failed(why) => return self.tally.failed(notice, attempts, &why),
                Attempt::Again(why, wanted) => (why, wanted),
            };
            let next = wanted.unwrap_or_default().max(jittered(pause)).min(LONGEST_PAUSE);
            let given = (courier.patience().saturating_sub(clock::since(notice.put)))
                .min(self.lock().time_left(Duration::ZERO));
            if next >= given {
                return self.tally.failed(notice, attempts, &why);
            }
            self.tally.again(notice, attempts, &why);
            self.rest(next, seen);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Waits that long; less for a courier who is replaced, or when it comes to the end, for a last attempt.
    fn rest(&self, pause: Duration, seen: u64) {
        let until = clock::instant() + pause;
        let mut state = self.lock();
        let was_open = state.end.is_none();
        loop {
            let left = until.saturating_duration_since(clock::instant());
            let is_closed = was_open && state.end.is_some();
            if left.is_zero() || is_closed || state.couriers != seen {
                return;
            }
            state = self.wait(state, left);
        }
    }
}

/// Half of it to all of it, so that many hosts that saw the same outage do not come back at the same moment.
fn jittered(pause: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(u32::MAX);
    pause / 2 + (pause / 2).mul_f64(f64::from(random) / f64::from(u32::MAX))
}
