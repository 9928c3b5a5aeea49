//! What systemd gets to know: ready, alive, reloading, stopping, and a line for `systemctl status` (`sd_notify(3)`).
//!
//! The sign of life is given when counts were read, not by a thread of its own: an event loop that hangs gives none, and
//! systemd restarts netmon. Used only where systemd asks for it (`NOTIFY_SOCKET`); that systemd cannot be told is a
//! warning, and never ends the monitor.

use std::collections::BTreeSet;
use std::env;
use std::time::Duration;

use sd_notify::NotifyState;

use super::Outlet;
use crate::model::{Event, Happened, Moment};
use crate::time::Time;

/// Where systemd listens.
const SOCKET: &str = "NOTIFY_SOCKET";

/// A sign of life is due after this part of the time that systemd waits for one. The next reading of the counts gives it, so
/// that it comes within the half that `sd_watchdog_enabled(3)` recommends.
const PART: u32 = 4;

/// Tells systemd.
#[derive(Debug)]
pub struct Service {
    /// How long systemd waits for a sign of life; `None` where it does not.
    patience: Option<Duration>,
    alive_at: Time,
    interfaces: BTreeSet<String>,
    /// The ids of the incidents that are open.
    open: BTreeSet<String>,
    status: String,
}

impl Service {
    /// The service that this process is; `None` if it is none of type `notify`.
    pub fn find() -> Option<Self> {
        env::var_os(SOCKET)?;
        Some(Self::new(sd_notify::watchdog_enabled()))
    }

    fn new(patience: Option<Duration>) -> Self {
        Self {
            patience,
            alive_at: Time::default(),
            interfaces: BTreeSet::new(),
            open: BTreeSet::new(),
            status: String::new(),
        }
    }

    /// The counts were read: the event loop is alive.
    pub fn polled(&mut self, at: Moment) {
        if self.is_due(at.time) {
            self.alive_at = at.time;
            notify(&[NotifyState::Watchdog]);
        }
    }

    /// Whether it is time for a sign of life.
    fn is_due(&self, now: Time) -> bool {
        self.patience
            .is_some_and(|patience| now.since(self.alive_at) >= patience / PART)
    }

    /// Tells the state, and how it goes with it.
    fn notify(&mut self, state: NotifyState<'_>) {
        self.status = self.describe();
        notify(&[state, NotifyState::Status(&self.status)]);
    }

    /// Tells how it goes, if that has changed.
    fn notify_status(&mut self) {
        let status = self.describe();
        if status != self.status {
            notify(&[NotifyState::Status(&status)]);
            self.status = status;
        }
    }

    /// One line for `systemctl status`.
    fn describe(&self) -> String {
        let (interfaces, incidents) = (self.interfaces.len(), self.open.len());
        let one_or_more = |count: usize| if count == 1 { "" } else { "s" };
        format!(
            "watching {interfaces} interface{}, {incidents} incident{} open",
            one_or_more(interfaces),
            one_or_more(incidents)
        )
    }
}

/// Tells systemd that the configuration is about to be read again; [`Event::Reloaded`] says that it was.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        // Since systemd 253 a reload without its time would count as failed.
        Err(error) => tracing::warn!("systemd does not get to know of the reload: {error}"),
    }
}

fn notify(states: &[NotifyState<'_>]) {
    // Without a socket it does nothing.
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!("systemd cannot be notified ({states:?}): {error}");
    }
}

impl Outlet for Service {
    fn emit(&mut self, at: Moment, event: &Event) {
        match event {
            Event::Started(started) => {
                self.interfaces = started.interfaces.iter().map(|one| one.name.clone()).collect();
                self.alive_at = at.time;
                self.notify(NotifyState::Ready);
            }
            Event::Watching(interfaces) => {
                self.interfaces.clone_from(interfaces);
                self.notify_status();
            }
            Event::Incident(happened, incident) => {
                match happened {
                    // One of an earlier run goes on as an update.
                    Happened::Opened | Happened::Updated => self.open.insert(incident.id.clone()),
                    Happened::Closed => self.open.remove(&incident.id),
                };
                self.notify_status();
            }
            // It watches, with the new configuration or with the old one; the log says which.
            Event::Reloaded(_) => self.notify(NotifyState::Ready),
            Event::Stopped(..) => self.notify(NotifyState::Stopping),
            Event::Snapshot(_) | Event::Warning(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::WallOffset;

    #[test]
    fn signs_of_life_come_within_half_of_the_time_that_systemd_waits_whatever_the_interval() {
        const PATIENCE: Duration = Duration::from_secs(30);
        for interval_ms in [100, 500, 1_000, 7_000, 7_499, 7_500, 10_000] {
            let mut service = Service::new(Some(PATIENCE));
            let mut longest = Duration::ZERO;
            for poll in 1..100 {
                let now = Time::from_nanos(poll * interval_ms * 1_000_000);
                if service.is_due(now) {
                    longest = longest.max(now.since(service.alive_at));
                    service.alive_at = now;
                }
            }
            assert!(longest >= PATIENCE / PART, "none came at {interval_ms} ms");
            assert!(longest < PATIENCE / 2, "{longest:?} at {interval_ms} ms");
        }
    }

    #[test]
    fn no_sign_of_life_is_due_where_systemd_waits_for_none() {
        assert!(!Service::new(None).is_due(Time::at_second(1_000)));
    }

    #[test]
    fn the_status_counts_interfaces_and_open_incidents() {
        let mut service = Service::new(None);
        assert_eq!(service.describe(), "watching 0 interfaces, 0 incidents open");
        service.interfaces.insert("lo".to_owned());
        service.open.insert("an incident".to_owned());
        assert_eq!(service.describe(), "watching 1 interface, 1 incident open");
        let at = Moment {
            time: Time::default(),
            offset: WallOffset::NONE,
        };
        service.emit(at, &Event::Watching(["lo0".to_owned(), "eth0".to_owned()].into()));
        assert_eq!(service.describe(), "watching 2 interfaces, 1 incident open");
        service.emit(at, &Event::Watching(BTreeSet::new()));
        assert_eq!(service.describe(), "watching 0 interfaces, 1 incident open");
    }
}
