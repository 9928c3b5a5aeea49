//! `netmon status`: what the netmons on this host do, asked from the kernel. It needs nothing from them, and works for one
//! whose process is gone as well; only what outlets dropped is read from the running process ([`board`]).

mod holders;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::kernel::{Hook, Instance, Inventory, KernelError, Occupied, occupied};
use crate::latency;
use crate::model::{DestinationCounts, Totals, Wall};
use crate::outlets::board::{self, DROPPED, RESOLVERS};
use crate::report::instances::{Counts, Here, Open, Status};

/// What all of them do. Needs root.
pub fn status() -> Result<Vec<Status>, KernelError> {
    let instances = Instance::all()?;
    let occupied = occupied(&Inventory::read_here()?)?;
    let holders = holders::holders();
    Ok(instances
        .iter()
        .map(|instance| {
            let pids: BTreeSet<u32> = instance
                .programs
                .iter()
                .filter_map(|program| holders.get(program))
                .flatten()
                .copied()
                .collect();
            let outlets = pids.iter().find_map(|&pid| board::read(pid, DROPPED));
            let resolvers = pids.iter().find_map(|&pid| board::read(pid, RESOLVERS));
            let (counts, unreadable) = match counts(instance, outlets) {
                Ok(counts) => (Some(counts), None),
                Err(error) => (None, Some(error.to_string())),
            };
            Status {
                pids: pids.into_iter().collect(),
                since: instance
                    .since
                    .and_then(|since| Timestamp::try_from(since).ok())
                    .map(Wall),
                programs: instance.programs.iter().copied().collect(),
                interfaces: interfaces(instance, &occupied),
                open: instance.troubled().into_iter().flatten().map(Open::new).collect(),
                resolvers,
                counts,
                unreadable,
            }
        })
        .collect())
}

/// Where it is attached in this network namespace.
fn interfaces(instance: &Instance, occupied: &[Occupied]) -> Vec<Here> {
    let mut interfaces: BTreeMap<&str, Here> = BTreeMap::new();
    for Occupied {
        interface,
        hook,
        program,
    } in occupied
    {
        if !instance.programs.contains(program) {
            continue;
        }
        let here = interfaces.entry(interface).or_insert_with(|| Here {
            name: interface.clone(),
            ingress: None,
            egress: None,
        });
        match hook {
            Hook::In(ingress) => here.ingress = Some(ingress.name()),
            Hook::Out(egress) => here.egress = Some(egress.name()),
        }
    }
    interfaces.into_values().collect()
}

fn counts(instance: &Instance, outlets: Option<BTreeMap<String, u64>>) -> Result<Counts, KernelError> {
    let mut poller = instance.poller()?;
    let counts = poller.counts()?;
    let latencies = poller.latencies()?;
    let destinations = counts
        .destinations
        .iter()
        .map(|(address, counters)| DestinationCounts {
            address: *address,
            counters: *counters,
            not_served: 0,
            latency_us: latencies.get(address).map(latency::summary).unwrap_or_default(),
            server_info: None,
        });
    // What is not served only the running decider knows; it is left out where this is printed.
    Ok(Counts::new(
        Totals {
            counters: counts.totals,
            not_served: 0,
        },
        destinations.collect(),
        outlets,
    ))
}
