//! What is kept on disk: incidents, and what each server got and gave a minute, in one SQLite file.
//!
//! A monitor must not stop, or even stutter, for its diary: [`Keeper`] hands everything to a thread of its own
//! ([`writer`]) through a bounded mailbox ([`mail`]). A disk that is full or read-only, a lock, a corrupt file:
//! each is said once a minute, and tried again. docs/history.md has the tables and what they cost.
//!
//! Reading ([`Reader`]) is for the commands `incidents` and `report`, and works while the monitor writes.

mod aside;
mod columns;
mod error;
mod keeper;
pub mod limits;
mod mail;
mod past;
mod read;
mod rollup;
mod schema;
mod seconds;
mod store;
#[cfg(test)]
mod tests;
mod tidy;
mod troubles;
mod writer;

use std::path::PathBuf;
use std::time::Duration;

pub use error::{StoreError, Trouble};
pub use keeper::Keeper;
pub use past::{Past, past};
pub use read::{ReadError, Reader, Wanted};
pub use store::Recalled;

/// Where the history is, by default.
pub const DEFAULT_FILE: &str = "/var/lib/netmon/history.db";

/// How long things are kept, by default: 90 days.
pub const DEFAULT_KEEP: Duration = Duration::from_hours(90 * 24);

/// How large the database may become, by default: 256 MiB. Its log takes some MiB more.
pub const DEFAULT_MAX_SIZE: u64 = 256 << 20;

/// Where to keep what, for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The database.
    pub file: PathBuf,
    /// What is older goes.
    pub keep: Duration,
    /// When the database is larger than so many bytes, the oldest goes.
    pub max_size: u64,
}
