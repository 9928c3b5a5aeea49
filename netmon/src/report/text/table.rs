//! A table in columns of a terminal.

use std::io;

use super::page::{Page, Paint};
use crate::report::rich::Table;

/// Blanks between columns.
const GAP: usize = 2;

/// Writes the columns of a table that fit, from the left; the long forms have them all.
pub(super) fn write(table: &Table, indent: usize, page: &mut Page<'_>) -> io::Result<()> {
    let heads: Vec<String> = table.columns.iter().map(|column| column.title.into()).collect();
    let rows: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| row.iter().map(ToString::to_string).collect())
        .collect();
    let width = |column: usize| {
        let cells = rows.iter().chain([&heads]).filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let mut used = indent;
    let widths: Vec<usize> = (0..heads.len())
        .map(width)
        .take_while(|width| {
            used += width + GAP;
            used <= page.width() + GAP
        })
        .collect();
    let line = |row: &[String]| {
        let cells: Vec<String> = row
            .iter()
            .zip(&table.columns)
            .zip(&widths)
            .map(|((cell, column), &width)| {
                if column.numbers {
                    format!("{cell:>width$}")
                } else {
                    format!("{cell:width$}")
                }
            })
            .collect();
        cells.join(&" ".repeat(GAP)).trim_end().to_string()
    };
    page.line(indent, Paint::Name, &line(&heads))?;
    rows.iter()
        .try_for_each(|row| page.line(indent, Paint::None, &line(row)))
}
