//! What each command does with its arguments: one file a command. Configuration in, exit status out.

use std::io::{self, Write as _};

use anyhow::Context as _;
use jiff::tz::TimeZone;
use netmon::analyze::named;
use netmon::capture::text::Hosts;
use netmon::cli::unlikely_zone;
use netmon::report::Report;
use netmon::report::forms::{Form, Style};
use netmon::report::story::numbers::Clock;
use terminal_size::{Width, terminal_size};

mod analyze;
mod config;
mod detach;
mod doctor;
mod history;
mod listeners;
mod logging;
mod manual;
mod run;
mod status;
mod top;

pub use analyze::analyze;
pub use config::config;
pub use detach::detach;
pub use doctor::doctor;
pub use history::{incidents, report};
pub use manual::{completions, manual};
pub use run::run;
pub use status::status;
pub use top::top;

/// With `--exit-code`, when an incident was found.
const INCIDENT: u8 = 1;
/// Wrong usage or configuration; what clap uses as well.
pub const USAGE: u8 = 2;
/// The system refused.
pub const REFUSED: u8 = 3;

/// Writes a report to standard output, with the names of hosts that are known by nothing else.
fn write_report(report: &Report<'_>, form: &Form, hosts: &Hosts) -> anyhow::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    if hosts.is_empty() {
        (form.write)(report, style(), &mut out)
    } else {
        named::write(report, form, style(), hosts, &mut out)
    }
    .and_then(|()| out.flush())
    .context("cannot write the report")
}

/// How times are written for people: in the zone that was asked for, else in that of `TZ` or of the host.
fn clock_of(zone: Option<&TimeZone>) -> Clock {
    warn_of_zone(zone);
    Clock::new(zone.cloned().unwrap_or_else(TimeZone::system))
}

/// Says that `TZ`, or the host's setting, names no zone (UTC then takes its place), or one that hardly anybody means.
fn warn_of_zone(zone: Option<&TimeZone>) {
    if zone.is_some() {
        return;
    }
    if let Err(error) = TimeZone::try_system() {
        eprintln!(
            "netmon: warning: times are in UTC, because {error}; --timezone names a zone, such as Europe/Berlin"
        );
    } else if let Some(unlikely) = std::env::var("TZ").ok().as_deref().and_then(unlikely_zone) {
        eprintln!("netmon: warning: {unlikely}");
    }
}

/// How standard output is written to.
fn style() -> Style {
    const WIDTH: usize = 100;
    Style {
        colour: colours(&io::stdout()),
        width: terminal_size().map_or(WIDTH, |(Width(columns), _)| usize::from(columns)),
    }
}

/// Whether a stream is a terminal that shows colours, and nobody has set `NO_COLOR`.
fn colours(stream: &impl anstream::stream::RawStream) -> bool {
    !matches!(anstream::AutoStream::choice(stream), anstream::ColorChoice::Never)
}
