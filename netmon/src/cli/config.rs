//! The command line of `netmon config`.

use clap::{Args, Subcommand};

use super::Run;

/// `netmon config`.
#[derive(Debug, Args)]
pub struct Config {
    /// What to do with the configuration
    #[command(subcommand)]
    pub action: ConfigAction,
}

/// What can be done with a configuration: nothing is watched, and no rights are needed but to read the files.
#[derive(Debug, Subcommand)]
pub enum ConfigAction {
    /// Say whether `netmon run`, with these flags, would take the configuration; else name all that is wrong
    Check(Run),
    /// Print what `netmon run`, with these flags, would go by, as a configuration file that says where each value
    /// comes from
    Show(Run),
}
