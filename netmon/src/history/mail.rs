//! What waits to be written: bounded, and handed over without waiting for any disk.
//!
//! Of an incident only the newest state waits, so that a storm of changes, or an hour with a full disk, takes no
//! more room than there are incidents. What finds no room is counted.

use std::collections::{BTreeMap, VecDeque};
use std::ops::AddAssign;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::limits::{WAITING_CLIENTS, WAITING_INCIDENTS, WAITING_ROWS, WAITING_SECONDS};
use super::rollup::Minute;
use super::seconds::Row;
use crate::model::{Counted, OwnClient, Remembered};

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Mail {
    /// What had been counted before the monitor began.
    pub before: Option<Counted>,
    /// What is counted by now, and when the minute began that has ended with it. Counts are cumulative: where the
    /// writer is late, the newest takes the place of the one that waits, and the minute is a longer one.
    pub counted: Option<(i64, Arc<Counted>)>,
    /// The newest state of incidents, by id.
    pub incidents: BTreeMap<String, Remembered>,
    /// Minutes, oldest first.
    pub minutes: VecDeque<Minute>,
    /// Seconds around the beginning and the end of incidents, oldest first.
    pub seconds: VecDeque<Row>,
    /// Until when clients are remembered that own services have answered.
    pub own_clients: BTreeMap<OwnClient, Timestamp>,
    /// What found no room.
    pub lost: Lost,
}

/// What found no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lost {
    /// States of incidents.
    pub incidents: u64,
    /// Minutes.
    pub minutes: u64,
    /// Rows of seconds.
    pub seconds: u64,
    /// Clients of own services.
    pub own_clients: u64,
}

impl Lost {
    /// All of it.
    pub const fn total(self) -> u64 {
        self.incidents + self.minutes + self.seconds + self.own_clients
    }
}

impl AddAssign for Lost {
    fn add_assign(&mut self, more: Self) {
        self.incidents += more.incidents;
        self.minutes += more.minutes;
        self.seconds += more.seconds;
        self.own_clients += more.own_clients;
    }
}

impl Mail {
    pub fn is_empty(&self) -> bool {
        self.counted.is_none()
            && self.incidents.is_empty()
            && self.minutes.is_empty()
            && self.seconds.is_empty()
            && self.own_clients.is_empty()
    }

    fn incident(&mut self, newest: Remembered) {
        let id = &newest.incident.id;
        if self.incidents.len() < WAITING_INCIDENTS || self.incidents.contains_key(id) {
            self.incidents.insert(id.clone(), newest);
        } else {
            self.lost.incidents += 1;
        }
    }

    fn counted(&mut self, start: i64, counted: Arc<Counted>) {
        let start = self.counted.take().map_or(start, |(earlier, _)| earlier);
        self.counted = Some((start, counted));
    }

    /// Takes a minute.
    pub fn minute(&mut self, minute: Minute) {
        self.minutes.push_back(minute);
        let rows = |minutes: &VecDeque<Minute>| minutes.iter().map(Minute::rows).sum::<usize>();
        while self.minutes.len() > 1 && rows(&self.minutes) > WAITING_ROWS {
            self.minutes.pop_front();
            self.lost.minutes += 1;
        }
    }

    fn seconds(&mut self, rows: impl IntoIterator<Item = Row>) {
        self.seconds.extend(rows);
        let too_many = self.seconds.len().saturating_sub(WAITING_SECONDS);
        self.seconds.drain(..too_many);
        self.lost.seconds += too_many as u64;
    }

    fn own_clients(&mut self, clients: impl IntoIterator<Item = (OwnClient, Timestamp)>) {
        for (client, until) in clients {
            if self.own_clients.len() < WAITING_CLIENTS || self.own_clients.contains_key(&client) {
                self.own_clients.insert(client, until);
            } else {
                self.lost.own_clients += 1;
            }
        }
    }

    /// Puts back what could not be written; what came meanwhile is newer.
    fn put_back(&mut self, old: Self) {
        let new = std::mem::replace(self, old);
        self.before = new.before;
        self.counted = new.counted;
        for (_, newest) in new.incidents {
            self.incident(newest);
        }
        for minute in new.minutes {
            self.minute(minute);
        }
        self.seconds(new.seconds);
        self.own_clients(new.own_clients);
        self.lost += new.lost;
    }
}

/// Where the monitor leaves mail, and the writer fetches it.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    inside: Mutex<Inside>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Inside {
    mail: Mail,
    stop: bool,
    /// What found no room, of mail that was fetched.
    lost: u64,
}

impl Mailbox {
    /// Leaves an incident's newest state.
    pub fn incident(&self, newest: Remembered) {
        self.leave(|mail| mail.incident(newest));
    }

    /// Leaves what had been counted before the monitor began.
    pub fn before(&self, counted: Counted) {
        self.leave(|mail| mail.before = Some(counted));
    }

    /// Leaves what is counted by now; the minute that has ended with it began then.
    pub fn counted(&self, start: i64, counted: impl Into<Arc<Counted>>) {
        let counted = counted.into();
        self.leave(|mail| mail.counted(start, counted));
    }

    /// Leaves seconds around the beginning or the end of an incident.
    pub fn seconds(&self, rows: Vec<Row>) {
        if !rows.is_empty() {
            self.leave(|mail| mail.seconds(rows));
        }
    }

    /// Leaves clients that own services have answered, and until when they are remembered.
    pub fn own_clients(&self, clients: impl IntoIterator<Item = (OwnClient, Timestamp)>) {
        self.leave(|mail| mail.own_clients(clients));
    }

    /// Leaves again what could not be written; nothing of it is counts that are not yet a minute.
    pub fn put_back(&self, old: Mail) {
        let mut inside = self.lock();
        // It is counted again when it is fetched again.
        inside.lost = inside.lost.saturating_sub(old.lost.total());
        inside.mail.put_back(old);
    }

    /// Says that no more will come.
    pub fn stop(&self) {
        self.lock().stop = true;
        self.changed.notify_one();
    }

    /// Fetches all mail, when there is some, or it is time to stop, or `patience` is over. With whether it is time
    /// to stop.
    pub fn fetch(&self, patience: Duration) -> (Mail, bool) {
        self.wait(patience, |inside| inside.stop || !inside.mail.is_empty())
    }

    /// Fetches all mail after that time, or when it is time to stop.
    pub fn fetch_after(&self, pause: Duration) -> (Mail, bool) {
        self.wait(pause, |inside| inside.stop)
    }

    fn wait(&self, patience: Duration, until: impl Fn(&Inside) -> bool) -> (Mail, bool) {
        let guard = self.lock();
        let (mut inside, _) = self
            .changed
            .wait_timeout_while(guard, patience, |inside| !until(inside))
            .unwrap_or_else(PoisonError::into_inner);
        let mail = std::mem::take(&mut inside.mail);
        inside.lost += mail.lost.total();
        (mail, inside.stop)
    }

    /// How much found no room so far.
    pub fn lost(&self) -> u64 {
        let inside = self.lock();
        inside.lost + inside.mail.lost.total()
    }

    /// Whether nothing waits.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.lock().mail.is_empty()
    }

    /// The lock is held to move a pointer or two, never while anything is written.
    fn leave(&self, leave: impl FnOnce(&mut Mail)) {
        leave(&mut self.lock().mail);
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        // Nothing panics under it; and if it did, the mail would be whole.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
