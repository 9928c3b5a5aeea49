//! Retention: what is older than asked for goes, and when the file is larger than asked for, the oldest minutes go
//! first, then the oldest incidents. Open incidents stay. Seconds have a share of the size for themselves.
//!
//! Deleted in small transactions, so that nobody waits long for the lock.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::Settings;
use super::error::StoreError;
use super::limits::{DELETED_AT_ONCE, SECOND_BYTES, SECONDS_SHARE};

/// Percent of the allowed size that are left when it was exceeded, so that not every minute has to delete.
const LEFT: u64 = 90;

/// What was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tidied {
    /// Rows that were too old.
    pub old: usize,
    /// Rows that there was no more room for.
    pub too_many: usize,
}

/// Deletes what need not be kept.
pub(super) fn tidy(
    connection: &Connection,
    settings: &Settings,
    now: Timestamp,
) -> Result<Tidied, StoreError> {
    let mut tidied = Tidied::default();
    let keep = SignedDuration::try_from(settings.keep).unwrap_or(SignedDuration::MAX);
    let oldest = now.checked_sub(keep).unwrap_or(Timestamp::MIN);
    for (table, oldest) in [
        (MINUTES, oldest.as_second()),
        (SECONDS, oldest.as_second()),
        (TOTALS, oldest.as_second()),
        (INCIDENTS, oldest.as_microsecond()),
    ] {
        loop {
            let deleted = delete(connection, table, oldest)?;
            tidied.old += deleted;
            if deleted == 0 {
                break;
            }
        }
    }
    while delete(connection, SERVICE_CLIENTS, now.as_second())? > 0 {}
    let room = settings.max_size / SECONDS_SHARE / SECOND_BYTES;
    tidied.too_many += connection
        .prepare_cached(SECONDS_BEYOND)?
        .execute([i64::try_from(room).unwrap_or(i64::MAX)])?;
    if used(connection)? > settings.max_size {
        let aim = settings.max_size / 100 * LEFT;
        for table in [MINUTES, SECONDS, TOTALS, INCIDENTS] {
            while used(connection)? > aim {
                let deleted = delete(connection, table, i64::MAX)?;
                tidied.too_many += deleted;
                if deleted == 0 {
                    break;
                }
            }
        }
    }
    if tidied != Tidied::default() {
        // Gives the pages back to the file system.
        let mut vacuum = connection.prepare("PRAGMA incremental_vacuum")?;
        // Each step gives one page back.
        let mut pages = vacuum.query([])?;
        while pages.next()?.is_some() {}
    }
    Ok(tidied)
}

/// Bytes in use; free pages are used again before the file grows.
pub(super) fn used(connection: &Connection) -> Result<u64, StoreError> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    let pages = pragma("page_count")?.saturating_sub(pragma("freelist_count")?);
    Ok(pages.saturating_mul(pragma("page_size")?))
}

const MINUTES: &str = "DELETE FROM minutes WHERE (minute, server) IN
    (SELECT minute, server FROM minutes WHERE minute < ?1 ORDER BY minute LIMIT ?2)";
const SECONDS: &str = "DELETE FROM seconds WHERE (second, server) IN
    (SELECT second, server FROM seconds WHERE second < ?1 ORDER BY second LIMIT ?2)";
const SECONDS_BEYOND: &str = "DELETE FROM seconds WHERE (second, server) IN
    (SELECT second, server FROM seconds ORDER BY second DESC, server LIMIT -1 OFFSET ?1)";
const SERVICE_CLIENTS: &str = "DELETE FROM service_clients WHERE (server, port, transport, client) IN
    (SELECT server, port, transport, client FROM service_clients WHERE until < ?1 LIMIT ?2)";
const TOTALS: &str = "DELETE FROM totals WHERE minute IN
    (SELECT minute FROM totals WHERE minute < ?1 ORDER BY minute LIMIT ?2)";
const INCIDENTS: &str = "DELETE FROM incidents WHERE id IN
    (SELECT id FROM incidents WHERE closed < ?1 ORDER BY opened LIMIT ?2)";

fn delete(connection: &Connection, statement: &str, oldest: i64) -> Result<usize, StoreError> {
    Ok(connection
        .prepare_cached(statement)?
        .execute(params![oldest, DELETED_AT_ONCE])?)
}
