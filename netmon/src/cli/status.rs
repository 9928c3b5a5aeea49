//! The command line of `netmon status`.

use clap::Args;

use super::DocumentFormat;

/// `netmon status`.
#[derive(Debug, Args)]
#[command(after_help = "\
Asks the kernel, and so needs root. Exit status: 0 done, also if no netmon is there; 2 wrong usage; 3 the system refused.")]
pub struct Status {
    /// What standard output gets
    #[arg(long, value_enum, default_value_t = DocumentFormat::Text)]
    pub format: DocumentFormat,
}
