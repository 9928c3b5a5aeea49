//! What every decision goes by: the thresholds, and what turns its moments into minutes and wall time.

use std::collections::BTreeMap;

use crate::model;
use crate::observation::Service;
use crate::time::{Time, WallOffset};

use super::minutes::MINUTE;
use super::recent::Window;
use super::silence::Keep;
use super::thresholds::Thresholds;
use super::untold::Untold;

/// What every decision goes by.
#[derive(Debug)]
pub(super) struct Rules {
    /// The thresholds.
    pub thresholds: Thresholds,
    /// The first whole second that was watched.
    pub origin: Option<u64>,
    /// What makes wall time of a moment.
    pub offset: WallOffset,
    /// The names of interfaces, by index.
    pub interfaces: BTreeMap<u32, String>,
    /// The interface that stands for the link of each, where that is another one.
    pub links: BTreeMap<u32, u32>,
    /// Whether the door reports only some exchanges one by one, as the live one does.
    pub samples_answers: bool,
    /// The seconds in which it did not report all.
    pub untold: Untold,
}

impl Rules {
    /// The name of the interface that stands for a link-local server's link; `None` for every other server.
    pub fn interface(&self, service: Service) -> Option<String> {
        if service.interface == 0 {
            return None;
        }
        let name = self.interfaces.get(&service.interface).cloned();
        Some(name.unwrap_or_else(|| service.interface.to_string()))
    }

    /// The link of the interface of that name.
    pub fn link_of(&self, name: &str) -> Option<u32> {
        let known = self.interfaces.iter().find(|(_, known)| *known == name);
        known.map(|(index, _)| *self.links.get(index).unwrap_or(index))
    }

    /// The service that a reported incident belongs to.
    pub fn service_of(&self, reported: &model::Incident) -> Service {
        let named = reported.interface.as_deref();
        let link = named.and_then(|name| self.link_of(name).or_else(|| name.parse().ok()));
        Service {
            server: reported.server,
            port: reported.port,
            transport: reported.transport,
            interface: link.unwrap_or(0),
        }
    }

    /// The full minute of watching that a second lies in.
    pub fn minute(&self, second: u64) -> Option<u64> {
        Some(second.checked_sub(self.origin?)? / MINUTE)
    }

    /// The age of queries that must have been answered.
    pub const fn unanswered_window(&self) -> Window {
        Window {
            youngest: self.thresholds.unanswered_wait.as_secs(),
            oldest: self.thresholds.unanswered_window.as_secs(),
        }
    }

    /// The newest moment at which a query was sent that must have been answered by `at`.
    pub fn unanswered_by(&self, at: Time) -> Option<Time> {
        let wait = u64::try_from(self.thresholds.unanswered_wait.as_nanos()).ok()?;
        at.nanos().checked_sub(wait).map(Time::from_nanos)
    }

    /// The age of exchanges whose answers are looked at together: as long as the window, and decided on.
    pub const fn failing_window(&self) -> Window {
        let retry = self.thresholds.failing_retry.as_secs();
        Window {
            youngest: retry,
            oldest: self.thresholds.failing_window.as_secs() + retry,
        }
    }

    /// What is remembered of the last queries.
    pub const fn keep(&self) -> Keep {
        Keep {
            queries: self.thresholds.unanswered_last,
            wait: self.thresholds.unanswered_wait,
            pause: self.thresholds.unanswered_spread_max,
        }
    }
}
