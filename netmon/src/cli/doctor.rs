//! The command line of `netmon doctor`.

use clap::{Args, ValueEnum};

/// `netmon doctor`.
#[derive(Debug, Args)]
#[command(after_help = "\
Attaches to nothing and changes nothing. Exit status: 0 all is well, or there are only warnings; 2 wrong usage; 3 netmon \
run would fail.")]
pub struct Doctor {
    /// What standard output gets
    #[arg(long, value_enum, default_value_t = DocumentFormat::Text)]
    pub format: DocumentFormat,
}

/// How a command prints its one result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DocumentFormat {
    /// For people
    Text,
    /// One JSON document
    Json,
}
