//! Who takes what happens, and who talks back: each partner of the monitor is a field of its own.

use std::collections::BTreeMap;

use crate::history::Keeper;
use crate::model::{Event, Moment};
use crate::outlets::board::Board;
use crate::outlets::metrics::Metrics;
use crate::outlets::notify::Notifier;
use crate::outlets::service::Service;
use crate::outlets::{Outlet, Output, Queue};
use crate::views::Views;

use super::troubles::{SCRAPERS, VIEWS};

/// When counts are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Snapshots {
    /// Never, but at the end.
    Never,
    /// At each reading.
    EachPoll,
    /// Once in each minute of the wall clock.
    EachMinute,
}

impl Snapshots {
    /// Whether they are printed at this poll.
    pub const fn are_due(self, is_new_minute: bool) -> bool {
        match self {
            Self::Never => false,
            Self::EachPoll => true,
            Self::EachMinute => is_new_minute,
        }
    }
}

/// All outlets.
pub struct Partners {
    /// What is printed, in its form.
    pub printer: Box<dyn Outlet>,
    /// Where it is printed.
    pub output: Output,
    /// When counts are printed.
    pub snapshots: Snapshots,
    /// Events in the journal, where the log goes there.
    pub journal: Option<Box<dyn Outlet>>,
    /// The queues beside those that outlets have themselves, by name.
    pub queues: Vec<(&'static str, Queue)>,
    /// The service manager.
    pub service: Option<Service>,
    /// The history.
    pub history: Option<Keeper>,
    /// Metrics.
    pub metrics: Option<Metrics>,
    /// What is shown to those who look.
    pub views: Option<Views>,
    /// Webhook and command.
    pub notifier: Notifier,
    /// What each outlet has dropped, for `netmon status`.
    pub board: Board,
}

impl Partners {
    /// Hands an event to everybody. What is printed waits for nobody else.
    pub fn emit(&mut self, at: Moment, event: &Event) {
        self.printer.emit(at, event);
        if let Some(journal) = &mut self.journal {
            journal.emit(at, event);
        }
        // Before those whose end takes seconds, so that systemd knows of the end when it begins.
        let outlets: [Option<&mut dyn Outlet>; 5] = [
            self.service.as_mut().map(|one| one as _),
            self.history.as_mut().map(|one| one as _),
            self.metrics.as_mut().map(|one| one as _),
            self.views.as_mut().map(|one| one as _),
            Some(&mut self.notifier),
        ];
        for outlet in outlets.into_iter().flatten() {
            outlet.emit(at, event);
        }
    }

    /// The counts were read: the event loop is alive.
    pub fn polled(&mut self, at: Moment) {
        if let Some(service) = &mut self.service {
            service.polled(at);
        }
        if let Some(metrics) = &mut self.metrics {
            metrics.polled(at);
        }
    }

    /// How much each outlet has dropped.
    pub fn dropped(&self) -> BTreeMap<&'static str, u64> {
        let queues = self.queues.iter().map(|(name, queue)| (*name, queue.dropped()));
        let history = self.history.iter().map(|keeper| ("history", keeper.dropped()));
        let scrapers = self.metrics.iter().map(|metrics| (SCRAPERS, metrics.dropped()));
        let views = self.views.iter().map(|views| (VIEWS, views.dropped()));
        let output = std::iter::once(("stdout", self.output.queue().dropped()));
        output
            .chain(queues)
            .chain(history)
            .chain(scrapers)
            .chain(views)
            .chain(self.notifier.dropped())
            .collect()
    }

    /// The same, which `netmon status` knows from now on.
    pub fn show_dropped(&mut self) -> BTreeMap<&'static str, u64> {
        let dropped = self.dropped();
        if let Err(error) = self.board.write(&dropped) {
            tracing::debug!("`netmon status` cannot be shown what outlets dropped: {error}");
        }
        dropped
    }

    /// The end: whatever waits is delivered within a few seconds, or lost. All have the same time.
    pub fn finish(&mut self) {
        self.notifier.close();
        self.output.close();
        self.output.wait();
        if let Some(history) = &mut self.history {
            history.finish();
        }
    }
}
