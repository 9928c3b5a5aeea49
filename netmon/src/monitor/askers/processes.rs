//! The processes that were met lately: what is said of one is put together once.

use std::path::PathBuf;
use std::sync::Arc;

use netmon_common::records;

use super::asker_of;
use crate::askers::{Cgroups, Process};
use crate::bounded::{Bounded, lasting};
use crate::report::story;

/// Processes that are remembered, those that were met first until others need their places: about 400 bytes each.
const PROCESSES: usize = lasting(2_048);

/// What the kernel notes of a process.
type Noted = ([u8; 16], u32, u32, u64);

/// A process.
#[derive(Clone, Debug)]
pub(super) struct Met {
    pub process: Arc<Process>,
    /// In people's words.
    pub shown: Arc<str>,
}

/// The processes that were met lately.
#[derive(Debug)]
pub(super) struct Processes {
    cgroups: Cgroups,
    met: Bounded<Noted, Met>,
}

impl Processes {
    /// Of control groups below that root.
    pub fn new(root: PathBuf) -> Self {
        Self {
            cgroups: Cgroups::new(root),
            met: Bounded::new(PROCESSES),
        }
    }

    /// The process that the kernel has noted.
    pub fn of(&mut self, asker: &records::Asker) -> Met {
        let noted = (asker.name, asker.pid, asker.uid, asker.cgroup);
        if let Some(met) = self.met.get(&noted) {
            return met.clone();
        }
        let place = self.cgroups.place_of(asker.cgroup, asker.pid);
        let is_known = place.is_some();
        let process = Process::new(asker, place.cloned().unwrap_or_default());
        let met = Met {
            shown: story::asker(&asker_of(&process)).into(),
            process: Arc::new(process),
        };
        // The group of another one may be found next time.
        if is_known {
            self.met.insert(noted, met.clone());
        }
        met
    }
}
