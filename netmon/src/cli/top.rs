//! The command line of `netmon top`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::tz::TimeZone;

use super::zone::zone;
use crate::views::{By, DEFAULT_SOCKET};

/// `netmon top`.
#[derive(Debug, Args)]
#[command(after_help = "\
Asks the running netmon at its socket. Where none answers, netmon top watches by itself, which needs root, and says so. \
Keys: ? shows them.\n\n\
Exit status: 0 done; 2 wrong usage, or a terminal that shows no screen; 3 no netmon answers, and the system refuses to watch.")]
pub struct Top {
    /// The socket of the netmon to look at
    #[arg(long, value_name = "PATH", default_value = DEFAULT_SOCKET)]
    pub socket: PathBuf,

    /// Where no netmon answers: watch this interface (repeatable) [default: the interfaces of the default routes, and lo]
    #[arg(long, short, value_name = "NAME")]
    pub interface: Vec<String>,

    /// Print one frame, and end
    #[arg(long)]
    pub once: bool,

    /// Print the data of one frame as JSON, and end
    #[arg(long, conflicts_with = "once")]
    pub json: bool,

    /// The order of the servers
    #[arg(long, value_name = "WORD", default_value = By::Activity.name(), value_parser = order())]
    pub sort: By,

    /// The other way round
    #[arg(long)]
    pub reverse: bool,

    /// Only these servers: state:down client:192.0.2. name:example owner:network, or any part of an address or name
    #[arg(long, value_name = "WORDS", default_value = "")]
    pub filter: String,

    /// The time zone that times are shown in, such as Europe/Berlin or +02:00 [default: TZ, or the host's]
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub timezone: Option<TimeZone>,
}

fn order() -> impl TypedValueParser<Value = By> {
    PossibleValuesParser::new(By::ALL.map(By::name)).try_map(|word| {
        By::ALL
            .into_iter()
            .find(|by| by.name() == word)
            .ok_or("no such order")
    })
}
