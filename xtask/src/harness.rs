//! Reads what Rust's test harness prints, counts, and decides what of it to show.
//!
//! The harness runs with `--show-output`, because a test that could not do its work says so on a line that
//! begins with `SKIPPED:` and passes; without, that line would be swallowed. The rest of what passing tests
//! print is of no interest, and is not shown.

use std::{
    io::{BufRead as _, BufReader, Write as _, stdout},
    ops::AddAssign,
    process::{Command, ExitStatus, Stdio},
};

use anyhow::{Context as _, Result};

use crate::process::show;

/// How a test that needs root is marked: `#[ignore = "needs root: <what for>"]`.
pub const NEEDS_ROOT: &str = "needs root";

/// What became of the tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Passed, those that printed a `SKIPPED:` line included.
    pub passed: usize,
    pub failed: usize,
    /// Lines that began with `SKIPPED:`.
    pub skipped: usize,
    /// Not run, because they are marked as needing root.
    pub need_root: usize,
    /// Not run, for any other reason.
    pub ignored: usize,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.need_root += other.need_root;
        self.ignored += other.ignored;
    }
}

/// Runs a command that is a test harness, or cargo running several, and shows its output as it comes.
pub fn watch(command: &mut Command) -> Result<(Tally, ExitStatus)> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", show(command)))?;
    let output = child.stdout.take().context("the output was asked for")?;
    let mut reader = Reader::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = line.with_context(|| format!("cannot read from `{}`", show(command)))?;
        let line = String::from_utf8_lossy(&line);
        if reader.read(&line) {
            writeln!(stdout(), "{line}").context("cannot print")?;
        }
    }
    let status = child
        .wait()
        .with_context(|| format!("cannot wait for `{}`", show(command)))?;
    Ok((reader.tally, status))
}

#[derive(Default)]
struct Reader {
    tally: Tally,
    /// Between `successes:` and what follows, where the output of passing tests stands.
    in_successes: bool,
}

impl Reader {
    /// Counts what the line says, and tells whether to show it.
    fn read(&mut self, line: &str) -> bool {
        if line.starts_with("SKIPPED:") {
            self.tally.skipped += 1;
            return true;
        }
        if let Some(summary) = line.strip_prefix("test result: ") {
            self.in_successes = false;
            self.tally.passed += count(summary, "passed");
            self.tally.failed += count(summary, "failed");
        } else if let Some((_, reason)) = line.split_once(" ... ignored") {
            if reason.trim_start_matches([',', ' ']).starts_with(NEEDS_ROOT) {
                self.tally.need_root += 1;
            } else {
                self.tally.ignored += 1;
            }
        }
        match line {
            "successes:" => self.in_successes = true,
            "failures:" => self.in_successes = false,
            _ => {}
        }
        !self.in_successes
    }
}

/// The number before the word in `ok. 3 passed; 0 failed; 1 ignored; ...`.
fn count(summary: &str, word: &str) -> usize {
    let mut words = summary.split([' ', ';']).filter(|part| !part.is_empty());
    let mut before = "";
    words
        .find_map(|part| {
            let number = (part == word).then(|| before.parse().ok());
            before = part;
            number
        })
        .flatten()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
running 5 tests
test attach::an_occupied_hook_is_named ... ignored, needs root: attaches a program
test slow ... ignored
test a ... ok
test corpus ... ok
test b ... FAILED

successes:

---- a stdout ----
chatter
---- corpus stdout ----
SKIPPED: no captures in ../shared/captures

successes:
    a
    corpus

failures:

---- b stdout ----
boom

failures:
    b

test result: FAILED. 2 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.01s";

    #[test]
    fn the_counts_come_from_the_harness_and_skips_from_their_lines() {
        let mut reader = Reader::default();
        let shown: Vec<&str> = OUTPUT.lines().filter(|line| reader.read(line)).collect();
        let expected = Tally {
            passed: 2,
            failed: 1,
            skipped: 1,
            need_root: 1,
            ignored: 1,
        };
        assert_eq!(reader.tally, expected);
        assert!(shown.contains(&"SKIPPED: no captures in ../shared/captures"));
        assert!(shown.contains(&"boom"));
        assert!(
            !shown.contains(&"chatter"),
            "what passing tests print is of no interest"
        );
    }

    #[test]
    fn several_harnesses_add_up() {
        let mut reader = Reader::default();
        for _ in 0..2 {
            reader.read("test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
        }
        assert_eq!(reader.tally.passed, 24);
    }
}
