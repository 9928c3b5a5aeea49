//! A bounded queue with a thread of its own that empties it: how a slow reader costs only itself.
//!
//! Putting something in never waits. When the queue is full the oldest gives way, because the newest says most about how
//! things stand; what gave way is counted. What cannot be delivered is counted the same way.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock;
use crate::rights;

/// Items that wait at most.
const ITEMS: usize = 4_096;
/// Bytes of items that wait at most; one item alone may be larger.
const BYTES: usize = 8 << 20;

/// The queue's end that is filled.
#[derive(Clone, Debug)]
pub struct Queue {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Vec<u8>>,
    bytes: usize,
    /// When all must be over.
    end: Option<Instant>,
    /// The thread has come to its end.
    is_done: bool,
}

impl Queue {
    /// An empty queue, whose thread hands each item to `deliver`; that says whether it could. The thread has no capability.
    pub fn start(
        name: &'static str,
        mut deliver: impl FnMut(&[u8]) -> bool + Send + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let worker = Arc::clone(&shared);
        rights::spawn(name, move || {
            while let Some(item) = worker.next() {
                if !deliver(&item) {
                    worker.dropped.fetch_add(1, Relaxed);
                }
            }
            worker.change(|state| state.is_done = true);
        })?;
        Ok(Self { shared })
    }

    /// Puts an item in. Never waits.
    pub fn put(&self, item: Vec<u8>) {
        let dropped = self.shared.change(|state| state.put(item));
        self.shared.dropped.fetch_add(dropped, Relaxed);
    }

    /// How many items gave way or could not be delivered.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Relaxed)
    }

    /// Nothing comes any more. What waits is delivered within that time, or counts as dropped.
    pub fn close(&self, within: Duration) {
        let end = clock::instant() + within;
        self.shared.change(|state| state.end = Some(end));
    }

    /// After [`Self::close`], waits for the thread's end; not beyond that time, whatever hangs.
    pub fn wait(&self) {
        let mut state = self.shared.lock();
        while !state.is_done {
            let left = state.time_left();
            if left.is_zero() {
                break;
            }
            state = self.shared.wait(state, left);
        }
        let lost = state.waiting.len() + usize::from(!state.is_done);
        drop(state);
        self.shared.dropped.fetch_add(lost as u64, Relaxed);
    }
}

impl State {
    /// Puts an item in; gives back how many gave way.
    fn put(&mut self, item: Vec<u8>) -> u64 {
        let mut gone = 0;
        self.bytes += item.len();
        self.waiting.push_back(item);
        while self.waiting.len() > 1 && (self.waiting.len() > ITEMS || self.bytes > BYTES) {
            self.take();
            gone += 1;
        }
        gone
    }

    fn take(&mut self) -> Option<Vec<u8>> {
        let item = self.waiting.pop_front()?;
        self.bytes -= item.len();
        Some(item)
    }

    /// Until all must be over.
    fn time_left(&self) -> Duration {
        self.end.map_or(Duration::MAX, |end| {
            end.saturating_duration_since(clock::instant())
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

    /// The next item, when there is one; `None` when nothing comes any more.
    fn next(&self) -> Option<Vec<u8>> {
        let mut state = self.lock();
        loop {
            if state.time_left().is_zero() {
                return None;
            }
            match state.take() {
                Some(item) => return Some(item),
                None if state.end.is_some() => return None,
                None => state = self.wait(state, Duration::MAX),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn items_are_delivered_in_their_order_and_none_is_dropped() {
        let (send, received) = mpsc::channel();
        let queue = Queue::start("test", move |item| send.send(item.to_vec()).is_ok()).unwrap();
        for n in 0..100 {
            queue.put(vec![n]);
        }
        queue.close(Duration::from_secs(5));
        queue.wait();
        let received: Vec<Vec<u8>> = received.iter().collect();
        assert_eq!(received, (0..100).map(|n| vec![n]).collect::<Vec<_>>());
        assert_eq!(queue.dropped(), 0);
    }

    #[test]
    fn a_reader_that_hangs_costs_its_own_items_and_the_oldest_go_first() {
        let (release, hang) = mpsc::channel::<()>();
        let (send, received) = mpsc::channel();
        let queue = Queue::start("test", move |item| {
            let _released = hang.recv();
            send.send(item.to_vec()).is_ok()
        })
        .unwrap();
        queue.put(b"first".to_vec());
        while !queue.shared.lock().waiting.is_empty() {
            std::thread::yield_now();
        }
        for n in 0..ITEMS + 10 {
            queue.put(n.to_string().into_bytes());
        }
        assert_eq!(queue.dropped(), 10);
        queue.put(vec![0; BYTES]);
        assert_eq!(
            queue.dropped(),
            10 + ITEMS as u64,
            "a large one takes the room of all others"
        );
        drop(release);
        queue.close(Duration::from_secs(5));
        queue.wait();
        let received: Vec<usize> = received.iter().map(|item| item.len()).collect();
        assert_eq!(received, [5, BYTES]);
    }

    #[test]
    fn the_end_waits_no_longer_than_it_may_and_counts_what_is_left() {
        let (_release, hang) = mpsc::channel::<()>();
        let queue = Queue::start("test", move |_| hang.recv().is_ok()).unwrap();
        queue.put(b"one".to_vec());
        queue.put(b"two".to_vec());
        let before = clock::instant();
        queue.close(Duration::from_millis(200));
        queue.wait();
        let took = clock::since(before);
        assert!(
            took >= Duration::from_millis(200) && took < Duration::from_secs(2),
            "{took:?}"
        );
        assert_eq!(queue.dropped(), 2, "one under way, one waiting");
    }

    #[test]
    fn what_cannot_be_delivered_is_counted() {
        let queue = Queue::start("test", |_| false).unwrap();
        queue.put(b"one".to_vec());
        queue.close(Duration::from_secs(5));
        queue.wait();
        assert_eq!(queue.dropped(), 1);
    }
}
