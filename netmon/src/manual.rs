//! The manual pages, one for netmon and one for each command, and the completions of shells: all from the command line's own
//! description. `netmon man` and `netmon completions` print them; the Debian package is made with the same.

use std::io;

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::Arguments;

/// A manual page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// What `man` finds it by: `netmon-run`.
    pub name: String,
    /// Its roff.
    pub text: Vec<u8>,
}

/// All pages: netmon's own, then those of its commands.
pub fn pages() -> io::Result<Vec<Page>> {
    let mut netmon = Arguments::command().disable_help_subcommand(true);
    // The names of the pages of commands, `netmon-run`, follow from it.
    netmon.build();
    let mut pages = Vec::new();
    of_command(&netmon, &mut pages)?;
    Ok(pages)
}

/// The page of a command, and those of its own commands.
fn of_command(command: &Command, pages: &mut Vec<Page>) -> io::Result<()> {
    let name = command
        .get_display_name()
        .unwrap_or(command.get_name())
        .to_owned();
    let mut text = Vec::new();
    Man::new(command.clone().name(name.clone())).render(&mut text)?;
    pages.push(Page { name, text });
    command
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .try_for_each(|command| of_command(command, pages))
}

/// The completions of a shell.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "netmon", &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_of_its_own_name() {
        let names: Vec<String> = pages().unwrap().into_iter().map(|page| page.name).collect();
        for name in [
            "netmon",
            "netmon-run",
            "netmon-config-check",
            "netmon-analyze",
            "netmon-man",
        ] {
            assert!(names.iter().any(|known| known == name), "{name}: {names:?}");
        }
        assert!(pages().unwrap().iter().all(|page| page.text.starts_with(b".ie")));
    }

    #[test]
    fn completions_know_the_commands_and_their_flags() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let text = String::from_utf8(completions(shell)).unwrap();
            assert!(text.contains("analyze") && text.contains("timezone"), "{shell}");
        }
    }
}
