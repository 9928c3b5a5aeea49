//! Where the program's own log goes: to the journal if standard error does, else to standard error.

use std::env;
use std::io;

use netmon::cli::LogLevel;
use netmon::outlets::{Output, Queue, journal};
use nix::sys::stat::fstat;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, fmt, reload};

use super::colours;

/// The running log. When it is dropped, what waits is written within a moment, or lost.
pub struct Log {
    filter: reload::Handle<Targets, Registry>,
    is_journal: bool,
    queue: Option<Queue>,
}

impl Drop for Log {
    fn drop(&mut self) {
        if let Some(queue) = &self.queue {
            journal::end(queue);
        }
    }
}

impl Log {
    /// The queue that it waits in, and its name.
    pub fn queue(&self) -> Option<(&'static str, Queue)> {
        let name = if self.is_journal { "journal" } else { "stderr" };
        self.queue.clone().map(|queue| (name, queue))
    }

    /// Whether it goes to the journal.
    pub const fn is_journal(&self) -> bool {
        self.is_journal
    }

    /// Logs that much from now on.
    pub fn set_level(&self, level: LogLevel) {
        // It fails when the log is gone, which it is when the process is.
        let _gone = self.filter.reload(targets(level));
        log::set_max_level(match level {
            LogLevel::Error => log::LevelFilter::Error,
            LogLevel::Warn => log::LevelFilter::Warn,
            LogLevel::Info => log::LevelFilter::Info,
            LogLevel::Debug => log::LevelFilter::Debug,
            LogLevel::Trace => log::LevelFilter::Trace,
        });
    }
}

/// Starts the log. What crates log by `log` comes along, the kernel programs' log too.
pub fn start(level: LogLevel) -> Log {
    let (filter, handle) = reload::Layer::new(targets(level));
    let registry = tracing_subscriber::registry().with(filter);
    let (journal, trouble) = match goes_to_journal().then(journal::Log::connect) {
        Some(Ok(journal)) => (Some(journal), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    };
    let is_journal = journal.is_some();
    let queue = if let Some(journal) = journal {
        let queue = journal.queue();
        registry.with(journal).init();
        Some(queue)
    } else if let Ok(output) = Output::standard_error() {
        let queue = output.queue();
        let stderr = fmt::layer()
            .with_writer(move || output.clone())
            .with_ansi(colours(&io::stderr()))
            .with_target(false);
        registry.with(stderr).init();
        Some(queue)
    } else {
        // Without a thread it may wait for whoever reads it.
        registry
            .with(
                fmt::layer()
                    .with_writer(io::stderr)
                    .with_ansi(colours(&io::stderr()))
                    .with_target(false),
            )
            .init();
        None
    };
    if let Some(error) = trouble {
        tracing::warn!(
            "the log goes to standard error, because the journal's socket cannot be used: {error}"
        );
    }
    Log {
        filter: handle,
        is_journal,
        queue,
    }
}

/// The crates that send to the webhook.
const HTTP_CLIENT: [&str; 3] = ["ureq", "ureq_proto", "rustls"];

/// What each crate logs at most at that level. Incidents are always logged.
fn targets(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new()
        .with_default(level)
        .with_target(journal::TARGET, level.max(LevelFilter::INFO))
        // What sends to the webhook logs its address, which is a secret of many receivers.
        .with_targets(HTTP_CLIENT.map(|target| (target, level.min(LevelFilter::WARN))))
}

/// Whether standard error is the journal's: systemd sets `JOURNAL_STREAM` to the stream's device and inode, which
/// are others once somebody has redirected it (systemd.exec(5)).
fn goes_to_journal() -> bool {
    let stream = env::var("JOURNAL_STREAM").ok();
    let stderr = fstat(io::stderr()).ok();
    stream
        .zip(stderr)
        .is_some_and(|(stream, stderr)| is_stream(&stream, stderr.st_dev, stderr.st_ino))
}

fn is_stream(stream: &str, device: u64, inode: u64) -> bool {
    let numbers = stream
        .split_once(':')
        .map(|(device, inode)| (device.parse(), inode.parse()));
    numbers == Some((Ok(device), Ok(inode)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sends_to_the_webhook_never_logs_its_address() {
        for level in [LogLevel::Debug, LogLevel::Trace] {
            let targets = targets(level);
            for target in ["ureq::run", "ureq_proto::client", "rustls::client"] {
                assert!(!targets.would_enable(target, &tracing::Level::INFO), "{target}");
                assert!(targets.would_enable(target, &tracing::Level::WARN), "{target}");
            }
            assert!(targets.would_enable("netmon::monitor", &tracing::Level::DEBUG));
        }
    }

    #[test]
    fn standard_error_is_the_journals_if_device_and_inode_are() {
        for (stream, is) in [
            ("9:4711", true),
            ("9:4712", false),
            ("8:4711", false),
            ("9", false),
            ("", false),
            ("9:4711:1", false),
        ] {
            assert_eq!(is_stream(stream, 9, 4711), is, "{stream}");
        }
    }
}
