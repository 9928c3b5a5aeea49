//! Counters as columns: one for each counter of a record, as the table of counters names them
//! ([`crate::model::counters`]).

use netmon_common::Rcode;
use netmon_common::records::Destination;
use rusqlite::{Connection, Row};

use crate::model::counters::Record;
use crate::timeline::Activity;

/// The names of the columns.
pub(super) fn names<R: Record>() -> Vec<&'static str> {
    let columns = R::table().columns().iter();
    columns.map(|column| &*column.name).collect()
}

/// What stands in them, in the order of their names. SQLite has 63 bits.
pub(super) fn values<R: Record>(record: &R) -> Vec<i64> {
    let columns = R::table().columns().iter();
    columns
        .map(|column| i64::try_from(column.of(record)).unwrap_or(i64::MAX))
        .collect()
}

/// The record that stands in a row, from this column on.
pub(super) fn read<R: Record>(row: &Row<'_>, from: usize) -> rusqlite::Result<R> {
    let mut record = R::default();
    for (number, column) in R::table().columns().iter().enumerate() {
        // Of several counters that are one to everybody, the first has the sum.
        if let Some(counter) = record.counter(column.places().start) {
            *counter = row.get(from + number)?;
        }
    }
    Ok(record)
}

/// Which of these columns a table does not have: those of counters that are younger than the file.
pub(super) fn missing<R: Record>(
    connection: &Connection,
    table: &str,
) -> rusqlite::Result<Vec<&'static str>> {
    let mut there = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let there: Vec<String> = there
        .query_map([table], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut missing = names::<R>();
    missing.retain(|name| !there.iter().any(|there| there == name));
    Ok(missing)
}

/// How active a server was: whether errors came about it, and how many packets there were.
pub(super) fn activity(counters: &Destination) -> (bool, u64) {
    (counters.dns_unreachables() > 0, counters.counted())
}

/// What a timeline shows of a server: queries on both transports with attempts to connect, answers, answers that are
/// failures, errors.
pub(super) fn in_short(counters: &Destination) -> Activity {
    Activity {
        queries: counters.queries() + counters.tcp_connects,
        answers: counters.responses(),
        failures: Rcode::ALL
            .into_iter()
            .filter(|rcode| rcode.is_fault())
            .map(|rcode| counters.rcode(rcode))
            .sum(),
        errors: counters.dns_unreachables(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_with_errors_is_more_active_than_any_without() {
        let busy = Destination {
            dns_queries: 1_000,
            rcodes: [[1_000, 0, 0, 0, 0, 0, 0], [0; 7]],
            ..Destination::ZERO
        };
        let mut failing = Destination {
            dns_queries: 1,
            ..Destination::ZERO
        };
        failing.icmp_unreachable[3] = 1;
        failing.dns_unreachable[0][3] = 1;
        assert_eq!(activity(&busy), (false, 1_000));
        assert_eq!(activity(&failing), (true, 2));
        assert_eq!(in_short(&failing).errors, 1);
    }
}
