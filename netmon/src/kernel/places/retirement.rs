//! One batch after the other retires, while the monitor goes on.

use std::collections::HashSet;
use std::fmt;

use netmon_common::records::{Exchanges, ServiceKey};

use super::grace::Grace;
use super::{Batch, Leaving, Places, Step};
use crate::kernel::error::KernelError;
use crate::kernel::switches::Switches;
use crate::resources::TooFewThreads;

/// What was counted at last for those that are gone.
#[derive(Clone, Debug, Default)]
pub struct Gone {
    /// Who they are.
    pub leaving: Leaving,
    /// Services, with the last reading of their counters.
    pub services: Vec<(ServiceKey, Exchanges)>,
}

/// Has places retire.
pub struct Retirement {
    grace: Grace,
    batch: Option<Batch>,
    /// The services of the batch.
    services: HashSet<ServiceKey>,
}

impl fmt::Debug for Retirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.batch.fmt(f)
    }
}

impl Retirement {
    /// None yet.
    pub fn new() -> Result<Self, KernelError> {
        let grace = Grace::new().map_err(TooFewThreads)?;
        Ok(Self {
            grace,
            batch: None,
            services: HashSet::new(),
        })
    }

    /// Whether a batch retires now.
    pub const fn is_busy(&self) -> bool {
        self.batch.is_some()
    }

    /// Whether the service loses its place now: until then its counters are not read.
    pub fn has(&self, service: ServiceKey) -> bool {
        self.services.contains(&service)
    }

    /// Begins.
    pub fn begin(
        &mut self,
        places: &mut Places,
        switches: &mut Switches,
        leaving: Leaving,
    ) -> Result<(), KernelError> {
        if self.is_busy() || leaving.is_empty() {
            return Ok(());
        }
        let services = leaving.services.iter();
        self.services = services.map(|(_place, service)| *service).collect();
        self.batch = Some(places.batch(leaving));
        self.go_on(places, switches).map(|_nothing_yet| ())
    }

    /// When it can go on.
    pub async fn ready(&self) {
        if self.is_busy() {
            self.grace.over().await;
        } else {
            std::future::pending::<()>().await;
        }
    }

    /// Takes the steps that can be taken now. Says what is gone once it is.
    pub fn go_on(
        &mut self,
        places: &mut Places,
        switches: &mut Switches,
    ) -> Result<Option<Gone>, KernelError> {
        let Some(batch) = &mut self.batch else {
            return Ok(None);
        };
        let mut gone = Gone::default();
        while batch.next() != Step::Done {
            if batch.next() == Step::Add {
                let last = batch.leaving().services.iter();
                gone.services = last
                    .map(|(place, key)| (*key, places.exchanges_at(*place)))
                    .collect();
            }
            if batch.step(places, switches)? {
                self.grace.begin();
                return Ok(None);
            }
        }
        self.services.clear();
        gone.leaving = self.batch.take().map(Batch::into_leaving).unwrap_or_default();
        Ok(Some(gone))
    }
}
