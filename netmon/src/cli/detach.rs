//! The command line of `netmon detach`.

use std::path::PathBuf;

use clap::Args;

use crate::kernel::DEFAULT_PIN_DIRECTORY;

/// `netmon detach`.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit status: 0 nothing is pinned there any more; 3 the system refused, or a running netmon uses the pins.")]
pub struct Detach {
    /// The directory that was given to `netmon run --pin`
    #[arg(long, value_name = "DIRECTORY", default_value = DEFAULT_PIN_DIRECTORY)]
    pub pin: PathBuf,
}
