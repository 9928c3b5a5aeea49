//! What the programs can be told while they run, and what of it outlives netmon.

use std::fmt;

use aya::maps::{Array, Map, MapData};
use netmon_common::records::switch;

use super::error::KernelError;

const SWITCHES: &str = "SWITCHES";

/// What the programs can be told while they run.
pub struct Switches(Array<MapData, u32>);

impl Switches {
    pub(super) fn open(map: Map) -> Result<Self, KernelError> {
        Array::try_from(map)
            .map(Self)
            .map_err(|error| KernelError::map("open", SWITCHES, error))
    }

    /// Whether exchanges with RD = 0 are counted of all services, or of none.
    pub fn set_iterative(&mut self, iterative: bool) -> Result<(), KernelError> {
        self.set(switch::ITERATIVE, iterative)
    }

    /// Whether each place is somebody's, or among the free ones.
    pub(super) fn is_whole(&self) -> Result<bool, KernelError> {
        let whole = self.0.get(&switch::WHOLE, 0);
        whole
            .map(|whole| whole != 0)
            .map_err(|error| KernelError::map("read", SWITCHES, error))
    }

    /// Notes it.
    pub(super) fn set_whole(&mut self, whole: bool) -> Result<(), KernelError> {
        self.set(switch::WHOLE, whole)
    }

    fn set(&mut self, switch: u32, on: bool) -> Result<(), KernelError> {
        self.0
            .set(switch, u32::from(on), 0)
            .map_err(|error| KernelError::map("write", SWITCHES, error))
    }
}

impl fmt::Debug for Switches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SWITCHES)
    }
}
