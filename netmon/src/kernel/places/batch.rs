//! The steps in which places retire.

use netmon_common::Address;
use netmon_common::records::ServiceKey;

use super::{Held, Places};
use crate::kernel::error::KernelError;
use crate::kernel::switches::Switches;

/// Who loses their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaving {
    /// Destinations.
    pub destinations: Vec<Held<Address>>,
    /// Services.
    pub services: Vec<Held<ServiceKey>>,
    /// Servers whose latency is measured.
    pub latencies: Vec<Held<Address>>,
}

impl Leaving {
    /// Whether it is nobody.
    pub fn is_empty(&self) -> bool {
        self.destinations.is_empty() && self.services.is_empty() && self.latencies.is_empty()
    }
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Write down that they retire.
    Mark,
    /// Remove them from the index. Programs that run then may have found them there.
    Remove,
    /// Set back what CPUs remember of them. Programs that run then may have read that.
    Forget,
    /// Add what they have counted to the sums.
    Add,
    /// Set their counters to zeros, and give their places back.
    Release,
    /// Nothing.
    Done,
}

/// Places that retire together.
#[derive(Debug)]
pub struct Batch {
    number: u64,
    leaving: Leaving,
    next: Step,
    /// Whether an earlier netmon began with it.
    is_left: bool,
}

impl Batch {
    pub(super) const fn new(number: u64, leaving: Leaving) -> Self {
        Self {
            number,
            leaving,
            next: Step::Mark,
            is_left: false,
        }
    }

    /// The same where an earlier netmon was killed, who knows before which step.
    pub(super) const fn left(number: u64, leaving: Leaving) -> Self {
        let mut batch = Self::new(number, leaving);
        batch.is_left = true;
        batch
    }

    /// What comes next.
    pub const fn next(&self) -> Step {
        self.next
    }

    /// Who retires.
    pub const fn leaving(&self) -> &Leaving {
        &self.leaving
    }

    /// The same, when it is over.
    pub fn into_leaving(self) -> Leaving {
        self.leaving
    }

    /// Takes the next step. `true` where the one after it must wait until no program runs any more that runs now.
    pub fn step(&mut self, places: &mut Places, switches: &mut Switches) -> Result<bool, KernelError> {
        let Self {
            number,
            leaving,
            next,
            is_left,
        } = self;
        let (then, waits) = match next {
            Step::Mark => {
                switches.set_whole(false)?;
                places.destinations.mark(&leaving.destinations, *number);
                places.services.mark(&leaving.services, *number);
                places.latencies.mark(&leaving.latencies, *number);
                (Step::Remove, false)
            }
            Step::Remove if *is_left => {
                places.destinations.remove_if_there(&leaving.destinations)?;
                places.services.remove_if_there(&leaving.services)?;
                places.latencies.remove_if_there(&leaving.latencies)?;
                (Step::Forget, true)
            }
            Step::Remove => {
                places.destinations.remove(&leaving.destinations)?;
                places.services.remove(&leaving.services)?;
                places.latencies.remove(&leaving.latencies)?;
                (Step::Forget, true)
            }
            Step::Forget => {
                places.forget(leaving)?;
                let is_remembered = !leaving.services.is_empty() || !leaving.latencies.is_empty();
                (Step::Add, is_remembered)
            }
            Step::Add => {
                places.add(leaving, *number);
                (Step::Release, false)
            }
            Step::Release => {
                places.release(leaving)?;
                switches.set_whole(true)?;
                (Step::Done, false)
            }
            Step::Done => (Step::Done, false),
        };
        *next = then;
        Ok(waits)
    }
}
