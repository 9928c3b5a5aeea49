//! The command line of `netmon status`.

use std::path::PathBuf;

use clap::Args;
use jiff::tz::TimeZone;

use super::zone::zone;
use super::{DocumentFormat, Naming};
use crate::history::DEFAULT_FILE;
use crate::views::DEFAULT_SOCKET;

/// `netmon status`.
#[derive(Debug, Args)]
#[command(after_help = "\
Asks the kernel, and so needs root. Whoever may use the socket of a running netmon gets its summary without. Exit status: 0 done, also if no netmon is there; 2 wrong usage; 3 the system refused.")]
pub struct Status {
    /// What standard output gets
    #[arg(long, value_enum, default_value_t = DocumentFormat::Text)]
    pub format: DocumentFormat,

    /// The history that says more of incidents that are open
    #[arg(long, value_name = "FILE", default_value = DEFAULT_FILE)]
    pub history: PathBuf,

    /// The socket of the netmon that says how things are
    #[arg(long, value_name = "PATH", default_value = DEFAULT_SOCKET)]
    pub socket: PathBuf,

    /// The time zone that times are printed in, such as Europe/Berlin or +02:00 [default: TZ, or the host's]
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub timezone: Option<TimeZone>,

    /// Who servers are
    #[command(flatten)]
    pub naming: Naming,
}
