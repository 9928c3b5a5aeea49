//! The listener: one thread that answers scrapers, and cannot be kept from it, nor keep the monitor from its
//! work, by whatever connects.
//!
//! It has its own thread, without any capability, and shares with the event loop only what [`super::shared`]
//! says. A connection serves one request: its head must come within [`HEAD_TIMEOUT`] and be no larger than
//! [`HEAD_BYTES`], a body is never read, and all is over after [`LIFETIME`]. When there are too many, the oldest
//! that has not asked for anything gives way, so that a scraper gets through a thousand idle connections.

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::answer::Site;
use crate::outlets::limits::{BACKLOG, CONNECTIONS, HEAD_BYTES, HEAD_TIMEOUT, LIFETIME};
use crate::rights;

/// Where the system has no more descriptors, the next attempt comes after this.
const PAUSE: Duration = Duration::from_millis(100);

/// A socket that listens, with nobody to accept yet.
pub struct Bound {
    runtime: Runtime,
    listener: TcpListener,
}

/// The running thread; it ends with its guard.
#[derive(Debug)]
pub struct Listening {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Bound {
    /// Binds the address.
    pub fn new(address: SocketAddr) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let entered = runtime.enter();
        let socket = if address.is_ipv6() {
            TcpSocket::new_v6()
        } else {
            TcpSocket::new_v4()
        }?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG)?;
        drop(entered);
        Ok(Self { runtime, listener })
    }

    /// Where; with the port that the system chose if none was asked for.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Starts to answer.
    pub fn start(self, site: Site) -> io::Result<Listening> {
        let (stop, stopped) = oneshot::channel();
        // This thread parses what strangers send: it has nothing that they could want.
        let thread = rights::spawn("metrics", move || {
            let Self { runtime, listener } = self;
            runtime.block_on(async {
                tokio::select! {
                    () = accept(&listener, Arc::new(site)) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Listening {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // Both fail only if the thread has ended already.
        let _ended = self.stop.take().map(|stop| stop.send(()));
        let _ended = self.thread.take().map(thread::JoinHandle::join);
    }
}

async fn accept(listener: &TcpListener, site: Arc<Site>) {
    let mut connections = Connections::default();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => connections.take(stream, &site),
                Err(error) => {
                    tracing::debug!("cannot accept a connection: {error}");
                    sleep(PAUSE).await;
                }
            },
            () = connections.ended() => {}
        }
    }
}

#[derive(Default)]
struct Connections {
    tasks: JoinSet<()>,
    /// The oldest first.
    open: VecDeque<Connection>,
}

struct Connection {
    task: AbortHandle,
    /// Whether its request has come.
    has_asked: Arc<AtomicBool>,
}

impl Connections {
    fn take(&mut self, stream: TcpStream, site: &Arc<Site>) {
        self.open.retain(|connection| !connection.task.is_finished());
        if self.open.len() >= CONNECTIONS {
            let idle = self
                .open
                .iter()
                .position(|connection| !connection.has_asked.load(Ordering::Relaxed));
            if let Some(connection) = self.open.remove(idle.unwrap_or_default()) {
                connection.task.abort();
                site.gave_way();
            }
        }
        let has_asked = Arc::new(AtomicBool::new(false));
        let serving = serve(stream, Arc::clone(site), Arc::clone(&has_asked));
        let task = self.tasks.spawn(async {
            let _over = timeout(LIFETIME, serving).await;
        });
        self.open.push_back(Connection { task, has_asked });
    }

    /// Lets go of a connection that has ended.
    async fn ended(&mut self) {
        if self.tasks.join_next().await.is_none() {
            pending::<()>().await;
        }
    }
}

async fn serve(stream: TcpStream, site: Arc<Site>, has_asked: Arc<AtomicBool>) {
    let service = service_fn(|request| {
        has_asked.store(true, Ordering::Relaxed);
        site.answer(request)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .keep_alive(false)
        .header_read_timeout(HEAD_TIMEOUT)
        .max_header_size(HEAD_BYTES)
        .max_buf_size(2 * HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!("a connection for metrics ended: {error}");
    }
}
