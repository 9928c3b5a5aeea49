//! What an error says, and the number of the system call below it.

use std::io;

use aya::maps::MapError;

/// What the kernel said: the verifier's log is empty where it never came to it.
pub(super) fn said(error: &io::Error, verifier_log: &str) -> String {
    match last_lines(verifier_log) {
        lines if lines.is_empty() => format!("{error} (without a word of the verifier)"),
        lines => format!("{error}: {lines}"),
    }
}

/// The last lines of the verifier's log: the reason stands there.
pub(super) fn last_lines(log: &str) -> String {
    const LINES: usize = 6;
    let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
    let from = lines.len().saturating_sub(LINES);
    lines.get(from..).unwrap_or_default().join(" | ")
}

/// The error and what caused it, in one line, each word once.
pub(in crate::kernel) fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_words = cause.to_string();
        if !words.contains(&cause_words) {
            words.push_str(": ");
            words.push_str(&cause_words);
        }
        source = cause.source();
    }
    words
}

/// Whether somewhere below stands EPERM.
pub(in crate::kernel) fn is_not_permitted(error: &(dyn std::error::Error + 'static)) -> bool {
    os_error(error) == Some(libc::EPERM)
}

/// The error number of the system call that failed, if one did.
pub(in crate::kernel) fn os_error(error: &(dyn std::error::Error + 'static)) -> Option<i32> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return io.raw_os_error();
        }
        // Transparent: the chain of sources leaves out what it holds.
        if let Some(MapError::IoError(io)) = error.downcast_ref() {
            return io.raw_os_error();
        }
        next = error.source();
    }
    None
}
