//! What is replayed: how it stands with it, and the keys that have it wait, go faster and go elsewhere.

use crossterm::event::KeyCode;

use super::app::{App, Data};
use crate::model::view::{Replay, ReplayOrder};

/// Seconds of the capture that a key goes back or on, and another one.
const STEPS: [i64; 2] = [10, 60];

/// What the foot of the screen says of the keys.
pub(super) const KEYS: &str = " p pause  , . back, on 10 s  < > a minute  - + speed  ? help  q quit";

impl App {
    fn replay(&self) -> Option<&Replay> {
        self.data.as_ref()?.summary.replay.as_ref()
    }

    /// Whether a capture is shown.
    pub(super) fn is_replay(&self) -> bool {
        self.replay().is_some()
    }

    /// What is replayed, and how; `None` where netmon watches.
    pub(super) fn replayed(&self) -> Option<String> {
        let replay = self.replay()?;
        let state = match (replay.over, replay.paused) {
            (true, _) => ", over",
            (false, true) => ", paused",
            (false, false) => "",
        };
        Some(format!("{}, {} times as fast{state}", replay.file, replay.speed))
    }

    /// Has these data say of the replay what is shown of it: they were asked for before a key was pressed.
    pub(super) fn keep_replay(&self, data: &mut Data) {
        if let Some(shown) = self.replay() {
            data.summary.replay = Some(shown.clone());
        }
    }

    /// A key that means something of a replay.
    pub(super) fn key_of_replay(&mut self, code: KeyCode) {
        let shown = self.data.as_mut().and_then(|data| data.summary.replay.as_mut());
        let Some(replay) = shown else { return };
        let [short, long] = STEPS;
        let mut order = ReplayOrder::default();
        match code {
            KeyCode::Char('p') => order.paused = Some(!replay.paused),
            KeyCode::Char(',') => order.by = Some(-short),
            KeyCode::Char('.') => order.by = Some(short),
            KeyCode::Char('<') => order.by = Some(-long),
            KeyCode::Char('>') => order.by = Some(long),
            KeyCode::Char('+') => order.times = Some(2.0),
            KeyCode::Char('-') => order.times = Some(0.5),
            _ => return,
        }
        // The next key comes perhaps before the next summary.
        replay.paused = order.paused.unwrap_or(replay.paused);
        self.orders.push(order);
        self.ordered += 1;
    }
}
