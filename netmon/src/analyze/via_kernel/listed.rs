//! Things that are counted, and the first few of them listed, so that no capture can fill memory or screen.

use crate::model::{Warning, WarningKind};

/// Things that a warning lists at most.
const LISTED: usize = 5;

/// Things that are counted, and the first few listed.
#[derive(Debug, Default)]
pub struct Listed {
    /// How many there are.
    pub count: u64,
    first: Vec<String>,
}

impl Listed {
    /// One more.
    pub fn add(&mut self, what: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < LISTED {
            self.first.push(what());
        }
    }

    /// A warning, if there is any.
    pub fn warning(&self, word: WarningKind, what: &str) -> Option<Warning> {
        if self.count == 0 {
            return None;
        }
        let more = match self.count - self.first.len() as u64 {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let message = format!("{} {what}: {}{more}", self.count, self.first.join("; "));
        Some(Warning::new(word, message))
    }
}
