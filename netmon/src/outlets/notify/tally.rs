//! Counts what became of the notifications to one receiver, and logs what went wrong; once a minute where it goes wrong all
//! the time.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::notice::Notice;
use crate::clock;
use crate::report::story::numbers::count;

/// What happens again and again is logged this often.
const EVERY: Duration = Duration::from_mins(1);

/// What became of the notifications to one receiver.
#[derive(Debug)]
pub struct Tally {
    receiver: &'static str,
    delivered: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
    logged: Mutex<Logged>,
}

/// What the log says of dropped ones.
#[derive(Debug)]
struct Logged {
    dropped: u64,
    at: Option<Instant>,
}

impl Tally {
    /// Nothing yet.
    pub const fn new(receiver: &'static str) -> Self {
        Self {
            receiver,
            delivered: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            logged: Mutex::new(Logged { dropped: 0, at: None }),
        }
    }

    /// How many were delivered, failed, and were dropped.
    pub fn counts(&self) -> (u64, u64, u64) {
        let [delivered, failed, dropped] =
            [&self.delivered, &self.failed, &self.dropped].map(|count| count.load(Relaxed));
        (delivered, failed, dropped)
    }

    /// It was taken, at this attempt.
    pub fn delivered(&self, notice: &Notice, attempts: u32) {
        self.delivered.fetch_add(1, Relaxed);
        let (receiver, incident) = (self.receiver, &notice.incident);
        tracing::info!(receiver, incident, attempts, "notified the {receiver}");
    }

    /// This attempt failed, and more will follow.
    pub fn again(&self, notice: &Notice, attempts: u32, why: &str) {
        let (receiver, incident) = (self.receiver, &notice.incident);
        if attempts == 1 {
            tracing::warn!(
                receiver,
                incident,
                "the {receiver} could not be notified, and is tried again: {why}"
            );
        } else {
            tracing::debug!(
                receiver,
                incident,
                attempts,
                "the {receiver} is tried again: {why}"
            );
        }
    }

    /// It is given up.
    pub fn failed(&self, notice: &Notice, attempts: u32, why: &str) {
        let failed = self.failed.fetch_add(1, Relaxed) + 1;
        let (receiver, incident) = (self.receiver, &notice.incident);
        tracing::warn!(
            receiver,
            incident,
            attempts,
            "a notification of the {receiver} is given up after {}: {why} ({failed} so far)",
            count(attempts.into(), "attempt", "attempts")
        );
    }

    /// So many gave way to newer ones, or to the end of the receiver.
    pub fn dropped(&self, count: usize) {
        if count == 0 {
            return;
        }
        let dropped = self.dropped.fetch_add(count as u64, Relaxed) + count as u64;
        let unlogged = {
            let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
            if logged.at.is_some_and(|at| clock::since(at) < EVERY) {
                return;
            }
            logged.at = Some(clock::instant());
            dropped - std::mem::replace(&mut logged.dropped, dropped)
        };
        let receiver = self.receiver;
        tracing::warn!(
            receiver,
            "{unlogged} notifications of the {receiver} were dropped: too many were waiting, or it is notified no more \
             ({dropped} so far)"
        );
    }

    /// The end, where so many were still to be delivered.
    pub fn end(&self, undelivered: usize) {
        let (delivered, failed, dropped) = self.counts();
        if failed + dropped > 0 || undelivered > 0 {
            let receiver = self.receiver;
            tracing::warn!(
                receiver,
                "of the notifications of the {receiver}, {delivered} were delivered, {failed} were given up, {dropped} \
                 were dropped, and {undelivered} were still to be delivered at the end"
            );
        }
    }
}
