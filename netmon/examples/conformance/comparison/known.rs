//! What is known to differ: the table in docs/conformance.md, the only list there is.

use std::fmt;

use anyhow::{Context as _, Result, bail};

use super::outcome::{Comparison, Disagreement, Witness};

const DOCUMENT: &str = include_str!("../../../../docs/conformance.md");

/// The line before the table's first row.
const HEAD: &str = "| file | frames | witness | field | netmon | other | reason |";

/// What stands in the table where the other witness says nothing at all.
const SILENT: &str = "silent";

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The file's name.
    pub file: String,
    frames: Vec<u64>,
    /// Who says otherwise.
    pub witness: Witness,
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

/// Looks up what is known, and what is listed and did not occur.
pub fn look_up(list: &[Known], comparison: &mut Comparison) {
    let mut met = vec![false; list.len()];
    for disagreement in &mut comparison.disagreements {
        for (known, met) in list.iter().zip(&mut met) {
            if known.covers(disagreement) {
                *met = true;
                disagreement.known = Some(known.reason.clone());
            }
        }
    }
    let listed = list.iter().zip(met);
    let stale = listed.filter(|(known, met)| !met && comparison.files.contains(&known.file));
    comparison.stale = stale.map(|(known, _)| known.to_string()).collect();
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
            witness: match witness.as_str() {
                "xdp" => Witness::Xdp,
                "tshark" => Witness::Tshark,
                _ => bail!("there is no witness {witness}"),
            },
            field,
            netmon,
            other: if other == SILENT { String::new() } else { other },
            reason,
        })
    }

    /// Whether this is the row for it.
    pub fn covers(&self, disagreement: &Disagreement) -> bool {
        self.file == disagreement.file
            && self.frames.contains(&disagreement.frame)
            && self.witness == disagreement.witness
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::outcome::Kind;

    const HEAD_AND_RULE: &str = "| file | frames | witness | field | netmon | other | reason |\n| --- |\n";

    fn disagreement(frame: u64, kind: Kind, other: &str) -> Disagreement {
        Disagreement {
            file: "a.pcap".to_owned(),
            frame,
            witness: Witness::Tshark,
            kind,
            field: "outcome",
            netmon: "other".to_owned(),
            other: other.to_owned(),
            known: None,
        }
    }

    #[test]
    fn a_row_covers_what_it_says_and_nothing_else() {
        let row = "| `a.pcap` | 2, 5-7 | tshark | outcome | other | malformed | because |\n";
        let list = parse(&format!(
            "Text.\n{HEAD_AND_RULE}{row}\nMore text.\n| no | row |\n"
        ))
        .unwrap();
        let [known] = list.as_slice() else {
            panic!("{list:?}")
        };
        for frame in 0..10 {
            let covers = known.covers(&disagreement(frame, Kind::Difference, "malformed"));
            assert_eq!(covers, [2, 5, 6, 7].contains(&frame), "frame {frame}");
        }
        assert!(!known.covers(&disagreement(2, Kind::Difference, "truncated")));
        assert!(!known.covers(&disagreement(2, Kind::Silence, "")));
        assert_eq!(known.reason, "because");
    }

    #[test]
    fn a_row_for_a_silence_covers_a_silence() {
        let row = "| a.pcap | 2 | tshark | outcome | other | silent | because |";
        let list = parse(&format!("{HEAD_AND_RULE}{row}")).unwrap();
        assert!(
            list.iter()
                .any(|known| known.covers(&disagreement(2, Kind::Silence, "")))
        );
    }

    #[test]
    fn a_row_that_is_none_is_an_error() {
        for row in [
            "| a.pcap | 2 | because |",
            "| a.pcap | 2 | who | outcome | a | b | because |",
            "| a.pcap | two | xdp | outcome | a | b | because |",
        ] {
            assert!(parse(&format!("{HEAD_AND_RULE}{row}")).is_err(), "{row}");
        }
    }

    #[test]
    fn the_table_in_the_document_can_be_read() {
        assert!(!list().unwrap().is_empty());
    }
}
