//! What netmon is to do, validated: the command line becomes this, and nothing else is asked later.

use std::collections::BTreeSet;
use std::time::Duration;

use netmon_common::{Address, DnsPorts, limits};

use crate::cli;
use crate::kernel::{HookChoice, Selection, Settings};

/// What was asked for cannot be.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
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
}

impl Config {
    /// From the command line.
    pub fn from_arguments(arguments: &cli::Run) -> Result<Self, UsageError> {
        let ports = if arguments.port.is_empty() {
            vec![53]
        } else {
            arguments.port.clone()
        };
        let selection = if arguments.all_interfaces {
            Selection::All
        } else if arguments.interface.is_empty() {
            Selection::DefaultRoutes
        } else {
            Selection::Named(arguments.interface.clone())
        };
        Ok(Self {
            selection,
            hook: arguments.hook.into(),
            settings: Settings {
                ports: DnsPorts::new(&ports).ok_or(UsageError::TooManyPorts(ports.len()))?,
                log: matches!(arguments.log_level, cli::LogLevel::Debug | cli::LogLevel::Trace),
                ..Settings::default()
            },
            ports,
            interval: arguments.interval,
            duration: arguments.duration,
            servers: arguments.server.iter().copied().map(Address::from).collect(),
            iterative: arguments.iterative,
        })
    }
}
