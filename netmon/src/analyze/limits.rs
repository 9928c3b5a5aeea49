//! What an analysis keeps at most.

/// Incidents that are told of, about 2 KiB each.
pub const INCIDENTS: usize = 4_096;

/// Clients whose silence was not judged, of which it is remembered.
pub const MISSED: usize = 1_024;

/// Files below this size are read without a progress bar, in bytes: they take less than a tenth of a second.
pub const PROGRESS_FROM: u64 = 32 << 20;

/// Packets between two looks at the progress.
pub const PROGRESS_EVERY: u32 = 4_096;

/// Different names that are counted, where no query was answered.
pub const NAMES: usize = 64;
