//! Who takes what happens, and who talks back: each partner of the monitor is a field of its own.

use std::collections::BTreeMap;

use crate::history::Keeper;
use crate::model::{Event, Moment, Warning, WarningKind, WarningState};
use crate::outlets::board::{Board, DROPPED};
use crate::outlets::limits::QUIET;
use crate::outlets::metrics::Metrics;
use crate::outlets::notify::Notifier;
use crate::outlets::service::Service;
use crate::outlets::{Outlet, Output, Queue};
use crate::time::Time;
use crate::views::Views;

/// How those who scrape metrics are named.
const SCRAPERS: &str = "scrapers";
/// How those who look at the views are named.
const VIEWS: &str = "views";

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
    /// What was dropped, as far as it was reported.
    pub losses: Losses,
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

    /// Which outlets have begun to drop, or drop no more.
    pub fn losses(&mut self, now: Time) -> Vec<Warning> {
        let dropped = self.dropped();
        self.losses.take(now, &dropped)
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

/// What outlets have dropped, as far as it was reported.
#[derive(Debug)]
pub struct Losses {
    known: BTreeMap<&'static str, Loss>,
    /// For `netmon status`.
    board: Board,
}

impl Default for Losses {
    fn default() -> Self {
        Self {
            known: BTreeMap::new(),
            board: Board::new(DROPPED),
        }
    }
}

#[derive(Debug, Default)]
struct Loss {
    count: u64,
    /// When losing was seen last, while it goes on.
    going_on: Option<Time>,
}

impl Losses {
    /// Takes the counters as they are now: a warning for each outlet that begins to drop, and one when it is over.
    fn take(&mut self, now: Time, dropped: &BTreeMap<&'static str, u64>) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if let Err(error) = self.board.write(dropped) {
            tracing::debug!("`netmon status` cannot be shown what outlets dropped: {error}");
        }
        for (&outlet, &count) in dropped {
            let loss = self.known.entry(outlet).or_default();
            let warning = |message| Warning::new(WarningKind::OutputDropped, message);
            if count > loss.count {
                if loss.going_on.is_none() {
                    let why = match outlet {
                        SCRAPERS | VIEWS => "have too many connections open: the oldest are closed",
                        _ => "is too slow or cannot be written: what it was to get is dropped",
                    };
                    let message = format!("{outlet} {why} ({count} so far); monitoring goes on");
                    warnings.push(warning(message).in_state(WarningState::Started));
                }
                loss.count = count;
                loss.going_on = Some(now);
            } else if loss.going_on.is_some_and(|last| now.since(last) >= QUIET) {
                loss.going_on = None;
                let message = format!("{outlet}: nothing is dropped any more ({count} were dropped in all)");
                warnings.push(warning(message).in_state(WarningState::Over));
            }
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losing_is_reported_when_it_starts_and_when_it_is_over() {
        let mut losses = Losses::default();
        let mut told = Vec::new();
        for (second, count) in [
            (0, 0),
            (1, 3),
            (2, 5),
            (8, 5),
            (9, 6),
            (18, 6),
            (19, 6),
            (40, 6),
            (41, 7),
        ] {
            for warning in losses.take(Time::at_second(second), &[("stdout", count)].into()) {
                told.push((second, warning.state));
            }
        }
        assert_eq!(
            told,
            [
                (1, Some(WarningState::Started)),
                (19, Some(WarningState::Over)),
                (41, Some(WarningState::Started))
            ]
        );
    }
}
