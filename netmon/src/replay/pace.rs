//! When what is to be shown, and what becomes of that when somebody asks for something else.

use std::time::{Duration, Instant};

use crate::clock;
use crate::model::Wall;
use crate::model::view;
use crate::time::{Time, WallOffset};
use crate::views::{Controls, Views};

/// Less is not waited for.
const LEAST: Duration = Duration::from_millis(1);

/// How fast a capture is shown, and where it is.
pub struct Pace {
    controls: Controls,
    /// What those who look are told.
    told: view::Replay,
    span: (Time, Time),
    /// At this moment it was there.
    at: (Instant, Time),
}

impl Pace {
    /// Of a capture with this first and last packet.
    pub fn new(file: String, span: (Time, Time), speed: f64, controls: Controls) -> Self {
        let wall = |time| Wall(WallOffset::NONE.wall(time));
        Self {
            controls,
            told: view::Replay {
                file,
                from: wall(span.0),
                to: wall(span.1),
                speed,
                paused: false,
                over: false,
            },
            span,
            at: (clock::instant(), span.0),
        }
    }

    /// It is there now.
    pub fn set(&mut self, time: Time, views: &mut Views) {
        self.at = (clock::instant(), time);
        self.told.over = false;
        self.tell(views);
    }

    fn tell(&self, views: &mut Views) {
        views.set_replay(self.told.clone());
    }

    /// How long until then; `None` while it waits.
    fn until(&self, time: Time) -> Option<Duration> {
        let due = time.since(self.at.1).div_f64(self.told.speed);
        (!self.told.paused).then(|| due.saturating_sub(clock::since(self.at.0)))
    }

    fn now(&self) -> Time {
        if self.told.paused || self.told.over {
            return self.at.1;
        }
        self.at
            .1
            .after(clock::since(self.at.0).mul_f64(self.told.speed))
            .min(self.span.1)
    }

    /// Waits until it is time for it; or, where somebody asks for it, until it is to go elsewhere: there.
    pub fn wait(&mut self, time: Time, views: &mut Views) -> Option<Time> {
        loop {
            let rest = self.until(time);
            if rest.is_some_and(|rest| rest < LEAST) {
                return None;
            }
            if let Some(there) = self.obey(rest, views) {
                return Some(there);
            }
        }
    }

    /// All was shown. Waits until it is to go elsewhere.
    pub fn end(&mut self, views: &mut Views) -> Time {
        self.at = (clock::instant(), self.span.1);
        self.told.over = true;
        self.tell(views);
        loop {
            if let Some(there) = self.obey(None, views) {
                return there;
            }
        }
    }

    fn obey(&mut self, within: Option<Duration>, views: &mut Views) -> Option<Time> {
        let order = self.controls.take(within);
        let now = self.now();
        if order.speed.is_some() || order.times.is_some() || order.paused.is_some() {
            self.at = (clock::instant(), now);
            self.told.speed = order.faster(self.told.speed);
            self.told.paused = order.paused.unwrap_or(self.told.paused);
            self.tell(views);
        }
        let there = match (order.to, order.by) {
            (Some(wall), _) => WallOffset::NONE.time(wall.0),
            (None, Some(by)) if by < 0 => {
                let back = Duration::from_secs(by.unsigned_abs()).min(now.since(self.span.0));
                self.span.0.after(now.since(self.span.0).saturating_sub(back))
            }
            (None, Some(by)) => now.after(Duration::from_secs(by.unsigned_abs())),
            (None, None) => return None,
        };
        Some(there.clamp(self.span.0, self.span.1))
    }
}
