//! What is wrong with a configuration file: where, and what would be right.

use std::fmt;
use std::path::PathBuf;

/// A place in a text, counted from 1; columns are characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Place {
    /// The place of a byte.
    pub fn of(text: &str, byte: usize) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where in the file; `None` for what the command line says.
    pub place: Option<Place>,
    /// What, and what would be right.
    pub what: String,
}

impl Problem {
    /// At a place.
    pub fn at(place: Place, what: impl Into<String>) -> Self {
        Self {
            place: Some(place),
            what: what.into(),
        }
    }
}

/// All that is wrong, in the order of the file. Shown as one line each: `FILE:LINE:COLUMN: what`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems {
    file: Option<PathBuf>,
    problems: Vec<Problem>,
}

impl Problems {
    /// Of that file, if one was read.
    pub fn new(file: Option<PathBuf>, mut problems: Vec<Problem>) -> Self {
        problems.sort();
        Self { file, problems }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            if let (Some(file), Some(Place { line, column })) = (&self.file, problem.place) {
                write!(f, "{}:{line}:{column}: ", file.display())?;
            }
            f.write_str(&problem.what)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_lines_and_characters_from_one() {
        let text = "a = 1\nß = \"é\" # x\n";
        for (byte, line, column) in [
            (0, 1, 1),
            (4, 1, 5),
            (6, 2, 1),
            (11, 2, 5),
            (text.len(), 3, 1),
            (999, 3, 1),
        ] {
            assert_eq!(Place::of(text, byte), Place { line, column }, "{byte}");
        }
    }

    #[test]
    fn problems_are_one_line_each_in_the_order_of_the_file() {
        let problems = vec![
            Problem::at(Place { line: 9, column: 2 }, "b"),
            Problem::at(Place { line: 3, column: 1 }, "a"),
            Problem {
                place: None,
                what: "c".to_owned(),
            },
        ];
        let shown = Problems::new(Some("n.toml".into()), problems).to_string();
        assert_eq!(shown, "c\nn.toml:3:1: a\nn.toml:9:2: b");
    }
}
