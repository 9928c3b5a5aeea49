//! What the views hold: the bounds of those who look on, and of what they look at.

use std::time::Duration;

/// Readings and events that wait for the thread of the views. When they are more, it gets all counts again with the next
/// reading.
pub const FEED: usize = 1_024;
/// Steps that a server's last two minutes are shown in, and how long each lasts. 720 bytes a server.
pub const RECENT_STEPS: usize = 60;
/// Seconds in each.
pub const RECENT_SECONDS: u64 = 2;
/// Full steps that a rate is the mean of.
pub const RATE_STEPS: usize = 3;
/// Steps that the last hours are shown in: 6 hours; 24 bytes each.
pub const FLOW_STEPS: usize = 2_160;
/// Seconds in each.
pub const FLOW_SECONDS: u64 = 10;
/// Clients, names and processes that are remembered of a server, each.
pub const SEEN: usize = 8;
/// Of how many servers these are taken between two readings: up to 2 KiB each.
pub const SIGHTINGS: usize = 1_024;
/// Incidents that have closed and are still shown; the history has all.
pub const CLOSED: usize = 256;
/// Warnings that are still shown.
pub const WARNINGS: usize = 32;
/// Servers in one answer, at most, and unless another number is asked for.
pub const PAGE: usize = 1_000;
/// For how long after the last question all is read that is shown.
pub const LOOK: Duration = Duration::from_secs(10);
/// How long the first question waits for it.
pub const LOOK_PATIENCE: Duration = Duration::from_millis(500);
/// The shortest time between two summaries of the event stream: a replay may be fast.
pub const SUMMARY_PAUSE: Duration = Duration::from_millis(50);
/// Messages that a reader of the event stream may be behind, before it is dropped.
pub const STREAM: usize = 64;
