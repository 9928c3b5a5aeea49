//! The command line: one file for each command's arguments.

use clap::{Parser, Subcommand};

mod analyze;
mod doctor;
mod run;
mod status;

pub use analyze::{Analyze, AnalyzeFormat};
pub use doctor::{Doctor, DocumentFormat};
pub use run::{Hook, LogLevel, Run, RunFormat};
pub use status::Status;

/// Tells within a second, and rightly, when DNS port 53 is unreachable.
#[derive(Debug, Parser)]
#[command(name = "netmon", version, about, max_term_width = 100)]
pub struct Arguments {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What netmon can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Watch this host's interfaces, and report when DNS servers are unreachable
    Run(Run),
    /// Analyse captures or tcpdump's text, and write the incident report
    Analyze(Analyze),
    /// Look at everything that netmon needs on this host, and say what to do
    Doctor(Doctor),
    /// Tell what the netmons on this host do
    Status(Status),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }

    #[test]
    fn an_interface_and_all_interfaces_exclude_each_other() {
        let arguments = ["netmon", "run", "--interface", "lo", "--all-interfaces"];
        assert!(Arguments::try_parse_from(arguments).is_err());
    }
}
