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

/// What can be done with a configuration. It watches nothing, and needs no rights but to read the files.
#[derive(Debug, Subcommand)]
pub enum ConfigAction {
    /// List every mistake in the configuration file and these flags, and what this host lacks: a named interface, a BPF file
    /// system for --pin. Addresses, rights and hooks are not tried
    Check(Run),
    /// Print the settings that `netmon run` would use with these flags, as a configuration file that says where each
    /// value comes from
    Show(Run),
}
