//! Metrics for Prometheus: `netmon run --metrics ADDRESS:PORT`.
//!
//! The event loop keeps the figures of listed servers and the sum of all, as polls bring what has changed. A scrape wakes it, and
//! it hands over what is shown, a copy: a millisecond, however many destinations there are, at most twice a second. The text is
//! written on the listener's thread. Data is as old as the last poll, plus at most half a second.
//!
//! It refuses to push, to keep history (that is Prometheus' work), and to serve anything but metrics.

mod answer;
mod book;
mod exposition;
mod family;
mod figures;
mod histogram;
mod incidents;
mod roster;
mod shared;

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use book::{Book, Change};
use incidents::Incidents;
use netmon_common::Address;
use netmon_common::records::Destination;
use shared::{Answer, Shared};

use super::Outlet;
use super::http::{Bound, GaveWay, ListenError, Listening, Site};
use crate::model::{Counted, Event, Moment, Names};
use crate::time::Time;

/// How metrics are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where a listener of their own is, if there is one.
    pub address: Option<SocketAddr>,
    /// Servers that have metrics of their own; the rest is summed. As many incidents, too.
    pub max_servers: usize,
    /// How often counts are read.
    pub interval: Duration,
}

/// The port that docs, help and the packaged configuration file suggest; docs/metrics.md says why.
pub const SUGGESTED_PORT: u16 = 19_053;

/// Hands what happens to those who answer scrapers.
#[derive(Debug)]
pub struct Metrics {
    shared: Arc<Shared>,
    incidents: Incidents,
    book: Book,
    names: Arc<Names>,
    polled: Time,
    options: Options,
    gave_way: GaveWay,
    listening: Option<Listening>,
}

impl Metrics {
    /// Metrics, and the routes by which they are asked for; until interfaces are attached only `/healthz` has something good to
    /// say.
    pub fn new(options: Options) -> (Self, Router) {
        let shared = Arc::new(Shared::default());
        let routes = answer::routes(Arc::clone(&shared), options);
        let metrics = Self {
            shared,
            incidents: Incidents::default(),
            book: Book::new(options.max_servers),
            names: Arc::default(),
            polled: Time::default(),
            options,
            gave_way: GaveWay::default(),
            listening: None,
        };
        (metrics, routes)
    }

    /// Metrics, served by a listener of their own from now on. Returns where.
    pub fn start(options: Options) -> Result<(Self, SocketAddr), ListenError> {
        let (mut metrics, routes) = Self::new(options);
        let address = metrics.listen(routes)?;
        Ok((metrics, address))
    }

    /// Serves these routes by a listener of their own from now on. Returns where.
    pub fn listen(&mut self, routes: Router) -> Result<SocketAddr, ListenError> {
        let wanted = self.options.address.unwrap_or_else(|| ([127, 0, 0, 1], 0).into());
        let failed = |reason| ListenError::new("metrics", wanted, reason);
        let bound = Bound::tcp(wanted).map_err(failed)?;
        let address = bound.address().map_err(failed)?;
        if !address.ip().is_loopback() {
            tracing::warn!(
                "metrics are served at {address}, which is not a loopback address: whoever reaches it can read which \
                 servers this host asks, without a password"
            );
        }
        let site = Site {
            bound,
            routes,
            gave_way: self.gave_way.clone(),
        };
        self.listening = Some(Listening::start("metrics", vec![site], pending()).map_err(failed)?);
        Ok(address)
    }

    /// What servers are called from now on, and whose they are.
    pub fn set_names(&mut self, names: &Names) {
        self.names = Arc::new(names.clone());
    }
}

impl Outlet for Metrics {
    fn emit(&mut self, _at: Moment, event: &Event) {
        match event {
            Event::Started(_) => self.shared.set_attached(true),
            Event::Incident(happened, incident) => self.incidents.take(*happened, incident),
            Event::Stopped(..) => self.shared.set_attached(false),
            // Counts are answered when a scraper asks.
            Event::Watching(_) | Event::Snapshot(_) | Event::Warning(_) | Event::Reloaded(_) => {}
        }
    }
}

impl Metrics {
    /// What the next page is made of: the destinations that have changed at a poll, each with its counters at the one before and
    /// now.
    pub fn changed(&mut self, changed: &[Change]) {
        self.book.take(changed);
    }

    /// These have lost their places, and had counted so much at the last poll.
    pub fn gone(&mut self, gone: &[(Address, Destination)]) {
        self.book.gone(gone);
    }

    /// The counts were read.
    pub fn polled(&mut self, at: Moment) {
        self.polled = at.time;
        self.shared.set_polled(at.time);
    }

    /// How many connections were closed before their time, because too many were open.
    pub fn dropped(&self) -> u64 {
        self.gave_way.count()
    }

    /// Ready once a scraper asks, who cannot wait for the next poll.
    pub fn poll_asked(&self, context: &mut Context<'_>) -> Poll<()> {
        self.shared.poll_asked(context)
    }

    /// The counts as of the last poll, for those who asked; those of destinations are known already. `known` gives what was
    /// counted for one by then, and at which poll it was there first.
    pub fn answer(
        &mut self,
        at: Moment,
        counted: Counted,
        known: impl FnMut(Address) -> Option<(Destination, Time)>,
    ) {
        let page = self.book.page(self.polled, &counted, known);
        self.shared.answer(Answer {
            at,
            polled: self.polled,
            counted,
            page,
            active: self.incidents.active(),
            opened: self.incidents.opened(),
            names: Arc::clone(&self.names),
        });
    }
}
