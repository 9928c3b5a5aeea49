//! A table in columns of a terminal.

use std::io;

use super::page::{Page, Paint};
use crate::report::story::rich::{Table, Text};

/// Blanks between columns.
const GAP: usize = 2;

/// Columns that the last one has at least, if it is one of words.
const LAST: usize = 24;

/// Writes the columns of a table that fit, from the left; the long forms have them all. A last column of words is wrapped.
pub(super) fn write(table: &Table, indent: usize, page: &mut Page<'_>) -> io::Result<()> {
    let heads: Vec<Text> = table.columns.iter().map(|column| column.title.into()).collect();
    let width = |column: usize| {
        let cells = table
            .rows
            .iter()
            .chain([&heads])
            .filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.to_string().chars().count())
            .max()
            .unwrap_or(0)
    };
    let wraps = table.columns.last().is_some_and(|last| !last.numbers);
    let aligned = table.columns.len() - usize::from(wraps);
    let mut used = indent;
    let widths: Vec<usize> = (0..aligned)
        .map(width)
        .take_while(|width| {
            used += width + GAP;
            used <= page.width() + GAP
        })
        .collect();
    let beside: usize = widths.iter().map(|width| width + GAP).sum();
    let last = wraps && widths.len() == aligned && indent + beside + LAST <= page.width();
    for (index, row) in [&heads].into_iter().chain(&table.rows).enumerate() {
        let cells = row.iter().zip(&table.columns).zip(&widths);
        let line: String = cells
            .map(|((cell, column), &width)| {
                let cell = cell.to_string();
                if column.numbers {
                    format!("{cell:>width$}  ")
                } else {
                    format!("{cell:width$}  ")
                }
            })
            .collect();
        match row.last() {
            Some(text) if last => page.item(indent, &line, text)?,
            _ => {
                let paint = if index == 0 { Paint::Name } else { Paint::None };
                page.line(indent, paint, line.trim_end())?;
            }
        }
    }
    Ok(())
}
