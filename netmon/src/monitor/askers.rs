//! Whose queries an incident hits: what the kernel's events say of sockets, resolved at once, and counted by incident.

mod processes;
mod tally;
mod witness;

use netmon_common::records::{AGAIN, EventKind};
use netmon_common::{Code, Rcode};

use super::Monitor;
use crate::askers::{Process, root};
use crate::clock;
use crate::config::Config;
use crate::detect::doubt;
use crate::kernel::{Askers, Event, Kernel, Network, NoAskers, Observer, service_of};
use crate::model::{Asker, Incident};
use crate::time::Time;
use crate::views::Seen;

use processes::Processes;
use tally::{Hit, Sight, Tallies, Which};
use witness::Told;

/// How much the wall clock may have been adjusted since an incident began, which is known by that clock only.
const SLACK_NS: u64 = 1_000_000;

/// Who asks, as far as the kernel notes it.
pub(super) struct Asking {
    askers: Askers,
    processes: Processes,
    tallies: Tallies,
}

impl Asking {
    /// Begins to note it, if that is wanted; where it cannot be had, one line says so.
    pub fn start(config: &Config, kernel: &mut Kernel, network: &Network) -> Option<Self> {
        let wanted = config.settings.askers.then_some(network.watches_loopback());
        let started = Self::try_start(kernel, wanted?);
        let warn = |error: &NoAskers| {
            tracing::warn!("incidents do not say which processes ask ({error}); all else works");
        };
        let started = started.inspect_err(warn).ok()?;
        if let Err(error) = started.askers.sees_errors() {
            tracing::warn!(
                "incidents do not say which errors the kernel hands to sockets ({error}); all else works"
            );
        }
        Some(started)
    }

    fn try_start(kernel: &mut Kernel, loopback: bool) -> Result<Self, NoAskers> {
        let root = root().ok_or_else(NoAskers::no_cgroups)?;
        Ok(Self {
            askers: kernel.askers(&root, loopback)?,
            processes: Processes::new(root),
            tallies: Tallies::default(),
        })
    }
}

/// As the outlets have it, with nothing counted yet.
fn asker_of(process: &Process) -> Asker {
    let place = process.place.clone();
    Asker {
        process: Some(process.name.clone()),
        pid: Some(process.pid),
        uid: Some(process.uid),
        unit: place.unit,
        container: place.container,
        pod: place.pod,
        queries: 0,
        errors: 0,
    }
}

impl Monitor<'_> {
    /// Takes whose query an event is about.
    pub(super) fn take_asker(&mut self, event: &Event<'_>) -> Option<()> {
        let asking = self.asking.as_mut()?;
        let header = &event.header;
        let cookie = header.asker();
        let kind = EventKind::from_number(header.kind)?;
        let is_fault = Rcode::from_number(header.detail).is_some_and(Rcode::is_fault);
        if cookie == 0 || kind == EventKind::Answer && !is_fault {
            return None;
        }
        let asker = asking.askers.of(cookie)?;
        let met = asking.processes.of(&asker);
        let service = service_of(Observer::key_of(event)?);
        let is_verified =
            kind == EventKind::Failure && header.flags & AGAIN == 0 && header.query_time_ns != 0;
        let code =
            Code::from_number(header.detail).filter(|_| is_verified && asking.askers.sees_errors().is_ok());
        let sight = Sight {
            sent: Time::from_nanos(header.query_time_ns),
            client_port: header.client_port,
            kind,
            told: code.map(|code| Told {
                cookie,
                number: 0,
                code,
                transport: service.transport,
                at: Time::from_nanos(header.time_ns),
            }),
        };
        asking.tallies.take(service, sight, &met.process);
        if self.partners.views.is_some() {
            self.sightings.note(service.server, Seen::Process(met.shown));
        }
        Some(())
    }

    /// Says of an incident whose queries it hits; nothing where that is not noted.
    pub(super) fn mark_askers(&mut self, incident: &mut Incident) {
        let which = self.which(incident);
        let Some(asking) = &mut self.asking else {
            return;
        };
        let began = self.offset.time(incident.began.0);
        let began = Time::from_nanos(began.nanos().saturating_sub(SLACK_NS));
        let until = incident.recovered.map(|recovered| self.offset.time(recovered.0));
        let sent = began..until.unwrap_or(Time::from_nanos(u64::MAX));
        let Asking { askers, tallies, .. } = asking;
        let hit = tallies.of(which, sent, |cookie| askers.of(cookie), clock::boot_now());
        incident.askers = Some(hit.askers);
        incident.askers_more = Some(hit.more);
        incident.accepted = hit.accepted;
        if hit.accepted == Some(0) {
            doubt(&mut incident.causes);
        }
    }

    /// Goes on with what an earlier run has counted for an incident.
    pub(super) fn recall_askers(&mut self, incident: &Incident) {
        let which = self.which(incident);
        if let Some(asking) = &mut self.asking
            && let Some(askers) = &incident.askers
        {
            let hit = Hit {
                askers: askers.clone(),
                more: incident.askers_more.unwrap_or(0),
                accepted: incident.accepted,
            };
            asking.tallies.recall(which, hit);
        }
    }

    fn which(&self, incident: &Incident) -> Which {
        let service = self.decider.service_of(incident);
        (service, incident.kind, incident.opened.0.as_nanosecond())
    }
}
