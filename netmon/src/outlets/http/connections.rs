//! Connections at a socket, whoever makes them, and however many.
//!
//! A connection serves one request: its head must come within [`HEAD_TIMEOUT`] and be no larger than [`HEAD_BYTES`], and all is
//! over after its [`Pulse`]. When there are too many, the oldest that has not asked for anything gives way, so that a scraper
//! gets through a thousand idle connections.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

use super::pulse::Pulse;
use super::socket::{Listener, Stream};
use crate::outlets::limits::{CONNECTIONS, HEAD_BYTES, HEAD_TIMEOUT};

/// Where the system has no more descriptors, the next attempt comes after this.
const PAUSE: Duration = Duration::from_millis(100);

/// How many connections were closed before their time.
#[derive(Clone, Debug, Default)]
pub struct GaveWay(Arc<AtomicU64>);

impl GaveWay {
    /// So many.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// One more.
    fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Takes connections as long as it is not stopped.
pub(super) async fn accept(listener: Listener, routes: Router, gave_way: GaveWay) {
    let mut connections = Connections {
        tasks: JoinSet::new(),
        open: VecDeque::new(),
        gave_way,
    };
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(stream) => connections.take(stream, routes.clone()),
                Err(error) => {
                    tracing::debug!("cannot accept a connection: {error}");
                    sleep(PAUSE).await;
                }
            },
            () = connections.ended() => {}
        }
    }
}

struct Connections {
    tasks: JoinSet<()>,
    /// The oldest first.
    open: VecDeque<Connection>,
    gave_way: GaveWay,
}

struct Connection {
    task: AbortHandle,
    /// Whether its request has come.
    has_asked: Arc<AtomicBool>,
}

impl Connections {
    fn take(&mut self, stream: Box<dyn Stream>, routes: Router) {
        self.open.retain(|connection| !connection.task.is_finished());
        if self.open.len() >= CONNECTIONS {
            let idle = self
                .open
                .iter()
                .position(|connection| !connection.has_asked.load(Ordering::Relaxed));
            if let Some(connection) = self.open.remove(idle.unwrap_or_default()) {
                connection.task.abort();
                self.gave_way.add();
            }
        }
        let has_asked = Arc::new(AtomicBool::new(false));
        let pulse = Pulse::default();
        let serving = serve(stream, routes, pulse.clone(), Arc::clone(&has_asked));
        let task = self.tasks.spawn(async move {
            tokio::select! {
                () = serving => {}
                () = pulse.is_over() => {}
            }
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

async fn serve(stream: Box<dyn Stream>, routes: Router, pulse: Pulse, has_asked: Arc<AtomicBool>) {
    let routes = TowerToHyperService::new(routes);
    let service = service_fn(|mut request: Request<Incoming>| {
        has_asked.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(pulse.clone());
        routes.call(request)
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
        tracing::debug!("a connection ended: {error}");
    }
}
