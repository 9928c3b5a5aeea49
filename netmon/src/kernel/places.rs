//! Makes the places that services get in the kernel's arrays, and keeps what the programs can be told while they run.

use std::fmt;

use aya::maps::{Array, Map, MapData, Queue};
use netmon_common::limits::SERVICES;
use netmon_common::records::switch;

use super::error::KernelError;

const FREE_PLACES: &str = "FREE_PLACES";
const SWITCHES: &str = "SWITCHES";

/// How many are noted at once. If netmon is killed in between, as many are never used.
const STEP: u32 = 256;

/// Puts all places among the free ones, once for pinned maps. What was made is noted first, so that no place is ever
/// there twice.
pub(super) fn make(
    mut map: impl FnMut(&'static str) -> Result<Map, KernelError>,
) -> Result<Switches, KernelError> {
    let mut switches: Array<MapData, u32> = map(SWITCHES)?
        .try_into()
        .map_err(|error| KernelError::map("open", SWITCHES, error))?;
    let mut free: Queue<MapData, u32> = map(FREE_PLACES)?
        .try_into()
        .map_err(|error| KernelError::map("open", FREE_PLACES, error))?;
    let made = switches
        .get(&switch::PLACES_MADE, 0)
        .map_err(|error| KernelError::map("read", SWITCHES, error))?;
    for first in (made..SERVICES).step_by(STEP as usize) {
        let next = SERVICES.min(first + STEP);
        switches
            .set(switch::PLACES_MADE, next, 0)
            .map_err(|error| KernelError::map("write", SWITCHES, error))?;
        for place in first..next {
            free.push(place, 0)
                .map_err(|error| KernelError::map("write", FREE_PLACES, error))?;
        }
    }
    Ok(Switches(switches))
}

/// What the programs can be told while they run.
pub struct Switches(Array<MapData, u32>);

impl Switches {
    /// Whether exchanges with RD = 0 are counted of all services, or of none.
    pub fn set_iterative(&mut self, iterative: bool) -> Result<(), KernelError> {
        self.0
            .set(switch::ITERATIVE, u32::from(iterative), 0)
            .map_err(|error| KernelError::map("write", SWITCHES, error))
    }
}

impl fmt::Debug for Switches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SWITCHES)
    }
}
