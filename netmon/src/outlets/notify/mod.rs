//! Notifies others of incidents as they happen: a webhook, a program.
//!
//! Each receiver has a bounded queue and a thread of its own: whatever it does, or does not do, the monitor does not
//! wait for it. What found no place, and what could not be delivered, is counted, and said in the log. Nothing is
//! kept beyond the process: at its end, what is waiting is delivered within [`NOTIFY_FLUSH`], or is lost and counted.
//!
//! A receiver may get a notification twice (an answer that was lost on its way), and learns of it by its event, time
//! and incident.

mod command;
mod notice;
mod outbox;
mod process;
mod tally;
mod webhook;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::utsname::uname;

use super::explained::Explained;
use super::limits::NOTIFY_FLUSH;
use super::severities::Severities;
use super::{Outlet, lines};
use crate::model::{Event, Happened, Moment};

use command::Command;
use outbox::{Courier, Outbox};
use webhook::Webhook;

/// Whom to notify, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Of what.
    pub events: Vec<Happened>,
    /// How many notifications may wait for each receiver.
    pub queue: usize,
    /// Where to post.
    pub webhook: Option<WebhookSettings>,
    /// What to run.
    pub command: Option<CommandSettings>,
}

/// Where to post, and how.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// An http or https address. That of many receivers is itself a secret: it is never logged.
    pub url: String,
    /// What signs the body.
    pub secret: Option<Secret>,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How long one notification is tried again.
    pub retry: Duration,
}

/// What to run, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandSettings {
    /// The program's full path, and its arguments.
    pub words: Vec<OsString>,
    /// After that it is killed.
    pub timeout: Duration,
}

/// A shared secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// Where it was read.
    pub file: PathBuf,
    /// Everybody on this host may read the file.
    pub is_exposed: bool,
    /// Without the newline at its end.
    pub bytes: Vec<u8>,
}

impl Settings {
    /// The webhook's secret.
    pub fn secret(&self) -> Option<&Secret> {
        self.webhook.as_ref()?.secret.as_ref()
    }
}

impl fmt::Debug for WebhookSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSettings")
            .field("secret", &self.secret)
            .field("timeout", &self.timeout)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("file", &self.file)
            .field("is_exposed", &self.is_exposed)
            .finish_non_exhaustive()
    }
}

/// Hands what happens to the receivers. Dropping it waits, at most [`NOTIFY_FLUSH`], for what is still to be delivered.
#[derive(Debug)]
pub struct Notifier {
    host: String,
    settings: Settings,
    webhook: Option<Outbox>,
    command: Option<Outbox>,
    severities: Severities,
    explained: Explained,
}

impl Notifier {
    /// To these receivers.
    pub fn new(settings: &Settings) -> Self {
        let mut notifier = Self {
            host: uname().map_or_else(
                |_| String::new(),
                |name| name.nodename().to_string_lossy().into_owned(),
            ),
            settings: Settings {
                webhook: None,
                command: None,
                ..settings.clone()
            },
            webhook: None,
            command: None,
            severities: Severities::default(),
            explained: Explained::default(),
        };
        notifier.set(settings);
        notifier
    }

    /// To these receivers from now on. What is waiting for a receiver that goes on goes to its new address.
    pub fn set(&mut self, settings: &Settings) {
        let queue = settings.queue;
        if settings.webhook != self.settings.webhook {
            let courier = settings.webhook.as_ref().map(Webhook::new);
            self.webhook = replace(self.webhook.take(), courier, "webhook", queue);
        }
        if settings.command != self.settings.command {
            let courier = settings.command.as_ref().map(Command::new);
            self.command = replace(self.command.take(), courier, "command", queue);
        }
        for outbox in self.receivers() {
            outbox.limit(queue);
        }
        self.settings = settings.clone();
    }

    fn receivers(&self) -> impl Iterator<Item = &Outbox> {
        [&self.webhook, &self.command].into_iter().flatten()
    }
}

fn replace(
    outbox: Option<Outbox>,
    courier: Option<impl Courier + 'static>,
    name: &'static str,
    queue: usize,
) -> Option<Outbox> {
    match (outbox, courier) {
        (Some(outbox), Some(courier)) => {
            outbox.replace(Arc::new(courier));
            Some(outbox)
        }
        (None, Some(courier)) => Outbox::new(name, Arc::new(courier), queue)
            .inspect_err(|error| {
                tracing::warn!("the {name} is not notified: its thread cannot be started: {error}");
            })
            .ok(),
        (Some(outbox), None) => {
            outbox.abandon();
            None
        }
        (None, None) => None,
    }
}

impl Outlet for Notifier {
    fn emit(&mut self, at: Moment, event: &Event) {
        let Event::Incident(happened, incident) = event else {
            return;
        };
        let is_other_severity = self.severities.changes(*happened, incident);
        let Some(happened) = self.explained.take(*happened, incident) else {
            return;
        };
        let events = &self.settings.events;
        let is_wanted = events.contains(&happened) || is_other_severity && events.contains(&Happened::Opened);
        if !is_wanted || self.receivers().next().is_none() {
            return;
        }
        match lines::notification(at, happened, incident, &self.host) {
            Ok(body) => {
                let body: Arc<[u8]> = body.into();
                for outbox in self.receivers() {
                    outbox.put(Arc::clone(&body), incident.id.clone());
                }
            }
            Err(error) => tracing::warn!("a notification could not be written: {error}"),
        }
    }
}

impl Notifier {
    /// How many notifications of each receiver were dropped or given up.
    pub fn dropped(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.receivers().map(Outbox::dropped)
    }

    /// Nothing comes any more: what waits is delivered within [`NOTIFY_FLUSH`], or is lost. Does not wait.
    pub fn close(&self) {
        for outbox in self.receivers() {
            outbox.close(NOTIFY_FLUSH);
        }
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        // Both first, so that they flush at the same time.
        let outboxes = [self.webhook.take(), self.command.take()];
        for outbox in outboxes.iter().flatten() {
            outbox.close(NOTIFY_FLUSH);
        }
        for outbox in outboxes.into_iter().flatten() {
            outbox.wait();
        }
    }
}
