//! Reads what the kernel has counted of exchanges, at each poll, and of one service before its events are judged.

use netmon_common::records::ServiceKey;

use super::Monitor;
use crate::clock;
use crate::kernel::Reading;
use crate::observation::Observation;
use crate::time::Time;

/// A reading is of one second of the boot clock. Where that has changed meanwhile, it is read again, at most so often.
const TRIES: usize = 3;

/// What was read of services, before it is observed.
#[derive(Default)]
pub(super) struct Read {
    /// Of the seconds that have ended, and then everything.
    ended: Vec<Observation>,
    /// Of the present one.
    now: Vec<Observation>,
}

impl Monitor<'_> {
    /// Reads the exchanges of all services. What is new of the seconds that have ended is reported for `ended`, then what is new
    /// of the present one for `now`.
    pub(super) fn read_services(&mut self, now: Time, ended: Time) -> anyhow::Result<()> {
        let (mut read, mut again) = (std::mem::take(&mut self.read), Vec::new());
        let Self {
            poller,
            observer,
            retirement,
            ..
        } = self;
        let retires = |service| retirement.has(service);
        let mut before = clock::boot_now().second();
        poller.services(now.second(), retires, |key, exchanges| {
            let after = clock::boot_now().second();
            let second = std::mem::replace(&mut before, after);
            let Some(exchanges) = exchanges else {
                let reading = Reading { second, time: now };
                observer.unchanged(key, reading, &mut |one| read.now.push(one));
                return;
            };
            if second != after {
                again.push(key);
                return;
            }
            let reading = Reading { second, time: ended };
            observer.counted(key, exchanges, reading, &mut |one| read.ended.push(one));
            // What is left is of the present second.
            let reading = Reading { second, time: now };
            observer.unchanged(key, reading, &mut |one| read.now.push(one));
        });
        let all = &mut read.ended;
        all.append(&mut read.now);
        observer.all_counted(now.second(), &mut |one| all.push(one));
        // Mostly it is in this order.
        all.sort_by_key(|observation| observation.time);
        let most = 2 * all.len();
        for observation in all.drain(..) {
            self.decider.observe(&observation);
        }
        all.shrink_to(most);
        self.read = read;
        for key in again {
            self.read_service(key, now)?;
        }
        Ok(())
    }

    /// Reads the exchanges of one service; what is new is reported for `time`.
    pub(super) fn read_service(&mut self, key: ServiceKey, time: Time) -> anyhow::Result<()> {
        if self.retirement.has(key) {
            return Ok(());
        }
        for _ in 0..TRIES {
            let second = clock::boot_now().second();
            let Some(exchanges) = self.poller.service(key)? else {
                return Ok(());
            };
            if clock::boot_now().second() == second {
                let decider = &mut self.decider;
                let reading = Reading { second, time };
                self.observer
                    .counted(key, &exchanges, reading, &mut |one| decider.observe(&one));
                return Ok(());
            }
        }
        // The next reading knows.
        Ok(())
    }
}
