//! The thread that writes: it alone waits for the disk. Whatever happens to the database, the mail waits (within
//! bounds), and the next attempt comes.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use super::Settings;
use super::aside::put_aside;
use super::error::{StoreError, Trouble};
use super::limits::{PACE, RETRY, TIDY_EVERY};
use super::mail::{Lost, Mail, Mailbox};
use super::rollup::Rollup;
use super::store::{Recalled, Store};
use super::tidy::tidy;
use super::troubles::Troubles;
use crate::clock;
use crate::time::Time;

/// How long after its closing an incident may still be of use to the decider; it judges more closely.
const CLOSED_LATELY: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// What the thread works on.
#[derive(Debug)]
pub(super) struct Writer {
    settings: Settings,
    mailbox: Arc<Mailbox>,
    troubles: Troubles,
    store: Option<Store>,
    /// Who gets to know what earlier runs have left; once.
    recall: Option<SyncSender<Recalled>>,
    rollup: Rollup,
    tidied: Option<Time>,
    failing: bool,
    lost: Lost,
}

impl Writer {
    pub fn new(
        settings: Settings,
        mailbox: Arc<Mailbox>,
        troubles: Troubles,
        recall: SyncSender<Recalled>,
    ) -> Self {
        Self {
            settings,
            mailbox,
            troubles,
            store: None,
            recall: Some(recall),
            rollup: Rollup::default(),
            tidied: None,
            failing: false,
            lost: Lost::default(),
        }
    }

    /// Writes until it has to stop; then the last of it, once.
    pub fn run(mut self) {
        // Even without mail: what earlier runs have left is wanted, and trouble is better known at once.
        let mut outcome = self.attempt(&Mail::default());
        loop {
            let (mail, stop) = match outcome {
                // What comes within that time is written together.
                Ok(()) => self.fetch(),
                Err(()) => self.mailbox.fetch_after(RETRY),
            };
            outcome = self.write(mail);
            if stop {
                break;
            }
            self.tidy();
        }
        if let Some(store) = &self.store
            && let Err(error) = store.checkpoint()
        {
            self.complain(&error);
        }
    }

    fn fetch(&self) -> (Mail, bool) {
        let (mut mail, mut stop) = self.mailbox.fetch_after(PACE);
        if mail.is_empty() && !stop {
            (mail, stop) = self.mailbox.fetch(TIDY_EVERY);
        }
        (mail, stop)
    }

    /// Writes the mail, or puts it back.
    fn write(&mut self, mut mail: Mail) -> Result<(), ()> {
        if let Some(before) = mail.before.take() {
            self.rollup.begin(&before);
        }
        if let Some((start, counted)) = mail.counted.take() {
            mail.minute(self.rollup.minute(start, &counted));
        }
        let lost = std::mem::take(&mut mail.lost);
        self.lost += lost;
        let outcome = self.attempt(&mail);
        if outcome.is_err() {
            self.mailbox.put_back(mail);
        } else if !mail.minutes.is_empty() {
            self.read_back();
        }
        outcome
    }

    /// Once a minute, looks whether others can read what was written: a connection that has its pages in memory does
    /// not notice that the file was overwritten.
    fn read_back(&mut self) {
        let Some(store) = &self.store else { return };
        if let Err(error) = store.read_back()
            && error.trouble() == Trouble::Corrupt
            && let Err(error) = self.begin_again(&error)
        {
            self.failed(&error);
        }
    }

    fn attempt(&mut self, mail: &Mail) -> Result<(), ()> {
        let mut outcome = self.try_to_write(mail);
        if let Err(error) = &outcome
            && error.trouble() == Trouble::Corrupt
        {
            outcome = self.begin_again(error).and_then(|()| self.try_to_write(mail));
        }
        match outcome {
            Ok(()) => {
                self.succeeded();
                Ok(())
            }
            Err(error) => {
                self.failed(&error);
                Err(())
            }
        }
    }

    fn try_to_write(&mut self, mail: &Mail) -> Result<(), StoreError> {
        let now = clock::wall_now();
        if self.store.as_ref().is_some_and(Store::is_gone) {
            tracing::warn!(
                "the history {} was removed or replaced: netmon starts a new one",
                self.settings.file.display()
            );
            self.store = None;
        }
        let store = match &mut self.store {
            Some(store) => store,
            none => none.insert(Store::open(&self.settings.file)?),
        };
        if let Some(recall) = &self.recall {
            let recalled = store.recall(now.checked_sub(CLOSED_LATELY).unwrap_or(now))?;
            // There is room for one; nobody to take it means that the monitor has ended.
            let _gone = recall.try_send(recalled);
            self.recall = None;
        }
        if !mail.is_empty() {
            store.write(mail)?;
        }
        Ok(())
    }

    /// Now and then deletes what need not be kept. What was written stands, whatever comes of this.
    fn tidy(&mut self) {
        let now = clock::boot_now();
        let Some(store) = &self.store else { return };
        if self.tidied.is_some_and(|tidied| now.since(tidied) < TIDY_EVERY) {
            return;
        }
        match tidy(&store.connection, &self.settings, clock::wall_now()) {
            Ok(tidied) => {
                tracing::debug!("the history is tidied: {tidied:?}");
                self.tidied = Some(now);
            }
            Err(error) => self.failed(&error),
        }
    }

    /// Puts the corrupt file aside.
    fn begin_again(&mut self, error: &StoreError) -> Result<(), StoreError> {
        // Closed first: what SQLite still holds of it must not come into the new one.
        self.store = None;
        let file = &self.settings.file;
        let aside: PathBuf = put_aside(file, clock::wall_now())?;
        let message = format!(
            "the history {} is corrupt ({error}): it was put aside as {}, and a new one is begun",
            file.display(),
            aside.display()
        );
        self.troubles.say(clock::boot_now(), message, false);
        Ok(())
    }

    fn succeeded(&mut self) {
        let now = clock::boot_now();
        if std::mem::take(&mut self.failing) {
            let message = format!("the history {} is written again", self.settings.file.display());
            self.troubles.over(message);
        }
        let lost = std::mem::take(&mut self.lost);
        if lost != Lost::default() {
            let message = format!(
                "the history {} lost {} minutes, {} states of incidents and {} rows of seconds, for which there was no room \
                 while it could not be written",
                self.settings.file.display(),
                lost.minutes,
                lost.incidents,
                lost.seconds
            );
            self.troubles.say(now, message, false);
        }
        self.troubles.tick(now);
    }

    fn failed(&mut self, error: &StoreError) {
        self.failing = true;
        self.complain(error);
        match error.trouble() {
            // The connection is as good as before.
            Trouble::Full | Trouble::Locked => {}
            Trouble::ReadOnly
            | Trouble::Corrupt
            | Trouble::CannotOpen
            | Trouble::NotOurs
            | Trouble::Other => {
                self.store = None;
            }
        }
    }

    fn complain(&self, error: &StoreError) {
        let message = format!(
            "the history {} cannot be written: {error}; {}. Monitoring goes on, and tries again",
            self.settings.file.display(),
            error.remedy_for_writing()
        );
        self.troubles.say(clock::boot_now(), message, true);
    }
}
