//! What netmon is to do, validated: the command line becomes this, and nothing else is asked later.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use netmon_common::{Address, DnsPorts, limits};

use crate::analyze;
use crate::cli;
use crate::detect::{Scope, SettingError, Thresholds};
use crate::kernel::{HookChoice, Selection, Settings};

/// What was asked for cannot be.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// A threshold that cannot be so.
    #[error(transparent)]
    Threshold(#[from] SettingError),
    /// More ports than there are places.
    #[error("{0} DNS ports are too many: at most {max} can be watched at once", max = limits::MAX_DNS_PORTS)]
    TooManyPorts(usize),
}

/// How the live monitor is set.
#[derive(Clone, Debug)]
pub struct Config {
    /// What to watch.
    pub selection: Selection,
    /// How to see what arrives.
    pub hook: HookChoice,
    /// The DNS ports, in the order given.
    pub ports: Vec<u16>,
    /// How the programs are loaded.
    pub settings: Settings,
    /// How often counts are read.
    pub interval: Duration,
    /// When to end by itself.
    pub duration: Option<Duration>,
    /// Servers that count in any case.
    pub servers: BTreeSet<Address>,
    /// Whether iterative queries open incidents.
    pub iterative: bool,
    /// What the decider goes by.
    pub thresholds: Thresholds,
}

impl Config {
    /// From the command line.
    pub fn from_arguments(arguments: &cli::Run) -> Result<Self, UsageError> {
        let ports = ports_or_default(&arguments.port);
        let selection = if arguments.all_interfaces {
            Selection::All {
                exclude: arguments.exclude.clone(),
            }
        } else if arguments.interface.is_empty() {
            Selection::DefaultRoutes
        } else {
            Selection::Named(arguments.interface.clone())
        };
        Ok(Self {
            selection,
            hook: arguments.hook.into(),
            settings: Settings {
                ports: dns_ports(&ports)?,
                tracking: !arguments.no_latency,
                log: matches!(arguments.log_level, cli::LogLevel::Debug | cli::LogLevel::Trace),
                ..Settings::default()
            },
            ports,
            interval: arguments.interval,
            duration: arguments.duration,
            servers: addresses(&arguments.server),
            iterative: arguments.iterative,
            thresholds: thresholds(&arguments.threshold)?,
        })
    }
}

/// What `netmon analyze` is to do.
pub fn analysis(arguments: &cli::Analyze) -> Result<analyze::Options, UsageError> {
    Ok(analyze::Options {
        files: arguments.files.clone(),
        ports: dns_ports(&ports_or_default(&arguments.port))?,
        scope: Scope {
            servers: addresses(&arguments.server),
            iterative: arguments.iterative,
        },
        thresholds: thresholds(&arguments.threshold)?,
        local: addresses(&arguments.local),
        date: arguments.date,
        zone: arguments.timezone.clone(),
        via_kernel: arguments.via_kernel,
    })
}

fn thresholds(changes: &[String]) -> Result<Thresholds, SettingError> {
    Thresholds::with(changes.iter().map(String::as_str))
}

fn ports_or_default(ports: &[u16]) -> Vec<u16> {
    if ports.is_empty() {
        vec![53]
    } else {
        ports.to_vec()
    }
}

fn dns_ports(ports: &[u16]) -> Result<DnsPorts, UsageError> {
    DnsPorts::new(ports).ok_or(UsageError::TooManyPorts(ports.len()))
}

fn addresses<C: FromIterator<Address>>(addresses: &[IpAddr]) -> C {
    addresses.iter().copied().map(Address::from).collect()
}
