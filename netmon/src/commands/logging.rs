//! Where the program's own log goes: to the journal if standard error does, else to standard error.

use std::env;
use std::io;

use netmon::cli::LogLevel;
use netmon::report::journal;
use nix::sys::stat::fstat;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, fmt, reload};

/// What comes before the names of fields in the journal.
const PREFIX: &str = "NETMON";

/// The running log.
pub struct Log {
    filter: reload::Handle<Targets, Registry>,
    is_journal: bool,
}

impl Log {
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
    let stderr = fmt::layer().with_writer(io::stderr).with_target(false);
    let journal = goes_to_journal().then(tracing_journald::layer);
    let is_journal = matches!(journal, Some(Ok(_)));
    match journal {
        Some(Ok(journal)) => registry
            .with(journal.with_field_prefix(Some(PREFIX.to_owned())))
            .init(),
        Some(Err(error)) => {
            registry.with(stderr).init();
            tracing::warn!(
                "the log goes to standard error, because the journal's socket cannot be used: {error}"
            );
        }
        None => registry.with(stderr).init(),
    }
    Log {
        filter: handle,
        is_journal,
    }
}

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
