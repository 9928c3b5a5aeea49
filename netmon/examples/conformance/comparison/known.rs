//! What is known to differ: the table in docs/conformance.md, the only list there is.

use std::fmt;

use anyhow::{Context as _, Result, bail};

use super::outcome::Disagreement;

const DOCUMENT: &str = include_str!("../../../../docs/conformance.md");

/// The line before the table's first row.
const HEAD: &str = "| file | frames | witness | field | netmon | other | reason |";

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The file's name.
    pub file: String,
    frames: Vec<u64>,
    witness: String,
    field: String,
    netmon: String,
    other: String,
    /// Why the witnesses differ.
    pub reason: String,
}

/// All rows.
pub fn list() -> Result<Vec<Known>> {
    parse(DOCUMENT)
}

fn parse(document: &str) -> Result<Vec<Known>> {
    let lines = document.lines().skip_while(|line| *line != HEAD);
    // The head, and the line under it.
    let rows = lines.skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| Known::parse(row).with_context(|| format!("docs/conformance.md: {row}")))
        .collect()
}

impl Known {
    fn parse(row: &str) -> Result<Self> {
        let cells: Vec<String> = row
            .trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().trim_matches('`').to_owned())
            .collect();
        let Ok([file, frames, witness, field, netmon, other, reason]) = <[String; 7]>::try_from(cells) else {
            bail!("a row has seven cells");
        };
        let frames = frames.split(',').map(range).collect::<Result<Vec<_>>>()?;
        Ok(Self {
            file,
            frames: frames.concat(),
            witness,
            field,
            netmon,
            other,
            reason,
        })
    }

    /// Whether this is the row for it.
    pub fn covers(&self, disagreement: &Disagreement) -> bool {
        self.file == disagreement.file
            && self.frames.contains(&disagreement.frame)
            && self.witness == disagreement.witness.to_string()
            && self.field == disagreement.field
            && self.netmon == disagreement.netmon
            && self.other == disagreement.other
    }
}

/// `3`, or `3-7`.
fn range(text: &str) -> Result<Vec<u64>> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    Ok((from.trim().parse()?..=to.trim().parse()?).collect())
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: frames {:?}: {}", self.file, self.frames, self.field)
    }
}
