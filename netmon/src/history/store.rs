//! The database, open for writing: one transaction for all that waits.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jiff::Timestamp;
use netmon_common::records::Destination;
use netmon_common::{Address, Transport};
use nix::fcntl::{Flock, FlockArg};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, ToSql, TransactionBehavior, params};

use super::DEFAULT_FILE;
use super::columns;
use super::error::StoreError;
use super::limits::{LOCK_WAIT, WAITING_CLIENTS};
use super::mail::Mail;
use super::rollup::{Minute, OTHER};
use super::schema;
use super::seconds::Row;
use crate::limits::SERVERS;
use crate::model::{Latency, OwnClient, OwnService, Remembered, Totals, Wall};
use crate::timeline::Activity;

/// What earlier runs have left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recalled {
    /// Incidents that are open, or closed lately.
    pub incidents: Vec<Remembered>,
    /// Clients that this host's own services have answered, and until when to remember each.
    pub own_clients: Vec<(OwnClient, Timestamp)>,
    /// Incidents that cannot be understood, and stay as they are.
    pub garbled: u64,
}

/// The database, open for writing.
#[derive(Debug)]
pub(super) struct Store {
    pub connection: Connection,
    path: PathBuf,
    /// Device and inode, to notice when the file at that path is another one.
    identity: Option<(u64, u64)>,
    /// Held for as long as this is: two monitors in one file would take each other's incidents for their own.
    _only_writer: Flock<std::fs::File>,
}

impl Store {
    /// Opens it, makes it if it is not there, and brings it up to date.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        create(path)?;
        let only_writer = claim(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(LOCK_WAIT)?;
        schema::prepare(&mut connection)?;
        Ok(Self {
            connection,
            path: path.to_owned(),
            identity: identity(path),
            _only_writer: only_writer,
        })
    }

    /// Whether the file was removed or replaced since it was opened: what is written would be lost.
    pub fn is_gone(&self) -> bool {
        identity(&self.path) != self.identity
    }

    /// What is known of earlier runs: incidents that are open, or closed after that moment, and the clients of own
    /// addresses.
    pub fn recall(&self, closed_after: Timestamp) -> Result<Recalled, StoreError> {
        let mut recalled = Recalled::default();
        let mut known = self.connection.prepare(
            "SELECT incident, memory FROM incidents WHERE closed IS NULL OR closed >= ?1
             ORDER BY closed IS NOT NULL, opened DESC LIMIT ?2",
        )?;
        let limit = i64::try_from(SERVERS).unwrap_or(i64::MAX);
        let mut rows = known.query(params![closed_after.as_microsecond(), limit])?;
        while let Some(row) = rows.next()? {
            let (incident, memory): (String, String) = (row.get(0)?, row.get(1)?);
            // One that cannot be understood must not keep the others from being taken up.
            match (serde_json::from_str(&incident), serde_json::from_str(&memory)) {
                (Ok(incident), Ok(memory)) => recalled.incidents.push(Remembered { incident, memory }),
                _ => recalled.garbled += 1,
            }
        }
        recalled.own_clients = self.own_clients()?;
        Ok(recalled)
    }

    /// The clients of own services, those that were answered last first.
    fn own_clients(&self) -> Result<Vec<(OwnClient, Timestamp)>, StoreError> {
        let mut known = self.connection.prepare(
            "SELECT server, port, transport, client, until FROM service_clients ORDER BY until DESC LIMIT ?1",
        )?;
        let limit = i64::try_from(WAITING_CLIENTS).unwrap_or(i64::MAX);
        let mut rows = known.query([limit])?;
        let mut clients = Vec::new();
        while let Some(row) = rows.next()? {
            let address = |column: usize| -> rusqlite::Result<Option<Address>> {
                let text: String = row.get(column)?;
                Ok(text.parse::<IpAddr>().ok().map(Address::from))
            };
            let transport: String = row.get(2)?;
            let mut transports = Transport::ALL.into_iter();
            let transport = transports.find(|known| known.name() == transport);
            // A row that somebody has spoilt is none.
            if let (Some(server), Ok(port), Some(transport)) = (address(0)?, row.get(1), transport)
                && let (Some(client), Ok(until)) = (address(3)?, Timestamp::from_second(row.get(4)?))
            {
                let service = OwnService {
                    server,
                    port,
                    transport,
                };
                clients.push((OwnClient { service, client }, until));
            }
        }
        Ok(clients)
    }

    /// Writes all of it, or nothing. Minutes, and that incidents open and close, are on the disk before anybody can read them; how
    /// an incident goes on may be lost in a power cut, back to the last of these.
    pub fn write(&mut self, mail: &Mail) -> Result<(), StoreError> {
        let synchronous = if self.must_last(mail)? { "FULL" } else { "NORMAL" };
        self.connection.pragma_update(None, "synchronous", synchronous)?;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        for one in mail.incidents.values() {
            incident(&transaction, one)?;
        }
        for one in &mail.minutes {
            minute(&transaction, one)?;
        }
        for row in &mail.seconds {
            second(&transaction, row)?;
        }
        for (OwnClient { service, client }, until) in &mail.own_clients {
            transaction
                .prepare_cached(
                    "INSERT INTO service_clients (server, port, transport, client, until) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT DO UPDATE SET until = max(until, excluded.until)",
                )?
                .execute(params![
                    service.server.to_string(),
                    service.port,
                    service.transport.name(),
                    client.to_string(),
                    until.as_second(),
                ])?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Whether it is to outlive a power cut.
    fn must_last(&self, mail: &Mail) -> Result<bool, StoreError> {
        let mut known = self
            .connection
            .prepare_cached("SELECT closed IS NOT NULL FROM incidents WHERE id = ?1")?;
        for Remembered { incident, .. } in mail.incidents.values() {
            let was_closed: Option<bool> = known.query_row([&incident.id], |row| row.get(0)).optional()?;
            if was_closed != Some(incident.closed.is_some()) {
                return Ok(true);
            }
        }
        Ok(!mail.minutes.is_empty())
    }

    /// Reads the newest rows as somebody else would.
    pub fn read_back(&self) -> Result<(), StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let other = Connection::open_with_flags(&self.path, flags)?;
        other.busy_timeout(LOCK_WAIT)?;
        schema::check(&other).map_err(|error| match error {
            // Not what was written.
            StoreError::Empty | StoreError::Foreign => StoreError::Sqlite(corrupt()),
            error => error,
        })?;
        for newest in [
            "SELECT incident FROM incidents ORDER BY opened DESC LIMIT 1",
            "SELECT frames FROM totals ORDER BY minute DESC LIMIT 1",
            "SELECT queries FROM minutes ORDER BY minute DESC LIMIT 1",
        ] {
            other.query_row(newest, [], |_| Ok(())).optional()?;
        }
        Ok(())
    }

    /// The last word: what is in the log goes into the database file.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        // A row comes back that says whether a reader was in the way; then the log stays, and loses nothing.
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .optional()?;
        Ok(())
    }
}

fn corrupt() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), None)
}

fn incident(connection: &Connection, one: &Remembered) -> Result<(), StoreError> {
    let Remembered { incident, memory } = one;
    let micros = |wall: Wall| wall.0.as_microsecond();
    let memory = serde_json::to_string(memory)?;
    connection
        .prepare_cached(
            "INSERT INTO incidents (id, server, opened, last_seen, closed, incident, memory)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (id) DO UPDATE SET last_seen = excluded.last_seen, closed = excluded.closed,
                 incident = excluded.incident, memory = excluded.memory",
        )?
        .execute(params![
            incident.id,
            incident.server.to_string(),
            micros(incident.opened),
            micros(incident.last_seen),
            incident.closed.map(micros),
            serde_json::to_string(incident)?,
            memory,
        ])?;
    Ok(())
}

/// Adds to what is there: after a restart, or when the wall clock is set back, a minute has two parts.
fn minute(connection: &Connection, minute: &Minute) -> Result<(), StoreError> {
    static TOTALS: LazyLock<String> =
        LazyLock::new(|| upsert("totals", &["minute"], &columns::names::<Totals>(), ""));
    static SERVER: LazyLock<String> = LazyLock::new(|| {
        upsert(
            "minutes",
            &["minute", "server"],
            &columns::names::<Destination>(),
            "latency_count, latency_p50, latency_p90, latency_p99, latency_max",
        )
    });
    let counts = columns::values(&minute.totals);
    let mut values: Vec<&dyn ToSql> = vec![&minute.start];
    values.extend(counts.iter().map(|count| count as &dyn ToSql));
    connection.prepare_cached(&TOTALS)?.execute(values.as_slice())?;
    let mut statement = connection.prepare_cached(&SERVER)?;
    for server in &minute.servers {
        let name = server
            .address
            .map_or_else(|| OTHER.to_owned(), |address| address.to_string());
        let counts = columns::values(&server.counters);
        let Latency {
            count,
            p50,
            p90,
            p99,
            max,
        } = server.latency;
        let count = whole(count);
        let times = [p50, p90, p99, max].map(|time| time.map(whole));
        let mut values: Vec<&dyn ToSql> = vec![&minute.start, &name];
        values.extend(counts.iter().map(|count| count as &dyn ToSql));
        values.push(&count);
        values.extend(times.iter().map(|time| time as &dyn ToSql));
        statement.execute(values.as_slice())?;
    }
    Ok(())
}

/// Adds to what is there: a wall clock that is set back has a second twice.
fn second(connection: &Connection, row: &Row) -> Result<(), StoreError> {
    let Activity {
        queries,
        answers,
        failures,
        errors,
    } = row.activity;
    connection
        .prepare_cached(
            "INSERT INTO seconds (second, server, queries, answers, failures, errors) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (second, server) DO UPDATE SET queries = queries + excluded.queries,
                 answers = answers + excluded.answers, failures = failures + excluded.failures,
                 errors = errors + excluded.errors",
        )?
        .execute(params![
            row.second,
            row.server.to_string(),
            whole(queries),
            whole(answers),
            whole(failures),
            whole(errors),
        ])?;
    Ok(())
}

/// A statement that inserts a row, or adds its counts to the one that is there. Of two percentiles the one of more
/// answers stands.
fn upsert(table: &str, key: &[&str], counts: &[&str], latency: &str) -> String {
    let mut columns: Vec<&str> = [key, counts].concat();
    let mut sets: Vec<String> = counts
        .iter()
        .map(|name| format!("{name} = {name} + excluded.{name}"))
        .collect();
    for name in latency.split(", ").filter(|name| !name.is_empty()) {
        columns.push(name);
        sets.push(match name {
            "latency_count" => format!("{name} = {name} + excluded.{name}"),
            "latency_max" => {
                format!("{name} = max(coalesce({name}, excluded.{name}), coalesce(excluded.{name}, {name}))")
            }
            _ => format!("{name} = iif(excluded.latency_count > latency_count, excluded.{name}, {name})"),
        });
    }
    format!(
        "INSERT INTO {table} ({}) VALUES ({}) ON CONFLICT ({}) DO UPDATE SET {}",
        columns.join(", "),
        vec!["?"; columns.len()].join(", "),
        key.join(", "),
        sets.join(", ")
    )
}

/// As SQLite has it: 63 bits.
fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Makes the file: what a host's clients ask for is for its owner and group only. Of directories only netmon's own is made;
/// another one that is not there may be misspelled, or not mounted.
fn create(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Err(StoreError::IsDirectory);
    }
    if let Some(directory) = path
        .parent()
        .filter(|directory| !directory.as_os_str().is_empty())
    {
        if path == Path::new(DEFAULT_FILE) {
            DirBuilder::new()
                .recursive(true)
                .mode(0o750)
                .create(directory)
                .map_err(|error| StoreError::io(format!("cannot make {}", directory.display()), error))?;
        } else if !directory.is_dir() {
            return Err(StoreError::NoDirectory(directory.to_owned()));
        }
    }
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o640)
        .open(path)
    {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::io("cannot make it", error)),
    }
}

/// Becomes the only writer, by a lock on a file beside it: it goes with the process, however that ends. (A lock on
/// the database itself would be in the way of SQLite's own.)
fn claim(path: &Path) -> Result<Flock<std::fs::File>, StoreError> {
    let path = super::aside::beside(path, ".lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(|error| StoreError::io(format!("cannot make {}", path.display()), error))?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| match errno {
        nix::errno::Errno::EWOULDBLOCK => StoreError::Taken,
        errno => StoreError::io(format!("cannot lock {}", path.display()), errno.into()),
    })
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}
