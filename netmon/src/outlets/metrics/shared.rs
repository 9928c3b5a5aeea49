//! What the event loop and the listener's thread share. Neither ever waits for the other with a lock held:
//! the thread asks, the loop answers between two of its events, and the thread waits for that.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::sync::watch;

use crate::clock;
use crate::model::{Counted, Moment, Names};
use crate::time::Time;

use super::book::Page;
use super::incidents::Active;

/// What the loop answers: everything that a page of metrics is made of.
#[derive(Clone, Debug)]
pub struct Answer {
    /// When.
    pub at: Moment,
    /// When the counts were read.
    pub polled: Time,
    /// The counts, without destinations.
    pub counted: Counted,
    /// What is shown of destinations.
    pub page: Page,
    /// The incidents that are open, the oldest first.
    pub active: Vec<Active>,
    /// Incidents that opened so far, by kind.
    pub opened: BTreeMap<&'static str, u64>,
    /// What servers are called.
    pub names: Arc<Names>,
}

/// Both ends of it.
#[derive(Debug)]
pub struct Shared {
    asked: AtomicBool,
    waker: AtomicWaker,
    answers: watch::Sender<Option<Arc<Answer>>>,
    attached: AtomicBool,
    /// When the loop last read the counts, by the boot clock; 0: not yet.
    polled: AtomicU64,
    started: Time,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            asked: AtomicBool::new(false),
            waker: AtomicWaker::new(),
            answers: watch::Sender::new(None),
            attached: AtomicBool::new(false),
            polled: AtomicU64::new(0),
            started: clock::boot_now(),
        }
    }
}

/// The loop's end.
impl Shared {
    /// Ready once somebody asks. Before the first poll there is nothing to answer.
    pub fn poll_asked(&self, context: &mut Context<'_>) -> Poll<()> {
        self.waker.register(context.waker());
        if self.polled().is_some() && self.asked.load(Ordering::Acquire) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Answers all who have asked.
    pub fn answer(&self, answer: Answer) {
        self.asked.store(false, Ordering::Release);
        self.answers.send_replace(Some(Arc::new(answer)));
    }

    /// The counts were read.
    pub fn set_polled(&self, at: Time) {
        self.polled.store(at.nanos(), Ordering::Release);
    }

    /// Whether interfaces are watched.
    pub fn set_attached(&self, attached: bool) {
        self.attached.store(attached, Ordering::Release);
    }
}

/// The listener's end.
impl Shared {
    /// The loop's answer, at most that old; `None` if there is none in that time.
    pub async fn ask(&self, fresh: Duration, within: Duration) -> Option<Arc<Answer>> {
        let is_fresh = |answer: &Answer| clock::boot_now().since(answer.at.time) < fresh;
        let mut answers = self.answers.subscribe();
        let known = answers.borrow_and_update().clone();
        if let Some(answer) = known.filter(|answer| is_fresh(answer)) {
            return Some(answer);
        }
        self.asked.store(true, Ordering::Release);
        self.waker.wake();
        let _changed = tokio::time::timeout(within, answers.changed()).await.ok()?;
        self.answers.borrow().clone()
    }

    /// Whether interfaces are watched.
    pub fn is_attached(&self) -> bool {
        self.attached.load(Ordering::Acquire)
    }

    /// How long ago the loop read the counts, or began.
    pub fn since_poll(&self) -> Duration {
        clock::boot_now().since(self.polled().unwrap_or(self.started))
    }

    /// When the loop last read the counts.
    pub fn polled(&self) -> Option<Time> {
        match self.polled.load(Ordering::Acquire) {
            0 => None,
            nanos => Some(Time::from_nanos(nanos)),
        }
    }
}
