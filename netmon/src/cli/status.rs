//! The command line of `netmon status`.

use clap::Args;

use super::DocumentFormat;

/// `netmon status`.
#[derive(Debug, Args)]
#[command(after_help = "\
Asks the kernel, and so needs root. Exit status: 0 done, also when there is none; 2 wrong usage; 3 the system refused.")]
pub struct Status {
    /// How to print
    #[arg(long, value_enum, default_value_t = DocumentFormat::Text)]
    pub format: DocumentFormat,
}
