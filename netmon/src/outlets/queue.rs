//! A bounded queue with a thread of its own that empties it: how a slow reader costs only itself.
//!
//! Putting something in never waits. When the queue is full the oldest gives way, because the newest says most about how
//! things stand; what gave way is counted. What cannot be delivered is counted the same way. What the thread has taken is
//! no longer in the queue.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock;
use crate::rights;

/// What waits at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Items.
    pub items: usize,
    /// Bytes of all items; one item alone may be larger.
    pub bytes: usize,
}

/// What can wait in a queue.
pub trait Item: Send + 'static {
    /// How much memory it takes, nearly.
    fn bytes(&self) -> usize;
}

impl Item for Vec<u8> {
    fn bytes(&self) -> usize {
        self.len()
    }
}

/// The queue's end that is filled.
#[derive(Debug)]
pub struct Queue<T = Vec<u8>> {
    shared: Arc<Shared<T>>,
}

/// The queue as the thread that empties it sees it.
#[derive(Debug)]
pub struct Worker<T> {
    shared: Arc<Shared<T>>,
}

#[derive(Debug)]
struct Shared<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    dropped: AtomicU64,
}

#[derive(Debug)]
struct State<T> {
    waiting: VecDeque<T>,
    bytes: usize,
    limits: Limits,
    /// When all must be over.
    end: Option<Instant>,
    /// The thread has come to its end.
    is_done: bool,
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<T: Item> Queue<T> {
    /// An empty queue, whose thread hands each item to `deliver`; that says whether it could. The thread has no capability.
    pub fn start(
        name: impl Into<String>,
        limits: Limits,
        mut deliver: impl FnMut(&T, &Worker<T>) -> bool + Send + 'static,
    ) -> io::Result<Self> {
        let state = State {
            waiting: VecDeque::new(),
            bytes: 0,
            limits,
            end: None,
            is_done: false,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
            dropped: AtomicU64::new(0),
        });
        let worker = Worker {
            shared: Arc::clone(&shared),
        };
        rights::spawn(name, move || {
            while let Some(item) = worker.shared.next() {
                if !deliver(&item, &worker) {
                    worker.shared.dropped.fetch_add(1, Relaxed);
                }
            }
            worker.shared.change(|state| state.is_done = true);
        })?;
        Ok(Self { shared })
    }

    /// Puts an item in; gives back how many gave way. Never waits.
    pub fn put(&self, item: T) -> usize {
        self.drop_some(|state| {
            state.bytes += item.bytes();
            state.waiting.push_back(item);
            state.shrink(1)
        })
    }

    /// So many items may wait from now on; gives back how many gave way.
    pub fn limit(&self, items: usize) -> usize {
        self.drop_some(|state| {
            state.limits.items = items;
            state.shrink(0)
        })
    }

    /// How many items gave way or could not be delivered.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Relaxed)
    }

    /// Has a thread that [rests](Worker::rest) look again whether it should.
    pub fn wake(&self) {
        // With the lock, so that it does not look just before, and wait just after.
        self.shared.change(|_| ());
    }

    /// Nothing comes any more. What waits is delivered within that time, or counts as dropped.
    pub fn close(&self, within: Duration) {
        let end = clock::instant() + within;
        self.shared.change(|state| {
            state.end.get_or_insert(end);
        });
    }

    /// Nothing comes any more, and what waits is not delivered; gives back how many that are. Does not wait.
    pub fn abandon(&self) -> usize {
        self.drop_some(|state| {
            state.end = Some(clock::instant());
            state.bytes = 0;
            std::mem::take(&mut state.waiting).len()
        })
    }

    /// After [`Self::close`], waits for the thread's end; no longer than `grace` beyond that time, whatever hangs. Gives back
    /// how many items were still to be delivered.
    pub fn wait(&self, grace: Duration) -> usize {
        let mut state = self.shared.lock();
        while !state.is_done {
            let left = state.time_left(grace);
            if left.is_zero() {
                break;
            }
            state = self.shared.wait(state, left);
        }
        // One may be under way, in the hands of a thread that will not come to its end.
        let lost = state.waiting.len() + usize::from(!state.is_done);
        drop(state);
        self.shared.dropped.fetch_add(lost as u64, Relaxed);
        lost
    }

    fn drop_some(&self, change: impl FnOnce(&mut State<T>) -> usize) -> usize {
        let dropped = self.shared.change(change);
        self.shared.dropped.fetch_add(dropped as u64, Relaxed);
        dropped
    }
}

impl<T> Worker<T> {
    /// When all must be over; this may change while an item is delivered.
    pub fn end(&self) -> Option<Instant> {
        self.shared.lock().end
    }

    /// How long until then.
    pub fn time_left(&self) -> Duration {
        self.shared.lock().time_left(Duration::ZERO)
    }

    /// Waits that long; less where `is_enough` says so after the queue was [woken](Queue::wake), or when it is closed, for a
    /// last attempt.
    pub fn rest(&self, pause: Duration, is_enough: impl Fn() -> bool) {
        let until = clock::instant() + pause;
        let mut state = self.shared.lock();
        let was_open = state.end.is_none();
        loop {
            let left = until.saturating_duration_since(clock::instant());
            let is_closed = was_open && state.end.is_some();
            if left.is_zero() || is_closed || is_enough() {
                return;
            }
            state = self.shared.wait(state, left);
        }
    }
}

impl<T: Item> State<T> {
    /// Makes room, but keeps so many; gives back how many gave way.
    fn shrink(&mut self, keep: usize) -> usize {
        let before = self.waiting.len();
        let Limits { items, bytes } = self.limits;
        while self.waiting.len() > keep && (self.waiting.len() > items || self.bytes > bytes) {
            self.take();
        }
        before - self.waiting.len()
    }

    fn take(&mut self) -> Option<T> {
        let item = self.waiting.pop_front()?;
        self.bytes -= item.bytes();
        Some(item)
    }
}

impl<T> State<T> {
    /// Until all must be over, and that much longer.
    fn time_left(&self, longer: Duration) -> Duration {
        self.end.map_or(Duration::MAX, |end| {
            (end + longer).saturating_duration_since(clock::instant())
        })
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing that holds it can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<R>(&self, change: impl FnOnce(&mut State<T>) -> R) -> R {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State<T>>, at_most: Duration) -> MutexGuard<'a, State<T>> {
        self.changed
            .wait_timeout(state, at_most)
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }
}

impl<T: Item> Shared<T> {
    /// The next item, when there is one; `None` when nothing comes any more.
    fn next(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if state.time_left(Duration::ZERO).is_zero() {
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
    use super::super::limits::LINES;
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn items_are_delivered_in_their_order_and_none_is_dropped() {
        let (send, received) = mpsc::channel();
        let queue = Queue::start("test", LINES, move |item: &Vec<u8>, _: &_| {
            send.send(item.clone()).is_ok()
        })
        .unwrap();
        for n in 0..100 {
            queue.put(vec![n]);
        }
        queue.close(Duration::from_secs(5));
        queue.wait(Duration::ZERO);
        let received: Vec<Vec<u8>> = received.iter().collect();
        assert_eq!(received, (0..100).map(|n| vec![n]).collect::<Vec<_>>());
        assert_eq!(queue.dropped(), 0);
    }

    #[test]
    fn a_reader_that_hangs_costs_its_own_items_and_the_oldest_go_first() {
        let (release, hang) = mpsc::channel::<()>();
        let (send, received) = mpsc::channel();
        let queue = Queue::start("test", LINES, move |item: &Vec<u8>, _: &_| {
            let _released = hang.recv();
            send.send(item.clone()).is_ok()
        })
        .unwrap();
        queue.put(b"first".to_vec());
        while !queue.shared.lock().waiting.is_empty() {
            std::thread::yield_now();
        }
        for n in 0..LINES.items + 10 {
            queue.put(n.to_string().into_bytes());
        }
        assert_eq!(queue.dropped(), 10);
        queue.put(vec![0; LINES.bytes]);
        assert_eq!(
            queue.dropped(),
            10 + LINES.items as u64,
            "a large one takes the room of all others"
        );
        drop(release);
        queue.close(Duration::from_secs(5));
        queue.wait(Duration::ZERO);
        let received: Vec<usize> = received.iter().map(|item| item.len()).collect();
        assert_eq!(received, [5, LINES.bytes]);
    }

    #[test]
    fn the_end_waits_no_longer_than_it_may_and_counts_what_is_left() {
        let (_release, hang) = mpsc::channel::<()>();
        let queue = Queue::start("test", LINES, move |_: &Vec<u8>, _: &_| hang.recv().is_ok()).unwrap();
        queue.put(b"one".to_vec());
        queue.put(b"two".to_vec());
        let before = clock::instant();
        queue.close(Duration::from_millis(200));
        queue.wait(Duration::ZERO);
        let took = clock::since(before);
        assert!(
            took >= Duration::from_millis(200) && took < Duration::from_secs(2),
            "{took:?}"
        );
        assert_eq!(queue.dropped(), 2, "one under way, one waiting");
    }

    #[test]
    fn what_cannot_be_delivered_is_counted() {
        let queue = Queue::start("test", LINES, |_: &Vec<u8>, _: &_| false).unwrap();
        queue.put(b"one".to_vec());
        queue.close(Duration::from_secs(5));
        queue.wait(Duration::ZERO);
        assert_eq!(queue.dropped(), 1);
    }
}
