//! Reads what Rust's test harness printed: counts, and decides what of it to show.
//!
//! The harness runs with `--show-output`, because a test that could not do its work says so on a line that
//! begins with `SKIPPED:` and passes; without, that line would be swallowed. The rest of what passing tests
//! print is of no interest, and is not shown.

use std::ops::AddAssign;

/// How a test that needs root is marked: `#[ignore = "needs root: <what for>"]`.
pub const NEEDS_ROOT: &str = "needs root";

/// How many tests came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Passed, those that printed a `SKIPPED:` line included.
    pub passed: usize,
    pub failed: usize,
    /// Lines that began with `SKIPPED:`.
    pub skipped: usize,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// What a harness printed.
#[derive(Debug, Default)]
pub struct Output {
    pub tally: Tally,
    /// The names of the tests that failed.
    pub failed: Vec<String>,
    /// The tests that were not run because they are marked `#[ignore]`, each with its reason.
    pub ignored: Vec<(String, String)>,
    /// The lines that begin with `SKIPPED:`.
    pub skipped: Vec<String>,
    /// What is of interest of a harness that failed: all but what its passing tests printed.
    pub shown: String,
    /// All of it.
    pub whole: String,
}

/// Reads the output of one or several harnesses.
pub fn read(text: String) -> Output {
    let mut output = Output::default();
    // Between `successes:` and what follows, where the output of passing tests stands.
    let mut in_successes = false;
    for line in text.lines() {
        if line.starts_with("SKIPPED:") {
            output.tally.skipped += 1;
            output.skipped.push(line.to_owned());
            continue;
        }
        match line {
            "successes:" => in_successes = true,
            "failures:" => in_successes = false,
            _ => {}
        }
        if let Some(summary) = line.strip_prefix("test result: ") {
            in_successes = false;
            output.tally.passed += count(summary, "passed");
            output.tally.failed += count(summary, "failed");
        } else if let Some((test, outcome)) = outcome(line) {
            if let Some(reason) = outcome.strip_prefix("ignored") {
                let reason = reason.trim_start_matches([',', ' ']);
                output.ignored.push((test.to_owned(), reason.to_owned()));
                continue;
            }
            if outcome.starts_with("FAILED") {
                output.failed.push(test.to_owned());
            }
        }
        if !in_successes {
            output.shown.push_str(line);
            output.shown.push('\n');
        }
    }
    output.whole = text;
    output
}

/// The test and its outcome, in a line like `test a::b ... ok`.
fn outcome(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("test ")?.split_once(" ... ")
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
        let output = read(OUTPUT.to_owned());
        let expected = Tally {
            passed: 2,
            failed: 1,
            skipped: 1,
        };
        assert_eq!(output.tally, expected);
        assert_eq!(output.failed, ["b"]);
        assert_eq!(output.skipped, ["SKIPPED: no captures in ../shared/captures"]);
        let ignored = [
            (
                "attach::an_occupied_hook_is_named",
                "needs root: attaches a program",
            ),
            ("slow", ""),
        ];
        assert_eq!(
            output.ignored,
            ignored.map(|(test, reason)| (test.to_owned(), reason.to_owned()))
        );
        assert!(output.shown.contains("boom"));
        assert!(
            !output.shown.contains("chatter"),
            "what passing tests print is of no interest"
        );
    }

    #[test]
    fn several_harnesses_add_up() {
        let one = "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(read(one.repeat(2)).tally.passed, 24);
    }
}
