//! What goes wrong with the history is said, at most once a minute: in the log, and as a warning among the events.

use std::sync::{Arc, Mutex, PoisonError};

use super::limits::WARN_EVERY;
use crate::model::{Warning, WarningKind};
use crate::time::Time;

/// Shared by the writer, who says what is wrong, and the monitor, who passes it on.
#[derive(Clone, Debug, Default)]
pub(super) struct Troubles(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    said: Option<Time>,
    /// What was to be said too soon after the last; only the newest.
    held: Option<String>,
    for_the_monitor: Option<Warning>,
}

impl Troubles {
    /// Says it, now or as soon as a minute has passed since the last. What is newer takes the place of what is held.
    pub fn say(&self, now: Time, message: String) {
        self.with(|state| state.held = Some(message));
        self.tick(now);
    }

    /// Time has come to `now`.
    pub fn tick(&self, now: Time) {
        let message = self.with(|state| {
            if state.said.is_some_and(|said| now.since(said) < WARN_EVERY) {
                return None;
            }
            let message = state.held.take()?;
            state.said = Some(now);
            state.for_the_monitor = Some(Warning::new(WarningKind::History, message.clone()));
            Some(message)
        });
        if let Some(message) = message {
            tracing::warn!("{message}");
        }
    }

    /// It is over: what is held is no longer true.
    pub fn over(&self) {
        self.with(|state| state.held = None);
    }

    /// What was said since the last call.
    pub fn take(&self) -> Option<Warning> {
        self.with(|state| state.for_the_monitor.take())
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_going_wrong_is_said_once_a_minute() {
        let troubles = Troubles::default();
        let mut said = Vec::new();
        for second in 0..125 {
            troubles.say(Time::at_second(second), format!("full at {second}"));
            said.extend(troubles.take().map(|warning| warning.message));
        }
        assert_eq!(said, ["full at 0", "full at 60", "full at 120"]);
    }

    #[test]
    fn what_is_held_is_said_when_its_time_comes_unless_it_is_over() {
        for over in [false, true] {
            let troubles = Troubles::default();
            troubles.say(Time::at_second(0), "locked".to_owned());
            troubles.say(Time::at_second(10), "full".to_owned());
            assert_eq!(
                troubles.take().map(|warning| warning.message).as_deref(),
                Some("locked")
            );
            if over {
                troubles.over();
            }
            troubles.tick(Time::at_second(59));
            assert_eq!(troubles.take(), None);
            troubles.tick(Time::at_second(60));
            assert_eq!(troubles.take().is_none(), over);
        }
    }
}
