//! Netmons that are in the kernel, whoever loaded them and whether that process still runs: their programs are found
//! by name, and belong together by the maps that they share.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use aya::maps::{HashMap, Map, MapData, MapInfo, MapType};
use aya::programs::ProgramInfo;
use netmon_common::Address;

use super::clsact;
use super::error::KernelError;
use super::hooks::{Egress, Ingress, OURS};
use super::interfaces::{AtXdp, Inventory};
use super::neighbours::{loaded, tcx_programs};
use super::poll::Poller;
use super::watchlist::WATCHLIST;

/// The map that all programs of one netmon share, and no other has.
const SHARED: &str = "TOTALS";

/// Programs and maps that belong together.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The ids of its programs.
    pub programs: BTreeSet<u32>,
    /// When the first of them was loaded.
    pub since: Option<SystemTime>,
    maps: BTreeMap<String, u32>,
}

/// A program at a hook in this network namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occupied {
    /// The interface.
    pub interface: String,
    /// The hook, for what arrives or for what leaves.
    pub hook: Hook,
    /// The program's id.
    pub program: u32,
}

/// A hook that can be seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// What arrives.
    In(Ingress),
    /// What leaves.
    Out(Egress),
}

impl Instance {
    /// All that are loaded. Needs root.
    pub fn all() -> Result<Vec<Self>, KernelError> {
        let mut instances: BTreeMap<u32, Self> = BTreeMap::new();
        for program in loaded()? {
            if !program.name().starts_with(OURS.as_bytes()) {
                continue;
            }
            let maps = maps(&program);
            let Some(shared) = maps.get(SHARED).copied() else {
                continue;
            };
            let instance = instances.entry(shared).or_insert_with(|| Self {
                programs: BTreeSet::new(),
                since: None,
                maps: BTreeMap::new(),
            });
            instance.programs.insert(program.id());
            instance.since = match (instance.since, program.loaded_at()) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            instance.maps.extend(maps);
        }
        Ok(instances.into_values().collect())
    }

    /// The servers with an open incident: those of which the programs report every answer. `None` where that is not known.
    pub fn troubled(&self) -> Option<Vec<Address>> {
        let map = MapData::from_id(*self.maps.get(WATCHLIST)?).ok()?;
        let map: HashMap<MapData, Address, u32> = HashMap::try_from(Map::HashMap(map)).ok()?;
        Some(map.keys().filter_map(Result::ok).collect())
    }

    /// Its counters. An error where they are of another version: their layout is then unknown.
    pub fn poller(&self) -> Result<Poller, KernelError> {
        Poller::open(|name| {
            let error = |reason: String| KernelError::Map {
                what: "open",
                map: name,
                reason,
            };
            let id = *self
                .maps
                .get(name)
                .ok_or_else(|| error("there is none".to_owned()))?;
            let info = MapInfo::from_id(id).map_err(|failed| KernelError::map("open", name, failed))?;
            let expected = Poller::size_of(name);
            if expected.is_some_and(|size| size != info.value_size() as usize) {
                return Err(error("it was made by another version of netmon".to_owned()));
            }
            let map = MapData::from_id(id).map_err(|failed| KernelError::map("open", name, failed))?;
            match info.map_type() {
                Ok(MapType::PerCpuArray) => Ok(Map::PerCpuArray(map)),
                Ok(MapType::Array) => Ok(Map::Array(map)),
                Ok(MapType::Hash) => Ok(Map::HashMap(map)),
                _ => Err(error("it was made by another version of netmon".to_owned())),
            }
        })
    }
}

/// What is attached in the network namespace of this thread, whoever's it is.
pub fn occupied(inventory: &Inventory) -> Result<Vec<Occupied>, KernelError> {
    let mut occupied = Vec::new();
    for interface in inventory.interfaces.values() {
        let mut add = |hook, program| {
            occupied.push(Occupied {
                interface: interface.name.clone(),
                hook,
                program,
            });
        };
        match interface.xdp {
            Some(AtXdp { id, generic: true }) => add(Hook::In(Ingress::XdpGeneric), id),
            Some(AtXdp { id, generic: false }) => add(Hook::In(Ingress::XdpNative), id),
            None => {}
        }
        let filters = clsact::filters(interface.index)
            .map_err(|error| KernelError::netlink("the filters of an interface", &error))?;
        for filter in filters {
            let hook = if filter.leaves {
                Hook::Out(Egress::Clsact)
            } else {
                Hook::In(Ingress::Tc)
            };
            add(hook, filter.program);
        }
        let [ingress, egress] = tcx_programs(&interface.name)?;
        for program in ingress {
            add(Hook::In(Ingress::Tc), program.id);
        }
        for program in egress {
            add(Hook::Out(Egress::Tcx), program.id);
        }
    }
    Ok(occupied)
}

/// The maps of a program, by name. Those that are gone meanwhile are left out.
fn maps(program: &ProgramInfo) -> BTreeMap<String, u32> {
    let ids = program.map_ids().ok().flatten().unwrap_or_default();
    let infos = ids.into_iter().filter_map(|id| MapInfo::from_id(id).ok());
    infos
        .map(|info| (String::from_utf8_lossy(info.name()).into_owned(), info.id()))
        .collect()
}
