//! What netmon serves by HTTP, to whoever connects: sockets, and one thread that answers at them.
//!
//! The thread has no capability, and shares with the event loop only what the routes share. Nobody who connects can keep it
//! from its work: see [`connections`]. What is answered is not its concern, but that of the routes.

mod connections;
mod hosts;
mod pulse;
mod socket;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::thread;

use axum::Router;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::rights;
pub use connections::GaveWay;
pub use hosts::Hosts;
pub use pulse::Pulse;
pub use socket::Bound;

/// Something cannot be served.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve {what} at {address}: {reason}{}", self.advice())]
pub struct ListenError {
    what: &'static str,
    address: SocketAddr,
    reason: io::Error,
}

impl ListenError {
    /// What cannot be served, where, and why.
    pub const fn new(what: &'static str, address: SocketAddr, reason: io::Error) -> Self {
        Self {
            what,
            address,
            reason,
        }
    }

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

/// A socket, what is answered there, and who counts the connections that gave way to newer ones.
pub struct Site {
    /// Where.
    pub bound: Bound,
    /// What.
    pub routes: Router,
    /// Counts.
    pub gave_way: GaveWay,
}

/// The running thread; it ends with its guard.
#[derive(Debug)]
pub struct Listening {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Listening {
    /// Starts a thread of this name that answers at all sites, and does `beside`, which lasts as long as it can.
    pub fn start(
        name: &'static str,
        sites: Vec<Site>,
        beside: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            // One report after the other is read from the history, however many are asked for.
            .max_blocking_threads(1)
            .build()?;
        let mut listeners = Vec::new();
        for site in sites {
            let entered = runtime.enter();
            listeners.push((site.bound.listener()?, site.routes, site.gave_way));
            drop(entered);
        }
        let (stop, stopped) = oneshot::channel();
        // This thread parses what strangers send: it has nothing that they could want.
        let thread = rights::spawn(name, move || {
            give_way();
            runtime.block_on(async {
                let mut accepting = JoinSet::new();
                for (listener, routes, gave_way) in listeners {
                    accepting.spawn(connections::accept(listener, routes, gave_way));
                }
                tokio::select! {
                    () = beside => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

/// This thread comes after those that watch: who looks may wait, and the event loop may not.
fn give_way() {
    const NICE: i32 = 10;
    // SAFETY: a system call without pointers; 0 is the calling thread (setpriority(2)).
    let refused = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) };
    if refused != 0 {
        tracing::debug!("a thread that answers cannot give way to others");
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // Both fail only if the thread has ended already.
        let _ended = self.stop.take().map(|stop| stop.send(()));
        let _ended = self.thread.take().map(thread::JoinHandle::join);
    }
}
