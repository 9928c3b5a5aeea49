//! What systemd is told: ready, alive, reloading, stopping, and a line for `systemctl status` (`sd_notify(3)`).
//!
//! The sign of life is given when counts were read, not by a thread of its own: an event loop that hangs gives none, and
//! systemd starts netmon anew. Used only where systemd asks for it (`NOTIFY_SOCKET`); that systemd cannot be told is a
//! warning, and never ends the monitor.

use std::collections::BTreeSet;
use std::env;
use std::io;
use std::time::Duration;

use sd_notify::NotifyState;

use super::sink::{Counted, Moment, Sink, Started};
use crate::config::Reloaded;
use crate::kernel::Change;
use crate::model::{Happened, Incident, Warning};
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

    /// Whether it is time for a sign of life.
    fn is_due(&self, now: Time) -> bool {
        self.patience
            .is_some_and(|patience| now.since(self.alive_at) >= patience / PART)
    }

    /// Tells the state, and how it goes with it.
    fn tell(&mut self, state: NotifyState<'_>) {
        self.status = self.describe();
        tell(&[state, NotifyState::Status(&self.status)]);
    }

    /// Tells how it goes, if that has changed.
    fn tell_status(&mut self) {
        let status = self.describe();
        if status != self.status {
            tell(&[NotifyState::Status(&status)]);
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

/// Tells systemd that the configuration is about to be read again; [`Sink::reloaded`] tells that it was.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        // Since systemd 253 a reload without its time would count as failed.
        Err(error) => tracing::warn!("systemd is not told of the reload: {error}"),
    }
}

fn tell(states: &[NotifyState<'_>]) {
    // Without a socket it does nothing.
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!("systemd cannot be told that {states:?}: {error}");
    }
}

impl Sink for Service {
    fn started(&mut self, at: Moment, started: &Started<'_>) -> io::Result<()> {
        let names = started.attachments.iter().map(|one| one.interface.name.clone());
        self.interfaces = names.collect();
        self.alive_at = at.time;
        self.tell(NotifyState::Ready);
        Ok(())
    }

    fn incident(&mut self, _at: Moment, happened: Happened, incident: &Incident) -> io::Result<()> {
        match happened {
            // One of an earlier run goes on as an update.
            Happened::Opened | Happened::Updated => self.open.insert(incident.id.clone()),
            Happened::Closed => self.open.remove(&incident.id),
        };
        self.tell_status();
        Ok(())
    }

    fn wants_snapshot(&self, _at: Moment) -> bool {
        false
    }

    fn snapshot(&mut self, _at: Moment, _counted: &Counted) -> io::Result<()> {
        Ok(())
    }

    fn polled(&mut self, at: Moment) {
        if self.is_due(at.time) {
            self.alive_at = at.time;
            tell(&[NotifyState::Watchdog]);
        }
    }

    fn warning(&mut self, _at: Moment, _warning: &Warning) -> io::Result<()> {
        Ok(())
    }

    fn reloaded(&mut self, _at: Moment, _reloaded: Result<&Reloaded, &str>) -> io::Result<()> {
        // It watches, with the new configuration or with the old one; the log says which.
        self.tell(NotifyState::Ready);
        Ok(())
    }

    fn network_changed(&mut self, change: &Change) {
        match change {
            Change::Attached { attachment, .. } => {
                self.interfaces.insert(attachment.interface.name.clone());
            }
            Change::Gone { name } | Change::Left { name, .. } => {
                self.interfaces.remove(name);
            }
            Change::Renamed { from, to } => {
                self.interfaces.remove(from);
                self.interfaces.insert(to.clone());
            }
            Change::Addresses(_)
            | Change::NotAttached { .. }
            | Change::LeftOut { .. }
            | Change::TooMany { .. } => {}
        }
        self.tell_status();
    }

    fn stopped(&mut self, _at: Moment, _counted: &Counted) -> io::Result<()> {
        self.tell(NotifyState::Stopping);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for (change, interfaces) in [
            (
                Change::Renamed {
                    from: "lo".to_owned(),
                    to: "lo0".to_owned(),
                },
                1,
            ),
            (
                Change::Gone {
                    name: "lo0".to_owned(),
                },
                0,
            ),
        ] {
            service.network_changed(&change);
            assert_eq!(service.interfaces.len(), interfaces, "{change:?}");
        }
    }
}
