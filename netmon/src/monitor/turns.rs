//! The loop itself: what netmon waits for, and what it does when that comes.

use std::collections::BTreeSet;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep_until};

use super::askers::Asking;
use super::load::{self, load};
use super::probing::Probing;
use super::translations::Translations;
use super::{Monitor, Partners, Reload, Summary};
use crate::clock;
use crate::config::Config;
use crate::kernel::{Change, KernelLog, Network, Translated, version};
use crate::probe::Reserved;
use crate::resolvers::{Files, Followed};
use crate::rights;

/// What the loop has come round for. None has precedence, so that nothing can keep the others waiting for ever.
enum Turn {
    Events,
    Log,
    Poll,
    Reload,
    Report,
    Retire,
    Scrape,
    Show,
    Gather,
    Probed,
    Translated(BTreeSet<Translated>),
    Network(Change),
    Resolvers,
}

/// Watches until a signal, or the configured end; `reload` is for SIGHUP. When it returns everything is detached.
pub async fn run(config: &Config, partners: &mut Partners, reload: Reload<'_>) -> anyhow::Result<Summary> {
    // Before anything is attached, so that a signal finds us ready.
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let mut hangup = signal(SignalKind::hangup()).context("cannot wait for SIGHUP")?;

    let reader_gone = partners.output.reader_gone();
    let network = Network::watch(&config.selection).await?;
    let port = config.probe.then(Reserved::take).transpose();
    let port = port.context("cannot have a port for netmon's own queries (--probe)")?;
    let mut kernel = load(config, port.as_ref().map(Reserved::queries))?;
    network.load_programs(&mut kernel, config.hook)?;
    let mut log = config.settings.log.then(|| kernel.log()).transpose()?;
    let mut monitor = Monitor::new(config, &mut kernel, &network, partners)?;
    monitor.asking = Asking::start(config, &mut kernel, &network);
    let prober = port.map(Reserved::start).transpose();
    let prober = prober.context("cannot start the thread for netmon's own queries (--probe)")?;
    monitor.probing = prober.map(|prober| Probing::new(prober, clock::boot_now()));
    let mut resolvers = Followed::start(Files::of_this_host(&config.resolv_conf));
    monitor.set_resolvers(resolvers.now());
    monitor.begin()?;
    monitor.reserve()?;
    let mut events = kernel.events()?;
    rights::give_up_loading(version::reading_needs_rights())
        .context("cannot give up the rights to load programs")?;
    let mut translations = Translations::of(&config.ports);
    let (mut watching, watched) = network.attach(kernel, config.hook, &config.mirrors)?;
    monitor.started(&watched);
    // Only now it is known which link an interface's name means.
    monitor.reserve()?;
    monitor.wait_for_recall().await?;
    load::give_back_memory();

    let end = config
        .duration
        .map(|duration| Instant::from_std(clock::instant()) + duration);
    loop {
        let next_poll = monitor.next_poll();
        let next_report = monitor.next_report(next_poll);
        let turn = tokio::select! {
            ready = events.ready() => {
                ready.context("cannot wait for the kernel's events")?;
                Turn::Events
            }
            ready = KernelLog::pass_on(&mut log) => {
                ready.context("cannot wait for the kernel's log")?;
                Turn::Log
            }
            () = sleep_until(next_poll) => Turn::Poll,
            _ = hangup.recv() => Turn::Reload,
            () = sleep_until(next_report) => Turn::Report,
            () = monitor.retirement.ready() => Turn::Retire,
            () = monitor.asked() => Turn::Scrape,
            () = monitor.looked_at() => Turn::Show,
            () = monitor.can_gather() => Turn::Gather,
            () = monitor.probed() => Turn::Probed,
            found = translations.next() => Turn::Translated(found),
            change = watching.next() => Turn::Network(change?),
            () = resolvers.changed() => Turn::Resolvers,
            // Nobody is left to report to: the end of `netmon run | head`.
            () = reader_gone.notified() => break,
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            () = at(end) => break,
        };
        // Whatever it was: an error is reported first, and what was sent before a poll belongs to the time before it.
        monitor.take_events(&mut events)?;
        match turn {
            Turn::Events | Turn::Log => {}
            Turn::Poll => {
                monitor.poll(monitor.taken())?;
                monitor.snapshot()?;
            }
            Turn::Reload => monitor.reload(reload)?,
            Turn::Report => monitor.report()?,
            Turn::Retire => monitor.retire()?,
            Turn::Scrape => monitor.scrape()?,
            Turn::Show => monitor.show(&[])?,
            Turn::Gather => monitor.gather()?,
            Turn::Probed => monitor.take_replies(),
            Turn::Translated(found) => monitor.translated(&found),
            Turn::Network(change) => monitor.network_changed(&change)?,
            Turn::Resolvers => monitor.resolvers_changed(resolvers.now())?,
        }
    }
    // From here on nothing is counted any more, except by what is pinned.
    watching.detach().await;
    monitor.take_last_events(&mut events)?;
    monitor.stop()
}

/// At that moment, or never.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
