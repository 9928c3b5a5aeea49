//! netmon's own queries to servers, for `--probe`: one over UDP and one over TCP, at most one a second in all.
//!
//! They go out from user space only, from a port and with an id that are known before: the kernel's programs count them like all
//! packets, and nothing is judged by them.

mod message;
mod sockets;

use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::clock;
use crate::kernel::OwnQueries;
use crate::model::ProbeOutcome;
use crate::observation::Service;
use crate::rights;
use crate::time::Time;

use sockets::OwnPort;

/// Between two queries.
const PAUSE: Duration = Duration::from_secs(1);

/// Servers that wait to be asked. More are not asked: a scan's are not worth it.
const WAITING: usize = 64;

/// Whom to ask, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// The incident that it is about; else it is a resolver that nobody asks.
    pub incident: Option<String>,
    /// Its server and port. It is asked over UDP and over TCP.
    pub service: Service,
    /// For which name.
    pub name: Option<String>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Of what.
    pub errand: Errand,
    /// When the first query was sent.
    pub at: Time,
    /// Over UDP.
    pub udp: ProbeOutcome,
    /// Over TCP.
    pub tcp: ProbeOutcome,
}

/// The thread that asks.
#[derive(Debug)]
pub struct Prober {
    errands: SyncSender<Errand>,
    replies: Receiver<Reply>,
    notify: Arc<Notify>,
}

/// The port that is taken before anything is loaded.
#[derive(Debug)]
pub struct Reserved {
    port: OwnPort,
    queries: OwnQueries,
}

impl Reserved {
    /// Takes a port, and an id.
    pub fn take() -> io::Result<Self> {
        let port = OwnPort::take()?;
        let mut id = [0; 2];
        getrandom::fill(&mut id).map_err(|error| io::Error::other(error.to_string()))?;
        let queries = OwnQueries {
            port: port.number(),
            id: u16::from_ne_bytes(id),
        };
        Ok(Self { port, queries })
    }

    /// By what the queries are known.
    pub const fn queries(&self) -> OwnQueries {
        self.queries
    }

    /// Starts the thread.
    pub fn start(self) -> io::Result<Prober> {
        let (errands, to_do) = sync_channel(WAITING);
        let (done, replies) = sync_channel(WAITING);
        let notify = Arc::new(Notify::new());
        let told = Arc::clone(&notify);
        rights::spawn("netmon-probe", move || work(&self, &to_do, &done, &told))?;
        Ok(Prober {
            errands,
            replies,
            notify,
        })
    }
}

impl Prober {
    /// Has a server asked, soon; `false` where too many wait.
    pub fn ask(&self, errand: Errand) -> bool {
        self.errands.try_send(errand).is_ok()
    }

    /// Waits until there are replies.
    pub async fn replied(&self) {
        self.notify.notified().await;
    }

    /// The replies that are there.
    pub fn replies(&self) -> Vec<Reply> {
        self.replies.try_iter().collect()
    }
}

fn work(own: &Reserved, errands: &Receiver<Errand>, replies: &SyncSender<Reply>, notify: &Notify) {
    let mut last: Option<Instant> = None;
    let mut pause = || {
        if let Some(last) = last {
            thread::sleep((last + PAUSE).saturating_duration_since(clock::instant()));
        }
        last = Some(clock::instant());
    };
    for errand in errands {
        let server = address(errand.service);
        let query = message::query(own.queries.id, errand.name.as_deref());
        pause();
        let at = clock::boot_now();
        let udp = own.port.ask_udp(server, &query);
        pause();
        let tcp = own.port.ask_tcp(server, &query);
        match (udp, tcp) {
            (Ok(udp), Ok(tcp)) => {
                let reply = Reply { errand, at, udp, tcp };
                if replies.send(reply).is_err() {
                    return;
                }
                notify.notify_one();
            }
            (Err(error), _) | (_, Err(error)) => {
                tracing::warn!("{server} could not be asked (--probe): {error}");
            }
        }
    }
}

fn address(service: Service) -> SocketAddr {
    match service.server.ip() {
        IpAddr::V6(server) => SocketAddrV6::new(server, service.port, 0, service.interface).into(),
        server @ IpAddr::V4(_) => SocketAddr::new(server, service.port),
    }
}
