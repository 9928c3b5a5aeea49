//! A receiver of webhooks: a real HTTP server (hyper) on the loopback address of a host of the laboratory.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::mpsc::{self, Receiver as Inbox, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderMap;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use netmon_testkit::lab::Namespace;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// What is to be answered to a request.
#[derive(Clone, Copy, Debug)]
pub enum Reaction {
    /// This status.
    Answer(u16),
    /// Nothing, ever.
    Hang,
}

/// What was posted.
#[derive(Clone, Debug)]
pub struct Posted {
    /// When its end had come.
    pub at: SystemTime,
    /// To which path, and by which method.
    pub line: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Posted {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A receiver, which ends with the test's process.
pub struct Receiver {
    port: u16,
    inbox: Inbox<Posted>,
}

impl Receiver {
    /// Reacts to the first requests as told, and takes all later ones.
    pub fn new(host: &Namespace, reactions: &[Reaction]) -> Self {
        Self::start(host, reactions, None)
    }

    /// The same by TLS.
    pub fn with_tls(host: &Namespace, tls: ServerConfig) -> Self {
        Self::start(host, &[], Some(TlsAcceptor::from(Arc::new(tls))))
    }

    fn start(host: &Namespace, reactions: &[Reaction], tls: Option<TlsAcceptor>) -> Self {
        let listener = host.enter(|| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let listener = listener.unwrap().unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (outbox, inbox) = mpsc::channel();
        let script = Arc::new(Mutex::new(reactions.iter().copied().collect()));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(accept(listener, &script, &outbox, tls));
        });
        Self { port, inbox }
    }

    /// Where to post.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook?token=geheim", self.port)
    }

    /// The same by TLS.
    pub fn tls_url(&self) -> String {
        self.url().replace("http://127.0.0.1", "https://localhost")
    }

    /// The next request.
    #[track_caller]
    pub fn next(&self, within: Duration) -> Posted {
        self.inbox.recv_timeout(within).expect("a request")
    }

    /// The requests up to the first one that is wanted.
    #[track_caller]
    pub fn until(&self, within: Duration, is_wanted: impl Fn(&Posted) -> bool) -> Vec<Posted> {
        let mut all = vec![self.next(within)];
        while !all.last().is_some_and(&is_wanted) {
            all.push(self.next(within));
        }
        all
    }

    /// Insists that no further one has come.
    #[track_caller]
    pub fn assert_no_more(&self) {
        let more: Vec<Posted> = self.inbox.try_iter().collect();
        assert!(more.is_empty(), "{more:?}");
    }
}

type Script = Arc<Mutex<VecDeque<Reaction>>>;

async fn accept(listener: TcpListener, script: &Script, outbox: &Sender<Posted>, tls: Option<TlsAcceptor>) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (script, outbox) = (Arc::clone(script), outbox.clone());
        match tls.clone() {
            None => drop(tokio::spawn(serve(stream, script, outbox))),
            Some(tls) => drop(tokio::spawn(async move {
                // A client that does not trust us goes away.
                if let Ok(stream) = tls.accept(stream).await {
                    serve(stream, script, outbox).await;
                }
            })),
        }
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, script: Script, outbox: Sender<Posted>) {
    let service = service_fn(move |request| react(request, Arc::clone(&script), outbox.clone()));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A client may go away at any time.
    let _gone = connection.await;
}

async fn react(
    request: Request<Incoming>,
    script: Script,
    outbox: Sender<Posted>,
) -> Result<Response<Empty<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes().to_vec();
    let posted = Posted {
        at: SystemTime::now(),
        line: format!("{} {}", head.method, head.uri),
        headers: head.headers,
        body,
    };
    let reaction = script.lock().unwrap().pop_front();
    // The test may be over.
    let _nobody = outbox.send(posted);
    let status = match reaction {
        None => 200,
        Some(Reaction::Answer(status)) => status,
        Some(Reaction::Hang) => std::future::pending().await,
    };
    let mut response = Response::new(Empty::new());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    Ok(response)
}
