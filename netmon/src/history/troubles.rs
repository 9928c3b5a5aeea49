//! What goes wrong with the history is said, at most once a minute: in the log, and as a warning among the events. What lasts
//! is said to start, and to be over.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::limits::WARN_EVERY;
use crate::model::{Warning, WarningKind, WarningState};
use crate::time::Time;

#[derive(Debug)]
struct Held {
    message: String,
    lasts: bool,
}

/// Shared by the writer, who says what is wrong, and the monitor, who passes it on.
#[derive(Clone, Debug, Default)]
pub(super) struct Troubles(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    said: Option<Time>,
    /// What was to be said too soon after the last; only the newest.
    held: Option<Held>,
    /// Whether it was said that something goes wrong that lasts.
    lasts: bool,
    for_the_monitor: VecDeque<Warning>,
}

impl Troubles {
    /// Says it, now or as soon as a minute has passed since the last. What is newer takes the place of what is held. `lasts` tells
    /// whether it goes on until it is [over](Self::over).
    pub fn say(&self, now: Time, message: String, lasts: bool) {
        self.with(|state| state.held = Some(Held { message, lasts }));
        self.tick(now);
    }

    /// Time has come to `now`.
    pub fn tick(&self, now: Time) {
        let message = self.with(|state| {
            if state.said.is_some_and(|said| now.since(said) < WARN_EVERY) {
                return None;
            }
            let Held { message, lasts } = state.held.take()?;
            state.said = Some(now);
            let mut warning = Warning::new(WarningKind::History, message.clone());
            if lasts && !std::mem::replace(&mut state.lasts, true) {
                warning = warning.in_state(WarningState::Started);
            }
            state.for_the_monitor.push_back(warning);
            Some(message)
        });
        if let Some(message) = message {
            tracing::warn!("{message}");
        }
    }

    /// What lasted is over, as this says: what is held of it is no longer true.
    pub fn over(&self, message: String) {
        tracing::info!("{message}");
        self.with(|state| {
            state.held.take_if(|held| held.lasts);
            if std::mem::take(&mut state.lasts) {
                let warning = Warning::new(WarningKind::History, message);
                state
                    .for_the_monitor
                    .push_back(warning.in_state(WarningState::Over));
            }
        });
    }

    /// The next thing that was said and that nobody has taken.
    pub fn take(&self) -> Option<Warning> {
        self.with(|state| state.for_the_monitor.pop_front())
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_going_wrong_is_said_once_a_minute_and_that_it_is_over() {
        let troubles = Troubles::default();
        let mut said = Vec::new();
        let mut take = || {
            said.extend(troubles.take().map(|warning| (warning.message, warning.state)));
        };
        for second in 0..125 {
            troubles.say(Time::at_second(second), format!("full at {second}"), true);
            take();
        }
        troubles.over("written again".to_owned());
        take();
        let expected = [
            ("full at 0", Some(WarningState::Started)),
            ("full at 60", None),
            ("full at 120", None),
            ("written again", Some(WarningState::Over)),
        ];
        assert_eq!(said, expected.map(|(message, state)| (message.to_owned(), state)));
    }

    #[test]
    fn what_is_held_is_said_when_its_time_comes_unless_it_is_over() {
        for over in [false, true] {
            let troubles = Troubles::default();
            troubles.say(Time::at_second(0), "put aside".to_owned(), false);
            troubles.say(Time::at_second(10), "full".to_owned(), true);
            let said = troubles.take().unwrap();
            assert_eq!((said.message.as_str(), said.state), ("put aside", None));
            if over {
                troubles.over("written again".to_owned());
            }
            troubles.tick(Time::at_second(59));
            assert_eq!(troubles.take(), None);
            troubles.tick(Time::at_second(60));
            assert_eq!(troubles.take().is_none(), over);
        }
    }
}
