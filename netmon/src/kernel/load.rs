//! Makes the maps, and reads the programs, which are loaded when they are used (`programs.rs`). Nothing is attached here.

use std::collections::BTreeSet;
use std::os::fd::AsFd as _;
use std::sync::Arc;

use aya::maps::{Map, MapData, MapError};
use aya::programs::ProgramError;
use aya::util::nr_cpus;
use aya::{Ebpf, EbpfLoader, include_bytes_aligned};
use netmon_common::{DnsPorts, limits, trace};

use super::btf::Types;
use super::clsact::Disciplines;
use super::error::KernelError;
use super::layout::{self, TraceKeys};
use super::pins::Pins;
use super::places::{BY_CPU, BY_DESTINATION, Places};
use super::switches::Switches;
use super::version::{OLDEST, Running};

/// The kernel object for normal operation.
static OBJECT: &[u8] = include_bytes_aligned!(concat!(env!("OUT_DIR"), "/netmon-ebpf"));
/// The same with logging.
static OBJECT_WITH_LOG: &[u8] = include_bytes_aligned!(concat!(env!("OUT_DIR"), "/netmon-ebpf-log"));

/// What the programs are told when they are loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch by itself")]
pub struct Settings {
    /// The DNS ports.
    pub ports: DnsPorts,
    /// Destinations that are counted apart.
    pub destinations: u32,
    /// Whether some of their places are kept for servers that are asked or answer, as it must be where anybody can send packets;
    /// a capture's are all the same.
    pub apart: bool,
    /// Whether exchanges are followed: traces of queries, latency, samples. Without, errors are not verified.
    pub tracking: bool,
    /// Whether it is noted who asks.
    pub askers: bool,
    /// By what netmon's own queries are known, where it sends any.
    pub probe: Option<OwnQueries>,
    /// Whether the programs log what they see, for `--log-level debug`.
    pub log: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ports: DnsPorts::DEFAULT,
            destinations: limits::DESTINATIONS,
            apart: true,
            tracking: true,
            askers: false,
            probe: None,
            log: false,
        }
    }
}

/// By what netmon's own queries are known: they are counted, and nothing follows from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnQueries {
    /// The port of this host that all of them are sent from.
    pub port: u16,
    /// The id of all of them.
    pub id: u16,
}

/// The maps that are pinned: all but those of constants, which are each program's own, and of who asks, which is forgotten with
/// the process.
const MAPS: [&str; 36] = [
    "TOTALS",
    "DESTINATIONS",
    "DEST_FREE",
    "DEST_FREE_NAMED",
    "DEST_FREE_SURE",
    "DEST_OWNERS",
    "DEST_COUNTS",
    "SERVICES",
    "SERVICE_FREE",
    "SERVICE_SURE",
    "SERVICE_OWNERS",
    "SERVICE_STATE",
    "EXCHANGES",
    "LATENCIES",
    "LATENCY_FREE",
    "LATENCY_OWNERS",
    "LATENCY",
    "RETIRED",
    // When queues of places were last found to be empty.
    ".bss",
    "WATCHLIST",
    "UNVERIFIED",
    "SAMPLES",
    "YOUNG_TRACES",
    "OLD_TRACES",
    "MOVED",
    "EVENTS",
    "WATCHED",
    "SWITCHES",
    "LOCAL",
    "OWN_FILTER",
    "INTERFACES",
    "STACKED",
    "SEEN",
    "START",
    "PACKET_SCRATCH",
    "HEADER_SCRATCH",
];

/// The programs and their maps. All of it is gone when this is dropped, except what is pinned.
#[derive(Debug)]
pub struct Kernel {
    pub(super) ebpf: Ebpf,
    taken: BTreeSet<&'static str>,
    pub(super) pins: Option<Arc<Pins>>,
    pub(super) switches: Option<Switches>,
    pub(super) places: Option<Places>,
    pub(super) disciplines: Disciplines,
    /// Whether it is known where a socket's error lies.
    pub(super) reads_errors: bool,
    /// Whether the program that reads it was loaded.
    pub(super) error_report: Result<(), ProgramError>,
}

impl Kernel {
    /// The programs, with maps of their own.
    pub fn load(settings: &Settings) -> Result<Self, KernelError> {
        Self::load_with(settings, None)
    }

    /// The programs, with the maps that are pinned: whatever they have counted goes on. Those that are not
    /// there are made, and pinned.
    pub fn load_pinned(settings: &Settings, pins: Arc<Pins>) -> Result<Self, KernelError> {
        Self::load_with(settings, Some(pins))
    }

    fn load_with(settings: &Settings, pins: Option<Arc<Pins>>) -> Result<Self, KernelError> {
        let running = Running::now();
        if running.is_older_than(OLDEST) {
            return Err(KernelError::TooOld {
                release: running.release,
            });
        }
        let ports = settings.ports.words();
        let only_port = settings.ports.only().unwrap_or(0).to_be();
        let mut secret = secret()?;
        if let Some(pins) = &pins {
            TraceKeys(secret) = layout::keep_keys(&pins.keys(), TraceKeys(secret))?;
        }
        let tracking = u32::from(settings.tracking);
        let cpus = cpus()?;
        let object = if settings.log { OBJECT_WITH_LOG } else { OBJECT };
        let mut loader = EbpfLoader::new();
        // Nothing in the programs depends on the kernel's types, of which there are many.
        loader.btf(None);
        if let Some(pins) = &pins {
            for map in MAPS {
                loader.map_pin_path(map, pins.map(map));
            }
        }
        let asking = u32::from(settings.askers);
        let types = settings.askers.then(Types::read).flatten();
        let [task_leader, task_name] = types
            .as_ref()
            .and_then(|types| types.offsets("task_struct", ["group_leader", "comm"]))
            .unwrap_or_default();
        let [socket_error] = types
            .as_ref()
            .and_then(|types| types.offsets("sock", ["sk_err"]))
            .unwrap_or_default();
        let own = settings.probe.unwrap_or(OwnQueries { port: 0, id: 0 });
        if !settings.askers {
            for map in ["ASKED_BY", "ORIGIN"] {
                loader.map_max_entries(map, 1);
            }
        }
        for map in BY_DESTINATION {
            loader.map_max_entries(map, settings.destinations);
        }
        for (map, places) in
            BY_CPU
                .into_iter()
                .zip([settings.destinations, limits::SERVICES, limits::LATENCY_SERVERS])
        {
            loader.map_max_entries(map, places.saturating_mul(cpus));
        }
        let ebpf = loader
            .override_global("DNS_PORTS", &ports, true)
            .override_global("ONLY_DNS_PORT", &only_port, true)
            .override_global("TRACE_SECRET", &secret, true)
            .override_global("TRACKING", &tracking, true)
            .override_global("ASKING", &asking, true)
            .override_global("TASK_LEADER", &task_leader, true)
            .override_global("TASK_NAME", &task_name, true)
            .override_global("SOCKET_ERROR", &socket_error, true)
            .override_global("PROBE_PORT", &own.port, true)
            .override_global("PROBE_ID", &own.id, true)
            .override_global("DEST_PLACES", &settings.destinations, true)
            .override_global("APART", &u32::from(settings.apart), true)
            .load(object)
            .map_err(|error| KernelError::load(&error))?;
        let mut kernel = Self {
            ebpf,
            taken: BTreeSet::new(),
            pins,
            switches: None,
            places: None,
            disciplines: Disciplines::default(),
            reads_errors: socket_error != 0,
            error_report: Ok(()),
        };
        if let Some(types) = types.filter(|_| kernel.reads_errors) {
            kernel.error_report = kernel.load_error_report(&types);
        }
        let survived = kernel.pins.is_some();
        let mut switches = Switches::open(kernel.take("SWITCHES")?)?;
        let mut places = Places::open(settings.apart, &mut |name| kernel.take(name))?;
        places.prepare(&mut |name| kernel.take(name), &mut switches, survived)?;
        kernel.switches = Some(switches);
        kernel.places = Some(places);
        Ok(kernel)
    }

    /// Takes one of the maps. Each can be had once. It has a descriptor of its own: the first one stands in the instructions of
    /// programs that are loaded later, and is not closed before.
    pub(super) fn take(&mut self, name: &'static str) -> Result<Map, KernelError> {
        let data = match self.ebpf.map(name) {
            Some(
                Map::Array(data)
                | Map::PerCpuArray(data)
                | Map::HashMap(data)
                | Map::Queue(data)
                | Map::RingBuf(data),
            ) if self.taken.insert(name) => data,
            _ => {
                return Err(KernelError::Map {
                    what: "find",
                    map: name,
                    reason: "it is not in the kernel object, or was taken before".to_owned(),
                });
            }
        };
        let copy = data.fd().as_fd().try_clone_to_owned().map_err(MapError::IoError);
        copy.and_then(MapData::from_fd)
            .and_then(Map::from_map_data)
            .map_err(|error| KernelError::map("take", name, error))
    }

    /// Takes the switches. Can be had once.
    pub fn switches(&mut self) -> Result<Switches, KernelError> {
        self.switches.take().ok_or(KernelError::Map {
            what: "find",
            map: "SWITCHES",
            reason: "it was taken before".to_owned(),
        })
    }
}

/// How many CPUs may ever be there: each has counters of its own.
fn cpus() -> Result<u32, KernelError> {
    let cpus = nr_cpus().map_err(|(file, error)| KernelError::System {
        what: "cannot find how many CPUs there may be",
        reason: format!("{file}: {error}"),
    })?;
    Ok(u32::try_from(cpus).unwrap_or(u32::MAX))
}

/// Random numbers for the table of traces: nobody can then find two exchanges that share a place in it.
fn secret() -> Result<[u64; trace::KEYS], KernelError> {
    let mut bytes = [[0_u8; 8]; trace::KEYS];
    getrandom::fill(bytes.as_flattened_mut()).map_err(|error| KernelError::System {
        what: "cannot get random numbers",
        reason: error.to_string(),
    })?;
    Ok(bytes.map(u64::from_ne_bytes))
}
