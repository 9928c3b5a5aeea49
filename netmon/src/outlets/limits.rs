//! What outlets hold and for how long: the bounds of those who are slow, or hostile.

use std::time::Duration;

use super::queue::Limits;

/// What waits to be printed or logged, for each: 8 MiB at most, and one line more.
pub const LINES: Limits = Limits {
    items: 4_096,
    bytes: 8 << 20,
};
/// How long the end waits for what is still to be printed.
pub const PRINT_FLUSH: Duration = Duration::from_secs(1);
/// How long the end waits for notifications that are still to be delivered.
pub const NOTIFY_FLUSH: Duration = Duration::from_secs(3);

/// Connections of scrapers at once. Each costs about 10 KiB.
pub const CONNECTIONS: usize = 128;
/// Connections that the kernel holds until they are accepted.
pub const BACKLOG: i32 = 1_024;
/// Within this time the head of a scraper's request must have come.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Of the request line and all headers together.
pub const HEAD_BYTES: usize = 8_192;
/// From accepting a connection to its end, the answer's transfer included.
pub const LIFETIME: Duration = Duration::from_secs(15);
/// Scrapes within this time of one another get the same answer, so that nobody can keep the event loop busy.
pub const FRESH: Duration = Duration::from_millis(500);
/// How long the event loop may take to answer a scraper; it answers between two of its events.
pub const PATIENCE: Duration = Duration::from_secs(3);
