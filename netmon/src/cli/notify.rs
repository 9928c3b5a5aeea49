//! The command line of notifications, a part of that of `netmon run`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use crate::model::Happened;
use crate::time::parse_duration;

/// Whom to notify of incidents, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Notifications")]
pub struct Notify {
    /// Which events to send (repeatable)
    #[arg(long, value_enum, value_name = "EVENT", default_values = ["opened", "closed"])]
    pub notify_event: Vec<Happened>,

    /// How many notifications may wait for each receiver; when the queue is full, the oldest is dropped
    #[arg(long, value_name = "COUNT", default_value = "256", value_parser = clap::value_parser!(u32).range(1..=4_096))]
    pub notify_queue: u32,

    /// POST each notification, one JSON event, to this http or https address
    #[arg(long, value_name = "URL")]
    pub webhook: Option<String>,

    /// Sign each POST with the secret in this file, in the header X-Netmon-Signature: sha256=HMAC of the body
    #[arg(long, value_name = "FILE")]
    pub webhook_secret_file: Option<PathBuf>,

    /// How long one attempt to POST may take
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = webhook_timeout)]
    pub webhook_timeout: Duration,

    /// How long netmon retries a notification, at growing intervals, before it gives up
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = webhook_retry)]
    pub webhook_retry: Duration,

    /// Run this program with each notification, one JSON event, on its standard input (repeatable: its arguments
    /// follow, such as --notify-command=/usr/local/bin/page --notify-command=--urgent). No shell is involved
    #[arg(long, value_name = "WORD")]
    pub notify_command: Vec<OsString>,

    /// How long the program may run before netmon kills it and its process group
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = command_timeout)]
    pub notify_command_timeout: Duration,
}

impl ValueEnum for Happened {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (word, help) = match self {
            Self::Opened => ("opened", "An incident opened or reopened"),
            Self::Updated => (
                "updated",
                "An open incident changed: at most once a second for each incident",
            ),
            Self::Closed => ("closed", "An incident closed"),
        };
        Some(PossibleValue::new(word).help(help))
    }
}

fn webhook_timeout(text: &str) -> Result<Duration, String> {
    within(
        text,
        Duration::from_millis(100),
        Duration::from_mins(1),
        "100ms to 60s",
    )
}

fn webhook_retry(text: &str) -> Result<Duration, String> {
    within(
        text,
        Duration::from_secs(1),
        Duration::from_hours(24),
        "1s to 24h",
    )
}

fn command_timeout(text: &str) -> Result<Duration, String> {
    within(
        text,
        Duration::from_millis(100),
        Duration::from_mins(10),
        "100ms to 10m",
    )
}

fn within(text: &str, from: Duration, to: Duration, range: &str) -> Result<Duration, String> {
    let duration = parse_duration(text)?;
    if (from..=to).contains(&duration) {
        Ok(duration)
    } else {
        Err(format!("it must be from {range}"))
    }
}
