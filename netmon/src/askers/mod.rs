//! Who asks, in people's words: a process, its unit and its container.
//!
//! Programs end soon after they have asked, so that all of it is looked up at once. What is not sure is not said.

mod cgroups;
mod names;

use netmon_common::records;

pub use cgroups::{Cgroups, root};
pub use names::Place;

/// A process that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its name.
    pub name: String,
    /// Its number.
    pub pid: u32,
    /// Its user.
    pub uid: u32,
    /// Its control group's id.
    pub cgroup: u64,
    /// Where it runs.
    pub place: Place,
}

impl Process {
    /// The process that the kernel has noted, and where it runs.
    pub fn new(asker: &records::Asker, place: Place) -> Self {
        let name: Vec<u8> = asker.name.iter().copied().take_while(|byte| *byte != 0).collect();
        Self {
            name: String::from_utf8_lossy(&name).into_owned(),
            pid: asker.pid,
            uid: asker.uid,
            cgroup: asker.cgroup,
            place,
        }
    }
}
