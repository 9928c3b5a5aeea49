//! What netmon does, validated: the command line and the configuration file become one [`Config`], and nothing else is
//! read later.
//!
//! The file ([`file`]) and the command line are two layers ([`layer`]) of the same settings ([`keys`]): a key of the
//! file is a flag under another name, takes the same values, and is refused with the flag's message and its place in the
//! file. The command line overrides the file; [`loaded`] merges both, [`reload`] does so again at SIGHUP.

mod file;
mod keys;
mod layer;
mod loaded;
mod names;
mod nearest;
mod notify;
mod problem;
mod reload;
mod schema;
mod servers;
mod show;
mod views;

use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use netmon_common::{Address, DnsPorts, limits};

use crate::analyze;
use crate::cli;
use crate::detect::{Prefix, Scope, SettingError, Thresholds};
use crate::history;
use crate::kernel::{HookChoice, Selection, Settings};
use crate::model::Names;
use crate::outlets::metrics;
use crate::outlets::notify as notifications;

pub use keys::{Change, KEYS, Key};
pub use loaded::{DEFAULT_FILE, Loaded, Source};
pub use names::names_in;
pub use problem::{Place, Problem, Problems};
pub use reload::{Live, Reloaded};
pub use views::Settings as ViewSettings;

/// Wrong usage or configuration.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// A threshold with an impossible value.
    #[error(transparent)]
    Threshold(#[from] SettingError),
    /// More ports than there are places.
    #[error("{0} DNS ports are too many: at most {max} can be watched at once", max = limits::MAX_DNS_PORTS)]
    TooManyPorts(usize),
    /// The configuration file cannot be read.
    #[error("cannot read the configuration file {}: {why}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// The terminal cannot show it.
    #[error("{0}")]
    Terminal(&'static str),
    /// Mistakes in the configuration file or the flags.
    #[error(transparent)]
    Problems(#[from] Problems),
    /// What the settings need and this host does not have.
    #[error("{0}")]
    NotOnThisHost(String),
}

/// A wrong setting: its key, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    key: String,
    why: String,
}

impl Fault {
    fn new(key: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            why: why.into(),
        }
    }
}

/// The settings of the live monitor.
#[derive(Clone, Debug)]
pub struct Config {
    /// What to watch.
    pub selection: Selection,
    /// The names of mirror ports.
    pub mirrors: BTreeSet<String>,
    /// How to see what arrives.
    pub hook: HookChoice,
    /// The DNS ports, in the order given.
    pub ports: Vec<u16>,
    /// How the programs are loaded.
    pub settings: Settings,
    /// How often counts are read.
    pub interval: Duration,
    /// How long an entry of the kernel's tables is idle before its place is another's.
    pub idle_entries: Duration,
    /// When to end by itself.
    pub duration: Option<Duration>,
    /// Servers whose failures always count.
    pub servers: BTreeSet<Address>,
    /// What they are called, and whose they are.
    pub names: Names,
    /// The file that names this host's resolvers.
    pub resolv_conf: PathBuf,
    /// Where service addresses are that this host translates.
    pub service_addresses: Vec<Prefix>,
    /// Whether iterative queries open incidents.
    pub iterative: bool,
    /// Whether netmon sends queries of its own.
    pub probe: bool,
    /// The decider's thresholds.
    pub thresholds: Thresholds,
    /// Where maps and links are pinned, if they outlive the process.
    pub pin: Option<PathBuf>,
    /// What is kept on disk, if anything is.
    pub history: Option<history::Settings>,
    /// How metrics are served, where they are.
    pub metrics: metrics::Options,
    /// What is shown to those who look.
    pub views: views::Settings,
    /// How much is logged.
    pub log_level: cli::LogLevel,
    /// Whom to notify, and how.
    pub notify: notifications::Settings,
}

impl Config {
    /// From the flags, including those that stand for the file's keys; or every mistake.
    fn from_arguments(arguments: &cli::Run) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let ports = ports_or_default(&arguments.port);
        let dns_ports = dns_ports(&ports).unwrap_or_else(|error| {
            faults.push(Fault::new("port", error.to_string()));
            DnsPorts::DEFAULT
        });
        let thresholds = all_thresholds(&arguments.threshold, &mut faults);
        let notify = notify::settings(&arguments.notify, &mut faults);
        let views = views::settings(arguments, &mut faults);
        if arguments.snapshots && arguments.format != cli::RunFormat::Json {
            let why =
                "snapshots are printed as JSON only: set format to json too (--snapshots --format json)";
            faults.push(Fault::new("snapshots", why));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
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
            mirrors: arguments.mirror.iter().cloned().collect(),
            hook: arguments.hook.into(),
            settings: Settings {
                ports: dns_ports,
                destinations: arguments.destinations,
                apart: true,
                tracking: !arguments.no_latency,
                askers: !arguments.no_askers,
                probe: None,
                log: arguments.log_level.reaches_the_kernel(),
            },
            ports,
            interval: arguments.interval,
            idle_entries: arguments.idle_entries,
            duration: arguments.duration,
            servers: addresses(arguments.server.iter().map(|server| server.address)),
            names: names::names(&arguments.server),
            resolv_conf: arguments.resolv_conf.clone(),
            service_addresses: arguments.service_cidr.clone(),
            iterative: arguments.iterative,
            probe: arguments.probe,
            thresholds,
            pin: arguments.pin.clone(),
            history: history(&arguments.keep),
            metrics: metrics::Options {
                address: arguments.metrics,
                max_servers: usize::from(arguments.metrics_max_servers),
                interval: arguments.interval,
            },
            views,
            log_level: arguments.log_level,
            notify,
        })
    }

    /// Whose failures count.
    pub fn scope(&self) -> Scope {
        Scope {
            servers: self.servers.clone(),
            iterative: self.iterative,
            service_addresses: self.service_addresses.clone(),
        }
    }

    /// Whether there may be servers whose iterative queries open incidents.
    pub fn wants_iterative(&self) -> bool {
        self.iterative || !self.servers.is_empty()
    }

    /// Settings that are possible, but probably not intended: a sentence each.
    pub fn warnings(&self) -> Vec<String> {
        notify::warnings(&self.notify)
    }
}

/// The options of `netmon analyze`.
pub fn analysis(arguments: &cli::Analyze) -> Result<analyze::Options, UsageError> {
    Ok(analyze::Options {
        files: arguments.files.clone(),
        ports: dns_ports(&ports_or_default(&arguments.port))?,
        scope: Scope {
            servers: addresses(arguments.server.iter().map(|server| server.address)),
            iterative: arguments.iterative,
            service_addresses: arguments.service_cidr.clone(),
        },
        thresholds: Thresholds::with(arguments.threshold.iter().map(String::as_str))?,
        local: addresses(arguments.local.iter().copied()),
        names: names_in(arguments.naming.config.as_ref())?.with(&names::names(&arguments.server)),
        date: arguments.date,
        zone: arguments.timezone.clone().unwrap_or_else(TimeZone::system),
        zone_is_assumed: arguments.timezone.is_none(),
        via_kernel: arguments.via_kernel,
    })
}

/// The thresholds after these changes; a later one of the same name wins.
fn all_thresholds(changes: &[String], faults: &mut Vec<Fault>) -> Thresholds {
    let mut thresholds = Thresholds::default();
    for change in changes {
        let (name, value) = change.split_once('=').unwrap_or((change, ""));
        if let Err(error) = thresholds.set(name.trim(), value.trim()) {
            faults.push(Fault::new("thresholds", error.to_string()));
        }
    }
    let impossible = thresholds.impossible().into_iter();
    faults.extend(impossible.map(|error| {
        let key = format!("{}.{}", keys::THRESHOLDS.path, error.threshold);
        Fault::new(key, error.to_string())
    }));
    thresholds
}

fn history(arguments: &cli::Keep) -> Option<history::Settings> {
    Some(history::Settings {
        file: arguments.history.clone()?,
        keep: arguments.history_keep,
        max_size: arguments.history_max_size.0,
    })
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

fn addresses<C: FromIterator<Address>>(addresses: impl Iterator<Item = IpAddr>) -> C {
    addresses.map(Address::from).collect()
}
