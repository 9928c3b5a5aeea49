//! What those who look ask of a replay: one that waits, goes faster, or goes elsewhere in its capture.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::view::ReplayOrder;

/// Both ends of it.
#[derive(Clone, Debug, Default)]
pub struct Controls(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    order: Mutex<ReplayOrder>,
    came: Condvar,
}

impl Controls {
    /// Asks for this. What was asked before stays, as far as this says nothing of it.
    pub fn order(&self, order: ReplayOrder) {
        let mut waiting = self.lock();
        let goes = order.to.is_some() || order.by.is_some();
        *waiting = ReplayOrder {
            speed: order.speed.or(waiting.speed),
            times: match (order.speed, waiting.times, order.times) {
                (None, Some(before), Some(now)) => Some(before * now),
                (None, before, now) => now.or(before),
                (Some(_), _, now) => now,
            },
            paused: order.paused.or(waiting.paused),
            to: if goes { order.to } else { waiting.to },
            by: if goes { order.by } else { waiting.by },
        };
        drop(waiting);
        self.0.came.notify_all();
    }

    /// What was asked since the last time; waits so long for it, or for as long as it takes.
    pub fn take(&self, within: Option<Duration>) -> ReplayOrder {
        let is_nothing = |order: &mut ReplayOrder| *order == ReplayOrder::default();
        let order = self.lock();
        let mut order = if let Some(within) = within {
            let waited = self.0.came.wait_timeout_while(order, within, is_nothing);
            waited.unwrap_or_else(PoisonError::into_inner).0
        } else {
            let waited = self.0.came.wait_while(order, is_nothing);
            waited.unwrap_or_else(PoisonError::into_inner)
        };
        std::mem::take(&mut *order)
    }

    /// What was asked and not taken yet.
    pub fn waiting(&self) -> ReplayOrder {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, ReplayOrder> {
        self.0.order.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
