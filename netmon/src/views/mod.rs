//! Seeing it: one state, fed by the events and the counts of the monitor, and served on a Unix socket and, where that is asked
//! for, by HTTP: JSON for programs and `netmon top`, an event stream, and a web page. Whoever looks changes nothing.
//!
//! The event loop only puts into a bounded queue ([`feed`]). All else happens on a thread of its own, without any capability:
//! feeding the state ([`state`]), and answering ([`api`]). A reader that is slow is dropped, and never waited for.

mod api;
pub mod client;
mod controls;
mod feed;
mod guard;
pub mod limits;
mod looks;
mod page;
mod sightings;
mod state;
mod stream;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use netmon_common::Address;
use tokio::sync::mpsc::{self, error::TrySendError};

use crate::clock;
use crate::history::{Reader, Wanted};
use crate::model::view::Replay;
use crate::model::{Event, Moment, Names};
use crate::outlets::Outlet;
use crate::outlets::http::{Bound, GaveWay, Hosts, ListenError, Listening, Site};
use crate::report::story::numbers::Clock;
use api::Api;
pub use controls::Controls;
use feed::Feed;
pub use feed::{Changed, Reading};
use guard::Guard;
pub use guard::Token;
use looks::Looks;
pub use sightings::{Seen, Sightings};
pub use state::{About, By, Query, State};
use stream::Messages;

/// Where the socket is, unless another place is asked for.
pub const DEFAULT_SOCKET: &str = "/run/netmon/netmon.sock";

/// How things are shown.
#[derive(Clone, Debug)]
pub struct Options {
    /// What a reader of the web page must show.
    pub token: Option<Arc<Token>>,
    /// The history that knows incidents of earlier runs, and the minutes around all of them.
    pub history: Option<PathBuf>,
    /// The zone of reports.
    pub clock: Clock,
    /// The host's name.
    pub host: String,
    /// How those may call it who ask by HTTP.
    pub hosts: Hosts,
    /// How a replay is asked for something, where this is one. Nobody waits for a replay, which therefore waits for room.
    pub controls: Option<Controls>,
}

/// The monitor's end: hands what happens to the thread of the views.
#[derive(Debug)]
pub struct Views {
    feed: mpsc::Sender<Feed>,
    waits: bool,
    /// Whether the next reading must have all counts.
    needs_all: bool,
    has_read: bool,
    dropped: u64,
    looks: Looks,
    messages: Messages,
    gave_way: GaveWay,
    _listening: Listening,
}

/// What is served, before anybody listens.
pub struct Shown {
    api: Api,
    options: Options,
    feed: (mpsc::Sender<Feed>, mpsc::Receiver<Feed>),
    sites: Vec<Site>,
    gave_way: GaveWay,
}

impl Shown {
    /// A state that was fed with nothing yet.
    pub fn new(options: Options) -> Self {
        let about = About {
            host: options.host.clone(),
            pid: std::process::id(),
        };
        let now = Moment {
            time: clock::boot_now(),
            offset: clock::wall_offset(),
        };
        Self {
            api: Api::new(
                State::new(about, now),
                options.history.clone(),
                options.clock.clone(),
                options.controls.clone(),
            ),
            options,
            feed: mpsc::channel(limits::FEED),
            sites: Vec::new(),
            gave_way: GaveWay::default(),
        }
    }

    /// Has the socket made.
    pub fn at_socket(&mut self, path: &Path) -> io::Result<()> {
        self.sites.push(Site {
            bound: Bound::unix(path)?,
            routes: self.api.routes(),
            gave_way: self.gave_way.clone(),
        });
        Ok(())
    }

    /// Has the web page served at this address, with what else is served there. Returns where.
    pub fn at_address(&mut self, address: SocketAddr, beside: Router) -> Result<SocketAddr, ListenError> {
        let failed = |reason| ListenError::new("the web page", address, reason);
        let unguarded = || {
            failed(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is not a loopback address, and there is no token: --web-token-file names a file with one",
            ))
        };
        let guard = Guard::new(address, self.options.token.clone());
        let guard = guard.ok_or_else(unguarded)?;
        let bound = Bound::tcp(address).map_err(failed)?;
        let address = bound.address().map_err(failed)?;
        let routes = self.api.routes().merge(page::routes()).merge(beside);
        self.sites.push(Site {
            bound,
            routes: self.options.hosts.over(guard.over(routes)),
            gave_way: self.gave_way.clone(),
        });
        Ok(address)
    }

    /// Starts to answer; where nobody can ask there is nothing to do.
    pub fn start(self) -> io::Result<Option<Views>> {
        let Self {
            api,
            options,
            feed: (feed, waiting),
            sites,
            gave_way,
            ..
        } = self;
        if sites.is_empty() {
            return Ok(None);
        }
        if let Some(history) = &options.history {
            api.remember(earlier(history));
        }
        let (looks, messages) = (api.looks().clone(), api.messages().clone());
        let listening = Listening::start("views", sites, api.follow(waiting))?;
        Ok(Some(Views {
            feed,
            waits: options.controls.is_some(),
            needs_all: true,
            has_read: false,
            dropped: 0,
            looks,
            messages,
            gave_way,
            _listening: listening,
        }))
    }
}

/// Incidents of earlier runs; those that are open, this run recalls by itself.
fn earlier(history: &Path) -> Vec<crate::model::Incident> {
    let wanted = Wanted {
        since: None,
        server: None,
        open: false,
    };
    // Where there is no history yet, there is none to show.
    let found = Reader::open(history).and_then(|reader| reader.incidents(&wanted));
    let mut found = found.unwrap_or_default();
    found.sort_by_key(|incident| std::cmp::Reverse(incident.opened));
    found
}

impl Views {
    /// Whether the next reading must have the counts of all servers, and not only of those that have changed.
    pub const fn needs_all(&self) -> bool {
        self.needs_all
    }

    /// Whether the next reading must say how long answers took: somebody looks.
    pub fn needs_latencies(&self) -> bool {
        self.looks.are_recent() || self.messages.are_read()
    }

    /// Returns when somebody looks who cannot wait for the next reading.
    pub async fn asked(&self) {
        self.looks.wanted().await;
    }

    /// Nothing was counted before: what the first reading has, has passed since the start.
    pub const fn begin_at_zero(&mut self) {
        self.has_read = true;
    }

    /// Takes a reading.
    pub fn read(&mut self, mut reading: Reading) {
        reading.is_first = !self.has_read;
        self.needs_all = !self.put(Feed::Reading(Box::new(reading)));
        self.has_read |= !self.needs_all;
    }

    /// What is replayed, and how.
    pub fn set_replay(&mut self, replay: Replay) {
        self.put(Feed::Replay(replay));
    }

    /// A replay begins again.
    pub fn begin_again(&mut self, at: Moment) {
        self.put(Feed::Again(at));
        self.needs_all = true;
    }

    /// These servers have lost their places.
    pub fn gone(&mut self, servers: Vec<Address>) {
        // Where it finds no room, the next reading says who is there.
        self.needs_all |= !self.put(Feed::Gone(servers));
    }

    /// What servers are called from now on.
    pub fn set_names(&mut self, names: &Names) {
        self.put(Feed::Names(names.clone()));
    }

    /// How many readings and events found no room, and connections were closed before their time.
    pub fn dropped(&self) -> u64 {
        self.dropped + self.gave_way.count()
    }

    fn put(&mut self, feed: Feed) -> bool {
        if self.waits {
            // An error says that the thread has ended.
            let _nobody = self.feed.blocking_send(feed);
            return true;
        }
        match self.feed.try_send(feed) {
            // Once the thread has ended nobody looks.
            Ok(()) | Err(TrySendError::Closed(_)) => true,
            Err(TrySendError::Full(_)) => {
                self.dropped += 1;
                false
            }
        }
    }
}

impl Outlet for Views {
    fn emit(&mut self, at: Moment, event: &Event) {
        // Counts come with each reading.
        if !matches!(event, Event::Snapshot(_)) {
            self.put(Feed::Event(at, event.clone()));
        }
    }
}
