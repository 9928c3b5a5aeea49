//! Where the program's own log goes.

use std::io;

use netmon::cli::LogLevel;
use tracing_subscriber::filter::LevelFilter;

/// Logs to standard error. What crates log by `log` comes along, the kernel programs' log too.
pub fn start(level: LogLevel) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_target(false)
        .init();
}
