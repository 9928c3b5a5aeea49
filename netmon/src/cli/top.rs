//! The command line of `netmon top`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::tz::TimeZone;

use super::zone::zone;
use super::{Naming, values};
use crate::model::view::ReplayOrder;
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

    /// Show this capture, or what tcpdump printed, as it unfolded, in place of a running netmon
    #[arg(long, value_name = "FILE", conflicts_with_all = ["interface", "once", "json"])]
    pub replay: Option<PathBuf>,

    /// With --replay: how many times faster than it was
    #[arg(long, value_name = "N", default_value = "1", requires = "replay", value_parser = speed)]
    pub speed: f64,

    /// With --replay: serve it as a web page too, at this loopback address, such as 127.0.0.1:19054
    #[arg(long, value_name = "ADDRESS:PORT", requires = "replay", value_parser = values::listen)]
    pub web: Option<SocketAddr>,

    /// Who servers are
    #[command(flatten)]
    pub naming: Naming,

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

/// From a hundredth to a hundred thousand times.
fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse().ok().filter(|speed| ReplayOrder::is_speed(*speed));
    speed.ok_or_else(|| format!("`{text}` is no speed; write a number from 0.01 to 100000, such as 10"))
}

fn order() -> impl TypedValueParser<Value = By> {
    PossibleValuesParser::new(By::ALL.map(By::name)).try_map(|word| {
        By::ALL
            .into_iter()
            .find(|by| by.name() == word)
            .ok_or("no such order")
    })
}
