//! A receiver's queue, and how its thread delivers: again and again for a while, where the receiver may take it later.

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::notice::Notice;
use super::tally::Tally;
use crate::clock;
use crate::outlets::queue::{Limits, Queue, Worker};

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
    /// One attempt. `end` says when it must be over, which may change while it goes on.
    fn deliver(&self, notice: &Notice, end: &dyn Fn() -> Option<Instant>) -> Attempt;
    /// How long one notification may be tried.
    fn patience(&self) -> Duration;
}

/// The queue of one receiver.
#[derive(Debug)]
pub struct Outbox {
    queue: Queue<Notice>,
    receiver: Arc<Receiver>,
}

#[derive(Debug)]
struct Receiver {
    name: &'static str,
    tally: Tally,
    /// Who delivers, and how many did so before, so that one who waits learns of a new one.
    courier: Mutex<(Arc<dyn Courier>, u64)>,
}

impl Outbox {
    /// An empty queue.
    pub fn new(name: &'static str, courier: Arc<dyn Courier>, limit: usize) -> io::Result<Self> {
        let receiver = Arc::new(Receiver {
            name,
            tally: Tally::new(name),
            courier: Mutex::new((courier, 0)),
        });
        let limits = Limits {
            items: limit,
            bytes: usize::MAX,
        };
        let worker = Arc::clone(&receiver);
        Ok(Self {
            queue: Queue::start(format!("netmon-{name}"), limits, move |notice, queue| {
                worker.pursue(notice, queue)
            })?,
            receiver,
        })
    }

    /// Puts a notification in.
    pub fn put(&self, body: Arc<[u8]>, incident: String) {
        let put = clock::instant();
        self.count(self.queue.put(Notice { body, incident, put }));
    }

    /// The receiver, and how many of its notifications were dropped or given up.
    pub fn dropped(&self) -> (&'static str, u64) {
        (self.receiver.name, self.queue.dropped())
    }

    /// So many may wait from now on.
    pub fn limit(&self, limit: usize) {
        self.count(self.queue.limit(limit));
    }

    /// What is waiting, and what comes, is delivered by this one.
    pub fn replace(&self, courier: Arc<dyn Courier>) {
        {
            let mut current = self
                .receiver
                .courier
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *current = (courier, current.1 + 1);
        }
        self.queue.wake();
    }

    /// Nothing comes any more. What is waiting is delivered within that time, or not at all.
    pub fn close(&self, within: Duration) {
        self.queue.close(within);
    }

    /// Nobody is to be notified any more: what is waiting is not delivered. Does not wait.
    pub fn abandon(self) {
        self.count(self.queue.abandon());
    }

    /// After [`Self::close`], waits for the thread's end; no longer than [`GRACE`] beyond that time, whatever it is doing.
    pub fn wait(self) {
        let lost = self.queue.wait(GRACE);
        self.receiver.tally.end(lost);
    }

    fn count(&self, dropped: usize) {
        self.receiver.tally.dropped(dropped);
    }
}

impl Receiver {
    fn courier(&self) -> (Arc<dyn Courier>, u64) {
        let current = self.courier.lock().unwrap_or_else(PoisonError::into_inner);
        (Arc::clone(&current.0), current.1)
    }

    /// Tries until it is taken, or given up; says whether it was taken.
    fn pursue(&self, notice: &Notice, queue: &Worker<Notice>) -> bool {
        let mut pause = FIRST_PAUSE;
        let mut attempts: u32 = 0;
        loop {
            let (courier, number) = self.courier();
            attempts += 1;
            let (why, wanted) = match courier.deliver(notice, &|| queue.end()) {
                Attempt::Delivered => {
                    self.tally.delivered(notice, attempts);
                    return true;
                }
                Attempt::Failed(why) => {
                    self.tally.failed(notice, attempts, &why);
                    return false;
                }
                Attempt::Again(why, wanted) => (why, wanted),
            };
            let next = wanted.unwrap_or_default().max(jittered(pause)).min(LONGEST_PAUSE);
            let given = (courier.patience().saturating_sub(clock::since(notice.put))).min(queue.time_left());
            if next >= given {
                self.tally.failed(notice, attempts, &why);
                return false;
            }
            self.tally.again(notice, attempts, &why);
            queue.rest(next, || self.courier().1 != number);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// Half of it to all of it, so that many hosts that saw the same outage do not come back at the same moment.
fn jittered(pause: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(u32::MAX);
    pause / 2 + (pause / 2).mul_f64(f64::from(random) / f64::from(u32::MAX))
}
