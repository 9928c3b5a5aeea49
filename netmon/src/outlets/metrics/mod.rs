//! Metrics for Prometheus: `netmon run --metrics ADDRESS:PORT`.
//!
//! A scrape wakes the event loop, which hands over its counts as they are (a copy, some milliseconds for
//! 10,000 destinations, at most twice a second); all else happens on the listener's own thread: which servers
//! have metrics of their own, what the rest sums up to, the text. Without scrapes nothing is done at all. Data is as old as
//! the last poll, plus at most half a second.
//!
//! It refuses to push, to keep history (that is Prometheus' work), and to serve anything but metrics.

mod answer;
mod book;
mod exposition;
mod family;
mod figures;
mod histogram;
mod incidents;
mod listener;
mod roster;
mod shared;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use answer::Site;
use incidents::Incidents;
use listener::{Bound, Listening};
use shared::{Answer, Shared};

use super::Outlet;
use crate::model::{Counted, Event, Moment, Names};
use crate::time::Time;

/// How metrics are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where to listen.
    pub address: SocketAddr,
    /// Servers that have metrics of their own; the rest is summed. As many incidents, too.
    pub max_servers: usize,
    /// How often counts are read.
    pub interval: Duration,
}

/// The port that docs, help and the packaged configuration file suggest; docs/metrics.md says why.
pub const SUGGESTED_PORT: u16 = 19_053;

/// Metrics cannot be served.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve metrics at {address}: {reason}{}", self.advice())]
pub struct MetricsError {
    address: SocketAddr,
    reason: io::Error,
}

impl MetricsError {
    /// What to do about it, to be appended to the reason.
    fn advice(&self) -> String {
        match self.reason.kind() {
            io::ErrorKind::AddrInUse => format!(
                "; another program or another netmon listens there (`ss -ltnp 'sport = :{}'` names it): stop it, or \
                 choose another port",
                self.address.port()
            ),
            io::ErrorKind::AddrNotAvailable => {
                "; this host does not have that address: choose one that it has, such as 127.0.0.1".to_owned()
            }
            io::ErrorKind::PermissionDenied => {
                "; ports below 1024 need the capability CAP_NET_BIND_SERVICE: choose a higher port".to_owned()
            }
            _ => String::new(),
        }
    }
}

/// Hands what happens to the listener's thread.
#[derive(Debug)]
pub struct Metrics {
    shared: Arc<Shared>,
    incidents: Incidents,
    names: Arc<Names>,
    polled: Time,
    address: SocketAddr,
    _listening: Listening,
}

impl Metrics {
    /// Listens from now on; until interfaces are attached only `/healthz` has something good to say.
    pub fn start(options: Options) -> Result<Self, MetricsError> {
        let failed = |reason| MetricsError {
            address: options.address,
            reason,
        };
        let bound = Bound::new(options.address).map_err(failed)?;
        let address = bound.address().map_err(failed)?;
        if !address.ip().is_loopback() {
            tracing::warn!(
                "metrics are served at {address}, which is not a loopback address: whoever reaches it can read which \
                 servers this host asks, without a password"
            );
        }
        let shared = Arc::new(Shared::default());
        let site = Site::new(Arc::clone(&shared), options);
        Ok(Self {
            shared,
            incidents: Incidents::default(),
            names: Arc::default(),
            polled: Time::default(),
            address,
            _listening: bound.start(site).map_err(failed)?,
        })
    }

    /// What servers are called from now on, and whose they are.
    pub fn set_names(&mut self, names: &Names) {
        self.names = Arc::new(names.clone());
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
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
    /// The counts were read.
    pub fn polled(&mut self, at: Moment) {
        self.polled = at.time;
        self.shared.set_polled(at.time);
    }

    /// How many connections were closed before their time, because too many were open.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped()
    }

    /// Ready once a scraper asks, who cannot wait for the next poll.
    pub fn poll_asked(&self, context: &mut Context<'_>) -> Poll<()> {
        self.shared.poll_asked(context)
    }

    /// The counts, for those who asked.
    pub fn answer(&self, at: Moment, counted: &Arc<Counted>) {
        self.shared.answer(Answer {
            at,
            polled: self.polled,
            counted: Arc::clone(counted),
            active: self.incidents.active(),
            opened: self.incidents.opened(),
            names: Arc::clone(&self.names),
        });
    }
}
