//! Every bound of the history.

use std::time::Duration;

/// Servers that get a row of their own each minute, the most active; the rest are summed as `other`.
pub const SERVERS_A_MINUTE: usize = 1_000;

/// Incidents whose newest state waits to be written, at most; 2 KiB each as a rule, at most 30 KiB.
pub const WAITING_INCIDENTS: usize = 1_024;

/// Rows of minutes that wait to be written, at most: 16 minutes of the busiest host, days of an ordinary one.
/// 256 bytes each, 4 MiB in all.
pub const WAITING_ROWS: usize = 16_384;

/// How long before an incident opens, recovers or closes its seconds are kept, and how long after it.
pub const SECONDS_BEFORE: u64 = 60;
/// See [`SECONDS_BEFORE`].
pub const SECONDS_AFTER: u64 = 60;

/// Servers of which the last seconds stay in memory, the most active of each second: 3 KiB a server, 768 KiB in all.
pub const SERVERS_A_SECOND: usize = 256;

/// Servers of which seconds are kept at the same time, at most.
pub const SERVERS_WITH_SECONDS: usize = 256;

/// Rows of seconds that wait to be written, at most: 64 bytes each, 1 MiB in all.
pub const WAITING_SECONDS: usize = 16_384;

/// The share of the file's allowed size that seconds may take, as a divisor, and what a row takes of it.
pub const SECONDS_SHARE: u64 = 16;
/// See [`SECONDS_SHARE`].
pub const SECOND_BYTES: u64 = 40;

/// Clients of this host's own addresses that may wait, and that are recalled.
pub const WAITING_CLIENTS: usize = 16_384;

/// Between two writes: what comes meanwhile is written together.
pub const PACE: Duration = Duration::from_millis(200);

/// Between a write that failed and the next attempt.
pub const RETRY: Duration = Duration::from_secs(2);

/// How long SQLite waits for another process's lock before it gives up an attempt.
pub const LOCK_WAIT: Duration = Duration::from_millis(200);

/// Between two warnings.
pub const WARN_EVERY: Duration = Duration::from_mins(1);

/// How long the start waits for what the history knows. It may come later.
pub const RECALL_WAIT: Duration = Duration::from_secs(1);

/// How long the end waits for the last write.
pub const STOP_WAIT: Duration = Duration::from_secs(2);

/// Between two looks at age and size.
pub const TIDY_EVERY: Duration = Duration::from_mins(5);

/// Rows that are deleted in one transaction, so that it is short.
pub const DELETED_AT_ONCE: u32 = 2_000;

/// Corrupt files beside the database; when there are more, no new one is begun: a disk that corrupts one file a
/// minute must not be filled with them.
pub const PUT_ASIDE: usize = 5;

/// Servers besides an incident's own of which a report shows when they were asked.
pub const REPORTED_SERVERS: usize = 16;

/// How long before the beginning and the end of an incident, and after them, a report shows seconds.
pub const REPORTED_SECONDS: i64 = 60;

/// How long before an incident and after it a report looks.
pub const REPORT_AROUND: Duration = Duration::from_mins(10);
