//! Reading the history, also while the monitor writes to it, and as another user who may read its files.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use netmon_common::Address;
use netmon_common::records::Destination;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Rows, params};

use super::aside::beside;
use super::columns;
use super::error::StoreError;
use super::limits::LOCK_WAIT;
use super::rollup::OTHER;
use super::schema;
use crate::model::counters::Record;
use crate::model::{Incident, Latency, Totals};
use crate::timeline::Activity;

/// Why the history cannot be read, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is none.
    #[error(
        "there is no history at {0}: `netmon run --history {0}` writes one; --history names another file to read"
    )]
    Missing(PathBuf),
    /// It cannot be read.
    #[error("cannot read the history {file}: {why}; {remedy}")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        why: StoreError,
        /// What to do.
        remedy: &'static str,
    },
    /// There is no incident at all.
    #[error("{file} holds no incident")]
    Empty {
        /// The file.
        file: PathBuf,
    },
    /// No incident has that id.
    #[error("no incident in {file} has an id that begins with `{id}`; `netmon incidents` lists them")]
    Unknown {
        /// The file.
        file: PathBuf,
        /// What was asked for.
        id: String,
    },
    /// Several incidents have ids that begin so.
    #[error("several incidents have ids that begin with `{0}`: give more of it")]
    Ambiguous(String),
}

impl ReadError {
    /// Whether whoever asked is to blame, not the system.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Missing(_) | Self::Empty { .. } | Self::Unknown { .. } | Self::Ambiguous(_) => true,
            Self::Unreadable { .. } => false,
        }
    }
}

/// Which incidents are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Those that were open at that time or later.
    pub since: Option<Timestamp>,
    /// Those of that server.
    pub server: Option<Address>,
    /// Those that are open.
    pub open: bool,
}

/// The history, open for reading.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    file: PathBuf,
}

/// What a server had in all over some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServerSum {
    /// The server; `None` for the sum of those without rows of their own.
    pub address: Option<Address>,
    /// Its counters.
    pub counters: Destination,
    /// How many of its answers were timed, and the longest time. Percentiles of minutes do not add up.
    pub latency: Latency,
}

impl Reader {
    /// Opens it; changes nothing in it.
    pub fn open(file: &Path) -> Result<Self, ReadError> {
        match file.try_exists() {
            Ok(true) if file.is_dir() => return Err(unreadable(file, StoreError::IsDirectory)),
            Ok(true) => {}
            Ok(false) => return Err(ReadError::Missing(file.to_owned())),
            Err(error) => return Err(unreadable(file, StoreError::io("cannot look at it", error))),
        }
        let reader = |connection| {
            schema::check(&connection)?;
            Ok(Self {
                connection,
                file: file.to_owned(),
            })
        };
        connect(file)
            .and_then(reader)
            .map_err(|error| unreadable(file, error))
    }

    /// The incidents that are wanted, in the order in which they opened.
    pub fn incidents(&self, wanted: &Wanted) -> Result<Vec<Incident>, ReadError> {
        let Wanted { since, server, open } = wanted;
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT incident FROM incidents
                 WHERE (?1 IS NULL OR closed IS NULL OR closed >= ?1)
                   AND (?2 IS NULL OR server = ?2)
                   AND (NOT ?3 OR closed IS NULL)
                 ORDER BY opened, id",
            )?;
            let since = since.map(Timestamp::as_microsecond);
            let server = server.map(|server| server.to_string());
            incidents(statement.query(params![since, server, open])?)
        })
    }

    /// The incident that opened last.
    pub fn last(&self) -> Result<Incident, ReadError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare("SELECT incident FROM incidents ORDER BY opened DESC, id DESC LIMIT 1")?;
            Ok(incidents(statement.query([])?)?.pop())
        })?
        .ok_or_else(|| ReadError::Empty {
            file: self.file.clone(),
        })
    }

    /// The incident whose id begins so.
    pub fn incident(&self, id: &str) -> Result<Incident, ReadError> {
        let found = self.read(|connection| {
            // `substr`, not LIKE: what is asked for may hold wildcards.
            let mut statement = connection.prepare(
                "SELECT incident FROM incidents WHERE substr(id, 1, length(?1)) = ?1
                 ORDER BY id <> ?1, id LIMIT 2",
            )?;
            incidents(statement.query(params![id])?)
        })?;
        match <[Incident; 2]>::try_from(found) {
            Ok([exact, _]) if exact.id == id => Ok(exact),
            Ok(_) => Err(ReadError::Ambiguous(id.to_owned())),
            Err(found) => found.into_iter().next().ok_or_else(|| ReadError::Unknown {
                file: self.file.clone(),
                id: id.to_owned(),
            }),
        }
    }

    /// What each server had in all, in minutes that began from then to before then.
    pub(super) fn servers(&self, from: i64, to: i64) -> Result<Vec<ServerSum>, ReadError> {
        self.read(|connection| {
            let sums = sums::<Destination>(connection, "minutes")?;
            let query = format!(
                "SELECT server, sum(latency_count), max(latency_max), {sums} FROM minutes
                 WHERE minute >= ?1 AND minute < ?2 GROUP BY server ORDER BY server",
            );
            let mut statement = connection.prepare(&query)?;
            let mut rows = statement.query(params![from, to])?;
            let mut servers = Vec::new();
            while let Some(row) = rows.next()? {
                servers.push(ServerSum {
                    address: address(&row.get::<_, String>(0)?)?,
                    counters: columns::read(row, 3)?,
                    latency: Latency {
                        count: row.get(1)?,
                        max: row.get(2)?,
                        ..Latency::default()
                    },
                });
            }
            Ok(servers)
        })
    }

    /// What a server had in each minute that began from then to before then.
    pub(super) fn minutes(
        &self,
        server: Address,
        from: i64,
        to: i64,
    ) -> Result<Vec<(i64, Destination)>, ReadError> {
        self.read(|connection| {
            let counters = sums::<Destination>(connection, "minutes")?;
            let query = format!(
                "SELECT minute, {counters} FROM minutes WHERE minute >= ?1 AND minute < ?2 AND server = ?3
                 GROUP BY minute ORDER BY minute"
            );
            let mut statement = connection.prepare(&query)?;
            let mut rows = statement.query(params![from, to, server.to_string()])?;
            let mut minutes = Vec::new();
            while let Some(row) = rows.next()? {
                minutes.push((row.get(0)?, columns::read(row, 1)?));
            }
            Ok(minutes)
        })
    }

    /// What a server had in each second that is kept from then to before then.
    pub(super) fn seconds(
        &self,
        server: Address,
        from: i64,
        to: i64,
    ) -> Result<Vec<(i64, Activity)>, ReadError> {
        self.read(|connection| {
            let mut seconds = Vec::new();
            if schema::has_seconds(connection)? {
                let mut statement = connection.prepare(
                    "SELECT second, queries, answers, failures, errors FROM seconds
                     WHERE second >= ?1 AND second < ?2 AND server = ?3 ORDER BY second",
                )?;
                let mut rows = statement.query(params![from, to, server.to_string()])?;
                while let Some(row) = rows.next()? {
                    let activity = Activity {
                        queries: row.get(1)?,
                        answers: row.get(2)?,
                        failures: row.get(3)?,
                        errors: row.get(4)?,
                    };
                    seconds.push((row.get(0)?, activity));
                }
            }
            Ok(seconds)
        })
    }

    /// What passed in all in minutes that began from then to before then, how many of them were watched, and the
    /// first and the last one; `None` if none was.
    pub(super) fn totals(&self, from: i64, to: i64) -> Result<Option<Watched>, ReadError> {
        self.read(|connection| {
            let sums = sums::<Totals>(connection, "totals")?;
            let query = format!(
                "SELECT min(minute), max(minute), count(*), {sums} FROM totals
                 WHERE minute >= ?1 AND minute < ?2 HAVING count(*) > 0",
            );
            let watched = connection.query_row(&query, params![from, to], |row| {
                Ok(Watched {
                    first: row.get(0)?,
                    last: row.get(1)?,
                    minutes: row.get(2)?,
                    totals: columns::read(row, 3)?,
                })
            });
            Ok(watched.optional()?)
        })
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, ReadError> {
        read(&self.connection).map_err(|error| unreadable(&self.file, error))
    }
}

/// What passed in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Watched {
    /// The first minute that was watched.
    pub first: i64,
    /// The last one.
    pub last: i64,
    /// How many were.
    pub minutes: i64,
    /// What passed.
    pub totals: Totals,
}

fn connect(file: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(LOCK_WAIT)?;
    match connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())) {
        // Whoever may only read cannot make the log that WAL needs. Where none is there, nobody writes, and the
        // file can be read as it stands.
        Err(error)
            if matches!(
                error.sqlite_error_code(),
                Some(rusqlite::ErrorCode::CannotOpen | rusqlite::ErrorCode::ReadOnly)
            ) && !beside(file, "-wal").exists() =>
        {
            let flags = flags | OpenFlags::SQLITE_OPEN_URI;
            Ok(Connection::open_with_flags(immutable(file), flags)?)
        }
        Err(error) => Err(error.into()),
        Ok(()) => Ok(connection),
    }
}

/// The file's name as a URI that says that nobody writes to it (RFC 8089, with SQLite's parameters).
fn immutable(file: &Path) -> String {
    use std::fmt::Write as _;
    use std::os::unix::ffi::OsStrExt as _;
    let mut uri = "file:".to_owned();
    for byte in file.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            let _infallible = write!(uri, "%{byte:02X}");
        }
    }
    uri + "?immutable=1"
}

fn incidents(mut rows: Rows<'_>) -> Result<Vec<Incident>, StoreError> {
    let mut incidents = Vec::new();
    while let Some(row) = rows.next()? {
        incidents.push(serde_json::from_str(&row.get::<_, String>(0)?)?);
    }
    Ok(incidents)
}

/// The sums of all counters of a record, to be selected. A counter that is younger than the file counted nothing in it.
fn sums<R: Record>(connection: &Connection, table: &str) -> rusqlite::Result<String> {
    let missing = columns::missing::<R>(connection, table)?;
    let sums: Vec<String> = columns::names::<R>()
        .into_iter()
        .map(|name| {
            if missing.contains(&name) {
                "0".to_owned()
            } else {
                format!("sum({name})")
            }
        })
        .collect();
    Ok(sums.join(", "))
}

fn address(text: &str) -> Result<Option<Address>, StoreError> {
    if text == OTHER {
        return Ok(None);
    }
    let ip: std::net::IpAddr = text
        .parse()
        .map_err(|_| StoreError::Garbled(format!("`{text}`, where an address must be")))?;
    Ok(Some(ip.into()))
}

fn unreadable(file: &Path, why: StoreError) -> ReadError {
    ReadError::Unreadable {
        file: file.to_owned(),
        remedy: why.remedy_for_reading(),
        why,
    }
}
