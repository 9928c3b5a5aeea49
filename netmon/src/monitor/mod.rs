//! The one event loop of the live monitor: the kernel's events and counts in, the decider between, what it
//! decides out.

mod answered;
mod askers;
mod counted;
mod events;
mod gather;
mod interfaces;
mod keep;
mod load;
mod losses;
mod partners;
mod probing;
mod readings;
mod reload;
mod resolvers;
mod room;
mod routes;
mod show;
mod translations;
mod troubles;
mod turns;

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use netmon_common::{Outcome, records};
use tokio::time::Instant;

use crate::clock;
use crate::config::Config;
use crate::detect::Decider;
use crate::kernel::{
    Kernel, LookAgain, Network, Observer, Poller, Retirement, Switches, TraceLifetime, Watchlist, Ways,
};
use crate::model::{Event, Happened, Moment, WarningKind};
use crate::time::{Time, WallOffset, start_of_minute};
use crate::views::Sightings;

use self::resolvers::Mine;
use askers::Asking;
use gather::{Gathering, Wanted};
use losses::Lost;
pub use partners::{Partners, Snapshots};
use probing::Probing;
use readings::Read;
pub use reload::Reload;
use room::Room;
use routes::Routes;
use translations::Services;
use troubles::{Trouble, Troubles};
pub use turns::run;

/// Events that are taken in one go, before anything else is looked at.
const BURST: usize = 256;

/// How long ago an event was at most for counts of now to go with it.
const FRESH: Duration = Duration::from_secs(1);

/// What the monitor has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Incidents that opened.
    pub incidents: u64,
}

/// What the loop works on.
struct Monitor<'a> {
    config: Config,
    partners: &'a mut Partners,
    poller: Poller,
    observer: Observer,
    decider: Decider,
    watchlist: Watchlist,
    switches: Switches,
    totals: records::Totals,
    retirement: Retirement,
    traces: TraceLifetime,
    /// How long a trace lives at present, where exchanges are followed.
    trace_lifetime: Option<Duration>,
    room: Room,
    routes: Routes,
    gathering: Gathering,
    offset: WallOffset,
    polled: Time,
    /// Up to when all events were taken; `None` where more of them wait.
    all_taken: Option<Time>,
    /// Room for what is read of services: each poll reads about as much.
    read: Read,
    /// How many destinations had changed at the last poll: about as many will have at the next.
    changed: usize,
    /// The interfaces that are watched.
    watched: BTreeSet<String>,
    /// By which ways packets come.
    ways: Ways,
    /// For frames that are taken for those of other hosts.
    look_again: LookAgain,
    troubles: Troubles,
    lost: Lost,
    /// The minute of the wall clock in which counts were last read.
    minute: i64,
    /// This host's resolvers.
    mine: Mine,
    /// Who asks, where that is noted.
    asking: Option<Asking>,
    /// netmon's own queries, where it sends any.
    probing: Option<Probing>,
    /// Who was seen asking since the last poll.
    sightings: Sightings,
    /// The services that this host translates.
    services: Services,
    summary: Summary,
}

impl<'a> Monitor<'a> {
    fn new(
        config: &Config,
        kernel: &mut Kernel,
        network: &Network,
        partners: &'a mut Partners,
    ) -> anyhow::Result<Self> {
        let local = network.addresses();
        let mut decider = Decider::new(config.thresholds.clone(), config.scope());
        decider.set_local_live(local.iter().copied());
        let polled = clock::boot_now();
        let mut observer = Observer::new(config.settings.tracking, polled.second());
        observer.set_local(local);
        let mut switches = kernel.switches()?;
        switches.set_iterative(config.wants_iterative())?;
        let offset = clock::wall_offset();
        decider.set_offset(offset);
        Ok(Self {
            config: config.clone(),
            partners,
            poller: kernel.poller()?,
            observer,
            decider,
            watchlist: kernel.watchlist()?,
            switches,
            totals: records::Totals::default(),
            retirement: Retirement::new()?,
            traces: kernel.trace_lifetime()?,
            trace_lifetime: None,
            room: Room::default(),
            routes: Routes::new()?,
            gathering: Gathering::default(),
            offset,
            polled,
            all_taken: None,
            read: Read::default(),
            changed: 0,
            watched: BTreeSet::new(),
            ways: Ways::default(),
            look_again: network.look_again(),
            troubles: Troubles::default(),
            lost: Lost::default(),
            minute: start_of_minute(offset.wall(clock::boot_now()).as_second()),
            mine: Mine::default(),
            asking: None,
            probing: None,
            sightings: Sightings::default(),
            services: Services::default(),
            summary: Summary::default(),
        })
    }

    fn emit(&mut self, event: &Event) {
        let now = self.now();
        self.partners.emit(now, event);
    }

    /// Hands the counts to those who want them at this poll.
    fn snapshot(&mut self) -> anyhow::Result<()> {
        let now = self.now();
        let is_minute = self
            .partners
            .history
            .as_ref()
            .is_some_and(|keeper| keeper.is_due(now));
        let minute = start_of_minute(now.wall().as_second());
        let is_printed = self.partners.snapshots.are_due(minute != self.minute);
        self.minute = minute;
        if !is_minute && !is_printed {
            return Ok(());
        }
        self.want_counts(Wanted {
            by_history: is_minute,
            by_reader: is_printed,
        })
    }

    /// Waits until a scraper asks for the counts.
    async fn asked(&self) {
        match &self.partners.metrics {
            Some(metrics) => poll_fn(|context| metrics.poll_asked(context)).await,
            None => std::future::pending().await,
        }
    }

    /// Answers those who scrape, by what was counted at the last poll.
    fn scrape(&mut self) -> anyhow::Result<()> {
        let latencies = self.poller.latencies()?;
        let counted = self.counted_so(&self.totals, Vec::new(), latencies);
        let now = self.now();
        if let Some(metrics) = &mut self.partners.metrics {
            metrics.answer(now, counted, |server| self.poller.known(server));
        }
        Ok(())
    }

    fn now(&self) -> Moment {
        Moment {
            time: clock::boot_now(),
            offset: self.offset,
        }
    }

    /// Just after the next multiple of the interval, by the boot clock, so that counts are those of whole
    /// seconds.
    fn next_poll(&self) -> Instant {
        let interval = u64::try_from(self.config.interval.as_nanos()).unwrap_or(u64::MAX);
        let now = clock::boot_now().nanos();
        let past = self.polled.nanos() / interval;
        let next = (past + 1).saturating_mul(interval);
        Instant::from_std(clock::instant()) + Duration::from_nanos(next.saturating_sub(now))
    }

    /// Reads all counts, and lets the decider judge the seconds that have ended by `now`, up to which all events were taken.
    fn poll(&mut self, now: Time) -> anyhow::Result<()> {
        self.look_for_gap();
        self.offset = clock::wall_offset();
        self.decider.set_offset(self.offset);
        let before = std::mem::replace(&mut self.totals, self.poller.totals()?);
        if self.totals.outcome(Outcome::NotOurs) > before.outcome(Outcome::NotOurs) {
            // Some may be for a device of another namespace that lies on one of this host's, and of which nobody tells.
            self.look_again.now_and_then();
        }
        let mut changed = Vec::with_capacity(self.changed);
        self.poller
            .look_at_destinations(now, |address, before, counters| {
                changed.push((address, *before, *counters));
            });
        self.changed = changed.len();
        // What is new was counted since the last poll, nearly all of it in the second that has just ended.
        let ended = Time::from_nanos(Time::at_second(now.second()).nanos().saturating_sub(1));
        let time = if ended > self.polled { ended } else { now };
        self.read_services(now, time)?;
        self.keep_second(&changed, time);
        self.look_for_losses(&changed);
        self.trace_lifetime = self.config.settings.tracking.then(|| self.traces.now(now));
        self.polled = now;
        if let Some(metrics) = &mut self.partners.metrics {
            metrics.changed(&changed);
        }
        self.show(&changed)?;
        self.partners.polled(self.now());
        self.look_at_routes();
        self.advance(now);
        self.recall()?;
        self.tell_changes()?;
        self.tell_resolvers();
        self.probe_resolvers(now);
        self.keep();
        self.warn();
        self.give_places()?;
        self.make_room(now)
    }

    fn tell_changes(&mut self) -> anyhow::Result<()> {
        for change in self.decider.take_changes() {
            let server = change.incident.server;
            match change.kind {
                Happened::Opened => {
                    self.summary.incidents += u64::from(change.incident.reopened == 0);
                    self.watchlist.add(server)?;
                }
                Happened::Updated => {}
                Happened::Closed => self.watchlist.remove(server)?,
            }
            let mut incident = change.incident;
            self.mark(change.kind, &mut incident);
            self.probe(change.kind, &incident);
            let incident = Arc::new(incident);
            self.emit(&Event::Incident(change.kind, Arc::clone(&incident)));
            self.remember(&incident);
        }
        Ok(())
    }

    /// Reports the warnings of the decider, and what starts or stops to be lost.
    fn warn(&mut self) {
        let mut warnings = self.decider.take_warnings();
        let now = self.polled;
        self.troubles.trace_lifetime = self.trace_lifetime;
        for (trouble, count) in [
            (Trouble::Events, self.totals.events_lost),
            (Trouble::Traces, self.totals.traces_overwritten),
        ] {
            self.troubles.count(trouble, count, now);
        }
        for (outlet, count) in self.partners.show_dropped() {
            self.troubles.count(Trouble::Outlet(outlet), count, now);
        }
        warnings.extend(self.troubles.take(now));
        for warning in warnings {
            if warning.warning == WarningKind::OutputDropped {
                // Whoever prints may be the one that cannot.
                tracing::warn!("{}", warning.message);
            }
            self.emit(&Event::Warning(warning));
        }
    }

    /// The last word: everything is detached, so that these counts are final.
    fn stop(&mut self) -> anyhow::Result<Summary> {
        self.observer.is_over();
        self.poll(self.taken())?;
        self.decider.finish();
        self.tell_changes()?;
        let counts = self.poller.counts()?;
        // What is pinned goes on counting, and is never read at one moment.
        debug_assert!(
            self.config.pin.is_some() || counts.add_up(),
            "a packet was counted wrongly: {counts:?}"
        );
        let (counted, dropped) = (Arc::new(self.counted_of(counts)?), self.partners.dropped());
        self.emit(&Event::Stopped(counted, dropped));
        Ok(self.summary)
    }
}
