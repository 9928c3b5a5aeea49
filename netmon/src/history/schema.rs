//! The tables, and how those of an older netmon become the present ones.
//!
//! `PRAGMA user_version` names the schema, `PRAGMA application_id` says that the file is ours. A file of a newer
//! netmon, or of another program, is neither written nor read: a column that means something else would be
//! misread.

use netmon_common::records::Destination;
use rusqlite::{Connection, TransactionBehavior};

use super::columns;
use super::error::StoreError;
use crate::model::Totals;
use crate::model::counters::Record;

/// `nmon`, in ASCII.
const APPLICATION_ID: i32 = 0x6e6d_6f6e;

/// What makes each schema of the one before it. These texts never change: a new schema is a new one.
const STEPS: [&str; 2] = [SCHEMA_1, SCHEMA_2];

/// The present schema.
pub const VERSION: usize = STEPS.len();

/// Incidents in the contract's form, and what the decider needs to go on with them; one-minute counts of each
/// server and of everything. Times are Unix time: of incidents in microseconds, of minutes in seconds, at their
/// beginning.
const SCHEMA_1: &str = "
CREATE TABLE incidents (
    id TEXT PRIMARY KEY,
    server TEXT NOT NULL,
    opened INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    closed INTEGER,
    incident TEXT NOT NULL,
    memory TEXT NOT NULL
) STRICT;
CREATE INDEX incidents_by_time ON incidents (opened);
CREATE INDEX incidents_open ON incidents (opened) WHERE closed IS NULL;

CREATE TABLE minutes (
    minute INTEGER NOT NULL,
    server TEXT NOT NULL,
    queries INTEGER NOT NULL, answers INTEGER NOT NULL,
    tcp_queries INTEGER NOT NULL, tcp_answers INTEGER NOT NULL,
    tcp_connects INTEGER NOT NULL, tcp_resets INTEGER NOT NULL,
    noerror INTEGER NOT NULL, servfail INTEGER NOT NULL, nxdomain INTEGER NOT NULL,
    refused INTEGER NOT NULL, rcode_other INTEGER NOT NULL,
    icmp_net INTEGER NOT NULL, icmp_host INTEGER NOT NULL, icmp_protocol INTEGER NOT NULL,
    icmp_port INTEGER NOT NULL, icmp_admin INTEGER NOT NULL, icmp_other INTEGER NOT NULL,
    dns_net INTEGER NOT NULL, dns_host INTEGER NOT NULL, dns_protocol INTEGER NOT NULL,
    dns_port INTEGER NOT NULL, dns_admin INTEGER NOT NULL, dns_other INTEGER NOT NULL,
    late INTEGER NOT NULL, unsolicited INTEGER NOT NULL,
    PRIMARY KEY (minute, server)
) STRICT, WITHOUT ROWID;

CREATE TABLE totals (
    minute INTEGER PRIMARY KEY,
    frames INTEGER NOT NULL, bytes INTEGER NOT NULL,
    queries INTEGER NOT NULL, answers INTEGER NOT NULL,
    tcp_queries INTEGER NOT NULL, tcp_answers INTEGER NOT NULL,
    tcp_connects INTEGER NOT NULL, tcp_resets INTEGER NOT NULL,
    icmp_unreachable INTEGER NOT NULL, dns_unreachable INTEGER NOT NULL,
    unsolicited INTEGER NOT NULL, late INTEGER NOT NULL, not_served INTEGER NOT NULL,
    fragments INTEGER NOT NULL, malformed INTEGER NOT NULL, truncated INTEGER NOT NULL,
    not_ip INTEGER NOT NULL, other INTEGER NOT NULL, overflow INTEGER NOT NULL,
    events_lost INTEGER NOT NULL, traces_overwritten INTEGER NOT NULL
) STRICT;
";

/// How long answers took, in microseconds, and which of this host's own addresses have answered.
const SCHEMA_2: &str = "
ALTER TABLE minutes ADD COLUMN latency_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE minutes ADD COLUMN latency_p50 INTEGER;
ALTER TABLE minutes ADD COLUMN latency_p90 INTEGER;
ALTER TABLE minutes ADD COLUMN latency_p99 INTEGER;
ALTER TABLE minutes ADD COLUMN latency_max INTEGER;

CREATE TABLE served (
    address TEXT PRIMARY KEY,
    first INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// What passed at a server in seconds around the beginning and the end of an incident, by Unix time. An older netmon leaves
/// this table alone, as it does columns that it does not know, so that it makes no new schema.
const SECONDS: &str = "
CREATE TABLE IF NOT EXISTS seconds (
    second INTEGER NOT NULL,
    server TEXT NOT NULL,
    queries INTEGER NOT NULL, answers INTEGER NOT NULL, failures INTEGER NOT NULL, errors INTEGER NOT NULL,
    PRIMARY KEY (second, server)
) STRICT, WITHOUT ROWID;
";

/// Clients that this host's own services have answered, and until when they are remembered, by Unix time. It takes the place
/// of `served`, which did not say whom and which an older netmon reads and writes still, and of `own_clients`, which did not say
/// by which service.
const SERVICE_CLIENTS: &str = "
DROP TABLE IF EXISTS own_clients;
CREATE TABLE IF NOT EXISTS service_clients (
    server TEXT NOT NULL,
    port INTEGER NOT NULL,
    transport TEXT NOT NULL,
    client TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (server, port, transport, client)
) STRICT, WITHOUT ROWID;
";

/// Which schema a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// None: the file is empty.
    Empty,
    /// One of ours.
    Ours(usize),
}

/// Looks at a file without changing it.
fn find(connection: &Connection) -> Result<Found, StoreError> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (application, version) = (pragma("application_id")?, pragma("user_version")?);
    let tables: u64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (application, usize::try_from(version)) {
        (0, Ok(0)) if tables == 0 => Ok(Found::Empty),
        (APPLICATION_ID, Ok(version)) if version > VERSION => Err(StoreError::Newer(version, VERSION)),
        (APPLICATION_ID, Ok(version)) if version > 0 => Ok(Found::Ours(version)),
        _ => Err(StoreError::Foreign),
    }
}

/// Makes the tables what they must be to be written to.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), StoreError> {
    if find(connection)? == Found::Empty {
        // This can be set in an empty file only.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // The tables survive a power cut, too; of what is written to them, `Store::write` decides.
    connection.pragma_update(None, "synchronous", "FULL")?;
    migrate(connection, VERSION)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    complete::<Destination>(&transaction, "minutes")?;
    complete::<Totals>(&transaction, "totals")?;
    transaction.execute_batch(SECONDS)?;
    transaction.execute_batch(SERVICE_CLIENTS)?;
    transaction.commit()?;
    Ok(())
}

/// Adds columns for counters that are younger than the file. That is no new schema: who does not know such a counter
/// neither reads nor writes its column, which then has 0.
fn complete<R: Record>(connection: &Connection, table: &str) -> Result<(), StoreError> {
    for name in columns::missing::<R>(connection, table)? {
        let add = format!("ALTER TABLE {table} ADD COLUMN {name} INTEGER NOT NULL DEFAULT 0");
        connection.execute(&add, [])?;
    }
    Ok(())
}

/// Whether the file has seconds; one of an older netmon has none.
pub(super) fn has_seconds(connection: &Connection) -> Result<bool, StoreError> {
    let found = "SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'seconds'";
    Ok(connection.query_row(found, [], |row| row.get(0))?)
}

/// Takes all steps up to that schema in one transaction: all of them, or none.
pub(super) fn migrate(connection: &mut Connection, to: usize) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let from = match find(&transaction)? {
        Found::Empty => 0,
        Found::Ours(version) => version,
    };
    if from < to {
        for step in STEPS.iter().take(to).skip(from) {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", i64::try_from(to).unwrap_or(i64::MAX))?;
    }
    transaction.commit()?;
    Ok(())
}

/// Insists that the tables can be read as they are.
pub(super) fn check(connection: &Connection) -> Result<(), StoreError> {
    match find(connection)? {
        Found::Ours(VERSION) => Ok(()),
        Found::Ours(version) => Err(StoreError::Older(version, VERSION)),
        Found::Empty => Err(StoreError::Empty),
    }
}
