//! The command line: one file for each command's arguments.

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

mod analyze;
mod config;
mod detach;
mod doctor;
mod history;
mod manual;
mod notify;
mod run;
mod server;
mod status;
mod top;
mod values;
mod written;
mod zone;

pub use analyze::Analyze;
pub use config::{Config, ConfigAction};
pub use detach::Detach;
pub use doctor::{Doctor, DocumentFormat};
pub use history::{Incidents, Keep, ListFormat, Report, Since, Size};
pub use manual::{Completions, Manual};
pub use notify::Notify;
pub use run::{Hook, LogLevel, Run, RunFormat};
pub use server::{Naming, SERVER_KEYS, Server, address, server};
pub use status::Status;
pub use top::Top;
pub use written::Written;
pub use zone::unlikely as unlikely_zone;

/// Reports within a second when DNS port 53 is unreachable, without false alarms.
#[derive(Debug, Parser)]
#[command(name = "netmon", version, about, max_term_width = 100)]
pub struct Arguments {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

impl Arguments {
    /// What was typed, and the matches of the innermost command, which distinguish typed values from defaults.
    /// Ends the process where clap does: at wrong usage, `--help` and `--version`.
    pub fn read() -> (Self, ArgMatches) {
        let mut matches = Self::command().get_matches();
        let arguments = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        while let Some((_, inner)) = matches.remove_subcommand() {
            matches = inner;
        }
        (arguments, matches)
    }
}

/// What netmon can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Watch this host's interfaces, and report when DNS servers are unreachable
    Run(Box<Run>),
    /// Check or show the configuration of `netmon run`
    Config(Box<Config>),
    /// Analyse captures or tcpdump's text, and write an incident report
    Analyze(Analyze),
    /// Remove what `netmon run --pin` left in the kernel: this detaches the programs and deletes the counts
    Detach(Detach),
    /// List the incidents in the history
    Incidents(Incidents),
    /// Write the report of an incident in the history
    Report(Report),
    /// Check everything that netmon needs on this host, and say what to do
    Doctor(Doctor),
    /// Show what each netmon on this host watches and has counted
    Status(Status),
    /// Watch a running netmon at a terminal: open incidents, servers, reports
    Top(Top),
    /// Print the completions of a shell
    Completions(Completions),
    /// Print a manual page, or write all of them to a directory
    Man(Manual),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn an_interface_and_all_interfaces_exclude_each_other() {
        let arguments = ["netmon", "run", "--interface", "lo", "--all-interfaces"];
        assert!(Arguments::try_parse_from(arguments).is_err());
    }
}
