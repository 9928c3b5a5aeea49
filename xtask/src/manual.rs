//! What set-up says when only a human can go on.

use std::{error::Error, fmt};

use crate::find::find;

/// Something is missing that we cannot install. `main` prints the commands and exits with 3.
#[derive(Debug)]
pub struct Manual {
    problem: String,
    commands: Vec<String>,
}

impl Manual {
    /// What is missing and why we cannot get it, and the commands, to be typed as they stand.
    pub fn new<C: Into<String>>(problem: impl Into<String>, commands: impl IntoIterator<Item = C>) -> Self {
        Self {
            problem: problem.into(),
            commands: commands.into_iter().map(Into::into).collect(),
        }
    }

    /// The commands, one a line, indented.
    pub fn instructions(&self) -> String {
        let mut text = String::from("Run this, then the same task again (docs/building.md says more):\n");
        for command in &self.commands {
            text.push_str("    ");
            text.push_str(command);
            text.push('\n');
        }
        text
    }
}

/// Commands that only root may run, as this machine's human would type them.
pub fn typed_as_root(commands: &[String]) -> Vec<String> {
    if find("sudo").is_some() {
        return commands.iter().map(|command| format!("sudo {command}")).collect();
    }
    std::iter::once("# as root:".to_owned())
        .chain(commands.iter().cloned())
        .collect()
}

impl fmt::Display for Manual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl Error for Manual {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_can_be_copied_one_a_line() {
        let manual = Manual::new(
            "tshark is missing",
            ["sudo apt-get update", "sudo apt-get install tshark"],
        );
        assert_eq!(manual.to_string(), "tshark is missing");
        assert!(
            manual
                .instructions()
                .ends_with("\n    sudo apt-get update\n    sudo apt-get install tshark\n")
        );
    }
}
